"""Quaternion Wishart matrices with a covariance: exactly what `R W R` is, R its root, and one quaternion in closed form."""

import re

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from weingarten import WeingartenError, constant, evaluate, expectation, symplectic_form, tr

p, n, d = sp.symbols("p n d", integer=True, positive=True)
J = sp.Matrix(symplectic_form(4).as_explicit())


def quaternion(a, b, c, e):
    """``a + b i + c j + e k`` as a complex matrix."""
    return sp.Matrix([[a + b * sp.I, c + e * sp.I], [-c + e * sp.I, a - b * sp.I]])


ROOT = sp.Matrix(sp.BlockMatrix([[2 * sp.eye(2), quaternion(1, 2, 0, 1)], [quaternion(1, -2, 0, -1), 3 * sp.eye(2)]]))
SIGMA = (ROOT * ROOT).expand()
A, B, R = (constant(name, 4) for name in "ABR")
S = constant("S", 4, self_dual=True, positive=True)
ARRAYS = {
    A: np.fromfunction(lambda i, j: (i + 2 * j) % 5 - 1 + 1j * ((i * j) % 3), (4, 4)),
    B: np.fromfunction(lambda i, j: (3 * i + j) % 4 + 1j * (i - j), (4, 4)),
    R: np.array(ROOT.tolist(), complex),
    S: np.array(SIGMA.tolist(), complex),
}
WORDS = {
    "tr W": lambda W: tr(W),
    "tr W A": lambda W: tr(W * A),
    "tr W^2": lambda W: tr(W**2),
    "(tr W)^2": lambda W: tr(W) ** 2,
    "tr W^3": lambda W: tr(W**3),
    "tr W A W B": lambda W: tr(W * A * W * B),
    "tr W A W' B": lambda W: tr(W * A * W.T * B),
    "tr W A tr W B": lambda W: tr(W * A) * tr(W * B),
    "tr W A W B W": lambda W: tr(W * A * W * B * W),
}


def test_the_covariance_of_the_test_is_its_own_dual():
    for x in (ROOT, SIGMA):
        assert (J * x.T - x * J).expand() == sp.zeros(4)
        assert (x.H - x).expand() == sp.zeros(4)


@pytest.mark.parametrize("word", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("made", [wg.wishart, wg.inverse_wishart])
def test_a_covariance_is_a_root_on_both_sides(word, made):
    """The other route has no covariance at all: `R V R` with any R, its root put in at the end."""
    with_it = expectation(word(made("W", 2, 9, field="quaternion", scale=S)))
    without = expectation(word(R * made("V", 2, 9, field="quaternion") * R))
    assert evaluate(with_it, ARRAYS) == pytest.approx(evaluate(without, ARRAYS), rel=1e-10)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_one_quaternion_is_a_multiple_of_a_gamma_variable(k):
    """At p = 1 a self-dual covariance is s times 1, and W is s Γ(2n)/2 times 1."""
    S = constant("S", 2, self_dual=True, positive=True)
    value = expectation(tr(wg.wishart("W", 1, n, field="quaternion", scale=S) ** k))
    value = value.replace(sp.Trace, lambda x: sp.Matrix(x.xreplace({S: 3 * sp.eye(2)}).doit()).trace())
    assert sp.expand(value - 2 * 3**k * sp.rf(2 * n, k) / 2**k) == 0


def test_symbolic_sizes_hold_for_numbers_of_every_size():
    """The form of an answer in the size 2p is that of the arrays: it was another symbol p, which no number reached."""
    own, X = constant("S", 2 * p, self_dual=True, positive=True), constant("X", 2 * p)
    W = wg.wishart("W", p, n, field="quaternion", scale=own)
    general = expectation(tr(W * X * W * X))
    exact = wg.wishart("W", 2, 3, field="quaternion", scale=constant("S", 4, self_dual=True, positive=True))
    fixed = expectation(tr(exact * constant("X", 4) * exact * constant("X", 4)))
    there = evaluate(general, {own: ARRAYS[S], X: ARRAYS[A], n: 3})
    assert there == pytest.approx(evaluate(fixed, {"S": ARRAYS[S], "X": ARRAYS[A]}))
    H = wg.gse("H", 2 * p)
    assert evaluate(expectation(tr(H * X * H * X)), {X: np.eye(4)}) == pytest.approx(6)


def test_a_covariance_that_is_not_its_own_dual_is_refused():
    with pytest.raises(WeingartenError, match=r"a covariance of quaternions is its own dual, .* make it by constant"):
        wg.wishart("W", 2, 3, field="quaternion", scale=constant("S", 4))
    with pytest.raises(WeingartenError, match="give a constant matrix of size 4"):
        wg.wishart("W", 2, 3, field="quaternion", scale=constant("S", 2, self_dual=True, positive=True))
    with pytest.raises(WeingartenError, match="needs an even matrix size"):
        constant("S", 3, self_dual=True)
    S = constant("S", 2 * p, self_dual=True, positive=True)
    answer = expectation(tr(wg.wishart("W", p, n, field="quaternion", scale=S) ** 2))
    with pytest.raises(WeingartenError, match="the array for S is not self-dual, but S was declared self-dual"):
        evaluate(answer, {S: np.diag([1.0, 2, 3, 4]), n: 3})
    assert evaluate(answer, {S: np.diag([1.0, 1, 2, 2]), n: 3}) == pytest.approx(3 * 5 / 2 * 10 + 3 / 2 * 36)


def blocks(m, rng):
    """Return a quaternion covariance of size 2m in the layout of textbooks, ``[[A, B], [-conj(B), conj(A)]]``."""
    a, b = (rng.normal(size=(m, m)) + 1j * rng.normal(size=(m, m)) for _ in range(2))
    root = np.block([[a, b], [-b.conj(), a.conj()]])
    return root @ root.conj().T


@pytest.mark.parametrize("m", [2, 3, 4, 7])
@pytest.mark.parametrize("made", [wg.wishart, wg.inverse_wishart])
def test_a_covariance_in_blocks_of_half_the_size_is_told_how_to_permute(m, made):
    S = constant("S", 2 * m, self_dual=True, positive=True)
    array = blocks(m, np.random.default_rng(m))
    answer = expectation(tr(made("W", m, 3 * m, field="quaternion", scale=S) ** 2))
    with pytest.raises(WeingartenError, match=r"indices 2k-1 and 2k make up the quaternion k here") as refused:
        evaluate(answer, {S: array})
    given, index = re.search(r"give (S\[.*\]) with i = (.*)$", str(refused.value)).groups()
    permuted = eval(given, {"S": array, "np": np, "i": eval(index, {"np": np})})
    trace, square = np.trace(array).real, np.trace(array @ array).real  # the same in both layouts
    known = answer.replace(sp.Trace, lambda x: sp.Float(square if x == S**2 else trace))
    assert evaluate(answer, {S: permuted}) == pytest.approx(float(known))


def test_a_matrix_in_neither_layout_is_told_of_the_one_here_alone():
    S = constant("S", 4, self_dual=True)
    with pytest.raises(WeingartenError, match=r"size 2$"):
        evaluate(sp.Trace(S), {S: np.diag([1.0, 2, 3, 4])})


FIELDS = {
    "real": {"symmetric": True},
    "complex": {},
    "quaternion": {"self_dual": True},
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("made", [wg.wishart, wg.inverse_wishart])
def test_a_scale_with_a_negative_eigenvalue_is_no_covariance(made, field):
    """-1 was taken for one, and gave E tr W < 0."""
    S = constant("S", 4, positive=True, **FIELDS[field])
    answer = expectation(tr(made("W", 2 if field == "quaternion" else 4, 15, field=field, scale=S)))
    for wrong in (-np.eye(4), np.diag([1.0, 1, -1e-9, -1e-9])):
        with pytest.raises(WeingartenError, match=r"has the negative eigenvalue -.*, but S was declared positive"):
            evaluate(answer, {S: wrong})
    assert evaluate(answer, {S: np.zeros((4, 4))}) == 0
    ones = np.kron(np.ones((2, 2)), np.eye(2)) if field == "quaternion" else np.ones((4, 4))
    product = (0.1 * ones) @ ones  # not of full rank: rounding makes eigenvalues a little below zero
    assert evaluate(answer, {S: product}) > 0


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("made", [wg.wishart, wg.inverse_wishart])
def test_a_scale_that_is_not_declared_a_covariance_is_told_how(made, field):
    for kinds in ({}, FIELDS[field], {"positive": True} if field != "complex" else {}):
        with pytest.raises(WeingartenError, match="make it by constant") as refused:
            made("W", 2 if field == "quaternion" else 4, 15, field=field, scale=constant("S", 4, **kinds))
        mended = eval(str(refused.value).rpartition("make it by ")[2], {"constant": constant})
        assert made("W", 2 if field == "quaternion" else 4, 15, field=field, scale=mended).args


@pytest.mark.parametrize(
    ("value", "kind"), [(-3, "positive integer"), (2.5, "positive integer"), (0, "positive integer")]
)
def test_numbers_that_a_symbol_cannot_be_are_refused(value, kind):
    with pytest.raises(WeingartenError, match=rf"n={value}: the symbol was declared {kind}"):
        evaluate(expectation(tr(wg.wishart("W", 2, n) ** 2)), {n: value})


KINDS = {
    "positive": (1, 0),
    "nonnegative": (0, -1),
    "negative": (-2, 0),
    "nonzero": (-1, 0),
    "real": (-1, sp.I),
    "integer": (-2, 1.5),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by_name", [False, True])
def test_a_number_is_checked_against_every_assumption_of_its_symbol_and_by_its_name_too(kind, by_name):
    """A variance declared nonnegative took -1, and every number given by the name of its symbol was taken as it came."""
    s = sp.Symbol("s", **{kind: True})
    value = s * expectation(wg.gue("H", 3)[1, 1] ** 2)
    good, wrong = KINDS[kind]
    assert evaluate(value, {"s" if by_name else s: good}) == good
    with pytest.raises(WeingartenError, match=f"the symbol was declared {kind}"):
        evaluate(value, {"s" if by_name else s: wrong})
