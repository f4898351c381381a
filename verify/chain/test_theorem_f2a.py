"""Theorem F2a: Unitary and symplectic weights."""

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.forms import d, mean_of_forms, power_sum
from weingarten import moment


def decide(case):
    """The two moments of a row in each group, from the Weingarten calculus."""
    case.decides("==", "==", "==", "==", "==")
    law, general, *each = case.claims
    factors = [claim.right.sympy(d=d) for claim in each]
    for beta, q in zip((1, 2, 4), factors, strict=True):
        case.identity(f"β = {beta} in the common form", general.right.sympy(d=d, beta=beta), q, computed=True)
    T = power_sum(-1)
    for group, q in zip("OU", factors, strict=False):
        one_row = mean_of_forms([(0, 0, 1), (0, 0, -1)], group).subs(power_sum(1), d)
        left, right = law.left.sympy(E_T_l=d * one_row, d=d), law.right.sympy(q_beta=q, ell=1, T_0=T, d=d)
        case.identity(f"{group}(d): E T' - d = q (T - d)", left, right, computed=True)
    # Sp: quaternionic size d is 2d x 2d complex; |w_k|² is the sum of two moduli squared
    n = 2 * d
    fourth = moment([[2]], n, "Sp", conjugate=[[2]])  # E |S_11|^4
    within = moment([[1, 1]], n, "Sp", conjugate=[[1, 1]])  # the two parts of one quaternion
    apart = moment([[1, 0, 1]], n, "Sp", conjugate=[[1, 0, 1]])
    same, other = 2 * fourth + 2 * within, 4 * apart  # E|w_1|⁴, E|w_1|²|w_2|²
    mean = d * (other * d * T + (same - other) * d)
    left, right = law.left.sympy(E_T_l=sp.cancel(mean), d=d), law.right.sympy(q_beta=factors[2], ell=1, T_0=T, d=d)
    case.identity("Sp(d): E T' - d = q (T - d)", left, right, computed=True)
    case.argument("tower property", "one layer into ℓ")
    case.hypothesis(True)
    with case.illustrations():
        case.exact(
            "library: U(4), Sp(4)",
            (bounds.contraction_factor("unitary", 4), bounds.contraction_factor("symplectic", 4)) == (4 / 5, 8 / 9),
        )


FALSE_NEIGHBOURS = {
    "d/(d+1/β)": replace("2/beta", "1/beta"),
    "d/(d+2) for U(d)": replace("d/(d+1)", "d/(d+2)"),
    "d/(d+1) for Sp(d)": replace("2*d/(2*d+1)", "d/(d+1)"),
}


def test_theorem_f2a(judgement):
    judgement()
