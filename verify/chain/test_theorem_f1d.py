"""Theorem F1d: The typical rate is strictly below that of the mean."""

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace, sampling
from isogap.verification.forms import d, power_sum


def decide(case):
    """Variance of the ratio in the linearised chain by Theorem E; a logarithmic inequality on [0, 1]."""
    case.decides("<=")
    below = -case.claim.right.sympy(d=d, q=1)  # how far below log q
    p2, p4, q = power_sum(2), power_sum(4), d / (d + 2)
    m = bounds.linearised_moments(d)
    variance = (m.square[0] + m.square[1] * p4 / p2**2) - q**2
    least = 2 * below
    what = "twice the claimed gap is Var R at p_4 = p_2²/d, its least value"
    case.identity(what, variance.subs(p4, p2**2 / d), least, computed=True)
    c = sp.Symbol("c", positive=True)
    # log r ≤ log q + (r-q)/q - (r-q)²/2 on (0, 1]: in r = q s, s - 1 - log s ≥ q²(s-1)²/2 for s ≤ 1/q
    s = sp.Symbol("s", positive=True)
    derivative = sp.diff(s - 1 - sp.log(s) - c**2 * (s - 1) ** 2 / 2, s)
    case.identity(
        "derivative (s-1)(1/s - q²): one sign on either side of 1 up to 1/q²",
        derivative,
        (s - 1) * (1 / s - c**2),
        computed=True,
    )
    case.argument("Cauchy-Schwarz", "p_4 ≥ p_2²/d")
    case.argument(
        "strong law for bounded martingale differences",
        "log max(R, e^(-K)); x'/x → R uniformly as u → 0, and u_ℓ → 0 a.s. (A5)",
    )
    case.hypothesis(True)
    with case.illustrations():
        for width in (4, 8):
            signs = np.where(np.arange(width) % 2, 1.0, -1.0)
            w = sampling.haar(width, 4000, case.rng(width))
            ratio = 1 - np.sum(np.einsum("rik,k->ri", w**2, signs) ** 2, axis=1) / width
            expected = float((least + q**2).subs(d, width))
            case.mean_equals("sampled E R² at equal |ε|", ratio**2, expected, 1.0, d=width)


FALSE_NEIGHBOURS = {"a gap larger by a half": replace("4*(d+4)", "6*(d+4)")}


def test_theorem_f1d(judgement):
    judgement()
