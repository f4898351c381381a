"""Theorem B5: The smallest constant of equation 6."""

from fractions import Fraction

import sympy as sp
from flint import arb

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.states import one_apart


def decide(case):
    """Necessary: one layer at d = 2, in closed form. Sufficient: d = 2, 3, 4 by intervals, d ≥ 5 by B4."""
    case.decides("<=", "==", ">=")
    decay, length, least = (claim.right for claim in case.claims)
    C = least.ball()

    def one_layer(phi, width):
        return decay.ball(phi0=phi, ell=1, k=length.ball(C=C, d=width, phi0=phi))

    with case.illustrations():
        # d = 2: E φ' = log((1+e^(-φ))/... ): exactly φ - log 2 + log(1 + e^(-φ))
        for phi in (Fraction(1, 10**6), Fraction(1, 100), Fraction(1), Fraction(20)):
            case.hypothesis(True)
            p = ball(phi)
            mean = p - arb(2).log() + (1 + (-p).exp()).log()
            case.at_most("d = 2, one layer: E φ' ≤ φ e^(-1/(4C(1+2φ)))", mean, one_layer(p, 2), phi=phi)
        for width in (3, 4, 5, 20):
            for value in (Fraction(1, 10**30), Fraction(1, 100), Fraction(4, 5)):
                s = one_apart(width, value)
                p = s.gap()
                case.at_most(
                    "one layer at the extremal spectrum", p + s.step(20), one_layer(p, width), d=width, eigenvalue=value
                )
    case.library("bounds.SMALLEST_CONSTANT", bounds.SMALLEST_CONSTANT, C, 4)
    # necessary: at d = 2 the first layer near orthogonality has the factor 1/2, that of E9 at a → 0
    phi = sp.Symbol("phi0", positive=True)
    factor = decay.sympy(ell=1, k=length.sympy(C=least.sympy(), d=2)) / phi
    case.identity(
        "d = 2, φ → 0: e^(-1/k) is 1/2 at the claimed C", factor.subs(phi, 0), sp.Rational(1, 2), computed=True
    )
    # d ≥ 5: k ≤ (d+2)(1+u) by B4, and (d+2)/d² ≤ 7/25 < C
    n = sp.Symbol("n", positive=True)
    optimal = case.below("Theorem B4")[1].right.sympy(d=n, u_0=n * phi)
    room_5 = sp.expand(length.sympy(C=sp.Rational(7, 25), d=n) - optimal)
    case.follows("k with C = 7/25 is at least B4's for d ≥ 5", room_5, {n: 5, phi: 0})
    case.constant("7/25 ≤ C", Fraction(7, 25), "<=", C)
    # d = 4: F_4 ≥ s²/18 (B2's last form), so k = 4.5 u/s² suffices if (16C/4.5) s²(1+u) > u, u = -log(1-s) - 3 log(1+s/3)
    room = 16 * C / ball(Fraction(9, 2))
    low = Fraction(3, 10)
    case.constant("d = 4, s ≤ .3: u/s² ≤ 1/(2(1-s)) + 1/6 < 16C/4.5", Fraction(5, 7) + Fraction(1, 6), "<", room)
    case.interval("d = 4 on [.3, .89]", lambda s: room * s * s * (1 + _u(s, 3)) - _u(s, 3), low, Fraction(89, 100))
    case.constant("d = 4 beyond: (16C/4.5)(.89)² > 1", room * 89**2 / 10**4, ">", 1)
    # d = 3: B3 gives k = (10/3)(1 - 4s/21) u/s²
    case.constant(
        "d = 3, s ≤ .3: (10/3)(1/(2(1-s)) + 1/4) < 9C", Fraction(10, 3) * (Fraction(5, 7) + Fraction(1, 4)), "<", 9 * C
    )
    case.interval("d = 3 on [.3, .93]", lambda s: _three(s, C), low, Fraction(93, 100))
    case.constant(
        "d = 3 beyond: 9C (.93)² > (10/3)(1 - 4(.93)/21)",
        9 * C * 93**2 / 10**4,
        ">",
        Fraction(10, 3) * (1 - Fraction(4, 21) * Fraction(93, 100)),
    )
    # d = 2, where e^(-1/(4C(1+2φ))) = 2^(-x), x = 1/(1+2φ): F_2 ≥ φ/2 - φ²/8 and 2^(1-x) ≥ 1 + (1-x) log 2
    case.interval(
        "d = 2: F_2' - 1/2 + φ/4 > 0, that is tanh z < z",
        lambda z: z * (z.exp() + (-z).exp()) - z.exp() + (-z).exp(),
        0,
        2,
    )
    y, log2 = sp.symbols("y L", positive=True)
    rate = (1 + 2 * y / (1 + 2 * y) * log2) / 2
    case.identity(
        "½ + φ/8 ≤ ½(1 + (1-x) log 2) if 1 + 2φ ≤ 8 log 2",
        rate - sp.Rational(1, 2) - y / 8,
        y * (8 * log2 - 1 - 2 * y) / (8 * (1 + 2 * y)),
    )
    case.rises("e^z ≥ 1 + z, in logarithms", y - sp.log(1 + y), y, 0, sp.oo)
    turn = Fraction(227, 100)
    case.constant("1 + 2φ ≤ 8 log 2 up to φ = 2.27", 1 + 2 * turn, "<=", 8 * arb(2).log())
    case.constant("d = 2 beyond: F_2 ≥ .594", arb(2).log() - (1 + (-ball(turn)).exp()).log(), ">", Fraction(594, 1000))
    case.constant("... and .594(1+2φ) ≥ φ log 2, 1 - 2^(-x) ≤ x log 2", Fraction(1188, 1000), ">", arb(2).log())
    z = sp.Symbol("z", positive=True)
    case.rises("-log(1-s) - s ≤ s²/(2(1-s))", z**2 / (2 * (1 - z)) + z + sp.log(1 - z), z, 0, 1)
    case.rises("h - log(1+h) ≤ h²/2", z**2 / 2 - z + sp.log(1 + z), z, 0, sp.oo)
    case.argument(
        "monotone rate", "the needed rate falls and the rate by B4 rises as φ falls along a path: one layer suffices"
    )


def _u(s, rest):
    """``u = -log(1-s) - rest log(1+s/rest)``."""
    return -(1 - s).log() - rest * (1 + s / rest).log()


def _three(s, C):
    """``9C s²(1+u) - (10/3)(1 - 4s/21) u`` at d = 3."""
    return 9 * C * s * s * (1 + _u(s, 2)) - ball(Fraction(10, 3)) * (1 - ball(Fraction(4, 21)) * s) * _u(s, 2)


FALSE_NEIGHBOURS = {"C = .3606": replace("1/(4*log(2))", "3606/10000")}


def test_theorem_b5(judgement):
    judgement()
