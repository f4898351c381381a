"""Products of random matrices, drawn and held against theory: spectrum, condition number, Lyapunov exponents, a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from isogap.base.arguments import integer
from isogap.base.arrays import FloatArray
from isogap.base.log import logger
from isogap.base.progress import Progress
from isogap.base.records import provenance
from isogap.base.streams import RESAMPLE_KEY, child, seed_sequence
from isogap.base.student import student
from isogap.base.tabular import Sheet, Tabular
from isogap.base.threads import default_threads
from isogap.engine.products import sample_products
from isogap.model.choices import PRODUCT_REPLICAS
from isogap.model.factors import Factor
from isogap.run import sheets
from isogap.theory.products import (
    fuss_catalan,
    lyapunov_deviates,
    lyapunov_exponents,
    lyapunov_variances,
    product_law,
)
from isogap.theory.products.deviates import condition_deviate, log_condition_mean
from isogap.theory.products.law import Law, PointMass

_log = logger(__name__)

# Probability that a right theory is called inconsistent, for all comparisons of a run together.
LEVEL = 1e-4
# The limit law is for M ≪ N: with more factors than N/4 its distance is reported and decides nothing. Ours, as is the allowance
# (M + 1)/N for the distance at finite N; measured for M = 1..5 and N = 50..800: 0.4/N to 1.2/N.
MOST_FACTORS = 0.25
Check = tuple[bool, str]
RESAMPLES = 200
_LARGEST_LOG = 690.0  # 1e300: laws of a larger or smaller scale are not made


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error and what theory says of it.

    Attributes
    ----------
    value, error : float
        Error NaN for one replica.
    theory : float
        NaN where there is no statement.
    """

    value: float
    error: float
    theory: float


@dataclass(frozen=True, repr=False)
class ProductsResult(Tabular):
    """See `simulate_products`.

    Attributes
    ----------
    size, factors, replicas : int
    weights : str
    sigma : float
    ambient : int
        0 except for truncated weights.
    distance, distance_error : float
        Kolmogorov-Smirnov distance of the pooled squared singular values from the limit law, and its standard error over
        replicas (bootstrap).
    allowance : float
        What the distance may be at this size; NaN where there are too many factors for the limit law to be expected.
    log_condition : Estimate
        Mean of ``log cond``. Theory: for one Gaussian factor `log_condition_mean`, 0 for orthogonal ones, else NaN.
    log_condition_limit : float
        ``M`` times the spread of the Lyapunov exponents, which it approaches as ``M → ∞``.
    exponents : ndarray, shape (N, 3)
        Lyapunov exponents, their standard errors (exact), theory.
    worst : float
        Largest deviation of an exponent, its skewed law turned into a normal one (`lyapunov_deviates`), and what is allowed
        of ``N`` at the level of the run.
    allowed : float
    verdict : {"consistent", "inconsistent"}
    reasons : tuple of str
        What was decided, one clause each.
    log_singular_values : ndarray, shape (R, N)
    provenance : dict
    """

    size: int
    factors: int
    replicas: int
    weights: str
    sigma: float
    ambient: int
    distance: float
    distance_error: float
    allowance: float
    log_condition: Estimate
    log_condition_limit: float
    exponents: FloatArray
    worst: float
    allowed: float
    verdict: str
    reasons: tuple[str, ...]
    log_singular_values: FloatArray
    provenance: dict[str, Any]

    def sheet(self) -> Sheet:
        """Columns of `to_dataframe` and `to_xarray`."""
        return sheets.products_sheet(self)

    @property
    def law(self) -> Law:
        """Limit law of the squared singular values; ValueError where its scale leaves the range of doubles (see `unit_law`)."""
        return limit_law(self.size, self.factors, self.weights, self.sigma, self.ambient)

    @property
    def log_scale(self) -> float:
        """``M log sigma``: what the logarithms of the singular values are shifted by against `unit_law`; 0 for ``sigma = 0``."""
        return self.factors * math.log(self.sigma) if self.sigma > 0 else 0.0

    @property
    def unit_law(self) -> Law:
        """Limit law at ``sigma = 1``; for ``sigma = 0`` that of the zero matrix."""
        return _unit_law(self.size, self.factors, self.weights, self.sigma, self.ambient)


def limit_law(N: int, M: int, weights: str, sigma: float, ambient: int) -> Law:
    """Limit law of the squared singular values of a product of square factors of one kind."""
    if M and sigma > 0 and abs(2 * M * math.log(sigma)) > _LARGEST_LOG:
        raise ValueError(
            f"sigma^(2M) must lie within 1e-300 and 1e300 for a law of doubles, got sigma {sigma!r} and M {M}: take sigma 1 "
            "and logarithms shifted by M log sigma"
        )
    if weights == "orthogonal":
        return PointMass(sigma ** (2 * M))
    if weights == "gaussian":
        return fuss_catalan(M, scale=sigma ** (2 * M))
    return product_law([Factor("truncated", N, N, ambient, sigma)] * M)


def _unit_law(N: int, M: int, weights: str, sigma: float, ambient: int) -> Law:
    """Law that the distance is taken from, which does not depend on the scale: at ``sigma = 1``, or of the zero matrix."""
    if M and sigma == 0:
        return PointMass(0.0)
    return limit_law(N, M, weights, 1.0, ambient)


def simulate_products(
    N: int,
    M: int,
    *,
    replicas: int = PRODUCT_REPLICAS,
    weights: str = "gaussian",
    sigma: float = 1.0,
    ambient: int | None = None,
    rng: Any = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ProductsResult:
    """Draw products of ``M`` random ``N x N`` matrices and hold them against theory.

    Decided are, at level 1e-4 for the whole run: the Lyapunov exponents, whose estimates are unbiased at every ``M``; the
    distance from the limit law where ``M ≤ N/4``; and the mean logarithm of the condition number of one Gaussian factor.

    Parameters, errors: `isogap.engine.products.sample_products`.

    Examples
    --------
    >>> run = simulate_products(50, 2, replicas=20, rng=1)
    >>> run.verdict, bool(run.distance < run.allowance)
    ('consistent', True)
    >>> simulate_products(4, 0, replicas=1).log_condition.value  # the identity
    0.0
    """
    size, factors = integer("N", N, 1), integer("M", M, 0)
    workers = integer("threads", default_threads() if threads is None else threads, 1)
    root = seed_sequence(rng)
    accuracy = 1e-9 if size <= 200 else 1e-6
    _log.info(
        "products of %d %s factors of size %d, accuracy %g, %d threads", factors, weights, size, accuracy, workers
    )
    spectra = sample_products(
        size, factors, replicas=replicas, weights=weights, sigma=sigma, ambient=ambient, accuracy=accuracy, rng=root,
        threads=workers, progress=progress,
    )  # fmt: skip
    logs, count = spectra.log_singular_values, spectra.log_singular_values.shape[0]
    law = _unit_law(size, factors, weights, float(sigma), ambient or 0)
    shift = factors * math.log(sigma) if sigma > 0 else 0.0
    distance, error = _distance(logs - shift, law, child(root, RESAMPLE_KEY))
    allowance = (factors + 1) / size if factors <= MOST_FACTORS * size else math.nan
    exponents = _exponents(spectra.log_diagonals, factors, weights, float(sigma), ambient)
    condition = _condition(logs, factors, weights)
    known = exponents[exponents[:, 1] > 0]
    worst = _worst(exponents, factors * count, weights, float(sigma), ambient)
    comparisons = len(known) + 2
    allowed = float(norm.isf(LEVEL / 2 / comparisons))
    known_condition = _condition_check(condition, size, count, allowed, accuracy)
    verdict, reasons = _verdict(distance, error, allowance, known_condition, worst, allowed, len(known), count)
    return ProductsResult(
        size, factors, count, weights, float(sigma), ambient or 0, distance, error, allowance, condition,
        float(exponents[0, 2] - exponents[-1, 2]) * factors if np.isfinite(exponents[:, 2]).all() else math.nan,
        exponents, worst, allowed, verdict, reasons, logs, provenance(root, workers),
    )  # fmt: skip


def _distance(logs: FloatArray, law: Law, generator: np.random.Generator) -> tuple[float, float]:
    """KS distance of all squared singular values, and its standard error by drawing replicas again."""
    count, N = logs.shape
    with np.errstate(under="ignore", over="ignore"):
        order = np.argsort(logs, axis=None)
        x = np.exp(2.0 * logs.ravel()[order])
    high = law.support()[1]
    atom = np.abs(x - high) <= 1e-12 * N * high  # of a law that has one there; values come from sums of logarithms
    x = np.where(atom, high, x)
    expected, owner = np.asarray(law.cdf(x)), order // N
    below = high * (1 - 1e-12) if high > 0 else -1.0
    before = np.where(atom, np.asarray(law.cdf(np.full(x.shape, below))), expected)

    def of(weights: FloatArray) -> float:
        share = np.cumsum(weights[owner]) / (N * weights.sum())
        last = np.append(x[1:] != x[:-1], True)
        upper, first = share[last], np.append(0.0, share[last][:-1])
        start = np.append(True, last[:-1])
        return float(max(np.max(np.abs(upper - expected[last])), np.max(np.abs(before[start] - first))))

    found = of(np.ones(count, dtype=np.float64))
    if count == 1 or found == 0:
        return found, math.nan if count == 1 and found else 0.0
    again = generator.integers(count, size=(RESAMPLES, count))
    drawn = [of(np.bincount(row, minlength=count).astype(np.float64)) for row in again]
    return found, float(np.std(drawn, ddof=1))


def _exponents(diagonals: FloatArray, M: int, weights: str, sigma: float, ambient: int | None) -> FloatArray:
    """Estimates, exact standard errors and theory; shape (N, 3). Without factors they are of nothing, and 0."""
    count, N = diagonals.shape
    if M == 0:
        return np.zeros((N, 3))
    if weights == "truncated" and ambient == N:  # nothing is cut off
        weights, ambient = "orthogonal", None
    theory = lyapunov_exponents(N, weights=weights, sigma=sigma, ambient=ambient)
    error = np.sqrt(lyapunov_variances(N, weights=weights, ambient=ambient) / (M * count))
    with np.errstate(invalid="ignore"):
        estimate = diagonals.mean(axis=0) / M
    return np.column_stack([estimate, error if sigma > 0 else np.zeros(N), theory])


def _worst(exponents: FloatArray, draws: int, weights: str, sigma: float, ambient: int | None) -> float:
    """Largest deviate of those exponents that have a spread."""
    if not (exponents[:, 1] > 0).any():
        return 0.0
    found = lyapunov_deviates(exponents[:, 0], draws, weights=weights, sigma=sigma, ambient=ambient)
    return float(np.abs(found).max())


def _condition(logs: FloatArray, M: int, weights: str) -> Estimate:
    if not np.isfinite(logs).all():
        return Estimate(math.nan, math.nan, math.nan)  # the zero matrix has none
    spread = logs[:, 0] - logs[:, -1]
    error = float(spread.std(ddof=1) / math.sqrt(spread.size)) if spread.size > 1 else math.nan
    N, theory = logs.shape[1], math.nan
    if M == 0 or weights == "orthogonal":
        theory = 0.0
    elif M == 1 and weights == "gaussian":
        theory = log_condition_mean(N)
    return Estimate(float(spread.mean()), error, theory)


def _condition_check(condition: Estimate, N: int, count: int, allowed: float, accuracy: float) -> Check | None:
    """Whether the mean of ``log cond`` is that of theory, where there is one."""
    if not math.isfinite(condition.theory) or N == 1:
        return None
    if condition.theory == 0:  # every singular value is the same
        return condition.value <= accuracy, f"log cond {condition.value:.1g}, 0 to an accuracy of {accuracy:g}"
    z = abs(condition_deviate(condition.value, N, count))
    return z <= allowed, f"log cond within {z:.2f} normal deviates, {allowed:.2f} allowed"


def _verdict(
    distance: float,
    error: float,
    allowance: float,
    condition: Check | None,
    worst: float,
    allowed: float,
    exponents: int,
    count: int,
) -> tuple[str, tuple[str, ...]]:
    """Decide; every clause says what was compared."""
    checks: list[Check] = []
    if exponents:
        checks.append(
            (worst <= allowed, f"exponents within {worst:.2f} normal deviates, {allowed:.2f} allowed for {exponents}")
        )
    if math.isfinite(allowance):
        bound = allowance + (student(allowed, count) * error if math.isfinite(error) else 0.0)
        told = f"{bound:.4g} allowed at this size" if bound < 1 else f"which {count} products are too few to judge"
        checks.append((distance <= bound, f"distance {distance:.4g} from the limit law, {told}"))
    if condition is not None:
        checks.append(condition)
    return ("consistent" if all(good for good, _ in checks) else "inconsistent"), tuple(text for _, text in checks)
