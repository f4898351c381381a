"""Faults of networks, designs and ensembles that were found and mended: each against an independent value."""

import itertools
import json

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from weingarten import WeingartenError, expectation, expectation_tensor, tr
from weingarten.cli import main
from weingarten.ensembles.command import sizes_of
from weingarten.ensembles.named import named_matrix

FREE = {"O+": wg.free_orthogonal, "U+": wg.free_unitary, "S+": wg.free_permutation}


def quantum_tensor(group, size, marks):
    """Return all moments of entries in the order of the factors, as an array with the axes row, column of each factor."""
    k = len(marks)
    extra = {"conjugated": list(marks)} if group == "U+" else {}
    values = {}
    found = np.empty((size,) * (2 * k))
    for index in itertools.product(range(size), repeat=2 * k):
        rows, cols = index[::2], index[1::2]
        key = (
            tuple(rows.index(i) for i in rows),
            tuple(cols.index(j) for j in cols),
        )
        if key not in values:
            values[key] = float(
                wg.moment(rows=[i + 1 for i in rows], cols=[j + 1 for j in cols], d=size, group=group, **extra)
            )
        found[index] = values[key]
    return found


def factor(U, kind):
    return {"": U, "c": U.conjugate(), "t": U.T, "h": U.H}[kind]


@pytest.mark.parametrize(("group", "size"), [("U+", 2), ("O+", 2), ("S+", 4)])
def test_tensors_of_free_quantum_groups_are_the_moments_in_the_order_of_the_words(group, size):
    U = FREE[group]("U", size)
    for kinds in (("", "c", "", "c"), ("", "", "c", "c"), ("c", "", "", "c")):
        if group != "U+" and kinds != ("", "c", "", "c"):
            continue
        marks = [bool(kind) and group == "U+" for kind in kinds]
        got = expectation_tensor([factor(U, kind) for kind in kinds]).evaluate({})
        np.testing.assert_allclose(got, quantum_tensor(group, size, marks), atol=1e-14)


@pytest.mark.parametrize(("group", "size"), [("U+", 2), ("O+", 2), ("O+", 3), ("S+", 4)])
@pytest.mark.parametrize("kinds", ["|h||h", "|c||c", "||h|h", "|t|t|", "c||t|h", "t|h|h|"])
def test_words_of_free_quantum_groups_are_the_sums_of_moments_in_order(group, size, kinds):
    kinds = kinds.split("|")[:4]
    U, rng = FREE[group]("U", size), np.random.default_rng(3)
    constants = [wg.constant(name, size) for name in "ABCD"]
    arrays = rng.integers(-3, 4, size=(4, size, size)).astype(float)
    word = sp.MatMul(*[x for kind, c in zip(kinds, constants, strict=True) for x in (factor(U, kind), c)])
    got = wg.evaluate(expectation(tr(word)), dict(zip(constants, arrays, strict=True)))
    moments = quantum_tensor(group, size, [kind in ("c", "h") and group == "U+" for kind in kinds])
    axes, position = [], 0
    for kind in kinds:
        axes += [position + 1, position] if kind in ("t", "h") else [position, position + 1]
        position += 2
    operands = [moments, axes]
    for k in range(4):
        operands += [arrays[k], [2 * k + 1, (2 * k + 2) % 8]]
    assert got == pytest.approx(float(np.einsum(*operands, [])), rel=1e-12, abs=1e-12)


def test_known_values_of_words_of_the_free_unitary_group():
    d = sp.Symbol("d", integer=True, positive=True)
    U, A, C = wg.free_unitary("U", d), wg.constant("A", d), wg.constant("C", d)
    assert expectation(tr(U * A * U.H * U * C * U.H)) == sp.Trace(A * C)
    assert expectation(tr(U * U.conjugate() * U * U.conjugate())).subs(d, 2) == 0
    H = wg.gue("H", d)
    assert expectation(tr(U * H * U.H * U * H * U.H)) == d**2


def test_an_order_of_factors_that_is_not_known_is_refused():
    U, V, A = wg.free_unitary("U", 3), wg.free_unitary("V", 3), wg.constant("A", 3)
    with pytest.raises(WeingartenError, match="lost its order"):
        expectation(tr(U * A) * tr(U.H * A) * tr(U) * tr(U.H))
    with pytest.raises(WeingartenError, match="factor by factor"):
        expectation_tensor([(U * A * U).conjugate(), U, U])
    with pytest.raises(WeingartenError, match="two matrices"):
        expectation(tr(U * A * U.H * V * A * V.H))


def test_two_different_factors_on_a_circle_have_one_order():
    """The Haar state is a trace: `h(x y) = h(y x)`; with a third one the order counts, 2 against 1 for |tr u|^4."""
    U, A = wg.free_unitary("U", 3), wg.constant("A", 3)
    assert expectation(tr(U * A) * tr(U.H * A)) == sp.Trace(A**2) / 3
    assert expectation(tr(U) * sp.conjugate(tr(U))) == 1
    u = wg.free_orthogonal("u", 5)
    assert expectation(u[1, 1] * u[2, 2]) == 0
    with pytest.raises(WeingartenError, match="lost its order"):
        expectation(tr(U) ** 2 * sp.conjugate(tr(U)) ** 2)


@pytest.mark.parametrize(
    ("group", "text", "value"),
    [
        ("O+", "var(tr(U))", "1"),
        ("O+", "var(tr(U)^2)", "1"),  # h(χ^4) - h(χ²)² = 2 - 1
        ("U+", "var(tr(U)^2)", "1"),  # h(χ χ χ* χ*), and not h(χ χ* χ χ*) = 2
        ("U+", "var(tr(U))", "1"),
        ("U+", "var(tr(U U))", "1"),
        ("O+", "cov(U11, U22)", "0"),
        ("S+ --d 5", "var(tr(U))", "1"),
        ("S+ --d 5", "cov(U11, U22)", "1/100"),
        ("S+ --d 5", "U11 U22 U11 U22", "1/44"),
        ("U+ --d 3", "U11 conj(U11) U11 conj(U11)", "1/6"),
        ("U+ --d 3", "U11 U11 conj(U11) conj(U11)", "1/9"),
        ("U+ --d 3", "conj(U11 U12) U11 U12", "1/9"),  # h(u12* u11* u11 u12): the adjoint reverses the order
        ("U+ --d 3", "conj(U11 U12) U12 U11", "0"),
        ("U+", "|tr(U)|^4", "2"),
        ("U+", "tr(U)^2 conj(tr(U))^2", "1"),
    ],
)
def test_variances_of_quantum_groups_keep_the_order_of_their_factors(capsys, group, text, value):
    assert printed(capsys, "expect", text, "--group", *group.split()) == [value]


def test_a_power_of_a_sum_of_entries_that_do_not_commute_is_the_sum_over_all_words(capsys):
    words = itertools.product((1, 2), repeat=4)
    total = sum(wg.moment(rows=word, cols=word, d=5, group="S+") for word in words)
    assert printed(capsys, "expect", "(U11+U22)^4", "--group", "S+", "--d", "5") == [str(total)]


def test_a_determinant_of_entries_that_do_not_commute_is_refused(capsys):
    assert main(["expect", "minor(U,[1,2],[1,2])", "--group", "O+"]) == 2
    assert "commute" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["tr(H^2)", "--group", "GUE", "--d", "2*M", "--declare", "M"], "4*M**2"),
        (["tr(H^2)", "--group", "GSE", "--d", "2*M"], "M*(4*M - 2)/2"),
        (["tr(W)", "--group", "wishart", "--d", "2*n+1,n"], "n*(2*n + 1)"),
        (["tr(P)^2", "--group", "permutation", "--d", "M-1"], "2"),
    ],
)
def test_sizes_of_ensembles_may_be_terms(capsys, arguments, value):
    assert sp.simplify(sp.sympify(printed(capsys, "expect", *arguments)[0]) - sp.sympify(value)) == 0


def test_the_least_frame_potential_of_su_is_the_mean_of_a_modulus():
    assert [wg.haar_frame_potential(k, 3, "SU") for k in (1, 2, 3)] == [1, 2, 6]
    assert wg.haar_frame_potential(4, 2, "SU") == wg.haar_frame_potential(4, 2, "Sp") == 14
    assert wg.haar_frame_potential(1, 3, "u") == wg.haar_frame_potential(1, 3, "unitary") == 1


def test_masked_arrays_are_no_matrices_of_a_twirl_or_a_design():
    hidden = np.ma.masked_array(np.eye(4), mask=np.eye(4))
    with pytest.raises(WeingartenError, match="masked"):
        wg.twirl(hidden, 2, 2)
    with pytest.raises(WeingartenError, match="masked"):
        wg.is_design(np.ma.masked_array(np.eye(2)[None], mask=True), 1)
    with pytest.raises(WeingartenError, match="masked"):
        wg.is_design([np.ma.masked_array(np.eye(2), mask=True)], 1)


def printed(capsys, *arguments):
    """Return what a command prints without its comments; it must succeed."""
    assert main(list(arguments)) == 0
    return [line for line in capsys.readouterr().out.splitlines() if not line.startswith(("#", "read as"))]


@pytest.mark.parametrize("ensemble", ["GSE", "CI", "CII", "DIII", "quaternion Wishart"])
def test_the_form_of_a_quaternion_ensemble_is_not_a_constant_of_the_same_name(capsys, ensemble):
    sizes = {"CII": "1,1", "quaternion Wishart": "1,2", "CI": "2", "DIII": "2", "GSE": "2"}
    X = named_matrix(ensemble, "X", sizes_of(ensemble, sizes[ensemble]))
    A, J = wg.constant("A", X.shape[0]), wg.constant("J", X.shape[0])
    form = np.array(wg.symplectic_form(int(X.shape[0])).as_explicit().tolist(), dtype=float)
    expected = wg.evaluate(expectation(tr(X * A * X.T * A)), {A: form})
    line = ["expect", "tr(X J X^T J)", "--group", ensemble, "--haar", "X", "--d", sizes[ensemble]]
    assert float(sp.sympify(printed(capsys, *line)[0])) == pytest.approx(expected, rel=1e-13)
    with pytest.raises(WeingartenError, match="symplectic form; rename"):
        expectation(tr(X * J * X * J))
    with pytest.raises(WeingartenError, match="symplectic form; rename"):
        expectation(tr(named_matrix(ensemble, "J", sizes_of(ensemble, sizes[ensemble]))))


@pytest.mark.parametrize(
    ("text", "group", "sizes", "expected"),
    [
        ("det(G*G')", "ginibre", "2,3", "6"),  # n (n-1), Bartlett
        ("det(G'*G)", "ginibre", "2,3", "0"),  # of rank 2 with 3 rows
        ("det(G*G^H)", "complex ginibre", "2,4", "12"),  # n (n-1)
        ("det(T*T')", "real corner", "2,3,5", "3/10"),  # 3·2 / (5·4)
        ("det(2*G*G')", "ginibre", "2,3", "24"),
        ("det(W*W)", "O", "2", "1"),
    ],
)
def test_determinants_of_products_of_rectangular_matrices(capsys, text, group, sizes, expected):
    assert printed(capsys, "expect", text, "--group", group, "--d", sizes) == [expected]


@pytest.mark.parametrize(("sizes", "shape"), [("2,3", "2 rows and 3 columns"), ("3,2", "3 rows and 2 columns")])
def test_a_rectangular_matrix_has_no_determinant(capsys, sizes, shape):
    assert main(["expect", "det(G)^2", "--group", "ginibre", "--d", sizes]) == 2
    assert shape in capsys.readouterr().err


def test_a_set_outside_the_group_is_refused_as_a_design():
    scaled = [sp.eye(2) / sp.sqrt(2)]
    signs = [sp.eye(2), -sp.eye(2), sp.diag(1, -1), sp.diag(-1, 1)]
    for matrices, group in ((scaled, "U"), (signs, "Sp"), ([sp.diag(sp.I, 1)], "O"), ([2 * sp.eye(2)], "O")):
        with pytest.raises(WeingartenError, match=r"is not in \w+\(2\)"):
            wg.is_design(matrices, 1, group)
        floats = np.array([np.array(m.tolist(), dtype=complex) for m in matrices])
        with pytest.raises(WeingartenError, match=r"is not in \w+\(2\)"):
            wg.is_design(floats, 1, group)
    with pytest.raises(WeingartenError, match=r"matrices\[1\] has shape"):
        wg.is_design([sp.eye(2), sp.eye(3)], 1)


def test_the_quaternion_group_is_a_design_of_sp():
    i, j = sp.diag(sp.I, -sp.I), sp.Matrix([[0, 1], [-1, 0]])
    group = [s * u for s in (1, -1) for u in (sp.eye(2), i, j, i * j)]
    floats = np.array([np.array(m.tolist(), dtype=complex) for m in group])
    assert wg.is_design(group, 1, "Sp")
    assert wg.is_design(group, 3, "sp")
    assert wg.is_design(floats, 3, "Sp")
    assert not wg.is_design(group, 4, "Sp")
    assert not wg.is_design(np.eye(2, dtype=int)[None], 2, "O")
    assert not wg.is_design(np.eye(2, dtype=int)[None], 2, "Sp")
    assert wg.is_design(group, 1)
    assert wg.is_design(np.eye(2, dtype=int)[None], 1).least == (1,)


def test_an_answer_for_several_sizes_names_all_of_them(capsys):
    assert main(["expect", "tr(W)", "--group", "wishart", "--d", "2,3", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["value"], document["sizes"], document["validity"]) == ("6", {"p": 2, "n": 3}, "p = 2, n = 3")
    assert document["d"] is document["valid_from"] is None
    G = wg.ginibre("G", 2, 3)
    answer = expectation(tr(G * G.T), with_range=True)
    assert (answer.value, answer.validity) == (6, "rows of G = 2, columns of G = 3")
    assert main(["expect", "tr(H^2)", "--group", "GUE", "--d", "2", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["d"], document["validity"], "sizes" in document) == (2, "d = 2", False)
