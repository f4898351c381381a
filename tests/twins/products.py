"""Slow, obvious versions of what the products are about."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np


def pairings(items):
    """All ways to split a tuple into pairs."""
    if not items:
        yield ()
        return
    first, rest = items[0], items[1:]
    for k, other in enumerate(rest):
        for others in pairings(rest[:k] + rest[k + 1 :]):
            yield ((first, other), *others)


def gaussian_moment(names):
    """Expectation of a product of standard normals that are named: how many pairings join equal names."""
    counts = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    total = 1
    for count in counts.values():
        if count % 2:
            return 0
        total *= sum(1 for _ in pairings(tuple(range(count))))
    return total


def wick_moments(N, M):
    """``E tr[(XXᵀ)²]/N`` and ``E (tr XXᵀ)²/N²`` of a product of M Gaussian matrices, every index summed over."""
    entry = list(product(range(N), repeat=M + 1))  # i_0 -> i_1 -> ... -> i_M: a path through the factors
    p = q = 0
    for four in product(entry, repeat=4):
        names = [(m, path[m], path[m + 1]) for path in four for m in range(M)]
        a, b, c, d = four
        in_p = a[M] == b[M] and b[0] == c[0] and c[M] == d[M] and d[0] == a[0]
        in_q = a[0] == b[0] and a[M] == b[M] and c[0] == d[0] and c[M] == d[M]
        if in_p or in_q:
            value = gaussian_moment(names)
            p += in_p * value
            q += in_q * value
    return Fraction(p, N ** (2 * M + 1)), Fraction(q, N ** (2 * M + 2))


def log_singular_values_of(factors):
    """Logarithms of the singular values of a product of exact rational accuracy: 200 digits."""
    import mpmath as mp

    with mp.workdps(200):
        X = mp.eye(factors[0].shape[0])
        for A in factors:
            X = X * mp.matrix(A.tolist())
        values = mp.svd_r(X, compute_uv=False)
        return np.array([float(mp.log(s)) for s in values])


def qr_loop(draw, N, M, replicas):
    """What a user writes in NumPy: QR after every factor, logarithms of the diagonal added up."""
    out = []
    for _ in range(replicas):
        Q, total = np.eye(N), np.zeros(N)
        for _ in range(M):
            Q, R = np.linalg.qr(draw() @ Q)
            total += np.log(np.abs(np.diag(R)))
        out.append(total)
    return np.array(out)


def multiply_gaussian_plainly(generator, N, M, least_power):
    """The kernel of the same name, written down: triangular factors, rows scaled by their own diagonals."""
    log_d, U = np.zeros(N), np.eye(N)
    for _ in range(M):
        diagonal = np.array([np.sqrt(generator.chisquare(N - i)) for i in range(N)])
        power = np.floor(log_d / np.log(2.0))
        new = U.copy()
        for i in range(N):
            for k in range(i + 1, N):
                if power[k] - power[i] > least_power:
                    new[i] += generator.standard_normal() / diagonal[i] * np.exp(log_d[k] - log_d[i]) * U[k]
        log_d, U = log_d + np.log(diagonal), new
    return log_d, U
