"""Row Grams of the chain for sampled illustrations, and exact quantities of rational spectra that several theorems share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.verification import sampling
from isogap.verification.balls import Spectrum, ball, two_level

FloatArray = npt.NDArray[np.float64]


def one_apart(d: int, value: Fraction | int | float) -> Spectrum:
    """Spectrum of mean 1 with one eigenvalue at ``value``, the others equal.

    Examples
    --------
    >>> str(one_apart(4, Fraction(5, 2)))
    '5/2, 1/2 (x3)'
    """
    return two_level(d, 1, Fraction(value) - 1)


def excess(s: Spectrum) -> Fraction:
    """``x = tr G⁻¹ - d = Σ (1-λ)²/λ``, exact.

    Examples
    --------
    >>> excess(one_apart(2, Fraction(1, 2)))
    Fraction(2, 3)
    """
    return sum((m * (1 - v) ** 2 / v for v, m in zip(s.values, s.counts, strict=True)), Fraction(0))


def inverse_trace(x: Any, matrix: str = "G_0") -> dict[str, Any]:
    """Values under which ``tr(G_0^(-1))`` of a claim is x: the number 1/x in the place of the matrix.

    Examples
    --------
    >>> from isogap.verification.claims import Claim
    >>> Claim.of("T == tr(G_0^(-1)) - 2").right.exact(**inverse_trace(Fraction(5)))
    Fraction(3, 1)
    """
    return {"tr": lambda y: y, matrix: 1 / x}


def few_spectra(d: int) -> Iterator[Spectrum]:
    """A short list of every kind, for checks in which one spectrum is dear: one apart up and down, two levels, geometric."""
    for value in (Fraction(1, 10**6), Fraction(1, 20), Fraction(9, 10), Fraction(11, 10)):
        yield one_apart(d, value)
    yield one_apart(d, Fraction(2 * d + 1, 3))
    if d > 2:
        yield two_level(d, d // 2, Fraction(2, 5))
    yield Spectrum.of([Fraction(1, 2**k) for k in range(d)])


def enclosed_root(f: Any, low: Any, high: Any, bits: int = 120) -> Any:
    """Ball around the zero of an increasing function, negative at ``low`` and positive at ``high``, by bisection."""
    low, high = ball(low), ball(high)
    for _ in range(bits):
        middle = ((low + high) / 2).mid()
        value = f(middle)
        if value < 0:
            low = middle
        elif value > 0:
            high = middle
        else:
            break
    return low.union(high)


def confinement_ball(u: Any) -> Any:
    """Ball around ``δ(u)``, the root of ``-log(1-δ) - δ = u``.

    Examples
    --------
    >>> bool(abs(confinement_ball(ball(1)) - 0.8414056604) < 1e-9)
    True
    """
    y = enclosed_root(lambda v: v - 1 + (-v).exp() - u, 0, u + 1, 300)  # y = -log(1-δ)
    return 1 - (-y).exp()


def start(s: Spectrum, count: int, rng: np.random.Generator) -> FloatArray:
    """Row Grams with this spectrum and unit diagonal: a random basis, then rotations of two coordinates until it is 1."""
    d = s.d
    w = sampling.haar(d, 1, rng)[0]
    g = w @ np.diag([float(x) for x in s.full()]) @ w.T
    for _ in range(d):
        diagonal = np.diag(g)
        i, j = int(np.argmax(diagonal)), int(np.argmin(diagonal))
        if diagonal[i] - diagonal[j] < 1e-13:
            break
        # rotate (i, j) so that entry i becomes 1
        a, b, c = g[i, i] - 1, g[i, j], g[j, j] - 1
        t = (b + math.sqrt(max(b * b - a * c, 0.0))) / c if c != 0 else -a / (2 * b)
        cos, sin = 1 / math.sqrt(1 + t * t), t / math.sqrt(1 + t * t)
        r = np.eye(d)
        r[i, i], r[i, j], r[j, i], r[j, j] = cos, -sin, sin, cos
        g = r @ g @ r.T
    return np.repeat(g[None], count, axis=0)


def layer(g: FloatArray, rng: np.random.Generator) -> FloatArray:
    """One layer of the chain on a stack of row Grams."""
    w = sampling.haar(g.shape[1], len(g), rng)
    return normalised(w @ g @ np.swapaxes(w, 1, 2))


def normalised(g: FloatArray) -> FloatArray:
    """Unit diagonal."""
    scale = 1.0 / np.sqrt(np.einsum("nii->ni", g))
    return np.asarray(g * scale[:, :, None] * scale[:, None, :])


def excess_of(g: FloatArray) -> FloatArray:
    """``tr G⁻¹ - d`` of each, from eigenvalues."""
    lam = np.linalg.eigvalsh(g)
    return np.asarray(np.sum((1 - lam) ** 2 / lam, axis=1))


def gap_of(g: FloatArray) -> FloatArray:
    """Isometry gap of each."""
    return np.asarray(-np.linalg.slogdet(g)[1] / g.shape[1])


def haar_images(spectrum: Sequence[Any], count: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """``Y`` and ``Z``, the diagonals of ``W G Wᵀ`` and ``W G⁻¹ Wᵀ``, for ``count`` Haar matrices."""
    lam = np.array([float(x) for x in spectrum])
    squares = sampling.haar(len(lam), count, rng) ** 2
    return squares @ lam, squares @ (1 / lam)
