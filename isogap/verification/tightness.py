"""How tight a bound on one layer is: exact over bound, minimised over all spectra of a width by a quasi-Newton method."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from isogap.verification.balls import Spectrum, ball
from isogap.verification.case import Case

FloatArray = npt.NDArray[np.float64]

_LOG_T = 0.2 * np.arange(-140, 200)
_T = np.exp(_LOG_T)
_S = 2 * _T / (1 + 2 * _T)


def x_minus_log1p(x: FloatArray) -> FloatArray:
    """``x - log(1+x)`` for ``x >= -1/2`` and up, without cancellation near 0: a series below 0.3. Code of its own.

    Examples
    --------
    >>> found = x_minus_log1p(np.array([1e-9, -0.25, 2.0]))
    >>> bool(np.allclose(found, [5e-19 - 1e-27 / 3, 0.03768207245178093, 0.9013877113318902], rtol=4e-15, atol=0))
    True
    """
    small = np.abs(x) < 0.3
    t = np.where(small, -x, 0.0)
    series = np.zeros_like(t)
    for k in range(34, 1, -1):  # 0.3^33 / 35 is below half a unit in the last place of the leading 1/2
        series = series * t + 1.0 / k
    with np.errstate(divide="ignore"):  # infinite at -1, as it should be
        return np.where(small, x * x * series, x - np.log1p(np.where(small, 0.0, x)))


@dataclass(frozen=True)
class Features:
    """What the bounds are functions of: drift, ``Σ(λ-1)²``, gap, largest and smallest eigenvalue."""

    drift: float
    p2: float
    phi: float
    top: float
    low: float


Objective = Callable[[Features], float]


def features(lam: FloatArray) -> tuple[Features, FloatArray]:
    """Features of a spectrum of mean 1 and their gradients, shape (5, d), up to multiples of (1, ..., 1).

    The quadrature of E3 with the single-signed integrand ``P (1 - e^-A)``; its own code.

    Examples
    --------
    >>> found, _ = features(np.array([1.6, 0.4]))
    >>> abs(found.drift + math.log(0.9)) < 1e-14
    True
    """
    d = lam.size
    eps = lam - 1.0
    logs = np.log1p(2 * _T[:, None] * lam)
    product = np.exp(-0.5 * logs.sum(axis=1))
    energy = 0.5 * x_minus_log1p(_S[:, None] * eps).sum(axis=1)
    drift = 0.2 * float(np.sum(-product * np.expm1(-energy)))
    weight = 0.2 * product * _T * _S
    gradient = eps * np.sum(weight[:, None] * np.exp(-logs), axis=0)
    top, low = np.zeros(d), np.zeros(d)
    top[np.argmax(lam)] = 1.0
    low[np.argmin(lam)] = 1.0
    phi = float(np.mean(np.where(eps < -0.5, eps - np.log(lam), x_minus_log1p(np.maximum(eps, -0.5)))))
    found = Features(drift, float(eps @ eps), phi, float(lam.max()), float(lam.min()))
    return found, np.array([gradient, 2 * eps, (1 - 1 / lam) / d, top, low])


def minimise(objective: Objective, d: int, *, starts: int = 2, levels: bool = True) -> tuple[float, FloatArray]:
    """Smallest value of an objective over the spectra of width d, and where.

    A scan of the two-level spectra finds the starts, L-BFGS over ``λ = d softmax(z)`` in all d dimensions the minimum.
    """
    scan: list[tuple[float, FloatArray]] = []
    for m in sorted({1, 2, d // 4, d // 2, d - 1} & set(range(1, d))) if levels else ():
        room = (d - m) / m
        for part in (1e-6, 1e-3, *np.linspace(0.02, 0.98, 25), 0.999, 1 - 1e-6, 1 - 1e-9, 1 - 1e-12):
            lam = np.full(d, 1.0 - m * room * part / (d - m))
            lam[:m] = 1.0 + room * part
            scan.append((objective(features(lam)[0]), lam))
    scan.sort(key=lambda found: found[0])
    best = scan[0]
    rng = np.random.default_rng(d)
    for _, lam in scan[:: max(1, len(scan) // 20)][:starts] + scan[:1]:
        z = np.log(np.maximum(lam, 1e-14)) + 1e-3 * rng.standard_normal(d)
        done = minimize(_with_gradient, z, args=(objective,), jac=True, method="L-BFGS-B", options={"maxiter": 150})
        if done.fun < best[0]:
            best = (float(done.fun), _spectrum(done.x))
    return best


def _spectrum(z: FloatArray) -> FloatArray:
    e = np.exp(z - z.max())
    lam: FloatArray = e.size * e / e.sum()
    return lam


def _with_gradient(z: FloatArray, objective: Objective) -> tuple[float, FloatArray]:
    lam = _spectrum(z)
    if (
        lam.min() < 1e-200 or np.abs(lam - 1).max() < 1e-7
    ):  # the search has left for an end where it has nothing to find
        return 1e6, np.zeros_like(z)
    found, gradients = features(lam)
    numbers = [found.drift, found.p2, found.phi, found.top, found.low]
    slopes = np.empty(5)
    for i, x in enumerate(numbers):
        up, down = list(numbers), list(numbers)
        up[i], down[i] = x * (1 + 1e-6), x * (1 - 1e-6)
        slopes[i] = (objective(Features(*up)) - objective(Features(*down))) / (2e-6 * x) if x else 0.0
    g = slopes @ gradients
    value = objective(found)
    result: FloatArray = lam * (g - lam @ g / lam.size)
    return (value, result) if math.isfinite(value) and np.isfinite(result).all() else (1e6, np.zeros_like(z))


def rationalise(lam: FloatArray) -> Spectrum:
    """A rational spectrum of mean 1 beside a floating one; equal entries to nine digits become one."""
    groups: list[list[float]] = []
    for x in sorted(lam.tolist()):
        if groups and abs(x - groups[-1][0]) <= 1e-9 * max(1.0, x):
            groups[-1].append(x)
        else:
            groups.append([x])
    return Spectrum.of([Fraction(max(g[0], 1e-300)) for g in groups], [len(g) for g in groups])


def describe(lam: FloatArray) -> str:
    """The spectrum in words.

    Examples
    --------
    >>> describe(np.array([3.0, 0.5, 0.5, 0.0]))
    '3, 0.5 (x2), 0'
    >>> describe(np.array([1 + 1e-6, 1 - 1e-6]))
    'near 1: X nearly orthogonal'
    """
    if float(np.abs(lam - 1).max()) < 2e-3:
        return "near 1: X nearly orthogonal"
    groups: list[list[float]] = []
    for x in sorted(lam.tolist(), reverse=True):
        # the search leaves equal levels a little apart: within 1 % they count as one
        if groups and groups[-1][0] - x <= 0.01 * max(groups[-1][0], 1e-7):
            groups[-1].append(x)
        else:
            groups.append([x])
    words = [(f"{np.mean(g):.3g}" if g[0] >= 1e-9 else "0", len(g)) for g in groups]
    if len(words) > 6:
        return f"{words[0][0]} ... {words[-1][0]}, {len(words)} levels"
    return ", ".join(t + (f" (x{n})" if n > 1 else "") for t, n in words)


def tightness(
    case: Case, title: str, objective: Callable[[Features, int], float], exact: Callable[[Spectrum], tuple[Any, Any]]
) -> None:
    """Minimise ``log(exact/bound)`` at widths from 2 to 64, certify the ratio at the worst spectrum, keep the table.

    ``objective(features, d)`` is the logarithm in floats, ``exact(spectrum)`` the pair (exact, bound) in balls, both as
    positive sizes; the bound must not exceed the exact value.
    """
    if case.control:
        return
    rows = []
    for d in (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64) if case.deep else (2, 4, 16, 64):
        _, lam = minimise(lambda f, d=d: objective(f, d), d, starts=6 if case.deep else 1)  # type: ignore[misc]
        spectrum = rationalise(lam)
        value, bound = exact(spectrum)
        with case.illustrations():
            what = "bound at the spectrum that the optimiser finds worst"
            case.at_most(what, bound, value, d=d, spectrum=spectrum)
        ratio = float((ball(value) / bound).mid())
        case.margin(ratio, "smallest exact/bound found by the optimiser")
        rows.append((d, f"{ratio:.6g}", describe(lam)))
    case.table(title, ("d", "exact/bound", "worst spectrum"), rows)
