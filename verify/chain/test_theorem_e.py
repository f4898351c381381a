"""Theorem E: exact moments of the linearised chain E' = offdiag(WEWᵀ): Λ_2(d) is the growth of E‖E‖⁴, Λ_2/q² = 1 + 8/d³ - ..."""

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import sampling
from isogap.verification.forms import centred, d, mean_of_forms, power_sum


def decide(case, *, rate=None, cubic=d**2 / ((d + 2) * (d + 4))):
    """Every moment from the Weingarten calculus, for all d at once; one sampled layer beside it."""
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
    value = bounds.second_moment_rate(d, exact=True) if rate is None else rate
    z, under = (d + 1) * (d + 2) * (d + 4) * (d + 6), d**6 + 4 * d**5 + 6 * d**4 + 60 * d**3 + 145 * d**2 - 24 * d + 144
    half = (m.square[0] + m.fourth[1]) / 2
    case.identity("half the trace", half * z, d**4 + 7 * d**3 + 12 * d**2 - 2 * d + 24, computed=True)
    case.identity("quarter discriminant", (half**2 - determinant) * z**2, 4 * under, computed=True)
    case.identity(
        "((Λ_2 - half the trace) Z)² is the same",
        sp.expand(sp.cancel((value - half) * z) ** 2),
        4 * under,
        computed=True,
    )
    case.follows("the root is real, and Λ_2 the larger one", under, {d: 2})
    v = sp.Symbol("v", positive=True)
    root = sp.series(sp.sqrt(sp.expand(under.subs(d, 1 / v) * v**6)), v, 0, 7).removeO()
    top = (1 + 7 * v + 12 * v**2 - 2 * v**3 + 24 * v**4 + 2 * v * root) * (1 + 2 * v)
    claim = (1 + 8 * v**3 - 8 * v**4 + 8 * v**5 - 88 * v**6) * (1 + v) * (1 + 4 * v) * (1 + 6 * v)
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
    "Λ_2 = q²": {"rate": (d / (d + 2)) ** 2},
    "Λ_2 = q²(1 + 8/d³)": {"rate": (d / (d + 2)) ** 2 * (1 + 8 / d**3)},
    "p_3-factor d²/(d+2)²": {"cubic": d**2 / (d + 2) ** 2},
}


def test_theorem_e(judgement):
    judgement()
