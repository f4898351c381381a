"""Ball arithmetic: enclosures of the exact one-step law and of S4's eigenvalue, proofs of inequalities on intervals.

A result is an Arb ball (`flint.arb`) that contains the exact value, rounding, truncation and quadrature included. The
route for E3, adaptive integration with Petras' bounds in the complex plane (Johansson, arXiv:1802.07942), shares
nothing with the trapezoid rule of `isogap.theory.exact`: each checks the other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from numbers import Rational
from typing import Any, TypeAlias

from flint import acb, arb, ctx, fmpq

from isogap.theory.positivity import NotProvedError, PositivityProof, prove_positive

__all__ = ["exact_step_enclosure", "log_lambda_star_enclosure", "prove_positive", "PositivityProof", "NotProvedError"]

Ball: TypeAlias = Any  # flint.arb; python-flint ships no types that mypy could follow
Number: TypeAlias = int | float | Fraction | Any  # exact numbers, and balls

_MEAN_TOLERANCE = Fraction(1, 10**8)
_GUARD_BITS = 40


def exact_step_enclosure(
    lam: Sequence[Number], digits: int = 30, *, multiplicities: Sequence[int] | None = None
) -> Ball:
    """Enclose ``E log Y_1 = E[phi' | X] - phi`` (E3) with a proof.

    Parameters
    ----------
    lam : sequence
        Eigenvalues of ``X Xᵀ``, non-negative, mean 1. Integers, Fractions, floats (taken as the exact numbers they
        are) and balls. Without balls the spectrum is divided by its exact mean, which must be within 1e-8 of 1. With
        balls it is not; the result then contains ``E log Σ_k lam_k w_1k²`` for *every* choice of eigenvalues in the
        balls.
    digits : int, optional
        Relative accuracy aimed at, in decimal digits; the ball returned says what was reached. Wide balls give wide
        results.
    multiplicities : sequence of int, optional
        How often each eigenvalue counts (the same number every time). Default: once each.

    Returns
    -------
    flint.arb
        A ball that contains the value.

    Raises
    ------
    ValueError
        Empty or negative spectra, NaN, infinite entries, a mean that is not 1, `digits` below 1.

    Notes
    -----
    With ``F(u) = Π (1+2 lam_k e^u)^(-1/2) - (1+2e^u)^(-d/2)`` the value is ``-∫ F du``, integrated over a finite
    window. For ``eps = lam - 1``, ``c = |Σ eps|``, ``v = Σ eps²``: Taylor's formula along ``1 + r eps`` gives
    ``|F| <= c t + v t² + ½ (c t + 2 v t²)²``, ``t = e^u``, for the left tail. To the right each product P decays in u
    at least at the rate ``Σ lam_k t/(1+2 lam_k t)`` that it has at the end of the window.

    Examples
    --------
    >>> from fractions import Fraction
    >>> exact_step_enclosure([Fraction(8, 5), Fraction(2, 5)], 15).overlaps(arb(fmpq(9, 10)).log())
    True
    """
    if digits < 1:
        raise ValueError(f"digits must be at least 1; got {digits}")
    values, counts = _spectrum(lam, multiplicities)
    if all(isinstance(x, Fraction) for x in values) and all(x == 1 for x in values):
        return arb(0)
    log_goal = max(_log_drift_floor(values, counts) - (digits + 1) * math.log(10.0), _log_blur(values, counts))
    window = _window(values, counts, log_goal - 3.0)
    bits = math.ceil(-log_goal / math.log(2.0)) + _GUARD_BITS
    with ctx.workprec(max(bits, 64)):
        return -_integral([_ball(x) for x in values], counts, window, arb(2) ** (-bits + _GUARD_BITS), digits)


def log_lambda_star_enclosure(d: int, phi: Number, digits: int = 30) -> Ball:
    """Enclose ``log lam_*(d, phi)``, S4: the root of ``log lam + (d-1) log((d-lam)/(d-1)) = -d phi`` in (0, 1].

    Parameters
    ----------
    d : int
        Width, at least 1; at d = 1 the limit of the equation, ``-phi``.
    phi : int, float, Fraction or ball
        Gap, finite and non-negative. For a ball the result contains the logarithm for every gap in it.
    digits : int, optional
        Relative accuracy aimed at.

    Returns
    -------
    flint.arb
        A ball that contains the value.

    Raises
    ------
    ValueError
        d below 1, a negative or non-finite gap, `digits` below 1.

    Notes
    -----
    ``H(y) = y - (d-1) log(1 + (1-e^(-y))/(d-1))`` increases in ``y = -log lam``: the two signs of ``H - d phi`` at
    the ends of an interval prove that the root lies in it.

    Examples
    --------
    >>> enclosure = log_lambda_star_enclosure(2, 1, 20)  # lam (2 - lam) = e^(-2)
    >>> enclosure.overlaps((1 - (1 - arb(-2).exp()).sqrt()).log())
    True
    """
    if d < 1 or digits < 1:
        raise ValueError(f"d and digits must be at least 1; got d = {d}, digits = {digits}")
    exact = _exact(phi)
    size = float(exact)
    if not 0 <= size < math.inf or not (exact >= 0):
        raise ValueError(f"phi must be finite and non-negative; got {phi}")
    bits = math.ceil(digits * math.log2(10.0)) + _GUARD_BITS
    small = max(0, -math.frexp(size)[1]) if size else 0
    with ctx.workprec(bits + 2 * small):
        ball = _ball(exact)
        if d == 1 or ball.is_zero():
            return -ball
        if ball.is_exact() or isinstance(exact, Fraction):
            return -_root(d, d * ball, bits - _GUARD_BITS)
        low, high = (_root(d, d * end, bits - _GUARD_BITS) for end in (ball.lower(), ball.upper()))
        return -low.union(high)


def _exact(x: Number) -> Any:
    """A Fraction for exact numbers, the ball itself for balls."""
    if isinstance(x, arb):
        if not x.is_finite():
            raise ValueError(f"need finite numbers; got {x}")
        return x
    if isinstance(x, fmpq):
        return Fraction(int(x.p), int(x.q))
    if not isinstance(x, Rational) and not math.isfinite(x):
        raise ValueError(f"need finite numbers; got {x}")
    return Fraction(x) if isinstance(x, Rational) else Fraction(float(x))


def _ball(x: Any) -> Ball:
    return arb(fmpq(x.numerator, x.denominator)) if isinstance(x, Fraction) else arb(x)


def _spectrum(lam: Sequence[Number], multiplicities: Sequence[int] | None) -> tuple[list[Any], list[int]]:
    """Distinct eigenvalues, divided by their mean if all are exact, with multiplicities."""
    values = [_exact(x) for x in lam]
    counts = [1] * len(values) if multiplicities is None else [int(m) for m in multiplicities]
    if not values or len(counts) != len(values) or min(counts) < 1:
        raise ValueError("need at least one eigenvalue, and a multiplicity of at least 1 for each")
    if not all(x >= 0 for x in values):
        raise ValueError(f"lam must be non-negative; got {min(values, key=float)}")
    d, total = sum(counts), sum(x * m for x, m in zip(values, counts, strict=True))
    if any(isinstance(x, arb) for x in values):
        if not (_ball(total) / d - 1).contains(0):
            raise ValueError(f"lam must have mean 1; its mean is {_ball(total) / d}")
        return values, counts
    if abs(total / d - 1) > _MEAN_TOLERANCE:
        raise ValueError(f"lam must have mean 1; its mean is {float(total / d)}. Divide lam by its mean")
    grouped: Counter[Fraction] = Counter()
    for x, m in zip(values, counts, strict=True):
        grouped[x * d / total] += m
    return list(grouped), list(grouped.values())


def _log_spread(values: list[Any], counts: list[int]) -> float:
    """``log Σ eps²``, also where eps² would underflow."""
    deviations = [abs(x - 1) if isinstance(x, Fraction) else Fraction(abs(float(x.mid()) - 1)) for x in values]
    top = max(max(deviations), Fraction(1, 10**400))
    relative = sum(m * float(e / top) ** 2 for e, m in zip(deviations, counts, strict=True))
    return 2.0 * _log(top) + math.log(max(relative, 1e-300))


def _log_drift_floor(values: list[Any], counts: list[int]) -> float:
    """``log(Σ eps²/(d(d+2) lam_max))``, the size of the drift by S1: it only chooses the tolerance."""
    d = sum(counts)
    return _log_spread(values, counts) - math.log(d * (d + 2)) - max(_log(x) for x in values)


def _log_blur(values: list[Any], counts: list[int]) -> float:
    """``log Σ rad/lam``: what balls leave undecided, and no quadrature can better."""
    balls = [(x, m) for x, m in zip(values, counts, strict=True) if isinstance(x, arb) and not x.is_exact()]
    blur = sum(m * min(1.0, float(x.rad()) / max(float(x.mid()), 1e-300)) for x, m in balls)
    return math.log(blur) if blur else -math.inf


def _window(values: list[Any], counts: list[int], log_goal: float) -> tuple[int, int]:
    """Ends ``u`` of a window outside of which little is left. A choice only: the tails are bounded afterwards."""
    left = math.floor(0.5 * (log_goal - _log_spread(values, counts)))
    logs = [(math.log(2.0) + _log(x), m) for x, m in zip(values, counts, strict=True) if _log(x) > -math.inf]
    right = 0
    while (
        sum(-0.5 * m * (max(u := right + shift, 0.0) + math.log1p(math.exp(-abs(u)))) for shift, m in logs) > log_goal
    ):
        right += 1 + right // 20
    return min(left, -1), right + 1


def _log(x: Any) -> float:
    """Logarithm of a non-negative exact number or of a ball's midpoint; -inf at 0."""
    if isinstance(x, Fraction):
        return math.log(x.numerator) - math.log(x.denominator) if x else -math.inf
    return math.log(float(x.mid())) if x.mid() > 0 else -math.inf


def _integral(lam: list[Ball], counts: list[int], window: tuple[int, int], tolerance: Ball, digits: int) -> Ball:
    """Ball around ``∫ F du``: verified integration over the window plus bounds for both tails."""
    d = sum(counts)

    def difference(u: acb, analytic: bool) -> acb:
        two_t = 2 * u.exp()
        product = acb(1)
        for x, m in zip(lam, counts, strict=True):
            product *= (1 + two_t * x).rsqrt(analytic=analytic) ** m
        return product - (1 + two_t).rsqrt(analytic=analytic) ** d

    inside = _interruptible_integral(difference, window, rel_tol=arb(10) ** (-digits - 1), abs_tol=tolerance).real
    tail = _left_tail(lam, counts, arb(window[0]).exp())
    tail += _right_tail(lam, counts, arb(window[1]).exp()) + _right_tail([arb(1)], [d], arb(window[1]).exp())
    return inside + arb(0, tail.upper())


def _interruptible_integral(f: Callable[[acb, bool], acb], window: tuple[int, int], **tolerances: Ball) -> acb:
    """``acb.integral``, through which no exception passes unharmed: what the integrand raises comes out after it.

    Once something was raised the integrand is 0, at which the integral ends at once.
    """
    raised: BaseException | None = None

    def guarded(u: acb, analytic: bool) -> acb:
        nonlocal raised
        if raised is None:
            try:
                return f(u, analytic)
            except BaseException as error:
                raised = error
        return acb(0)

    result = acb.integral(guarded, *window, **tolerances)
    if raised is not None:
        raise raised
    return result


def _left_tail(lam: list[Ball], counts: list[int], t: Ball) -> Ball:
    """``∫_0^t (c x + v x² + ½(c x + 2 v x²)²) dx/x``."""
    c = abs(sum((m * (x - 1) for x, m in zip(lam, counts, strict=True)), arb(0)))
    v = sum((m * (x - 1) * (x - 1) for x, m in zip(lam, counts, strict=True)), arb(0))
    # products instead of powers: a power of a ball that contains 0 is NaN
    return c * t + v * t * t / 2 + c * c * t * t / 4 + 2 * c * v * t * t * t / 3 + v * v * t * t * t * t / 2


def _right_tail(lam: list[Ball], counts: list[int], t: Ball) -> Ball:
    """``P(t)/q(t)``: P decays in u at a rate that never falls below q(t)."""
    product, rate = arb(1), arb(0)
    for x, m in zip(lam, counts, strict=True):
        product *= (1 + 2 * x * t).rsqrt() ** m
        rate += m * x * t / (1 + 2 * x * t)
    return product / rate


def _root(d: int, target: Ball, bits: int) -> Ball:
    """Ball around the root y of ``H(y) = target > 0``: Newton from above, then the proof by two signs."""

    def excess(y: Ball) -> Ball:
        return y - (d - 1) * (-(-y).expm1() / (d - 1)).log1p() - target

    y = (target + 1).mid()
    if (near := (2 * target).sqrt()) < fmpq(9, 10):
        y = (-(1 - near).log()).mid()
    for _ in range(ctx.prec):
        delta = -(-y).expm1()
        step = (excess(y) * (d - 1 + delta) / (d * delta)).mid()
        y = (y - step).mid()
        if abs(step) <= y * arb(2) ** (-bits - 4):
            break
    radius = y * arb(2) ** (-bits)
    while not (excess((y - radius).lower()) <= 0 <= excess((y + radius).upper())):
        radius *= 2
    return (y - radius).union(y + radius)
