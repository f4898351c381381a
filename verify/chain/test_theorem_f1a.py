"""Theorem F1a: lim q^(-ℓ) E φ_ℓ = (T_0-d)/(2d): the exact asymptote, half of A1's bound."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification.balls import Spectrum, ball
from isogap.verification.states import excess, few_spectra, one_apart


def decide(case, *, limit=1, share=Fraction(1, 3)):
    """``2u/x → 1`` with an explicit error; Theorem A as a change of measure."""
    with case.illustrations():
        for width in (2, 4, 8, 64):
            spectra = [*few_spectra(width)] if width <= 8 else [one_apart(width, Fraction(11, 10))]
            spectra += [one_apart(width, 1 - Fraction(1, 10**4)), Spectrum.of([1] * width)]
            for s in spectra:
                if not case.hypothesis(excess(s) > 0):
                    continue
                x, u = ball(excess(s)), width * s.gap()
                off = abs(2 * u / x - limit)
                case.at_most("|2u/x - 1| ≤ √x/3", off, ball(share) * x.sqrt(), d=width, spectrum=s)
                case.at_most(
                    "|2u/x - 1| ≤ (2/3) arcsinh(½√x)",
                    off,
                    ball(Fraction(2, 3)) * (x.sqrt() / 2).asinh(),
                    d=width,
                    spectrum=s,
                )
                found = bounds.gap_asymptote(3, width, float(excess(s)), excess=True)
                case.library(
                    "bounds.gap_asymptote", found, x * (ball(width) / (width + 2)) ** 3 / (2 * width), 1e3, d=width
                )
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
    "the limit (T_0-d)/d": {"limit": 2},
    "√x/4 in place of √x/3": {"share": Fraction(1, 4)},
}


def test_theorem_f1a(judgement):
    judgement()
