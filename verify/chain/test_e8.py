"""E8: Sharp rate near orthogonality."""

from fractions import Fraction

import sympy as sp
from flint import arb

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import Spectrum, two_level, widths
from weingarten import moment

d, p2 = sp.symbols("d p2", positive=True)


def decide(case):
    """``Σ_{i≠j} S_ij² = ‖E‖² - Σ_j S_jj²`` and E5; then enclosures of the exact rate as the spectrum shrinks."""
    case.decides("==", "==")
    sides, claim = case.claims[0].sides, case.claims[1].right.sympy()
    square = sp.Symbol("s", positive=True)
    what = "the square of the norm, before and after"
    case.identity(what, sides[0].sympy(E=lambda y: y, norm_E_next=sp.sqrt(square)), square, computed=True)
    first = sides[1].sympy(norm_E=sp.sqrt(square)) / square
    variance = (moment([[4]], d) - moment([[2, 2]], d)) * p2  # E S_jj² for Σ ε = 0
    case.identity("E Σ_{i≠j} S_ij² / ‖E‖²", (p2 - d * variance) / p2, first, computed=True)
    case.identity("the same factor for φ, as dφ = ‖E‖²/2 to second order", first, claim, computed=True)
    case.argument(
        "Taylor expansion to first order",
        "D = I + O(E), so E' = S - diag S to first order; dφ = ‖E‖²/2 to second order (E7)",
    )
    rows = []
    with case.illustrations():
        for width in widths(deep=case.deep):
            limit = case.claims[1].right.ball(d=width)
            for s in (two_level(width, 1, Fraction(1, 10**9)), _three(width)):
                if case.hypothesis(s.top < 1 + Fraction(1, 10**6)):
                    found = 1 + s.step(30) / s.gap()
                    case.at_most(
                        "E φ'/φ is within 10 max|ε| of d/(d+2)", abs(found - limit), arb("1e-8"), d=width, spectrum=s
                    )
            case.library("bounds.asymptotic_rate", bounds.asymptotic_rate(width), limit, 4, d=width)
            rows.append((width, f"{float(found.mid()):.9f}", f"{float(limit.mid()):.9f}"))
    case.table("mean factor per layer at max|ε| = 1e-9", ("d", "E φ'/φ", "d/(d+2)"), rows)


def _three(width):
    return Spectrum.of([1 + Fraction(k, 10**9) for k in range(-(width // 2), width - width // 2)])


FALSE_NEIGHBOURS = {
    "d/(d+1)": replace("d/(d+2)", "d/(d+1)"),
    "(d-1)/(d+1)": replace("d/(d+2)", "(d-1)/(d+1)"),
    "1 - 1/(2d(d+2)), the rate of the paper's Lemma B.2": replace("d/(d+2)", "(1-1/(2*d*(d+2)))"),
}


def test_e8(judgement):
    judgement()
