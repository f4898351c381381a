"""Y8: Near the linear regime."""

import sympy as sp

from isogap import mean_field
from isogap.verification import RefutedError, UndecidedError, replace
from isogap.verification.spheres import mean_product, slope, times

n, g, y = sp.symbols("n g y")
k2, k3 = sp.symbols("k_2 k_3", positive=True)
B = n + 1
KNOWN = {
    "sin": (sp.sin(y), 0, 1),
    "tanh": (sp.tanh(y), 0, 4),
    "softplus": (sp.log(1 + sp.exp(y)), sp.Rational(1, 4), 0),
    "silu": (y / (1 + sp.exp(-y)), 1, 0),
    "gelu": (y * (1 + sp.erf(y / sp.sqrt(2))) / 2, 8 / sp.pi, 0),
}


def decide(case):
    """The first terms of the Taylor series with free coefficients, by exact sphere moments, for every n."""
    case.decides("==", "==", "==", ">", ">")
    scaled, even, odd, *thresholds = case.claims
    case.argument(
        "Taylor's formula",
        "φ(γy)/(γφ'(0)) = y + γk_2y²/2 + γ²k_3y³/6 + ..., uniformly on the interval; no constant enters",
    )
    general = _rate(_scaled(scaled, lambda z: z + k2 * z**2 / 2 + k3 * z**3 / 6))  # degree 4 enters with γ³
    case.identity("coefficient of γ²", _limit(even, general), even.right.sympy(n=n), computed=True)
    cubic = _rate(_scaled(scaled, lambda z: z + k3 * z**3 / 6))
    case.identity("odd φ: coefficient of γ⁴", _limit(odd, cubic), odd.right.sympy(n=n), computed=True)
    for name, (f, square2, square3) in KNOWN.items():
        d = [sp.simplify(sp.diff(f, y, i).subs(y, 0)) for i in (1, 2, 3)]
        case.identity(f"k_2² of {name}", (d[1] / d[0]) ** 2, sp.sympify(square2), computed=True)
        case.identity(f"k_3² of {name}", (d[2] / d[0]) ** 2, sp.sympify(square3), computed=True)
    _sums(case, thresholds, general, cubic)
    if not case.control:
        with case.illustrations():
            _library(case)


def _scaled(claim, series):
    """φ(γy)/γ as exponent -> coefficient."""
    p = sp.Poly(sp.expand(claim.right.sympy(phi=series, gamma=g, y=y) / g), y)
    return {int(a): x for (a,), x in p.terms()}


def _limit(claim, rate):
    """Left side: the excess over a power of γ, at γ → 0."""

    def limit(end, body):
        value = sp.cancel(sp.together(body(g)))
        if sp.denom(value).subs(g, end) == 0:
            raise RefutedError("does not hold: the limit is finite", excess_over_power=value)
        return value.subs(g, end)

    return claim.left.sympy(lim=limit, lam=rate, B=B)


def _rate(phi):
    """λ of a polynomial as a rational function of n and γ."""
    d = slope(phi)
    spread = mean_product(phi, phi, n, same=True) - mean_product(phi, phi, n)
    energy = (B - 1) * mean_product(d, d, n, same=True) + mean_product(d, d, n)
    energy += mean_product(times(d, 1), times(d, 1), n) - mean_product(times(d, 1), times(d, 1), n, same=True)
    return sp.together(energy / ((B - 3) * spread))


def _sums(case, thresholds, *rates):
    """Gains j^-p: Σ j^(-power p) is bounded iff power p > 1 (1/2 for k_2 ≠ 0, 1/4 for odd φ)."""
    case.argument("p-series", "Σ j^-s is bounded iff s > 1")
    for claim, rate in zip(thresholds, rates, strict=True):
        power = _order(rate - rate.subs(g, 0))
        at_end = power * claim.right.sympy()
        case.identity(
            f"excess like γ^{power}: at the threshold it falls like 1/j", at_end, sp.Integer(1), computed=True
        )
    scale, a, b = sp.symbols("scale a b", positive=True)
    case.identity("homogeneous φ: a gain leaves φ up to a factor", (scale * a) / (scale * b), a / b, computed=True)


def _order(excess):
    """Least power of γ in a rational function of it."""
    top, bottom = (sp.Poly(x, g) for x in sp.fraction(sp.cancel(sp.together(excess))))
    if bottom.eval(0) == 0:
        raise UndecidedError(f"a pole at γ = 0: {excess}")
    return min(a for (a,) in top.monoms())


def _library(case):
    """The excess over its law at small gain; the distance from 1 is O(γ²) for these."""
    lines = []
    for name in ("sin", "tanh", "erf", "softplus", "silu", "gelu"):
        for batch in (5, 16, float("inf")):
            case.hypothesis(batch > 3)
            law = mean_field.gain_law(name, batch)
            ratio = [
                mean_field.rate_excess(name, batch, gain=x).value / (law.coefficient.value * x**law.power)
                for x in (0.02, 0.01)
            ]
            case.pathwise(
                "library: excess over law, at γ → 0 by Richardson", abs((4 * ratio[1] - ratio[0]) / 3 - 1), 0.0, 1e-5
            )
            lines.append((name, batch, law.power, f"{law.coefficient:.6f}", f"{ratio[1]:.6f}"))
    case.table("excess at small gain", ("activation", "B", "power", "coefficient", "excess/law at γ = 0.01"), lines)


FALSE_NEIGHBOURS = {
    "γ⁴ for every φ": replace("gamma^(-2)", "gamma^(-4)"),
    "k_2² (n-1)/(2(n-2)): the factor (n+1)/(n+2) forgotten": replace(
        "k_2^2*(n^2 - 1)/(2*(n^2 - 4))", "k_2^2*(n - 1)/(2*(n - 2))"
    ),
    "p > 1/4 enough for GELU": replace("p > 1/2", "p > 1/4"),
}


def test_y8(judgement):
    judgement()
