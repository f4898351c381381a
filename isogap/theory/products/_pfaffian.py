"""Probabilities that all singular values of a real Gaussian matrix lie in an interval, as Pfaffians (de Bruijn).

With unit variances the singular values ``t_1, ..., t_N`` have a density proportional to ``|Δ(t²)| Π exp(-t_i²/2)``. For a
weight ``W`` on ``[a, b]``::

    int_{a<t_1<...<t_n<b} Δ(t²) Π W(t_i) = Π_j k_j^{-1} Pf <p_i, p_j>,
    <f, g> = int int sgn(s-t) f(t) g(s) W(t) W(s),

where ``p_j`` are the polynomials in ``t²`` orthonormal for ``W²`` and ``k_j`` their leading coefficients: in the basis ``p_j W``,
orthonormal in ``L²``, the skew matrix is well conditioned. They come from Lanczos steps on Gauss-Legendre nodes.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray


@functools.lru_cache(maxsize=8)
def _legendre(nodes: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Nodes, weights, the transform from values to coefficients, and ``int_{-1}^s P_k`` in coefficients."""
    y, weights = np.polynomial.legendre.leggauss(nodes)
    k = np.arange(nodes)
    transform = np.polynomial.legendre.legvander(y, nodes - 1).T * weights * (k + 0.5)[:, None]
    cumulative = np.zeros((nodes, nodes))
    cumulative[0, 0] = 1.0
    cumulative[k[1:], k[:-1]] = 1.0 / (2 * k[:-1] + 1)
    cumulative[k[:-1], k[1:]] -= 1.0 / (2 * k[1:] + 1)
    return y, weights, transform, cumulative


def log_ordered_integral(n: int, a: float, b: float, log_weight: Any) -> float:
    """Logarithm of the integral above, for ``exp(log_weight(t))`` with possible square roots of zeros at ``a`` and ``b``."""
    if n == 0:
        return 0.0
    y, weights, transform, cumulative = _legendre(2 * n + 120)
    t = a + 0.5 * (b - a) * (1.0 + y)
    with np.errstate(divide="ignore"):
        exponent = log_weight(t)
    top = float(exponent.max())
    density = np.exp(exponent - top)
    root_weights = np.sqrt(weights * 0.5 * (b - a))
    basis, log_norms = _orthonormal(n, t * t / (b * b), density * root_weights)
    coefficients = transform @ (basis / root_weights).T  # of p_j W
    integrals = cumulative @ coefficients
    half = 0.5 * (b - a)
    lengths = 2.0 / (2 * np.arange(y.size) + 1)
    total = coefficients[0] * 2 * half
    skew = 2 * (integrals.T * lengths) @ coefficients * half * half - np.outer(total, total)
    skew = 0.5 * (skew - skew.T)
    if n % 2:
        skew = np.block([[skew, total[:, None]], [-total[None, :], np.zeros((1, 1))]])
    return float(log_norms.sum()) + 0.5 * float(np.linalg.slogdet(skew)[1]) + n * top + n * (n - 1) * math.log(b)


def _orthonormal(n: int, x: FloatArray, first: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``p_j(x) first`` for ``j < n``, shape ``(n, nodes)``, and ``-log k_j``; Lanczos, orthogonalised twice."""
    basis, log_norms = np.zeros((n, x.size)), np.zeros(n)
    vector, total = first, 0.0
    for j in range(n):
        for _ in range(2):
            vector = vector - basis[:j].T @ (basis[:j] @ vector)
        norm = float(np.linalg.norm(vector))
        total += math.log(norm)
        log_norms[j] = total
        basis[j] = vector / norm
        vector = x * basis[j]
    return basis, log_norms
