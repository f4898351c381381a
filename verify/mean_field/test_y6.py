"""Y6: The price of nonlinearity."""

import sympy as sp

from isogap import mean_field
from isogap.verification import UndecidedError, replace
from isogap.verification.spheres import mean_product, slope, times

n, k = sp.symbols("n l", positive=True)
B = n + 1


def decide(case, *, degree=2):
    """The excess of each degree l ≥ 2, and quadratics and cubics with free coefficients."""
    case.decides("==", ">=")
    price, bound = (claim.right for claim in case.claims)
    # what Y4 says of one degree, against the bound where θ = 0 and θ = 1
    ratio = case.below("Y4")[0].sides[1].sympy(sum=lambda low, high, body: body(k), w=lambda _: sp.Integer(1), n=n)
    none, all_of_it = (bound.sympy(B=B, theta=sp.Integer(x)) for x in (0, 1))
    case.identity("degree 1: θ = 0", ratio.subs(k, 1), none, computed=True)
    rest = sp.cancel((ratio - all_of_it) * (n - 2))
    case.argument("weighted mean", "λ - (B-2)/(B-3) = Σ_(l≥2)(l-1)(l+n-1)w_l/((n-2)Σw) (Y4), θ = Σ_(l≥2)w_l/Σw")
    a, b = sp.symbols("a b")
    rate, theta, spread = _parts({1: a, 2: b}, price)
    case.identity("attained by a y + b y², every n", rate, bound.sympy(B=B, theta=theta), computed=True)
    case.nonnegative("(l-1)(l+n-1) - B = (l-2)(l+n) ≥ 0 for l ≥ 2", sp.expand(rest), {k: 2, n: 2})
    cubic, theta, spread = _parts({1: a, 3: b}, price)
    if degree == 3:
        case.identity("attained by a y + b y³", cubic, bound.sympy(B=B, theta=theta), computed=True)
    gap = sp.factor(sp.cancel((cubic - bound.sympy(B=B, theta=theta)) * spread))
    top, bottom = sp.fraction(gap)
    coefficient = sp.cancel(top / b**2)
    case.nonnegative("y³ is strictly above: the numerator of the gap over b²", sp.expand(coefficient - 1), {n: 3})
    case.nonnegative("... and its denominator is positive", sp.expand(bottom), {n: 3})
    if not case.control:
        with case.illustrations():
            _library(case, bound)


def _parts(phi, price):
    """λ by the form in derivatives, θ and q - ĉ of a polynomial; w_1 = (E uφ)² (1 + 1/n), Σ w_l = q - ĉ (Y4)."""
    d = slope(phi)
    spread = mean_product(phi, phi, n, same=True) - mean_product(phi, phi, n)
    energy = (B - 1) * mean_product(d, d, n, same=True) + mean_product(d, d, n)
    energy += mean_product(times(d, 1), times(d, 1), n) - mean_product(times(d, 1), times(d, 1), n, same=True)
    w1 = mean_product(phi, {1: 1}, n, same=True) ** 2 * (1 + 1 / n)
    rate = energy / ((B - 3) * spread)
    theta = price.sympy(sum=lambda low, high, body: _all_degrees(low, high, spread), w=lambda k: _first(k, w1))
    return sp.cancel(sp.together(rate)), sp.cancel(sp.together(theta)), sp.cancel(spread)


def _first(degree, weight):
    if degree != 1:
        raise UndecidedError(f"w_{degree} in place of the weight of the linear part")
    return weight


def _all_degrees(low, high, total):
    if (low, high) != (1, sp.oo):
        raise UndecidedError(f"the weights are summed from {low} to {high}, not all of them")
    return total


def _library(case, bound):
    """Excess and price of named activations."""
    lines = []
    for name in ("tanh", "relu", "gelu", "elu", "sin", "softplus", "hard-tanh", "power:2", "power:3"):
        for batch in (4, 8, 64):
            case.hypothesis(batch > 3)
            excess, theta = mean_field.rate_excess(name, batch), mean_field.nonlinearity_price(name, batch)
            paid = bound.float(B=batch, theta=theta.value) - bound.float(B=batch, theta=0)
            what = "library: excess ≥ θ B/(B-3)"
            case.pathwise(what, paid, excess.value + excess.error, 1e-13 * paid, activation=name, B=batch)
            if batch == 8:
                lines.append((name, f"{theta:.5f}", f"{excess:.5f}", f"{paid:.5f}", f"{excess.value / paid:.4f}"))
    case.table("the price at B = 8", ("activation", "θ", "λ - (B-2)/(B-3)", "θ B/(B-3)", "ratio"), lines)


FALSE_NEIGHBOURS = {
    "twice the price": replace("B/(B - 3)*theta", "2*B/(B - 3)*theta"),
    "equality up to degree 3": {"degree": 3},
}


def test_y6(judgement):
    judgement()
