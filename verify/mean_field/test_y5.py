"""Y5: No activation helps."""

from fractions import Fraction

import sympy as sp

from isogap import mean_field
from isogap.verification import replace
from isogap.verification.spheres import at, gegenbauer

n, k = sp.symbols("n l", positive=True)


def decide(case, *, affine="interval"):
    """The ratio of each degree against that of degree 1; two functions that are not affine on the line attain it."""
    case.decides(">=", "<=")
    least, largest = (claim.right for claim in case.claims)
    # what Y4 says of one degree
    ratio = case.below("Y4")[0].sides[1].sympy(sum=lambda low, high, body: body(k), w=lambda _: sp.Integer(1), n=n)
    case.argument("weighted mean", "λ is the mean of l(l+n-2)/(n-2), l ≥ 1, with weights w_l ≥ 0 (Y4)")
    case.identity("the bound is the ratio at l = 1, (n-1)/(n-2)", ratio.subs(k, 1), least.sympy(B=n + 1), computed=True)
    rest = (k - 1) * (k + n - 1)
    case.identity("l(l+n-2) - (n-1) = (l-1)(l+n-1)", (ratio - least.sympy(B=n + 1)) * (n - 2), rest, computed=True)
    case.nonnegative("each ratio is at least the first", sp.expand(rest), {k: 1, n: 2})
    case.argument(
        "maximum principle",
        "|P_l(t)| < 1 inside (-1, 1) for l ≥ 1, so w_l = 0 only if e_l = 0: equality iff φ has degree ≤ 1",
    )
    # on [-√n, √n] only: relu(y+3) at B = 8 is y + 3 there, since 3² > 7; hard-tanh of cutoff √n is y
    B = n + 1
    reach = B * (1 - 1 / B)  # |u|² = B times the squared length of the direction that centring leaves of one sample
    case.identity("the largest entry of u: u_1² ≤ B - 1", reach, largest.sympy(B=B) ** 2, computed=True)
    edge = Fraction(str(largest.sympy(B=8) ** 2))
    case.constant("relu(y+3) at B = 8 is affine where the samples lie: 3² ≥ 7", 9, ">=", edge)
    if affine == "line":
        case.exact(
            "relu(y+3) is not affine on the line, so it may not attain the bound",
            not _attained("relu:+3", 8, least),
            B=8,
        )
    # a smaller cutoff: the coefficient of degree 3 at B = 4, where t is uniform on [-1, 1]
    t, a = sp.symbols("t a", positive=True)
    p = at({e: x.subs(n, 3) for e, x in gegenbauer(3, n)[3].items()}, t)
    third = 2 * (sp.integrate(t * p, (t, 0, a)) + a * sp.integrate(p, (t, a, 1)))
    case.identity(
        "hard-tanh of cutoff a√3, B = 4: φ̂_3 ∝ -a(1-a²)²", sp.factor(third), -a * (1 - a**2) ** 2 / 4, computed=True
    )
    case.rises("... which is not 0 for a < 1", (1 - a**2) ** 2, a, 1, 0)
    case.argument("E 1/χ²_2 = ∞", "B = 3: ∫ r^-1 e^(-r²/2) dr diverges at 0")
    for i, j in ((0, 0), (0, 1), (1, 1)):
        delta, u = sp.Integer(i == j), (1, -1)
        left = delta - sp.Rational(1, 2)
        case.identity(
            "B = 2: û = ±(1, -1)/√2, G = ûûᵀ, so the Jacobian is 0", left, sp.Rational(u[i] * u[j], 2), computed=True
        )
    if affine == "interval":
        with case.illustrations():
            _library(case, least)


def _attained(name, batch, least):
    found = mean_field.gradient_rate(name, batch)
    return abs(found.value - least.float(B=batch)) <= found.error + 1e-15


def _library(case, least):
    """Witnesses, and every named activation above the bound."""
    for name, batch in (("hard-tanh:2.6457513110645907", 8), ("relu:+3", 8), ("identity", 8), ("relu:+4", 17)):
        case.hypothesis(batch > 3)
        case.exact("library: attained at the edge", _attained(name, batch, least), activation=name, B=batch)
    for name in ("hard-tanh:2", "relu:+2", "relu", "tanh", "gelu", "abs", "power:3"):
        for batch in (4, 8, 64):
            inside = name not in ("hard-tanh:2", "relu:+2") or batch > 5
            excess = mean_field.rate_excess(name, batch)
            case.exact("library: above it inside", not inside or excess.value > excess.error, activation=name, B=batch)
    limits = [mean_field.gradient_rate("tanh", b).value for b in (2, 3)]
    case.exact("library: 0 at B = 2, infinite at B = 3", limits == [0.0, float("inf")], found=limits)
    case.exact("library: a step has no rate", mean_field.gradient_rate("sign", 8).value == float("inf"))


FALSE_NEIGHBOURS = {
    "the bound (B-1)/(B-2), attained by the identity": replace("(B - 2)/(B - 3)", "(B - 1)/(B - 2)"),
    "equality only if φ is affine on the whole line": {"affine": "line"},
    "a bound one per cent larger": replace("(B - 2)/(B - 3)", "101*(B - 2)/(100*(B - 3))"),
}


def test_y5(judgement):
    judgement()
