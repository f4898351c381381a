"""Theorem A3: E φ_ℓ ≤ ω as soon as ℓ ≥ ((d+1)/2) log⁺((T_0-d)/(dω)): a sum of start and target, where S3 has a product."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification.balls import ball


def decide(case, *, shift=1):
    """A1 solved for ℓ: the scalar inequality ``log(1+2/d) ≥ 2/(d+1)``."""
    x = sp.Symbol("x", positive=True)
    with case.illustrations():
        for width in (2, 3, 8, 64, 1000):
            case.hypothesis(True)
            left = Fraction(2) / (width + Fraction(shift))
            case.at_most("2/(d+1) ≤ log(1+2/d)", ball(left), (1 + ball(Fraction(2, width))).log(), d=width)
        for width in (2, 8, 64):
            for phi0, target in ((0.1, 1e-3), (3.0, 1e-6)):
                layers = float(bounds.layers_until(width, target, phi0=phi0))
                simple = (width + 1) / 2 * max(0.0, 1 + width * phi0 - float(ball(width * target).log().mid()))
                case.pathwise("library: layers_until ≤ ((d+1)/2)(1 + u_0 - log(dω)) + 1", [layers], [simple + 1], 0.0)
    case.rises("log(1+x) ≥ 2x/(2+x)", sp.log(1 + x) - 2 * x / (2 + x), x, 0, sp.oo)
    d = sp.Symbol("d", positive=True)
    case.identity("at x = 2/d", (2 * x / (2 + x)).subs(x, 2 / d), 2 / (d + shift))
    case.identity(
        "A2: log(1/l) ≤ 1 + u_0 makes it a sum",
        sp.log(sp.exp(1 + x) / d).expand(force=True),
        1 + x - sp.log(d),
        computed=True,
    )


FALSE_NEIGHBOURS = {"2/(d+.99)": {"shift": sp.Rational(99, 100)}}


def test_theorem_a3(judgement):
    judgement()
