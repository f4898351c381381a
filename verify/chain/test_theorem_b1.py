"""Theorem B1: Exact extremes of one layer."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.theory.enclosures import exact_step_enclosure, log_lambda_star_enclosure
from isogap.verification import RefutedError
from isogap.verification.balls import ball, two_level
from isogap.verification.forms import d
from isogap.verification.states import enclosed_root, few_spectra, one_apart
from weingarten import moment


def decide(case, *, low=1, high=1):
    """The second-order identity behind "two levels, one simple"; drifts of many spectra between the enclosed extremes."""
    case.decides("<= <=", "==", "==", "==")
    between = case.claims[0].sides[1]
    _series(case)
    with case.illustrations():
        for width in (2, 3, 4, 8, 20):
            spectra = [*few_spectra(width)]
            if width > 3:
                spectra += [two_level(width, 2, Fraction(-3, 10)), two_level(width, 2, Fraction(width, 8))]
            for s in spectra:
                if not case.hypothesis(s.low > 0) or (width <= 2 * max(low, high) and max(low, high) > 1):
                    continue
                phi = s.gap()
                drift = between.ball(phi=phi, E_next=phi + s.step(20))
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


def _series(case):
    """Moments of a squared entry, and the series summed against a verified integral."""
    series, mean, share = (claim.right for claim in case.claims[1:])
    k, w, low, m = (sp.Symbol(name, positive=True) for name in ("kappa", "w", "lam_star", "mu"))
    case.identity("Σλ = d at (λ_*, μ, .., μ)", low + (d - 1) * mean.sympy(d=d), d, computed=True)
    row = low * w + m * (1 - w)  # w the square of the entry that meets λ_*
    case.identity("Y = λ_* w + μ(1-w) = μ(1-κw)", row, m * (1 - share.sympy() * w), computed=True)
    for order in range(1, 7):
        term = _term(series, order)
        case.identity(
            f"the term κ^{order} E w^{order}/{order}", term, k**order / order * moment([[2 * order]], d), computed=True
        )
    case.identity("beside it -log μ", series.sympy(sum=lambda *_: 0), -sp.log(m), computed=True)
    case.argument("power series of the logarithm", "E log(1-κw) = -Σ κ^m E w^m/m, |κw| < 1 almost surely")
    with case.illustrations():
        for width, value in ((2, Fraction(1, 2)), (3, Fraction(3, 5)), (8, Fraction(9, 10))):
            s = one_apart(width, value)
            mu = mean.ball(d=width, lam_star=value)
            kappa = share.ball(lam_star=value, mu=mu)
            found = series.ball(d=width, mu=mu, kappa=kappa, poch=lambda x, m: x.rising(m), sum=_sum_of(kappa))
            case.agree(
                "F_d by its series and by verified integration", found, -s.step(20), 12, d=width, eigenvalue=value
            )


def _term(series, order):
    """Term of that order of the sum, whose ends are 1 and infinity."""

    def pick(low, high, body):
        if low != 1 or high != sp.oo:
            raise RefutedError("the series runs over m = 1, 2, ..", low=low, high=high)
        return body(sp.Integer(order))

    return series.sympy(d=d, mu=1, poch=lambda x, m: sp.expand_func(sp.rf(x, m)), sum=pick)


def _sum_of(kappa):
    """Sum from 1 on, of terms that fall at least as fast as the powers of κ."""

    def total(low, high, body):
        found, m = ball(0), int(low.unique_fmpz())
        while True:
            term = body(ball(m))
            found, m = found + term, m + 1
            tail = abs(term) * kappa / (1 - kappa)
            if tail < ball(Fraction(1, 10**25)):
                return found + tail.union(ball(0))

    return total


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
