"""Theorem F1b: Two-sided bounds at every layer."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.theory.enclosures import log_lambda_star_enclosure
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.states import excess, few_spectra, one_apart


def decide(case):
    """Extremes of ``2u/x`` at given gap; the monotone quotient; many spectra in balls."""
    case.decides("<= <=", "==", "==")
    (least, _, most), share = case.claims[0].sides, case.claims[1].right
    with case.illustrations():
        for width in (2, 3, 4, 8, 16):
            upper = ball(Fraction(float(bounds.upper_share(width))) + Fraction(1, 10**9))
            for s in (*few_spectra(width), one_apart(width, Fraction(width, 2) if width > 2 else Fraction(3, 2))):
                if not case.hypothesis(excess(s) > 0):
                    continue
                x, u = ball(excess(s)), width * s.gap()
                low = log_lambda_star_enclosure(width, s.gap(), 25).exp()
                lower = share.ball(u_0=u, l=low, d=width)
                at = {"d": width, "q": 1, "ell": 0, "x_0": x}
                room = 1 + ball(Fraction(1, 10**9))
                case.at_most("ϱ x/(2d) ≤ φ", least.ball(varrho=lower, **at), u / width * room, d=width, spectrum=s)
                case.at_most("φ ≤ ϱ⁺_d x/(2d)", u / width, most.ball(varrho_up=upper, **at), d=width, spectrum=s)
                if s.low > Fraction(1, 1000):
                    found = bounds.lower_share(width, float(s.gap().mid()))
                    case.library("bounds.lower_share", found, lower, 1e8, d=width)
                    both = bounds.gap_two_sided(3, width, float(excess(s)), phi0=float(s.gap().mid()), excess=True)
                    later = {**at, "q": ball(width) / (width + 2), "ell": 3}
                    case.library("bounds.gap_two_sided", both.lower, least.ball(varrho=lower, **later), 1e8, d=width)
                    case.library("bounds.gap_two_sided", both.upper, most.ball(varrho_up=upper, **later), 1e8, d=width)
    lam, d = sp.symbols("l d", positive=True)
    mu = (d - lam) / (d - 1)
    u = -sp.log(lam) - (d - 1) * sp.log(mu)
    x = d * (1 - lam) ** 2 / (lam * (d - lam))
    u_0, size = sp.symbols("u_0 x_0", positive=True)
    case.identity("ϱ is 2u/x there", share.sympy(), 2 * u_0 / x, computed=True)
    for side, factor in ((least, "varrho"), (most, "varrho_up")):
        mean = side.sympy(ell=0, **{factor: 2 * u_0 / size})
        case.identity("ϱ x/(2d) is φ where 2u/x = ϱ", mean, u_0 / d, computed=True)
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
    "E φ_ℓ ≤ q^ℓ x_0/(2d)": replace("varrho_up/(2*d)", "1/(2*d)"),
    "E φ_ℓ ≥ .9 q^ℓ x_0/(2d)": replace("varrho/(2*d)*q", "9/(20*d)*q"),
}


def test_theorem_f1b(judgement):
    judgement()
