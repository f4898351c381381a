"""Values of the literature, and values that other packages publish, for every ensemble; each is a fact with its source."""

import pytest
import sympy as sp

import weingarten as wg
from weingarten import expectation, moment, tr

d, n, p, q, r, a, b = sp.symbols("d n p q r a b", integer=True, positive=True)


def same(left, right):
    return sp.simplify(left - right) == 0


# Ledoux, Ann. IHP 45 (2009) 754, and Harer & Zagier, Invent. math. 85 (1986) 457
def test_gaussian_sixth_moments():
    assert same(expectation(tr(wg.goe("A", d) ** 6)), 5 * d**4 + 22 * d**3 + 52 * d**2 + 41 * d)
    assert same(expectation(tr(wg.gue("H", d) ** 6)), 5 * d**4 + 10 * d**2)
    half = expectation(tr(wg.gse("H", 2 * d) ** 6)) / 2
    assert same(half, 5 * d**4 - 11 * d**3 + 13 * d**2 - sp.Rational(41, 8) * d)


# Hanlon, Stanley & Stembridge, Contemp. Math. 138 (1992) 151; Graczyk, Letac & Massam, Ann. Statist. 31 (2003) 287
def test_wishart_third_moments():
    assert same(expectation(tr(wg.wishart("W", p, n) ** 3)), p * n * (n**2 + 3 * n * p + 3 * n + p**2 + 3 * p + 4))
    value = expectation(tr(wg.wishart("W", p, n, field="complex") ** 3))
    assert same(value, p * n * (n**2 + 3 * n * p + p**2 + 1))


# Matsumoto, arXiv:1004.4717 (real), Graczyk, Letac & Massam (2003) (complex)
def test_inverse_wishart_moments():
    S = wg.constant("S", p, symmetric=True, positive=True)
    real = expectation(tr(wg.inverse_wishart("V", p, n, scale=S) ** 2)).subs(n, q + p + 1)
    assert same(real, (q * sp.Trace(S**2) + sp.Trace(S) ** 2) / (q * (q - 2) * (q + 1)))
    C = wg.constant("S", p, positive=True)
    cplx = expectation(tr(wg.inverse_wishart("V", p, n, field="complex", scale=C) ** 2)).subs(n, q + p)
    assert same(cplx, (q * sp.Trace(C**2) + sp.Trace(C) ** 2) / (q * (q**2 - 1)))
    half = (expectation(tr(wg.inverse_wishart("V", p, n, field="quaternion") ** 2)) / 2).subs(
        n, q + p - sp.Rational(1, 2)
    )
    assert same(half, 2 * p * (p + q) / (q * (q + 1) * (2 * q - 1)))
    third = expectation(tr(wg.inverse_wishart("V", p, n) ** 3)).subs(n, q + p + 1)
    assert same(third, p * (p + q) * (2 * p + q) / (q * (q - 4) * (q - 2) * (q + 1) * (q + 2)))


# Banica & Collins, Publ. RIMS 43 (2007) 277
def test_quantum_groups():
    assert same(moment([[6]], d, "O+"), (5 * d - 7) / (d * (d + 1) * (d**2 - 2)))
    assert same(moment(rows=[1, 2, 2, 1], cols=[1, 2, 2, 1], d=d, group="O+"), 1 / (d**2 - 1))
    assert moment(rows=[1, 2, 1, 2], cols=[1, 2, 1, 2], d=d, group="O+") == 0
    assert moment(rows=[1, 2, 1, 2], cols=[1, 3, 1, 2], d=5, group="S+") == sp.Rational(1, 110)
    assert moment(rows=[1, 2, 1, 2], cols=[1, 2, 1, 2], d=5, group="S+") == sp.Rational(1, 44)
    marks = [False, True, False, True], [False, False, True, True]
    values = [moment(rows=[1] * 4, cols=[1] * 4, d=3, group="U+", conjugated=m) for m in marks]
    assert values == [sp.Rational(1, 6), sp.Rational(1, 9)]
    assert [expectation(tr(wg.free_orthogonal("u", d)) ** k) for k in (2, 4, 6, 8)] == [1, 2, 5, 14]
    assert [expectation(tr(wg.free_permutation("u", d)) ** k) for k in (1, 2, 3, 4, 5)] == [1, 2, 5, 14, 42]


# Matsumoto, arXiv:1301.5401
def test_symmetric_spaces():
    V = wg.symmetric_space("V", "AIII", 3, 1)
    assert expectation(V[1, 2] * V[2, 3] * V[3, 1]) == -sp.Rational(1, 15)
    V = wg.symmetric_space("V", "BDI", 3, 1)
    assert expectation(V[1, 2] * V[2, 3] * V[3, 1]) == -sp.Rational(1, 24)
    V = wg.symmetric_space("V", "CII", 2, 1)
    assert (expectation(V[1, 1] * V[2, 2]), expectation(V[1, 1] ** 2)) == (sp.Rational(5, 21), sp.Rational(5, 21))
    assert expectation(V[1, 1] * V[3, 3]) == sp.Rational(1, 21)
    X = wg.symmetric_space("X", "DIII", 3)
    assert expectation(X[1, 2] ** 2 * X[3, 4] ** 2) == sp.Rational(1, 21)
    V = wg.symmetric_space("V", "CI", 2)
    assert (expectation(abs(V[1, 1]) ** 2), expectation(V[1, 2] ** 2)) == (sp.Rational(2, 5), -sp.Rational(1, 5))


def test_one_diagonal_entry_of_coe_and_cse():
    assert expectation(abs(wg.symmetric_space("V", "AI", 3)[1, 1]) ** 6) == sp.Rational(1, 4)
    assert expectation(abs(wg.symmetric_space("V", "AII", 2)[1, 1]) ** 6) == sp.Rational(1, 10)


def test_projectors_corners_and_states():
    P = wg.random_projector("P", d, r)
    value = expectation(P[1, 2] * P[2, 3] * P[3, 1])
    assert value.subs({d: 4, r: 2}) == 0  # symmetric under r -> d - r up to sign
    T = wg.corner("T", 2, 3, 5)
    assert expectation(tr(T * T.T * T * T.T)) == sp.Rational(33, 35)
    assert expectation(tr(wg.inverse_gram("G", 2, 8, 12))) == sp.Rational(18, 5)
    rho = wg.density_matrix("rho", p, n)
    assert same(expectation(tr(rho**3)), (n**2 + 3 * n * p + p**2 + 1) / ((p * n + 1) * (p * n + 2)))
    real = wg.density_matrix("rho", p, n, field="real")
    assert same(expectation(tr(real**2)), (p + n + 1) / (p * n + 2))


# Page, Phys. Rev. Lett. 71 (1993) 1291
def test_mean_entropy_of_two_qubits():
    assert wg.mean_entropy(2, 2) == sp.Rational(1, 3)
    assert wg.mean_entropy(4, 2) == wg.mean_entropy(2, 4)
    with pytest.raises(wg.WeingartenError, match="n=d: Page's mean is a harmonic sum, for integer sizes alone"):
        wg.mean_entropy(2, sp.Symbol("d"))


# Aubrun, Random Matrices Theory Appl. 1 (2012) 1250001: moments of the partial transpose
def test_partially_transposed_wishart():
    A, B = sp.symbols("dA dB", integer=True, positive=True)
    G = wg.ginibre_on("G", (A, B), (n,), field="complex")
    W = wg.partial_transpose(G * G.H, 2)
    assert same(expectation(tr(W**3)), A * B * n * (n**2 + 3 * A * B * n + A**2 + B**2))
    G = wg.ginibre_on("G", (2, 3), (3,))
    assert expectation(tr(wg.partial_transpose(G * G.T, 2) ** 3)) == 1800


@pytest.mark.parametrize("kind", ["AIII", "BDI", "CII"])
def test_involutions_square_to_one(kind):
    V = wg.symmetric_space("V", kind, 2, 1)
    size = V.shape[0]
    A = wg.constant("A", size)
    assert expectation(tr(V * V * A)) == sp.Trace(A)
    assert sp.simplify(expectation(tr(V * V * A * V * A)) - expectation(tr(A * V * A))) == 0


def test_quaternion_matrices_say_that_their_size_is_the_complex_one():
    d, m = sp.symbols("d m", integer=True, positive=True)
    answer = wg.expectation(wg.tr(wg.gse("H", d) ** 2), with_range=True)
    assert answer.validity == "d >= 2 (even: twice that of the quaternion matrix)"
    assert wg.expectation(wg.tr(wg.gse("H", 2 * m) ** 2), with_range=True).validity.startswith("m >= 1")
