"""Random words, normals and the state of a replica by definition."""

import math

import numpy as np

MASK = 2**64 - 1


def xoshiro256pp(state, count):
    """Blackman & Vigna's xoshiro256++ in Python integers; returns ``count`` words and advances ``state`` (a list)."""

    def rotl(x, k):
        return (x << k | x >> (64 - k)) & MASK

    out = []
    for _ in range(count):
        out.append((rotl((state[0] + state[3]) & MASK, 23) + state[0]) & MASK)
        t = (state[1] << 17) & MASK
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= t
        state[3] = rotl(state[3], 45)
    return out


def box_muller(words):
    """Word ``i`` gives the radius, word ``h + i`` the angle of the normals ``i`` and ``h + i``; with the math library."""
    half = len(words) // 2
    normals = [0.0] * (2 * half)
    for i in range(half):
        radius = math.sqrt(-2 * math.log(((words[i] >> 11) + 1) * 2.0**-53))
        angle = 2 * math.pi * ((words[half + i] >> 11) * 2.0**-53)
        normals[i], normals[half + i] = radius * math.cos(angle), radius * math.sin(angle)
    return normals


def replica_state(seed, replica):
    """The generator state of one replica, from NumPy's own SeedSequence."""
    return [int(w) for w in np.random.SeedSequence(seed, spawn_key=(1, replica)).generate_state(4, np.uint64)]
