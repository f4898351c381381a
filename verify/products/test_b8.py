"""B8: Correlations collapse without normalisation."""

import sympy as sp
from flint import arb, ctx
from isogap.products import correlation_defect

from isogap.verification import replace

k, w, pi = sp.symbols("k w pi", positive=True)


def decide(case):
    """With θ = arccos c: 1 - J1 = (1 - cos θ) - (sin θ - θ cos θ)/π; leading terms θ²/2 and θ³/(3π)."""
    case.decides("==", "==")
    _, limit_of = case.claims
    constant = limit_of.right.sympy(pi=pi)
    t, ell = sp.symbols("t l", positive=True)
    step = sp.series((1 - sp.cos(t)) - (sp.sin(t) - t * sp.cos(t)) / sp.pi, t, 0, 4).removeO()
    case.identity("one layer: θ²/2 - θ³/(3π) + O(θ⁴)", (step - t**2 / 2) / t**3, -1 / (3 * sp.pi), computed=True)
    # u = θ²/2: u' = u - k u^{3/2} + O(u²) with k = 2√2/(3π); w = u^{-1/2} grows by k/2 a layer
    case.identity("k² = 8/(9π²)", (2**3) / (9 * pi**2), (sp.Rational(2, 3) / pi) ** 2 * 2, computed=True)
    defect = 4 / (sp.Rational(8, 9) / pi**2 * ell**2)
    scaled = limit_of.left.sympy(lim=lambda end, body: body(ell), c=lambda _: 1 - defect)
    case.identity("u = w^{-2} with w = k l/2: 4/(k² l²)", sp.cancel(scaled), constant, computed=True)
    case.argument(
        "Stolz-Cesàro", "w_{l+1} - w_l -> k/2 gives w_l/l -> k/2, as 1 - c_l decreases to the only fixed point 0"
    )
    case.hypothesis(True)
    precision, ctx.prec = ctx.prec, 300
    try:
        with case.illustrations():
            for layers, value, kind in ((50, "0.012138", "value"), (2000, "0.984", "ratio")):
                found = _defect(layers)
                limit = limit_of.right.ball() / arb(layers) ** 2
                shown = found if kind == "value" else found / limit
                case.at_most(
                    f"{kind} at l = {layers}", abs(shown - arb(value)), arb("5.1e-7" if kind == "value" else "5.1e-4")
                )
                case.library("correlation_defect", correlation_defect(layers), found, 1e5, layers=layers)
            case.at_most(
                "limit at l = 50: .017765",
                abs(limit_of.right.ball() / arb(50) ** 2 - arb("0.017765")),
                arb("5.1e-7"),
            )
    finally:
        ctx.prec = precision


def _defect(layers):
    """``1 - c``: the map grows with c (its slope is J0 ≥ 0), so both ends of an enclosure are mapped, as exact numbers."""
    low = high = arb(1)
    for _ in range(layers):
        low, high = _layer(low).lower(), _layer(high).upper()
    return low.union(high)


def _layer(u):
    angle = 2 * (u / 2).sqrt().asin()  # 1 - c = 2 sin²(θ/2)
    return u - (angle.sin() - angle * angle.cos()) / arb.pi()


FALSE_NEIGHBOURS = {
    "9π²/(2l)": replace("l^2*(1 - c(l))", "l*(1 - c(l))"),
    "8π²/(2l²)": replace("9*pi^2/2", "8*pi^2/2"),
}


def test_b8(judgement):
    judgement()
