"""The chain by definition, in floats and in mpmath: the specification that the fast code is compared with."""

import math

import mpmath as mp
import numpy as np


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
