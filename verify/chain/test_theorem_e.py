"""Theorem E: Second moments of the linearised chain."""

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace, sampling
from isogap.verification.forms import centred, d, mean_of_forms, power_sum


def decide(case, *, cubic=d**2 / ((d + 2) * (d + 4))):
    """Every moment from the Weingarten calculus, for all d at once; one sampled layer beside it."""
    case.decides("==", "==")
    p2, p3, p4 = (power_sum(k) for k in (2, 3, 4))

    def mean(*forms):
        return centred(mean_of_forms(list(forms)))

    S, row = (0, 0, 1), (1, 1, 1)
    s2, s4 = mean(S, S), mean(S, S, S, S)
    with_square, with_cube = mean(S, S, (0, 0, 2)), mean(S, (0, 0, 3))
    pair, cross = mean(S, S, row, row), mean((0, 1, 1), (0, 1, 1), S, row)
    m = bounds.linearised_moments(d)
    case.identity("E p_2' = q p_2", p2 - d * s2, m.p2 * p2, computed=True)
    third = p3 - 3 * d * mean(S, (0, 0, 2)) + 2 * d * mean(S, S, S)
    case.identity("E p_3' = d²/((d+2)(d+4)) p_3", third, cubic * p3, computed=True)
    square = p2**2 - 2 * p2 * d * s2 + d * s4 + d * (d - 1) * pair
    case.identity("E p_2'²", square, m.square[0] * p2**2 + m.square[1] * p4, computed=True)
    fourth = p4 - 4 * d * with_cube + 4 * d * with_square + 2 * (d * s4 + d * (d - 1) * cross) - 3 * d * s4
    case.identity("E p_4'", fourth, m.fourth[0] * p2**2 + m.fourth[1] * p4, computed=True)
    determinant = m.square[0] * m.fourth[1] - m.square[1] * m.fourth[0]
    case.identity("determinant d³/((d+2)(d+4)(d+6))", determinant, d**3 / ((d + 2) * (d + 4) * (d + 6)), computed=True)
    value = case.claims[0].right.sympy(d=d)
    z = (d + 1) * (d + 2) * (d + 4) * (d + 6)
    half = (m.square[0] + m.fourth[1]) / 2
    under = sp.cancel((half**2 - determinant) * z**2) / 4
    root = sp.Symbol("R", positive=True)  # of a quarter of the discriminant
    rational = case.claims[0].right.sympy(d=d, sqrt=lambda _: 0)
    case.identity("without its root Λ_2 is half the trace", rational, half, computed=True)
    with_root = case.claims[0].right.sympy(d=d, sqrt=lambda _: root)
    case.identity("((Λ_2 - half the trace) Z)² is a quarter of the discriminant", ((with_root - half) * z) ** 2,
                  4 * root**2, computed=True)  # fmt: skip
    inside = case.claims[0].right.sympy(d=d, sqrt=lambda y: z * y / 2) - rational
    case.identity("what stands under the root", inside, under, computed=True)
    exact = bounds.second_moment_rate(d, exact=True)
    case.identity("library: the exact rate", exact.subs(d, 5), value.subs(d, 5), computed=True)
    case.follows("the root is real, and Λ_2 the larger one", sp.expand(under), {d: 2})
    case.constant("it enters with a positive factor", int(sp.cancel((with_root - half) * z / root)), ">", 0)
    v = sp.Symbol("v", positive=True)
    root = sp.series(sp.sqrt(sp.expand(under.subs(d, 1 / v) * v**6)), v, 0, 7).removeO()
    top = (1 + 7 * v + 12 * v**2 - 2 * v**3 + 24 * v**4 + 2 * v * root) * (1 + 2 * v)
    printed = sp.expand(case.claims[1].right.sympy(d=1 / v)) + 8 * v**5 - 88 * v**6
    claim = printed * (1 + v) * (1 + 4 * v) * (1 + 6 * v)
    square = case.claims[1].left.sympy(Lambda_2=d**2, q=d)
    case.identity("over q²", square, 1, computed=True)
    rest = sp.Poly(sp.expand(top - claim), v)
    case.identity(
        "Λ_2/q² = 1 + 8/d³ - 8/d⁴ + 8/d⁵ - 88/d⁶ + O(d⁻⁷)",
        sum(c * v**k for (k,), c in rest.terms() if k < 7),
        0,
        computed=True,
    )
    case.hypothesis(True)
    with case.illustrations():
        for width in (3, 5):
            eps = np.linspace(-1, 1, width)
            w = sampling.haar(width, 4000, case.rng(width))
            image = np.einsum("rik,k,rjk->rij", w, eps, w)
            image[:, np.arange(width), np.arange(width)] = 0.0
            squares = np.sum(image**2, axis=(1, 2))
            numbers = bounds.linearised_moments(float(width))
            expected = numbers.square[0] * np.sum(eps**2) ** 2 + numbers.square[1] * np.sum(eps**4)
            case.mean_equals("sampled E p_2'²", squares**2, float(expected), float(np.sum(eps**2) ** 2), d=width)


FALSE_NEIGHBOURS = {
    "Λ_2 with 6d³ for 7d³": replace("7*d^3", "6*d^3"),
    "Λ_2 with the other root": replace("2*sqrt", "(-2)*sqrt"),
    "Λ_2/q² = 1 + 4/d³": replace("8/d^3", "4/d^3"),
    "p_3-factor d²/(d+2)²": {"cubic": d**2 / (d + 2) ** 2},
}


def test_theorem_e(judgement):
    judgement()
