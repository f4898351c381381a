"""Theorem A4: Hitting time by the inverse trace."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.states import excess, gap_of, inverse_trace, layer, one_apart, start


def decide(case):
    """Markov at every layer, summed; sampled hitting times, cut off at 400 layers, beside it."""
    case.decides("<=", "==")
    bound, ratio = (claim.right for claim in case.claims)
    width, omega = 8, 1 / 128
    with case.illustrations():
        for value in (Fraction(1, 10**6), Fraction(1, 10), Fraction(999, 1000)):
            s = one_apart(width, value)
            case.hypothesis(s.low > 0)
            largest = ratio.float(T_0=width + excess(s), d=width, omega=omega, max=max)
            limit = bound.float(A=largest, d=width)
            case.at_most("0 ≤ bound", ball(0), ball(limit), d=width, eigenvalue=value)
            times = _times(s, omega, 300, case.rng(value.denominator))
            case.mean_at_most("sampled E min(τ, 400) ≤ bound", times, limit, 400.0, d=width, eigenvalue=value)
            found = float(bounds.hitting_time_by_inverse_trace(width, omega, float(excess(s)), excess=True))
            case.mean_at_most("library: the ceiling form", times, found, 400.0, d=width)
            case.pathwise("library: the ceiling form is below", [found], [limit], 1e-9)
    d, log_a, T, level = (sp.Symbol(name, positive=True) for name in ("d", "L", "T_0", "omega"))
    law, factor = case.below("Theorem A")
    q = factor.right.sympy()
    case.identity("Σ_{k≥0} q^k = (d+2)/2", 1 / (1 - q), (d + 2) / 2)
    layers = case.below("Theorem A3")[0].right.sympy(max=lambda _, y: y, log=lambda _: log_a)
    case.identity(
        "⌈L(d+1)/2⌉ ≤ L(d+1)/2 + 1, with the tail",
        layers + 1 + 1 / (1 - q),
        bound.sympy(log=lambda _: log_a),
        computed=True,
    )
    excess_0 = law.right.sympy(ell=0, **inverse_trace(T))
    wanted = ratio.sympy(max=lambda _, y: y)
    case.identity("A = (T_0-d)/(d(e^ω-1))", wanted, excess_0 / (d * (sp.exp(level) - 1)), computed=True)
    case.identity("at least 1, as a probability is at most 1", ratio.sympy(max=lambda y, _: y), 1, computed=True)
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
    "(d+1)/8 in place of (d+1)/2": replace("(d+1)/2*log", "(d+1)/8*log"),
    "without the maximum": replace("max(1, ", "max(0, "),
}


def test_theorem_a4(judgement):
    judgement()
