"""Theorem B1: F_d(φ) ≤ φ - E[φ'|X] ≤ G_d(φ): least at (λ_*, rest equal), greatest at (one large, rest equal), both attained."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.theory.enclosures import exact_step_enclosure, log_lambda_star_enclosure
from isogap.verification.balls import ball, two_level
from isogap.verification.states import enclosed_root, few_spectra


def decide(case, *, low=1, high=1):
    """The second-order identity behind "two levels, one simple"; drifts of many spectra between the enclosed extremes."""
    with case.illustrations():
        for width in (2, 3, 4, 8, 20):
            spectra = [*few_spectra(width)]
            if width > 3:
                spectra += [two_level(width, 2, Fraction(-3, 10)), two_level(width, 2, Fraction(width, 8))]
            for s in spectra:
                if not case.hypothesis(s.low > 0) or (width <= 2 * max(low, high) and max(low, high) > 1):
                    continue
                phi, drift = s.gap(), -s.step(20)
                least, greatest = _extreme(width, low, phi, small=True), _extreme(width, high, phi, small=False)
                room = 1 + ball(Fraction(1, 10**8))  # equality at the extremal spectra
                case.at_most("least ≤ drift", least, drift * room, d=width, spectrum=s)
                case.at_most("drift ≤ greatest", drift, greatest * room, d=width, spectrum=s)
                if low == high == 1:
                    found = bounds.drift_extremes(width, float(phi.mid()))
                    case.library("bounds.drift_extremes, least", found.least, least, 1e8, d=width)
                    case.library("bounds.drift_extremes, greatest", found.greatest, greatest, 1e8, d=width)
    x, t, a, b, h = sp.symbols("x t a b h")
    concave = sp.diff(x / (1 + 2 * x * t), x, 2)
    case.identity("x/(1+2xt) is strictly concave in x", concave, -4 * t / (1 + 2 * x * t) ** 3, computed=True)
    lam1, lam2 = sp.symbols("lambda_1 lambda_2")
    # Δ = const + ∫ Π(1+2λt)^(-1/2) dt/t; along e_i - e_j at λ_i = λ_j = x
    density = 1 / (sp.sqrt(1 + 2 * lam1 * t) * sp.sqrt(1 + 2 * lam2 * t)) / t
    at = {lam1: x, lam2: x}
    gap = (sp.diff(density, lam1, 2) - sp.diff(density, lam1, lam2)).subs(at)
    case.identity(
        "Δ_ii - Δ_ij has density (3t - t)/(1+2xt)² ν = 2t/(1+2xt)² ν",
        sp.simplify(gap * (1 + 2 * x * t)),
        2 * t / (1 + 2 * x * t) ** 2,
        computed=True,
    )
    slope = -sp.diff(1 / (1 + 2 * x * t), x)
    case.identity("... which is -h'(x), h(x) = ∫ ν/(1+2xt)", slope, 2 * t / (1 + 2 * x * t) ** 2, computed=True)
    H = sp.Symbol("H")  # h'(x)
    Q_prime = h + x * H + a
    case.identity("second derivative 2(-h' + b/x²) = -2 Q'(x)/x where Q(x) = x h + a x + b = 0",
                  (2 * (-H + b / x**2)).subs(b, -x * (h + a)), -2 * Q_prime / x)  # fmt: skip
    case.argument(
        "Frullani's integral and the Gaussian integral",
        "w = g/|g|: E log Y_1 = E log gᵀGg - E log gᵀg = ∫ [(1+2t)^(-d/2) - Π(1+2λ_k t)^(-1/2)] dt/t",
    )
    case.argument(
        "Lagrange multipliers", "compact set {Σλ = d, Σ log λ = -dφ}, gradients independent: -h(λ_k) = a + b/λ_k"
    )
    case.argument("a strictly concave function has at most two zeros", "Q; Q' > 0 at the smaller, < 0 at the larger")
    case.argument("second-order condition", "minimum: the smaller level is simple; maximum: the larger one")


def _extreme(width, count, phi, *, small):
    """Drift at the spectrum of gap φ with ``count`` eigenvalues apart on the lower or the upper side."""
    if small and count == 1:
        level = log_lambda_star_enclosure(width, phi, 25).exp()
    else:
        target = width * phi

        def below(y):  # y = -log of the small level
            v = (-y).exp()
            if small:
                return count * y - (width - count) * ((width - count * v) / (width - count)).log() - target
            return (width - count) * y - count * ((width - (width - count) * v) / count).log() - target

        level = (-enclosed_root(below, 0, target + width, 220)).exp()
    others = width - count if small else count
    own = width - others
    rest = (width - own * level) / others
    return -exact_step_enclosure([level, rest], 16, multiplicities=[own, others])


FALSE_NEIGHBOURS = {
    "the minimum at two small eigenvalues": {"low": 2},
    "the maximum at two large eigenvalues": {"high": 2},
}


def test_theorem_b1(judgement):
    judgement()
