"""Theorem F2a: Haar weights on U(d) and Sp(d): Theorem A with the factors d/(d+1) and 2d/(2d+1)."""

import sympy as sp

from isogap import bounds
from isogap.verification.forms import d, mean_of_forms, power_sum
from weingarten import moment


def decide(case, *, beta=2, symplectic=2 * d / (2 * d + 1)):
    """The two moments of a row in each group, from the Weingarten calculus."""
    T = power_sum(-1)
    one_row = mean_of_forms([(0, 0, 1), (0, 0, -1)], "U").subs(power_sum(1), d)
    q = d / (d + sp.Rational(2) / beta)
    case.identity("U(d): E T' - d = d/(d+1) (T - d)", d * one_row - d, q * (T - d), computed=True)
    # Sp: quaternionic size d is 2d x 2d complex; |w_k|² is the sum of two moduli squared
    n = 2 * d
    fourth = moment([[2]], n, "Sp", conjugate=[[2]])  # E |S_11|^4
    within = moment([[1, 1]], n, "Sp", conjugate=[[1, 1]])  # the two parts of one quaternion
    apart = moment([[1, 0, 1]], n, "Sp", conjugate=[[1, 0, 1]])
    same, other = 2 * fourth + 2 * within, 4 * apart  # E|w_1|⁴, E|w_1|²|w_2|²
    mean = d * (other * d * T + (same - other) * d)
    case.identity("Sp(d): E T' - d = 2d/(2d+1) (T - d)", sp.cancel(mean) - d, symplectic * (T - d), computed=True)
    case.argument("tower property", "one layer into ℓ")
    case.hypothesis(True)
    with case.illustrations():
        case.exact(
            "library: U(4), Sp(4)",
            (bounds.contraction_factor("unitary", 4), bounds.contraction_factor("symplectic", 4)) == (4 / 5, 8 / 9),
        )


FALSE_NEIGHBOURS = {
    "d/(d+2) for U(d)": {"beta": 1},
    "d/(d+1) for Sp(d)": {"symplectic": d / (d + 1)},
}


def test_theorem_f2a(judgement):
    judgement()
