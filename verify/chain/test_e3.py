"""E3: Exact conditional mean of one layer."""

from fractions import Fraction

import sympy as sp
from flint import arb

import isogap
from isogap.verification import RefutedError
from isogap.verification.balls import Spectrum, ball, family, widths


def decide(case, *, freedom=0):
    """Verified integration of the right side against closed forms of the left side that use no integral.

    For ``m`` equal eigenvalues ``d/m`` and zeros, ``Y = (d/m) Beta(m/2, (d-m)/2)``. For eigenvalues that all occur twice,
    ``Y = Σ λ_k D_k`` with D uniform on the simplex, and the Hermite-Genocchi formula makes ``E log Y`` a divided difference
    of ``x^(m-1) (log x - H_(m-1))``.
    """
    case.decides("==", "==")
    _integrand(case)
    x, t, lam, u = sp.symbols("x t lambda u", positive=True)
    inside = sp.integrate(sp.exp(-x * t), (t, 0, sp.oo))
    what = "d/dx of ∫ (e^-t - e^-xt) dt/t is ∫ e^-xt dt, that of log x; both are 0 at x = 1"
    case.identity(what, inside, sp.diff(sp.log(x), x), computed=True)
    normal = sp.integrate(sp.exp(-t * lam * u**2 - u**2 / 2), (u, -sp.oo, sp.oo)) / sp.sqrt(2 * sp.pi)
    what = "E e^(-tλg²) = (1+2λt)^(-1/2) for a standard normal g, squared"
    case.identity(what, sp.simplify(normal**2), 1 / (1 + 2 * lam * t), computed=True)
    case.identity(
        "that is the factor of one eigenvalue in the claim", _factor(case, lam, t) ** 2, normal**2, computed=True
    )
    case.argument("Frullani integral", "log x = ∫ (e^-t - e^-xt) dt/t, at x = gᵀΛg and at x = |g|²")
    case.argument("independent factors", "E exp(-t gᵀΛg) = Π_k (1+2λ_k t)^(-1/2) for independent standard normals")
    case.argument(
        "the direction of a normal vector", "Y = gᵀΛg/|g|²: g/|g| is uniform on the sphere, independent of |g|"
    )
    case.argument("Fubini", "mean and integral are exchanged: e^-t - e^-xt has one sign for x on either side of 1")
    with case.illustrations():
        _closed_forms(case, freedom)
    with case.illustrations():
        for d in widths(deep=case.deep):
            shift = (arb(d) / 2).digamma() - (arb(d + freedom) / 2).digamma()
            for s in family(d, deep=case.deep):
                found = isogap.exact_step([float(x) for x in s.full()])
                inside = Spectrum.of([Fraction(float(x)) for x in s.full()])
                error = abs(ball(found.value) - inside.step() - shift)
                case.at_most(
                    "library: exact_step is within its stated error", error, ball(found.error), spectrum=s, d=d
                )


def _integrand(case):
    """The claimed integral is from 0 to infinity, over t; in it all d factors, less those of d ones."""
    t, whole = sp.symbols("t W", positive=True)

    def seen(low, high, body):
        case.identity("the integral starts at 0", low, 0, computed=True)
        if high != sp.oo:
            raise RefutedError("the integral ends at infinity", end=high)
        return body(t)

    def all_of(low, high, body):
        case.identity(
            "the product is over all eigenvalues", high - low + 1, sp.Symbol("d", positive=True), computed=True
        )
        return whole

    inside = case.claims[1].right.sympy(integral=seen, prod=all_of, lam_at=lambda k: k)
    d = sp.Symbol("d", positive=True)
    what = "(those at eigenvalues 1 less those at λ)/t"
    ones = _factor(case, 1, t) ** d
    case.identity(what, sp.powsimp(inside - (ones - whole) / t), 0, computed=True)


def _factor(case, lam, t):
    """What the claimed product takes of one eigenvalue."""
    found = []
    case.claims[1].right.sympy(
        integral=lambda low, high, body: body(t),
        prod=lambda low, high, body: found.append(body(1)) or 0,
        lam_at=lambda _: lam,
    )
    return found[0]


def _closed_forms(case, freedom):
    for d in widths(deep=case.deep):
        shift = (arb(d) / 2).digamma() - (arb(d + freedom) / 2).digamma()
        for m in sorted({1, 2, d // 2, d - 1} - {0}):
            if case.hypothesis(m < d):
                s = Spectrum((Fraction(d, m), Fraction(0)), (m, d - m))
                exact = (arb(m) / 2).digamma() - (arb(d) / 2).digamma() + (arb(d) / m).log()
                case.agree("m equal eigenvalues and zeros: digamma functions", s.step(25) + shift, exact, 20, d=d, m=m)
        if d % 2 == 0 and 4 <= d <= 16:
            for values in _simple(d // 2):
                s = Spectrum.of(values, [2] * (d // 2))
                if case.hypothesis(True):
                    case.agree(
                        "eigenvalues in pairs: divided differences", s.step(25) + shift, _pairs(s), 15, spectrum=s
                    )


def _simple(m):
    return [[Fraction(k + 1) for k in range(m)], [Fraction(1, 2**k) for k in range(m)]]


def _pairs(s):
    """``E log Σ λ_k D_k``, D uniform on the simplex of m points."""
    m = len(s.values)
    total = -sum((arb(1) / k for k in range(1, m)), arb(0))
    for k, x in enumerate(s.values):
        gaps = arb(1)
        for j, y in enumerate(s.values):
            if j != k:
                gaps *= ball(x - y)
        total += ball(x) ** (m - 1) * ball(x).log() / gaps
    return total


FALSE_NEIGHBOURS = {"χ² with d-1 degrees of freedom in the norm": {"freedom": -1}}


def test_e3(judgement):
    judgement()
