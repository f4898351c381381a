"""Corollary 4: Mean gap after one layer."""

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball, family, widths
from isogap.verification.tightness import tightness

d = sp.Symbol("d", positive=True)


def decide(case, *, normalise=True):
    """Enclosures of the exact step against the bound, then the concave form of Theorem 3's proof."""
    case.decides("<=")
    with case.illustrations():
        for width in widths(deep=case.deep):
            for s in family(width, deep=case.deep):
                if case.hypothesis(s.low > 0):
                    bound = _bound(case, s)
                    step = s.step() if normalise else ball(0)
                    case.at_most("exact step ≤ bound", step, bound, d=width, spectrum=s)
                    found = bounds.corollary_4([float(x - 1) for x in s.full()], deviation=True)
                    case.library("bounds.corollary_4", found, bound, 1e3, d=width, spectrum=s)
    p2, phi = sp.symbols("p2 phi", positive=True)
    constant = 1 / sp.cancel((1 - sp.exp(case.claim.right.sympy() - phi)) / p2)
    variance = 2 * p2 / (d * (d + 2))
    lower = d * (d - 1) * (2 * variance + 2 * variance / (d - 1)) / (2 * d) / (2 * d**2)
    case.identity("E var r ≥ Σ(λ-1)²/(d²(d+2)): the pairs of Theorem 3", lower, p2 / (d**2 * (d + 2)))
    case.argument("E1 and Jensen", "φ' ≤ φ + log(1 - var r) (E1, GM ≤ AM); log(1-v) falls and is concave (Jensen)")
    case.follows(
        "the constant is at least d²(d+2), which the proof gives", sp.expand(constant - d**2 * (d + 2)), {d: 2}
    )
    if not case.control:
        tightness(
            case,
            "exact mean decrease over the bound",
            lambda f, n: np.log(f.drift) - np.log(-np.log1p(-f.p2 / (2 * n**2 * (n + 2)))),
            lambda s: (-s.step(), -_bound(case, s)),
        )
        _plot(case, 16)


def _bound(case, s):
    """Bound of the mean change of φ at a spectrum."""
    return case.claim.right.ball(phi=0, d=s.d, p2=s.power(2))


def _plot(case, width):
    from isogap import exact_step

    x = np.linspace(0.02, 0.98, 49)
    spectra = np.ones((49, width))
    spectra[:, : width // 2] += x[:, None]
    spectra[:, width // 2 :] -= x[:, None]
    curves = [("exact (E3)", x, [-exact_step(row).value for row in spectra], "exact")]
    curves.append(("Corollary 4", x, -bounds.corollary_4(spectra), "paper"))
    curves.append(("S1", x, -bounds.corollary_4_sharp(spectra), "sharp"))
    case.plot(f"d = {width}, half the eigenvalues 1 + a, half 1 - a", "a", "mean decrease of φ", curves, logy=True)


FALSE_NEIGHBOURS = {
    "9d(d+2)/10 in place of 2d²(d+2)": replace("2*d^2*(d+2)", "(9/10*d*(d+2))"),
    "5d in place of 2d²(d+2)": replace("2*d^2*(d+2)", "(5*d)"),
    "without BN: X' = WX, as printed": {"normalise": False},
}


def test_corollary_4(judgement):
    judgement()
