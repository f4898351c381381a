"""Slow, obvious versions of the fast code. They are the specification; the fast code is compared with them."""

import math

import mpmath as mp
import numpy as np

MASK = 2**64 - 1


# --- random words and normals -----------------------------------------------------------------------------------------


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


# --- reflectors -------------------------------------------------------------------------------------------------------


def haar_from_normals(z, d, number=float, sqrt=math.sqrt):
    """``W = S H_{d-2} ... H_0`` as a list of rows, and the norms ``‖x_k‖``; any number type."""
    W = [[number(i == j) for j in range(d)] for i in range(d)]
    z = [number(value) for value in z]
    signs, norms, at = [], [], 0
    for k in range(d):
        v = z[at : at + d - k]
        at += d - k
        length = sqrt(sum(a * a for a in v))
        norms.append(length)
        if k == d - 1:
            signs.append(1 if v[0] >= 0 else -1)
            break
        sign = -1 if v[0] >= 0 else 1
        signs.append(sign)
        v[0] -= sign * length
        square = sum(a * a for a in v)
        for j in range(d):
            inner = sum(v[i] * W[k + i][j] for i in range(d - k))
            for i in range(d - k):
                W[k + i][j] -= 2 * v[i] * inner / square
    return [[signs[i] * W[i][j] for j in range(d)] for i in range(d)], norms


def gaussian_from_normals(z, extra, d):
    """``A = Rᵀ W / sqrt(d)`` with ``R_kk = ‖x_k‖`` and the normals ``extra`` below the diagonal of ``Rᵀ``, row by row."""
    W, norms = haar_from_normals(z, d)
    L = np.diag(norms)
    L[np.tril_indices(d, -1)] = extra
    return L @ np.array(W) / math.sqrt(d)


# --- the chain --------------------------------------------------------------------------------------------------------


def batch_norm(H):
    """Each row over its norm, one by one."""
    return np.array([row / math.sqrt(sum(a * a for a in row)) for row in H])


def isometry_gap(X):
    """The definition, from the eigenvalues of ``X Xᵀ``."""
    lam = np.linalg.eigvalsh(X @ X.T)
    return math.log(np.mean(lam)) - float(np.mean(np.log(lam)))


def chain(X, weights):
    """φ and ``log‖J_BN‖`` along ``X -> BN(W X)``, in the form in X; the textbook version."""
    gaps, jacobians = [isometry_gap(X)], []
    for W in weights:
        H = W @ X
        jacobians.append(-math.log(min(np.linalg.norm(row) for row in H)))
        X = batch_norm(H)
        gaps.append(isometry_gap(X))
    return np.array(gaps), np.array(jacobians)


def mp_chain(G, normals_per_layer, digits):
    """φ at every layer from the Gram matrix ``G`` (rows of numbers), every layer exact to ``digits`` digits."""
    with mp.workdps(digits):
        d = len(G)
        G = mp.matrix(G)
        gaps = [mp_gap(G)]
        for z in normals_per_layer:
            W = mp.matrix(haar_from_normals(z, d, mp.mpf, mp.sqrt)[0])
            S = W * G * W.T
            root = [mp.sqrt(S[j, j]) for j in range(d)]
            G = mp.matrix(d, d)
            for i in range(d):
                for j in range(d):
                    G[i, j] = S[i, j] / (root[i] * root[j]) if i != j else mp.mpf(1)
            gaps.append(mp_gap(G))
        return gaps


def mp_gap(G):
    """``log(tr G / d) - log(det G)/d``."""
    d = G.rows
    return mp.log(sum(G[j, j] for j in range(d)) / d) - mp.log(mp.det(G)) / d


# --- training ---------------------------------------------------------------------------------------------------------


def trained(variant, rate, weights, batches):
    """Plain SGD on one network, gradients by torch's automatic differentiation, in double precision.

    ``weights`` are the matrices from the first layer to the readout, ``batches`` pairs of images (one a row) and labels. Returns
    the weights afterwards and the loss before each step.
    """
    import torch

    functions = {
        "identity": lambda x: x,
        "sin": torch.sin,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "selu": torch.nn.functional.selu,
        "leaky-relu": torch.nn.functional.leaky_relu,
    }
    weights = [torch.tensor(W, dtype=torch.float64, requires_grad=True) for W in weights]
    losses = []
    for images, labels in batches:
        X = torch.tensor(images, dtype=torch.float64).T
        for layer, W in enumerate(weights[:-1], start=1):
            H = W @ X
            if variant.mean_removal:
                H = H - H.mean(dim=1, keepdim=True)
            N = H / torch.sqrt(variant.kappa * (H**2).sum(dim=1, keepdim=True) + variant.eps)
            X = functions[variant.activation.name](variant.gain * layer**-variant.exponent * N)
        loss = torch.nn.functional.cross_entropy((weights[-1] @ X).T, torch.tensor(labels))
        gradients = torch.autograd.grad(loss, weights)
        losses.append(float(loss.detach()))
        weights = [(W - rate * G).detach().requires_grad_(True) for W, G in zip(weights, gradients, strict=True)]
    return [W.detach().numpy() for W in weights], losses
