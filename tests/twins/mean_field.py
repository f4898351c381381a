"""Slow, obvious versions of the mean-field theory: Gauss-Jacobi pair quadrature, the formulas as they are printed."""

import math

import mpmath as mp
import numpy as np
from scipy.special import roots_jacobi


def sphere_pairs(n, count):
    """Nodes u_1, u_2 (two different samples of one row, B = n + 1) and weights of sum 1; n >= 3."""
    t, w = roots_jacobi(count, (n - 3) / 2, (n - 3) / 2)
    s, v = roots_jacobi(count, (n - 4) / 2, (n - 4) / 2)
    rho = -1 / n
    first = np.repeat(t, count)
    second = rho * first + math.sqrt(1 - rho * rho) * np.sqrt(1 - first**2) * np.tile(s, count)
    weights = np.outer(w / w.sum(), v / v.sum()).ravel()
    return math.sqrt(n) * first, math.sqrt(n) * second, weights


def rate(function, slope, batch, count=120):
    """Second form of Y4, word by word."""
    a, b, w = sphere_pairs(batch - 1, count)

    def mean(x):
        return float(w @ x)

    q, c = mean(function(a) ** 2), mean(function(a) * function(b))
    d1, d2, h1, h2 = slope(a), slope(b), a / math.sqrt(batch), b / math.sqrt(batch)
    inside = (batch - 1) / batch * mean(d1**2) + mean(d1 * d2) / batch
    inside += mean(d1 * d2 * h1 * h2) - mean(d1**2 * h1**2)
    return batch / ((batch - 3) * (q - c)) * inside


def eigenvalues(function, batch, count=120):
    """``mu_S, mu_M`` by Y9's integrals, word by word."""
    B, n = batch, batch - 1
    a, b, w = sphere_pairs(n, count)

    def mean(x):
        return float(w @ x)

    f1, f3, h1, h3 = function(a), function(b), a / math.sqrt(B), b / math.sqrt(B)
    spread = mean(f1**2) - mean(f1 * f3)
    square = ((h1 + h3) ** 2 - 1 + h1**2 + h3**2) / ((B - 2) * (B - 3))
    mu_m = n / spread * mean(f1 * f3 * (h1 * h3 + (h1 + h3) ** 2 / (B - 2) + square))
    i1 = mean(f1**2 * (h1**2 - (1 - h1**2) / (B - 1)))
    i2 = mean(f1 * f3 * (h1**2 - (1 - h1**2 - h3**2) / (B - 2)))
    return n / (2 * (1 - 2 / B) * spread) * (i1 - 2 / B * (i1 + (B - 2) * i2)), mu_m


def rows(gram, count, rng, centred=True):
    """Normalised rows ``u`` for a batch with this Gram, shape (count, B)."""
    values, vectors = np.linalg.eigh(gram)
    h = rng.standard_normal((count, len(gram))) @ (vectors * np.sqrt(np.maximum(values, 0))).T
    if centred:
        h = h - h.mean(axis=1, keepdims=True)
    return math.sqrt(len(gram)) * h / np.linalg.norm(h, axis=1, keepdims=True)


def shifted_relu_of_five_samples(shift):
    """``q, c`` and the rate of relu(u + shift) at B = 5 to 30 digits: t' is uniform, the inner integral elementary."""
    with mp.workdps(30):
        s, rho = mp.mpf(shift), mp.mpf(-1) / 4
        root = mp.sqrt(1 - rho**2)
        antiderivative = {0: lambda u: u, 1: lambda u: u * u / 2, 2: lambda u: u * u / 2 + s * u}

        def inner(t, kind):  # mean over u_2 of 1, u_2, u_2 + s where u_2 + s > 0
            middle, half = 2 * rho * t, 2 * root * mp.sqrt(1 - t * t)
            low = max(middle - half, -s)
            if half == 0 or middle + half <= low:
                return mp.mpf(0)
            return (antiderivative[kind](middle + half) - antiderivative[kind](low)) / (2 * half)

        kink = -s / 2
        edges = {mp.mpf(1), kink, *(rho * kink + sign * root * mp.sqrt(1 - kink**2) for sign in (1, -1))}
        edges = sorted(e for e in edges if kink <= e <= 1)

        def outer(f):
            return mp.quad(lambda t: 2 / mp.pi * mp.sqrt(1 - t * t) * f(t), edges)

        q, c = outer(lambda t: (2 * t + s) ** 2), outer(lambda t: (2 * t + s) * inner(t, 2))
        slopes = 4 * outer(lambda t: 1) + outer(lambda t: inner(t, 0))
        slopes += outer(lambda t: 2 * t * inner(t, 1)) - outer(lambda t: 4 * t * t)
        return q, c, slopes / (2 * (q - c))
