"""D9: The best step grows with the batch up to B* and not beyond."""

from itertools import combinations, product

import sympy as sp

from isogap import residual
from isogap.verification import replace
from isogap.verification.balls import ball


def decide(case, *, noise="law"):
    """Enumerated batches in symbols, a step by its derivative, the ratio of best steps in closed form."""
    case.decides("==", "==", "==")
    best_of, ratio_of, star_of = case.claims
    eta, H, B = sp.symbols("eta H B", positive=True)
    samples = sp.symbols("a0:4")
    mean = sum(samples) / 4
    covariance = sum((s - mean) ** 2 for s in samples) / 4
    for size in (1, 2, 3):
        for drawn, batches in (("with", product(samples, repeat=size)), ("without", combinations(samples, size))):
            case.hypothesis(True)
            g = [sum(batch) / size for batch in batches]
            found = sum(mean * (-eta * x) + H * (eta * x) ** 2 / 2 for x in g) / len(g)
            share = _share(noise, drawn, size, 4)
            expected = -eta * mean**2 + eta**2 / 2 * H * (mean**2 + covariance * share)
            case.identity(
                f"mean change over all batches of {size}, {drawn} replacement", found, expected, computed=True
            )
    case.argument("bilinearity", "vectors and a Hessian: the same identity entry by entry, C_ij for the covariance")
    slope, curvature, noise = sp.symbols("s h n", positive=True)
    change = -eta * slope + eta**2 / 2 * (curvature + noise / B)
    best = best_of.right.sympy(norm=sp.sqrt, g=slope, gHg=curvature, trHC=noise, B=B)
    case.identity("derivative at η*", sp.diff(change, eta).subs(eta, best), 0, computed=True)
    case.argument("a convex parabola", "the zero of its derivative is its minimum")
    endless = sp.limit(best, B, sp.oo)
    ratio = ratio_of.left.sympy(eta_B=best, eta_inf=endless)
    said = ratio_of.right.sympy(B=B, B_star=star_of.right.sympy(trHC=noise, gHg=curvature))
    case.identity("η*(B)/η*(∞)", ratio, said, computed=True)
    law = residual.critical_batch([1.0, 2.0], [[2.0, 0.5], [0.5, 1.0]], [[3.0, 1.0], [1.0, 4.0]])
    case.library("residual.critical_batch", law.critical_batch, ball(11) / 8, 100)
    case.library("StepLaw.best_step", law.best_step(4), ball(5) / (8 + ball(11) / 4), 100)


def _share(noise, drawn, size, m):
    """What C is multiplied with."""
    if noise == "square":
        return sp.Rational(1, size**2)
    if drawn == "without" and noise == "law":
        return sp.Rational(m - size, size * (m - 1))
    return sp.Rational(1, size)


FALSE_NEIGHBOURS = {
    "noise falling as 1/B²": {"noise": "square"},
    "without replacement as with it": {"noise": "same"},
    "the best step grows with B for ever": replace("B/(B + B_star)", "B/B_star"),
}


def test_d9(judgement):
    judgement()
