"""Theorem D1: Dependent samples explode."""

import numpy as np
import sympy as sp

from isogap.verification import replace, sampling
from isogap.verification.forms import d, mean_of_forms, power_sum
from isogap.verification.words import inverse, matrix, orthogonal, symmetric


def decide(case):
    """The factor from the Weingarten calculus, the conservation laws in matrix words; one sampled layer."""
    case.decides(">=")
    factor = sp.exp(-2 * case.claim.right.sympy(ell=1, d=d))  # of E|b|², which the claimed growth needs
    # b is an eigenvector of G with eigenvalue 0; S^{(0)} restricted to it: E Σ (w_jᵀGw_j)(w_j·b)², |b| = 1, Gb = 0
    pair = mean_of_forms([(0, 0, 1), (0, 0, -1)])  # with P_m1 = tr B, B = bbᵀ, and tr GB in the place of P_0 = d
    scale, overlap = sp.symbols("trB trGB")
    general = (power_sum(1) * scale + 2 * overlap) / (d * (d + 2))
    case.identity(
        "E(wᵀGw)(wᵀBw) = (tr G tr B + 2 tr GB)/(d(d+2))",
        pair,
        general.subs({scale: power_sum(-1), overlap: d}),
        computed=True,
    )
    mean = d * general.subs({power_sum(1): d, scale: 1, overlap: 0})
    case.identity("E|b'|² = d/(d+2) |b|², as Gb = 0", mean, factor, computed=True)
    X, W, D, E, b, z = (matrix(name) for name in "XWDEbz")  # D = D^(-1/2), E = D^(1/2)
    rules = [*orthogonal("W"), *symmetric("D"), *symmetric("E"), *inverse("D", "E")]
    case.words("X'ᵀb' = Xᵀb", (D * W * X).T * (E * W * b), X.T * b, rules)
    case.words("<b', z'> = <b, z>", (E * W * b).T * (D * W * z), b.T * z, rules)
    case.argument("existence", "n > r: a unit c with X_0 c = 0; z cᵀ leaves the row norms unchanged to first order")
    case.argument("Cauchy-Schwarz", "|z_ℓ| ≥ 1/|b_ℓ|")
    case.argument("Jensen", "E log|z_ℓ| ≥ -½ log E|b_ℓ|² = (ℓ/2) log(1 + 2/d)")
    case.argument("tower property", "one layer into ℓ")
    with case.illustrations():
        for width, rank in ((2, 1), (4, 2), (6, 4)):
            case.hypothesis(rank < width)
            rng = case.rng(width)
            x = rng.standard_normal((width, rank))
            x /= np.linalg.norm(x, axis=1, keepdims=True)
            vector = np.linalg.svd(x)[0][:, -1]
            w = sampling.haar(width, 4000, rng)
            squares = np.sum(np.sum((w @ x) ** 2, axis=2) * (w @ vector) ** 2, axis=1)
            expected = float(sp.sympify(factor).subs(d, width))
            case.mean_equals("sampled E|b'|²", squares, expected, float(width), d=width, r=rank)


FALSE_NEIGHBOURS = {
    "log(1 + 2/(d-1)), factor (d-1)/(d+1)": replace("2/d", "2/(d-1)"),
    "half of it, factor of the unitary group": replace("2/d", "1/d"),
}


def test_theorem_d1(judgement):
    judgement()
