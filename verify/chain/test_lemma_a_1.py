"""Lemma A.1: Normalising rows gains isometry."""

import random
from fractions import Fraction

import numpy as np
import sympy as sp
from scipy.optimize import minimize

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball, widths


def decide(case, *, of="norms"):
    """Exact row norms first; then E1 and GM ≤ AM, which is ``g ≥ 0`` summed over the rows."""
    case.decides(">=")
    smallest = {}
    with case.illustrations():
        for d in widths(deep=case.deep):
            for norms in _norms(d, case.deep):
                if not case.hypothesis(min(norms) > 0):
                    continue
                mean, square = sum(norms) / d, sum(r * r for r in norms) / d
                gain = ball(square).log() - 2 * sum((ball(r).log() for r in norms), ball(0)) / d
                spread, level = square - mean**2, mean
                if of == "squares":
                    spread, level = sum(r**4 for r in norms) / d - square**2, square
                bound = case.claim.right.ball(I_H=1, var_r=spread, mean_r=level).log()
                case.at_most("log(1 + var/mean²) ≤ log(AM/GM)", bound, gain, d=d, norms=[str(r) for r in norms[:4]])
                found = bounds.lemma_a1([float(r) for r in norms])
                case.library("bounds.lemma_a1", found, bound.exp(), 1e3, d=d)
                case.library(
                    "bounds.isometry_gain", bounds.isometry_gain([float(r) for r in norms]), gain.exp(), 1e4, d=d
                )
                ratio = float((gain / bound).mid())
                smallest[d] = min(smallest.get(d, (ratio, norms)), (ratio, norms))
    y = sp.Symbol("y", positive=True)
    for end in (0, sp.oo):
        case.rises("g(y) = y - 1 - log y ≥ 0, so GM(r) ≤ AM(r)", y - 1 - sp.log(y), y, 1, end)
    square, mean, sum_log, d = sp.symbols("Q m L d", positive=True)
    claimed = case.claim.right.sympy(I_H=1, var_r=square - mean**2, mean_r=mean)
    case.identity("1 + var/mean² = AM(r²)/AM(r)²", claimed, square / mean**2)
    ratios = sp.Symbol("R", positive=True)  # Σ r_j/mean, which is d
    rest = 2 / d * ((ratios - d) - (sum_log - d * sp.log(mean)))  # (2/d) Σ g(r_j/mean)
    left = sp.expand_log(sp.log(square) - 2 * sum_log / d - sp.log(square / mean**2))
    case.identity(
        "log(AM(r²)/GM(r²)) - log(AM(r²)/AM(r)²) = (2/d) Σ g(r_j/mean), as Σ r_j/mean = d", left, rest.subs(ratios, d)
    )
    if not case.control:
        _tightness(case, smallest)


def _tightness(case, smallest):
    """Minimise log gain / log bound over the norms, from the tightest ones tried."""
    rows = []
    for d, (tried, start) in smallest.items():

        def ratio(z):
            r = np.exp(z - z.mean())
            spread = np.mean(r**2) / np.mean(r) ** 2
            return (np.log(np.mean(r**2)) - 2 * np.mean(np.log(r))) / np.log(spread) if spread > 1 + 1e-9 else 2.0

        found = minimize(ratio, [np.log(float(r)) for r in start], method="L-BFGS-B")
        best = min(tried, float(found.fun))
        case.margin(best, "smallest log gain / log bound found by the optimiser")
        with case.illustrations():
            case.exact("bound at the norms that the optimiser finds worst", best >= 1, d=d, ratio=best)
        worst = np.sort(np.exp(found.x - np.median(found.x)))
        rows.append((d, f"{best:.6g}", f"{worst[-1]:.4g}, {worst[-2]:.4g}, ..., {worst[0]:.4g}"))
    case.table("log gain over log bound, minimised over the norms", ("d", "ratio", "norms over their median"), rows)
    R = [1 + 0.2 * k for k in range(1, 60)]
    gains = [bounds.isometry_gain([x] + [1.0] * 15) for x in R]
    lower = [bounds.lemma_a1([x] + [1.0] * 15) for x in R]
    case.plot(
        "one row of norm R, the other 15 of norm 1",
        "R",
        "I(BN(H))/I(H)",
        [("exact (E1)", R, gains, "exact"), ("Lemma A.1", R, lower, "paper")],
    )


def _norms(d, deep):
    F = Fraction
    for top in (F(10**6 + 1, 10**6), F(3, 2), F(4), F(40), F(10**6)):
        yield [top] + [F(1)] * (d - 1)
        yield [1 / top] + [F(1)] * (d - 1)
        yield [top if k % 2 else F(1) for k in range(d)]
    rng = random.Random(d)
    for _ in range(20 if deep else 4):
        yield [F(rng.randint(1, 1000), rng.randint(1, 50)) for _ in range(d)]


FALSE_NEIGHBOURS = {
    "2.1 times the variance": replace("var_r", "2.1*var_r"),
    "the squared norms r² in place of r": {"of": "squares"},
}


def test_lemma_a_1(judgement):
    judgement()
