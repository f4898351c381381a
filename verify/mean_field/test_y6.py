"""Y6: The price of nonlinearity."""

import sympy as sp

from isogap import mean_field
from isogap.verification.spheres import mean_product, slope, times

n, k = sp.symbols("n l", positive=True)
B = n + 1


def decide(case, *, price=1, degree=2):
    """The excess of each degree l ≥ 2, and quadratics and cubics with free coefficients."""
    case.identity("l(l+n-2) - (n-1) = (l-1)(l+n-1)", k * (k + n - 2) - (n - 1), (k - 1) * (k + n - 1))
    rest = sp.factor((k - 1) * (k + n - 1) - price * B)
    case.argument("weighted mean", "λ - (B-2)/(B-3) = Σ_(l≥2)(l-1)(l+n-1)w_l/((n-2)Σw) (Y4), θ = Σ_(l≥2)w_l/Σw")
    a, b = sp.symbols("a b")
    excess, theta, spread = _parts({1: a, 2: b})
    case.identity("attained by a y + b y², every n", excess, price * theta * B / (B - 3), computed=True)
    case.nonnegative("(l-1)(l+n-1) - B = (l-2)(l+n) ≥ 0 for l ≥ 2", sp.expand(rest), {k: 2, n: 2})
    cubic, theta, spread = _parts({1: a, 3: b})
    if degree == 3:
        case.identity("attained by a y + b y³", cubic, price * theta * B / (B - 3), computed=True)
    gap = sp.factor(sp.cancel((cubic - theta * B / (B - 3)) * spread))
    top, bottom = sp.fraction(gap)
    coefficient = sp.cancel(top / b**2)
    case.nonnegative("y³ is strictly above: the numerator of the gap over b²", sp.expand(coefficient - 1), {n: 3})
    case.nonnegative("... and its denominator is positive", sp.expand(bottom), {n: 3})
    if not case.control:
        with case.illustrations():
            _library(case)


def _parts(phi):
    """``λ - (B-2)/(B-3)``, θ and q - ĉ of a polynomial by the form in derivatives; w_1 = (E uφ)² (1 + 1/n)."""
    d = slope(phi)
    spread = mean_product(phi, phi, n, same=True) - mean_product(phi, phi, n)
    energy = (B - 1) * mean_product(d, d, n, same=True) + mean_product(d, d, n)
    energy += mean_product(times(d, 1), times(d, 1), n) - mean_product(times(d, 1), times(d, 1), n, same=True)
    w1 = mean_product(phi, {1: 1}, n, same=True) ** 2 * (1 + 1 / n)
    rate = energy / ((B - 3) * spread)
    return sp.cancel(sp.together(rate - (B - 2) / (B - 3))), sp.cancel(sp.together(1 - w1 / spread)), sp.cancel(spread)


def _library(case):
    """Excess and price of named activations."""
    lines = []
    for name in ("tanh", "relu", "gelu", "elu", "sin", "softplus", "hard-tanh", "power:2", "power:3"):
        for batch in (4, 8, 64):
            case.hypothesis(batch > 3)
            excess, theta = mean_field.rate_excess(name, batch), mean_field.nonlinearity_price(name, batch)
            paid = theta.value * batch / (batch - 3)
            what = "library: excess ≥ θ B/(B-3)"
            case.pathwise(what, paid, excess.value + excess.error, 1e-13 * paid, activation=name, B=batch)
            if batch == 8:
                lines.append((name, f"{theta:.5f}", f"{excess:.5f}", f"{paid:.5f}", f"{excess.value / paid:.4f}"))
    case.table("the price at B = 8", ("activation", "θ", "λ - (B-2)/(B-3)", "θ B/(B-3)", "ratio"), lines)


FALSE_NEIGHBOURS = {
    "twice the price": {"price": 2},
    "equality up to degree 3": {"degree": 3},
}


def test_y6(judgement):
    judgement()
