"""Theorem F1b: (ϱ/2d) q^ℓ x_0 ≤ E φ_ℓ ≤ (ϱ̄_d/2d) q^ℓ x_0 at every layer, x_0 = T_0 - d: both sides of the asymptote's order."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.theory.enclosures import log_lambda_star_enclosure
from isogap.verification.balls import ball
from isogap.verification.states import excess, few_spectra, one_apart


def decide(case, *, top=None, bottom=None):
    """Extremes of ``2u/x`` at given gap; the monotone quotient; many spectra in balls."""
    with case.illustrations():
        for width in (2, 3, 4, 8, 16):
            upper = Fraction(float(bounds.upper_share(width))) + Fraction(1, 10**9) if top is None else Fraction(top)
            for s in (*few_spectra(width), one_apart(width, Fraction(width, 2) if width > 2 else Fraction(3, 2))):
                if not case.hypothesis(excess(s) > 0):
                    continue
                x, u = ball(excess(s)), width * s.gap()
                low = log_lambda_star_enclosure(width, s.gap(), 25).exp()
                lower = (
                    2 * u * low * (width - low) / (width * (1 - low) * (1 - low)) if bottom is None else ball(bottom)
                )
                case.at_most("ϱ ≤ 2u/x", lower, 2 * u / x * (1 + ball(Fraction(1, 10**9))), d=width, spectrum=s)
                case.at_most("2u/x ≤ ϱ̄_d", 2 * u / x, ball(upper), d=width, spectrum=s)
                if top is None and bottom is None and s.low > Fraction(1, 1000):
                    found = bounds.lower_share(width, float(s.gap().mid()))
                    case.library("bounds.lower_share", found, lower, 1e8, d=width)
    lam, d = sp.symbols("l d", positive=True)
    mu = (d - lam) / (d - 1)
    u = -sp.log(lam) - (d - 1) * sp.log(mu)
    x = d * (1 - lam) ** 2 / (lam * (d - lam))
    quotient, claim = sp.simplify(sp.diff(u, lam) / sp.diff(x, lam)), lam * (d - lam) / (d + (d - 2) * lam)
    case.identity("along (l, rest equal): du/dx = l(d-l)/(d+(d-2)l)", quotient, claim, computed=True)
    sign = d**2 - 2 * d * lam - (d - 2) * lam**2
    growth = sp.numer(sp.together(sp.diff(claim, lam)))
    case.identity("it grows in l: sign of d² - 2dl - (d-2)l²", growth, sign, computed=True)
    case.identity(
        "at l = 1: (d-1)(d-2) ≥ 0, and falling in l before", sign.subs(lam, 1), (d - 1) * (d - 2), computed=True
    )
    case.argument(
        "monotone l'Hôpital rule", "u/x grows in l, so 2u/x ≥ ϱ(d, φ_0) whenever φ ≤ φ_0; φ never grows (Lemma 2)"
    )
    case.argument(
        "Lagrange multipliers", "at given u, x is largest at S4's spectrum (A2) and smallest at (one large, rest equal)"
    )


FALSE_NEIGHBOURS = {
    "E φ_ℓ ≤ q^ℓ x_0/(2d)": {"top": 1},
    "E φ_ℓ ≥ .9 q^ℓ x_0/(2d)": {"bottom": Fraction(9, 10)},
}


def test_theorem_f1b(judgement):
    judgement()
