"""Y8: Near the linear regime."""

import sympy as sp

from isogap import mean_field
from isogap.verification.spheres import mean_product, slope, times

n, g, k2, k3, y = sp.symbols("n g k2 k3 y")
B = n + 1
KNOWN = {
    "sin": (sp.sin(y), 0, 1),
    "tanh": (sp.tanh(y), 0, 4),
    "softplus": (sp.log(1 + sp.exp(y)), sp.Rational(1, 4), 0),
    "silu": (y / (1 + sp.exp(-y)), 1, 0),
    "gelu": (y * (1 + sp.erf(y / sp.sqrt(2))) / 2, 8 / sp.pi, 0),
}


def decide(case, *, power=None, even=None, threshold=None):
    """The first terms of the Taylor series with free coefficients, by exact sphere moments, for every n."""
    case.argument(
        "Taylor's formula",
        "φ(γy)/(γφ'(0)) = y + γk_2y²/2 + γ²k_3y³/6 + ..., uniformly on the interval; no constant enters",
    )
    general = _excess({1: 1, 2: g * k2 / 2, 3: g**2 * k3 / 6})  # degree 4 enters with γ³
    second = sp.cancel(sp.diff(general, g, 2).subs(g, 0) / 2)
    claim = k2**2 * (n**2 - 1) / (2 * (n**2 - 4)) if even is None else even
    if power == 4:
        case.identity("no term in γ²", second, sp.Integer(0), computed=True)
    case.identity("no term below γ²", general.subs(g, 0) + sp.diff(general, g).subs(g, 0), sp.Integer(0), computed=True)
    case.identity("coefficient of γ²", second, claim, computed=True)
    odd = _excess({1: 1, 3: g**2 * k3 / 6})
    fourth = sp.cancel(sp.diff(odd, g, 4).subs(g, 0) / 24)
    case.identity("odd φ: coefficient of γ⁴", fourth, k3**2 / 3 * (n**2 - 1) / ((n + 2) * (n + 4)), computed=True)
    case.identity(
        "odd φ: nothing below", sum(sp.diff(odd, g, i).subs(g, 0) for i in range(4)), sp.Integer(0), computed=True
    )
    for name, (f, square2, square3) in KNOWN.items():
        d = [sp.simplify(sp.diff(f, y, i).subs(y, 0)) for i in (1, 2, 3)]
        case.identity(f"k_2² of {name}", (d[1] / d[0]) ** 2, sp.sympify(square2), computed=True)
        case.identity(f"k_3² of {name}", (d[2] / d[0]) ** 2, sp.sympify(square3), computed=True)
    _sums(case, threshold)
    if not case.control:
        with case.illustrations():
            _library(case)


def _excess(phi):
    """``λ - (B-2)/(B-3)`` of a polynomial as a rational function of n and γ."""
    d = slope(phi)
    spread = mean_product(phi, phi, n, same=True) - mean_product(phi, phi, n)
    energy = (B - 1) * mean_product(d, d, n, same=True) + mean_product(d, d, n)
    energy += mean_product(times(d, 1), times(d, 1), n) - mean_product(times(d, 1), times(d, 1), n, same=True)
    return sp.together((energy - (B - 2) * spread) / ((B - 3) * spread))


def _sums(case, threshold):
    """Gains j^-p: Σ j^(-power p) is bounded iff power p > 1 (1/2 for k_2 ≠ 0, 1/4 for odd φ)."""
    case.argument("p-series", "Σ j^-s is bounded iff s > 1")
    p = sp.Rational(1, 2) if threshold is None else threshold
    case.identity("k_2 ≠ 0: at the threshold the excess falls like 1/j", 2 * p, sp.Integer(1), computed=True)
    case.identity("odd φ: at p = 1/4 the excess falls like 1/j", 4 * sp.Rational(1, 4), sp.Integer(1), computed=True)
    scale, a, b = sp.symbols("scale a b", positive=True)
    case.identity("homogeneous φ: a gain leaves φ up to a factor", (scale * a) / (scale * b), a / b, computed=True)


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
    "γ⁴ for every φ": {"power": 4},
    "k_2² (n-1)/(2(n-2)): the factor (n+1)/(n+2) forgotten": {"even": k2**2 * (n - 1) / (2 * (n - 2))},
    "p > 1/4 enough for GELU": {"threshold": sp.Rational(1, 4)},
}


def test_y8(judgement):
    judgement()
