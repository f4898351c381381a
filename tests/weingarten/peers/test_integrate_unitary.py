"""Values that the documentation of IntegrateUnitary.jl (arXiv:2605.23830, formerly IntU.jl) prints, all reproduced.

Its GSE has twice the variance of ours: `E H_ij H_kl = δ_il δ_jk + J_ik J_jl`.
"""

import pytest
import sympy as sp

import weingarten as wg
from weingarten import expectation, tr

d, n = sp.symbols("d n", integer=True, positive=True)
A, B = wg.constant("A", d), wg.constant("B", d)
H, S, Q = wg.gue("H", d), wg.goe("S", d), wg.gse("Q", d, variance=2)
U, P, Y = wg.unitary("U", d), wg.permutation("P", d), wg.centred_permutation("Y", d)
V, D, psi = (
    wg.stiefel("V", d, 2, field="complex"),
    wg.diagonal_phases("D", d),
    wg.unit_vector("psi", d, field="complex"),
)

# page of the documentation, what is integrated, what is printed there
PRINTED = [
    ("integral library", tr(U * A * U.H * B), sp.Trace(A) * sp.Trace(B) / d),
    ("integral library", tr(H**2), d**2),
    ("integral library", tr(H**4), 2 * d**3 + d),
    ("integral library", tr(H**6), 5 * d**4 + 10 * d**2),
    ("integral library", tr(S**2), d**2 + d),
    ("integral library", tr(S**4), 2 * d**3 + 5 * d**2 + 5 * d),
    ("integral library", tr(Q**2), d**2 - d),
    ("integral library", tr(Q**4), 2 * d**3 - 5 * d**2 + 5 * d),
    ("Gaussian", tr(wg.ginibre("G", d, field="complex") * wg.ginibre("G", d, field="complex").H), d**2),
    ("Gaussian", tr(H) ** 4, 3 * d**2),
    ("unitary", abs(U[1, 1]) ** 4, 2 / (d * (d + 1))),
    ("unitary", abs(tr(U)) ** 2, 1),
    ("unitary", abs(U[1, 1]) ** 10, 120 / (d * (d + 1) * (d + 2) * (d + 3) * (d + 4))),
    ("Stiefel", abs(V[1, 1]) ** 2, 1 / d),
    ("permutation", P[1, 1], 1 / d),
    ("permutation", P[1, 1] * P[2, 2], 1 / (d * (d - 1))),
    ("permutation", Y[1, 1], 0),
    ("permutation", Y[1, 1] ** 2, (d - 1) / d**2),
    ("diagonal", abs(D[1, 1]) ** 2, 1),
    ("diagonal", D[1, 1] * sp.conjugate(D[2, 2]), 0),
    ("diagonal", abs(D[1, 2]) ** 2, 0),
    ("pure states", abs(psi[1, 1]) ** 2, 1 / d),
    ("pure states", abs(psi[1, 1]) ** 2 * abs(psi[2, 1]) ** 2, 1 / (d * (d + 1))),
    ("circular", abs(wg.circular_orthogonal("C", d)[1, 1]) ** 2, 2 / (d + 1)),
    ("circular", abs(wg.circular_symplectic("C", d)[1, 1]) ** 2, 1 / (d - 1)),
]


@pytest.mark.parametrize(("page", "expression", "printed"), PRINTED, ids=lambda x: str(x)[:40])
def test_printed_values(page, expression, printed):
    assert sp.simplify(expectation(expression) - printed) == 0


def test_the_trace_of_a_permutation_with_a_constant_is_the_sum_of_its_entries():
    value = expectation(tr(P * A))
    assert str(value) == "Sum(A[i, j])/d"


def test_the_purity_of_two_qubits():
    state = wg.pure_state("psi", (2, 2))
    assert expectation(tr(wg.partial_trace(state, 2) ** 2)) == sp.Rational(4, 5)


def test_expansions_for_large_sizes():
    assert wg.series(expectation(abs(U[1, 1]) ** 10, with_range=True), 2) == 120 / d**5 - 1200 / d**6
    assert wg.series(expectation(wg.orthogonal("O", d)[1, 1] ** 4, with_range=True), 2) == 3 / d**2 - 6 / d**3
    page = wg.pure_state("psi", (n, n))
    purity = expectation(tr(wg.partial_trace(page, 2) ** 2), with_range=True)
    assert sp.expand(wg.series(purity, 5)) == 2 / n - 2 / n**3 + 2 / n**5


def test_the_exponential_integral():
    # printed as 20.9329...: cut off after four decimals
    assert float(wg.hciz_value([1, 2], [0.5, 1.5])) == pytest.approx(20.9329, abs=1e-4)
