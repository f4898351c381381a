"""Theorem F1a: The exact asymptote of the mean gap."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import Spectrum, ball
from isogap.verification.states import excess, few_spectra, inverse_trace, one_apart


def decide(case):
    """``2u/x → 1`` with an explicit error; Theorem A as a change of measure."""
    case.decides("==", "<= <=")
    limit, (departure, bound, simple) = case.claims[0].right, case.claims[1].sides
    with case.illustrations():
        for width in (2, 4, 8, 64):
            spectra = [*few_spectra(width)] if width <= 8 else [one_apart(width, Fraction(11, 10))]
            spectra += [one_apart(width, 1 - Fraction(1, 10**4)), Spectrum.of([1] * width)]
            for s in spectra:
                if not case.hypothesis(excess(s) > 0):
                    continue
                x, u = ball(excess(s)), width * s.gap()
                off = departure.ball(u=u, x=x)
                case.at_most("|2u/x - 1| ≤ √x/3", off, simple.ball(x=x), d=width, spectrum=s)
                case.at_most("|2u/x - 1| ≤ (2/3) arcsinh(½√x)", off, bound.ball(x=x), d=width, spectrum=s)
                found = bounds.gap_asymptote(3, width, float(excess(s)), excess=True)
                exact = limit.ball(T_0=width + excess(s), d=width) * (ball(width) / (width + 2)) ** 3
                case.library("bounds.gap_asymptote", found, exact, 1e3, d=width)
    x, u, T, d, t = (sp.Symbol(name, positive=True) for name in ("x", "u", "T_0", "d", "t"))
    (near,) = sp.solve(departure.sympy(abs=lambda y: y), u)  # u for small x
    case.identity("2u/x → 1: u is about x/2", near, x / 2, computed=True)
    start = case.below("Theorem A")[0].right.sympy(ell=0, **inverse_trace(T))
    case.identity("so the limit is (T_0-d)/2 over d", limit.sympy(), near.subs(x, start) / d, computed=True)
    angle = bound.sympy(asinh=lambda y: sp.asinh(y)) / bound.sympy(asinh=lambda y: 1)
    case.identity("Σ(2cosh t - 2) = x, so 2 sinh(|t|/2) ≤ √x", 4 * sp.sinh(angle) ** 2, x, computed=True)
    third = bound.sympy(asinh=lambda _: t / 2)  # |t| = 2 arcsinh(½√x) at most
    case.identity("... and |2u/x - 1| ≤ |t|/3", third, t / 3, computed=True)
    case.identity("arcsinh y ≤ y gives the last form", simple.sympy(), bound.sympy(asinh=lambda y: y), computed=True)
    e = sp.Symbol("e", positive=True)  # e^(t/2), t = log λ
    x_part, u_part = (1 - e**2) ** 2 / e**2, e**2 - 1 - 2 * sp.log(e)
    difference = sp.expand(u_part - x_part / 2)
    sinh = (e**2 - 1 / e**2) / 2
    case.identity("u - x/2 = Σ(sinh t - t), t = log λ", difference, sp.expand(sinh - 2 * sp.log(e)), computed=True)
    k = sp.Symbol("k", positive=True)
    case.follows("|sinh t - t| ≤ (|t|/3)(cosh t - 1), termwise: 2k+1 ≥ 3", 2 * k + 1 - 3, {k: 1})
    case.argument(
        "Doob transform", "x_ℓ/(q^ℓ x_0) is a martingale of mean 1 (Theorem A): q^(-ℓ) E 2u_ℓ = x_0 Ẽ[2u_ℓ/x_ℓ]"
    )
    case.argument(
        "compactness", "Ẽ[u_ℓ - u_{ℓ+1}|X_ℓ] is continuous and positive on {η ≤ u ≤ u_0}, so u_ℓ → 0 in probability"
    )
    case.argument("analytic null sets", "x'g_+ > 0 for almost every W if G ≠ I")
    case.argument("bounded convergence", "0 < 2u/x < 2")


FALSE_NEIGHBOURS = {
    "the limit (T_0-d)/d": replace("(T_0 - d)/(2*d)", "(T_0 - d)/d"),
    "√x/4 in place of √x/3": replace("sqrt(x)/3", "sqrt(x)/4"),
}


def test_theorem_f1a(judgement):
    judgement()
