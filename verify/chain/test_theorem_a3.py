"""Theorem A3: Depth that suffices."""

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball


def decide(case):
    """A1 solved for ℓ: the scalar inequality ``log(1+2/d) ≥ 2/(d+1)``."""
    case.decides(">=", "<=")
    layers = case.claims[0].right
    d, T, omega = (sp.Symbol(name, positive=True) for name in ("d", "T_0", "omega"))
    ratio = case.below("Theorem A1")[0].right.sympy(ell=0) / omega  # x_0/(dω)
    length = layers.sympy(max=lambda _, wanted: wanted, log=lambda y: y) / ratio
    case.identity("what stands in the logarithm is x_0/(dω)", sp.diff(length, T), 0, computed=True)
    case.identity("no layer where ω is reached", layers.sympy(max=lambda least, _: least), 0, computed=True)
    slope = sp.cancel(1 / length)
    with case.illustrations():
        for width in (2, 3, 8, 64, 1000):
            case.hypothesis(True)
            left = ball(sp.Rational(slope.subs(d, width)).p) / sp.Rational(slope.subs(d, width)).q
            case.at_most("2/(d+1) ≤ log(1+2/d)", left, (1 + ball(2) / width).log(), d=width)
        for width in (2, 8, 64):
            for phi0, target in ((0.1, 1e-3), (3.0, 1e-6)):
                enough = float(bounds.layers_until(width, target, phi0=phi0))
                simple = (width + 1) / 2 * max(0.0, 1 + width * phi0 - float(ball(width * target).log().mid()))
                case.pathwise("library: layers_until ≤ ((d+1)/2)(1 + u_0 - log(dω)) + 1", [enough], [simple + 1], 0.0)
    x = sp.Symbol("x", positive=True)
    case.rises("log(1+x) ≥ 2x/(2+x)", sp.log(1 + x) - 2 * x / (2 + x), x, 0, sp.oo)
    case.identity("at x = 2/d, so log(1/q) ≥ 1/length", (2 * x / (2 + x)).subs(x, 2 / d), slope, computed=True)
    power = case.below("Theorem A2")[0].right.sympy(phi0=x / d)
    what = "A2: log(x_0/(dω)) ≤ 1 + u_0 - log(dω): a sum of start and target"
    case.identity(what, sp.log(power / (d * omega)).expand(force=True), 1 + x - sp.log(d * omega).expand(force=True),
                  computed=True)  # fmt: skip


FALSE_NEIGHBOURS = {
    "2/(d+.99)": replace("(d+1)/2", "(d+99/100)/2"),
    "twice the level": replace("(d*omega)", "(2*d*omega)"),
}


def test_theorem_a3(judgement):
    judgement()
