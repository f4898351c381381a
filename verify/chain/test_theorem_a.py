"""Theorem A: tr G⁻¹ - d is an eigenfunction of the whole chain."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import Spectrum, ball
from isogap.verification.forms import d, mean_of_forms, power_sum
from isogap.verification.states import excess, haar_images, inverse_trace


def decide(case):
    """The moment ``E[(wᵀGw)(wᵀG⁻¹w)]`` from the Weingarten calculus, for every d; sampled means beside it."""
    case.decides("==", "==")
    law, factor = case.claims
    q = factor.right.sympy(d=d)
    T = power_sum(-1)
    one_row = mean_of_forms([(0, 0, 1), (0, 0, -1)])
    after = law.right.sympy(ell=1, q=q, **inverse_trace(T), d=d)
    row = one_row.subs(power_sum(1), d)
    case.identity(
        "E T' - d = q (T - d)",
        law.left.sympy(E=lambda y: y, **inverse_trace(d * row, "G_l"), d=d),
        after,
        computed=True,
    )
    hat = law.right.sympy(
        ell=1, q=q, **inverse_trace(power_sum(1) * T / d), d=d
    )  # not row-normalised: tr G tr G⁻¹/d in place of T
    case.identity(
        "the same for any G",
        law.left.sympy(E=lambda y: y, **inverse_trace(d * one_row, "G_l"), d=d),
        hat,
        computed=True,
    )
    x, t = sp.symbols("x T", positive=True)
    twice = law.right.sympy(ell=1, q=x, **inverse_trace(law.right.sympy(ell=1, q=x, **inverse_trace(t), d=d) + d), d=d)
    case.identity(
        "two layers by the law are one after the other",
        law.right.sympy(ell=2, q=x, **inverse_trace(t), d=d),
        twice,
        computed=True,
    )
    case.argument("tower property", "one layer into ℓ; W_ℓ is independent of X_ℓ")
    case.hypothesis(True)
    with case.illustrations():
        for width in (2, 3, 8):
            s = Spectrum.of([Fraction(1, 2)] + [Fraction(k + 2, 2) for k in range(width - 1)])
            y, z = haar_images(s.full(), 4000, case.rng(width))
            span, trace = float(width * s.top / s.low), excess(s) + width
            share = factor.right.exact(d=width)
            expected = law.right.ball(ell=1, q=share, **inverse_trace(trace), d=width) + width
            case.mean_equals("sampled E T'", (y * z).sum(axis=1), float(expected.mid()), span, d=width)
            found = bounds.inverse_trace_mean(5, width, float(trace), excess=False)
            deep = law.right.ball(ell=5, q=share, **inverse_trace(trace), d=width) + ball(width)
            case.library("bounds.inverse_trace_mean", found, deep, 1e3, d=width)


FALSE_NEIGHBOURS = {
    "factor (d-1)/(d+1)": replace("d/(d+2)", "(d-1)/(d+1)"),
    "factor d/(d+1), that of U(d)": replace("d/(d+2)", "d/(d+1)"),
    "factor (d+1)/(d+3)": replace("d/(d+2)", "(d+1)/(d+3)"),
}


def test_theorem_a(judgement):
    judgement()
