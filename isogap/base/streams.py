"""One random stream per replica, so that no result depends on threads, blocks or workers."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

# Constants of numpy.random.SeedSequence (O'Neill's seed_seq design); tests compare every word with NumPy's own.
_INIT_A, _MULT_A = 0x43B0D7E5, 0x931E8875
_INIT_B, _MULT_B = 0x8B51F9DD, 0x58F38DED
_MIX_L, _MIX_R = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_POOL = 4
_MASK = 0xFFFFFFFF

# Bits of a seed drawn afresh: 16 digits at most, and a whole number that every reader of JSON keeps exactly.
FRESH_BITS = 53

# First spawn key of every use of a root; nothing else may take one of these.
INPUT_KEY, REPLICA_KEY, LABEL_KEY = 0, 1, 2
VARIANT_KEY, TRAINING_WEIGHTS_KEY, TRAINING_ORDER_KEY = 3, 4, 5
RESAMPLE_KEY, CONVOLUTION_KEY, MODULE_KEY = 17, 18, 19
FIGURE_BATCH_KEY, FIGURE_LOSS_KEY = 998, 999


def seed_sequence(rng: Any = None) -> np.random.SeedSequence:
    """Return the ``SeedSequence`` behind ``rng``: a seed or several, a ``SeedSequence``, a ``Generator`` or ``None``.

    A ``Generator`` gives a spawned child of its seed sequence, so that two runs with one generator differ. ``None`` draws a
    fresh seed of at most 53 bits, which as ``rng`` (on a command line ``--seed``) repeats the run.

    Examples
    --------
    >>> seed_sequence(5).entropy
    5
    """
    if isinstance(rng, np.random.SeedSequence):
        return rng
    if isinstance(rng, np.random.Generator | np.random.BitGenerator):
        bits = rng.bit_generator if isinstance(rng, np.random.Generator) else rng
        sequence = getattr(bits, "seed_seq", None)
        if sequence is None:  # made from a key or a state: its next words are the entropy
            return np.random.SeedSequence([int(word) for word in bits.random_raw(4)])
        child: np.random.SeedSequence = sequence.spawn(1)[0]
        return child
    if rng is None:
        return np.random.SeedSequence(secrets.randbits(FRESH_BITS))
    numbers = list(rng) if isinstance(rng, list | tuple | np.ndarray) else [rng]
    if not numbers or any(isinstance(n, bool | np.bool_) or not hasattr(n, "__index__") for n in numbers):
        raise TypeError(f"rng must be whole numbers, a SeedSequence, a Generator or None, got {rng!r}")
    if min(n.__index__() for n in numbers) < 0:
        raise ValueError(f"rng must be a non-negative seed, got {rng}")
    entropy = [n.__index__() for n in numbers]
    return np.random.SeedSequence(entropy if isinstance(rng, list | tuple | np.ndarray) else entropy[0])


def child(root: np.random.SeedSequence, *key: int) -> np.random.Generator:
    """Return the generator of the child of ``root`` with this key, which the table above must list."""
    return np.random.default_rng(np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key)))


def input_generator(root: np.random.SeedSequence) -> np.random.Generator:
    """Return the generator for the batch: the child of ``root`` with key ``(0,)``."""
    return child(root, INPUT_KEY)


def label_generator(root: np.random.SeedSequence) -> np.random.Generator:
    """Return the generator for random labels and targets: the child of ``root`` with key ``(2,)``."""
    return child(root, LABEL_KEY)


def seed_of(root: np.random.SeedSequence) -> int | list[int]:
    """Return the entropy of a root as plain data, from which the run can be repeated.

    Examples
    --------
    >>> seed_of(np.random.SeedSequence(5)), seed_of(np.random.SeedSequence([1, 2]))
    (5, [1, 2])
    """
    entropy = root.entropy
    if isinstance(entropy, int | np.integer):
        return int(entropy)
    return [int(word) for word in np.atleast_1d(np.asarray(entropy, dtype=object))]


def replica_states(root: np.random.SeedSequence, first: int, count: int) -> Words:
    """Return the generator states of the replicas ``first, ..., first + count - 1``, shape ``(count, 4)``, uint64.

    Row ``i`` is ``SeedSequence(root.entropy, spawn_key=(*root.spawn_key, 1, first + i)).generate_state(4, uint64)``, for
    all rows at once.

    Examples
    --------
    >>> root = np.random.SeedSequence(3)
    >>> one = np.random.SeedSequence(3, spawn_key=(1, 9)).generate_state(4, np.uint64)
    >>> bool((replica_states(root, 9, 1)[0] == one).all())
    True
    """
    if first + count > 2**32:
        raise ValueError(f"replicas are numbered below 2^32, got {first + count}")
    head = _words(root.entropy)
    head += [0] * (_POOL - len(head))
    for key in (*root.spawn_key, REPLICA_KEY):
        head += _words(key)
    index = np.arange(first, first + count, dtype=np.uint64).astype(np.uint32)
    with np.errstate(over="ignore"):
        return _generate(_mix([np.full(count, w, np.uint32) for w in head] + [index]))


def _words(value: Any) -> list[int]:
    """Little-endian 32-bit words of a non-negative integer (at least one), or of each integer of a sequence."""
    if not hasattr(value, "__index__"):
        return [word for item in value for word in _words(item)]
    number = int(value.__index__())
    words = [number & _MASK]
    while number := number >> 32:
        words.append(number & _MASK)
    return words


def _mix(entropy: list[npt.NDArray[np.uint32]]) -> list[npt.NDArray[np.uint32]]:
    constant = _INIT_A

    def hashed(value: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        nonlocal constant
        value = value ^ np.uint32(constant)
        constant = constant * _MULT_A & _MASK
        value = value * np.uint32(constant)
        return value ^ (value >> np.uint32(16))

    def merged(x: npt.NDArray[np.uint32], y: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        value = _MIX_L * x - _MIX_R * y
        value ^= value >> np.uint32(16)
        return value

    pool = [hashed(word) for word in entropy[:_POOL]]
    for source in range(_POOL):
        for target in range(_POOL):
            if source != target:
                pool[target] = merged(pool[target], hashed(pool[source]))
    for word in entropy[_POOL:]:
        for target in range(_POOL):
            pool[target] = merged(pool[target], hashed(word))
    return pool


def _generate(pool: list[npt.NDArray[np.uint32]]) -> Words:
    constant = _INIT_B
    out = []
    for i in range(8):
        value = pool[i % _POOL] ^ np.uint32(constant)
        constant = constant * _MULT_B & _MASK
        value = value * np.uint32(constant)
        out.append((value ^ (value >> np.uint32(16))).astype(np.uint64))
    return np.stack([out[2 * i] | (out[2 * i + 1] << np.uint64(32)) for i in range(4)], axis=1)
