"""S1: Corollary 4, sharp."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import UndecidedError, replace
from isogap.verification.balls import family, widths
from isogap.verification.tightness import tightness
from weingarten import moment


def _bound(case, s):
    """Bound of the mean change of φ at a spectrum."""
    return case.claim.right.ball(phi=0, d=s.d, p2=s.power(2), lam_max=s.top)


def decide(case):
    """Enclosures on every kind of spectrum; then ``log y ≤ (y-1) - (y-1)²/(2M)`` on all of (0, M], every M ≥ 1, and E5."""
    case.decides("<=")
    with case.illustrations():
        for width in widths(deep=case.deep):
            for s in family(width, deep=case.deep):
                if case.hypothesis(s.low > 0):
                    bound = _bound(case, s)
                    case.at_most("exact step ≤ bound", s.step(), bound, d=width, spectrum=s)
                    found = bounds.corollary_4_sharp([float(x - 1) for x in s.full()], deviation=True)
                    case.library("bounds.corollary_4_sharp", found, bound, 1e3, d=width)
    y, M = sp.symbols("y M", positive=True)
    f = (y - 1) - (y - 1) ** 2 / (2 * M) - sp.log(y)
    case.identity("the difference is 0 at y = 1", f.subs(y, 1), 0, computed=True)
    case.identity(
        "its derivative is (y-1)(M-y)/(yM): falling before 1, growing up to M",
        sp.diff(f, y),
        (y - 1) * (M - y) / (y * M),
        computed=True,
    )
    with case.illustrations():
        case.interval(
            "the case M = 3/2 in ball arithmetic",
            lambda t: (t - 1) - (t - 1) * (t - 1) / 3 - t.log(),
            1,
            Fraction(3, 2),
        )
    d, p2 = sp.symbols("d p2")
    square, pair = moment([[4]], d), moment([[2, 2]], d)
    variance = (square - pair) * p2  # E5, as Σ ε = 0
    phi = sp.Symbol("phi", positive=True)
    claimed = case.claim.right.sympy(d=d, p2=p2, lam_max=M) - phi
    if sp.cancel(claimed + variance / (2 * M)) != 0:
        raise UndecidedError("the proof gives another bound")
    case.identity("-E(Y-1)²/(2M) by E5, as E Y = 1", -variance / (2 * M), claimed, computed=True)
    case.argument("taking the mean of a pointwise bound", "0 < λ_min ≤ Y_1 ≤ λ_max = M")
    if not case.control:
        tightness(
            case,
            "exact mean decrease over S1: tends to 1 near orthogonality, at every d",
            lambda f, n: np.log(f.drift) - np.log(f.p2 / (n * (n + 2) * f.top)),
            lambda s: (-s.step(), -_bound(case, s)),
        )


FALSE_NEIGHBOURS = {
    "1 in place of λ_max": replace("*lam_max", ""),
    "(4+λ_max)/5 in place of λ_max": replace("lam_max", "(4+lam_max)/5"),
}


def test_s1(judgement):
    judgement()
