"""Theorem A4: E τ_ω ≤ ((d+1)/2) log A + d/2 + 2, A = max(1, (T_0-d)/(d(e^ω-1))): hitting time of φ ≤ ω."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification.balls import ball
from isogap.verification.states import excess, gap_of, layer, one_apart, start

HALF = sp.Rational(1, 2)


def decide(case, *, slope=HALF, floor=True):
    """Markov at every layer, summed; sampled hitting times, cut off at 400 layers, beside it."""
    width, omega = 8, 1 / 128
    with case.illustrations():
        for value in (Fraction(1, 10**6), Fraction(1, 10), Fraction(999, 1000)):
            s = one_apart(width, value)
            case.hypothesis(s.low > 0)
            ratio = float(excess(s)) / (width * np.expm1(omega))
            log = np.log(max(1.0, ratio) if floor else ratio)
            bound = float(slope) * (width + 1) * log + width / 2 + 2
            case.at_most("0 ≤ bound", ball(0), ball(bound), d=width, eigenvalue=value)
            times = _times(s, omega, 300, case.rng(value.denominator))
            case.mean_at_most("sampled E min(τ, 400) ≤ bound", times, bound, 400.0, d=width, eigenvalue=value)
            if floor and slope == HALF:
                found = float(bounds.hitting_time_by_inverse_trace(width, omega, float(excess(s)), excess=True))
                case.mean_at_most("library: the ceiling form", times, found, 400.0, d=width)
    d, log_a = sp.symbols("d L", positive=True)
    q = d / (d + 2)
    case.identity("Σ_{k≥0} q^k = (d+2)/2", 1 / (1 - q), (d + 2) / 2)
    case.identity(
        "⌈L(d+1)/2⌉ ≤ L(d+1)/2 + 1, with the tail",
        log_a * (d + 1) / 2 + 1 + (d + 2) / 2,
        slope * (d + 1) * log_a + d / 2 + 2,
    )
    case.argument("Markov", "φ_ℓ > ω implies T_ℓ - d > d(e^ω - 1): P(τ > ℓ) ≤ min(1, A q^ℓ); φ never grows (Lemma 2)")


def _times(s, omega, count, rng):
    g = start(s, count, rng)
    times, alive = np.zeros(count), np.ones(count, dtype=bool)
    for depth in range(400):
        alive &= gap_of(g) > omega
        if not alive.any():
            break
        times[alive] = depth + 1
        g = layer(g, rng)
    return times


FALSE_NEIGHBOURS = {
    "(d+1)/8 in place of (d+1)/2": {"slope": sp.Rational(1, 8)},
    "without the maximum": {"floor": False},
}


def test_theorem_a4(judgement):
    judgement()
