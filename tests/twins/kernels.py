"""Slow, obvious versions of the engine's kernels, on dense matrices and one replica. They are the specification."""

import math
from fractions import Fraction

import numpy as np


def reflectors(z, d):
    """``v_k`` (dense, leading zeros), ``tau_k``, signs and ``‖x_k‖`` from the normals, and ``W`` itself."""
    vectors, taus, signs, norms, at = [], [], [], [], 0
    H = np.eye(d)
    for k in range(d):
        x = np.zeros(d)
        x[k:] = z[at : at + d - k]
        at += d - k
        norms.append(np.linalg.norm(x))
        positive = x[k] >= 0
        if k == d - 1:
            vectors.append(np.zeros(d))
            taus.append(0.0)
            signs.append(1.0 if positive else -1.0)
            continue
        signs.append(-1.0 if positive else 1.0)
        x[k] -= signs[-1] * norms[-1]
        vectors.append(x)
        taus.append(2.0 / (x @ x))
        H -= taus[-1] * np.outer(x, x @ H)
    return np.array(vectors), np.array(taus), np.array(signs), np.array(norms), np.diag(signs) @ H


def normalise_deviation(S, unit):
    """E7: ``(S - diag S)`` between ``(1 + unit S_jj)^(-1/2)`` on both sides, and ``diag S``."""
    y = np.diag(S).copy()
    scale = 1 / np.sqrt(1 + unit * y)
    E = S * np.outer(scale, scale)
    np.fill_diagonal(E, 0.0)
    return E, y


def gap_of_deviation(E):
    """``-(1/d) log det(I + E)`` in 60 digits."""
    import mpmath as mp

    with mp.workdps(60):
        d = E.shape[0]
        return float(-mp.log(mp.det(mp.eye(d) + mp.matrix(E.tolist()))) / d)


def exact_fma(a, b, c):
    """``a b + c`` rounded once."""
    return float(Fraction(a) * Fraction(b) + Fraction(c))


def unpack(E, d, lane=None):
    """The symmetric matrix behind the tile-packed lower half."""
    out = np.zeros((d, d))
    for i in range(d):
        for j in range(i + 1):
            at = 8 * (i // 4) * (i // 4 + 1) + 4 * j + i % 4
            out[i, j] = out[j, i] = E[at] if lane is None else E[at, lane]
    return out


def moments(values):
    """Mean and sum of squared deviations of each row, with exact sums."""
    mean = [math.fsum(row) / len(row) for row in values]
    return np.array(mean), np.array([math.fsum((v - m) ** 2 for v in row) for row, m in zip(values, mean, strict=True)])
