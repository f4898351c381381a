"""What a person types: understood with the right value, or refused at the place; never read as something else."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from weingarten import WeingartenError, expectation, tr
from weingarten.cli import main
from weingarten.notation.lexing import NotationError
from weingarten.notation.parsing import Parser
from weingarten.notation.printing import text_of

d = sp.Symbol("d", integer=True, positive=True)
W, U, A, B = wg.orthogonal("W", d), wg.unitary("U", d), wg.constant("A", d), wg.constant("B", d)
a = sp.Symbol("a")


def value(text: str, group: str = "O", size: object = d) -> sp.Expr:
    return expectation(Parser(text, size, group).parse())


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out.splitlines()


# ---- known functions, factors before brackets ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "group", "expected"),
    [
        ("re(tr(U))^2", "U", sp.Rational(1, 2)),
        ("Re(tr(U))^2", "U", sp.Rational(1, 2)),
        ("im(U11)^2", "U", 1 / (2 * d)),
        ("conjugate(U11) U11", "U", 1 / d),
        ("var(tr(W))", "O", 1),
        ("cov(W11^2, W12^2)", "O", 1 / (d * (d + 2)) - 1 / d**2),
        ("var(tr(U))", "U", 1),
        ("abs(U11)^2", "U", 1 / d),
        ("minor(W, [1,2], [1,3])^2", "O", 2 / (d * (d - 1))),
        ("det(W[[1,2],[1,2]])^2", "O", 2 / (d * (d - 1))),
        ("|det(U[[1,2],[1,2]])|^2", "U", 2 / (d * (d - 1))),
        ("a(W11^2 + W22^2)", "O", 2 * a / d),
        ("2(W11^2)", "O", 2 / d),
        ("d(W11^2)", "O", 1),
        ("alpha(W11^2)", "O", sp.Symbol("alpha") / d),
        ("sqrt(2) W11^2", "O", sp.sqrt(2) / d),
    ],
)
def test_functions_are_computed_and_letters_before_brackets_are_factors(
    text: str, group: str, expected: sp.Expr
) -> None:
    assert sp.simplify(value(text, group) - expected) == 0


@pytest.mark.parametrize("size", [1, 2, 3])
def test_determinants_at_integer_size(size: int) -> None:
    assert value("det(W)^2", "O", size) == 1
    assert value("det(W)", "O", size) == 0
    assert value("det(W)", "SO", size) == 1
    assert value("|det(U)|^2", "U", size) == 1
    assert expectation(sp.det(wg.orthogonal("W", size)) ** 2) == 1


FOREIGN = [
    "exp",
    "sin",
    "log",
    "cosh",
    "foo",
    "norm",
    "rank",
    "sgn",
    "E",
    "f",
    "gamma",
    "trac",
    "conju",
    "Tra",
    "ptrace",
]


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("form", ["{}(W11^2)", "{}(tr(W))^2", "W12 {}(W11) W12", "{} (W11)^2"])
def test_unknown_functions_are_refused_by_name(name: str, form: str) -> None:
    with pytest.raises(NotationError, match=name):
        Parser(form.format(name), d, "O").parse()


@pytest.mark.parametrize("name", ["exp", "sin", "log", "tr", "re", "conj", "det", "sqrt", "min"])
def test_functions_without_brackets_are_refused(name: str) -> None:
    for text in (f"{name} W11^2", f"{name} tr(W)", f"tr(W {name} A)"):
        with pytest.raises(NotationError, match=name):
            Parser(text, d, "O").parse()


# ---- decorations -----------------------------------------------------------------------------------------------------

_TRANSPOSED = (
    "W' W^T W.T Wᵀ W⊤ W^⊤ W^{T} W^\\top W^{\\top} W^\\intercal W^{\\mathrm{T}} W^{\\mathsf{T}} transpose(W) Transpose(W) "
    "Wtrans Wtranspose W^{-1} W^-1 W⁻¹ inv(W) Winv W.inv() W† W^† W^H W.H W^{\\dagger} W^* W⁺ adjoint(W) Wdag Wdagger W′"
)
_ADJOINT = (
    "U† U^† U^H U.H U^{H} U^dag U^{dag} U^\\dagger U^{\\dagger} U^{†} U⁺ U^+ U^{+} U^* U^{*} U^\\ast Udag Udagger UDAG Uadj "
    "adjoint(U) Adjoint(U) dagger(U) inv(U) U^-1 U⁻¹ Uinv U.adjoint() conj(U') conj(U)^T \\bar{U}^T (U')~ U~'"
)
TRANSPOSED, ADJOINT = _TRANSPOSED.split(), _ADJOINT.split()
CONJUGATED = [
    "U~",
    "conj(U)",
    "conjugate(U)",
    "Ubar",
    "Uconj",
    "\\bar{U}",
    "\\bar U",
    "\\overline{U}",
    "Ū",
    "U.conj()",
    "(U^T)†",
]


@pytest.mark.parametrize("decorated", TRANSPOSED)
def test_transposes_in_all_spellings(decorated: str) -> None:
    assert value(f"tr(W A {decorated} B)") == tr(A) * tr(B) / d
    assert value(f"tr({decorated} A W B)") == tr(A) * tr(B) / d


@pytest.mark.parametrize("decorated", ADJOINT)
def test_adjoints_in_all_spellings(decorated: str) -> None:
    assert value(f"tr(U A {decorated} B)", "U") == tr(A) * tr(B) / d


@pytest.mark.parametrize("decorated", CONJUGATED)
def test_conjugates_in_all_spellings(decorated: str) -> None:
    assert value(f"tr(U A {decorated} B)", "U") == expectation(tr(A * B.T)) / d


_SUFFIXES = (
    "t T H h d c dag Dag DAG bar inv adj star prime tilde conj x foo tr _t _T _dag ^t ^c ^x ^C ^inv ^{-T} '' ^ ^{ ..T .t .x * "
    "? # ‡ \\hat"
)
SUFFIXES = _SUFFIXES.split()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(("letter", "group"), [("W", "O"), ("U", "U"), ("S", "Sp"), ("V", "COE")])
def test_a_decorated_random_name_is_never_a_constant(suffix: str, letter: str, group: str) -> None:
    """Right or refused: whatever is read has the random matrix in both places."""
    try:
        expression = Parser(f"tr({letter} A {letter}{suffix} B)", d, group).parse()
    except WeingartenError:
        return
    names = {symbol.name for symbol in expression.atoms(sp.MatrixSymbol)}
    assert names == {letter, "A", "B"}
    assert (
        sum(
            symbol.name == letter for symbol in sp.preorder_traversal(expression) if isinstance(symbol, sp.MatrixSymbol)
        )
        == 2
    )


def test_names_with_small_random_letters_in_other_case_are_refused() -> None:
    for text in ("tr(w A w' B)", "w11^2", "tr(W A w B)", "w W11^2"):
        with pytest.raises(NotationError, match="called W"):
            Parser(text, d, "O").parse()


# ---- names in traces, numbers, the identity --------------------------------------------------------------------------


def test_names_in_traces_are_matrices() -> None:
    rho, sigma = wg.constant("rho", d), wg.constant("sigma", d)
    parser = Parser("tr(rho U sigma U†)", d, "U")
    assert expectation(parser.parse()) == tr(rho) * tr(sigma) / d
    assert any("rho is a constant matrix" in note for note in parser.notes)
    assert value("tr(\\rho U σ U†)", "U") == tr(rho) * tr(sigma) / d
    assert value("tr(a W b W')") == tr(wg.constant("a", d)) * tr(wg.constant("b", d)) / d
    assert value("tr(d W A W' B)") == tr(A) * tr(B)
    with pytest.raises(NotationError, match="scalar at one place and a matrix at another"):
        Parser("a tr(a W)", d, "O").parse()


def test_the_identity() -> None:
    assert value("tr(W I W' B)") == value("tr(W Id W' B)") == value("tr(1 W W' B)") == tr(B)
    assert value("tr(I) W11^2") == 1
    with pytest.raises(NotationError, match="identity"):
        Parser("tr(W eye W')", d, "O").parse()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e3", 1000),
        ("1E3", 1000),
        ("2.5", sp.Rational(5, 2)),
        (".5", sp.Rational(1, 2)),
        ("1.25e-2", sp.Rational(1, 80)),
        ("3e+2", 300),
        ("0.1", sp.Rational(1, 10)),
        ("1/3", sp.Rational(1, 3)),
        ("\\frac{1}{3}", sp.Rational(1, 3)),
    ],
)
def test_numbers_are_exact_rationals(text: str, number: sp.Rational) -> None:
    assert value(f"{text} W11^2") == number / d
    assert value(f"tr({text} W A W')") == number * tr(A)


@pytest.mark.parametrize(
    "text", ["1e99999999 W11", "1_000 W11", "1,5 W11", "0x10 W11", "2 3 W11", "W11(2)", "tr(W)2", "1.2.3 W11", "e3 W11"]
)
def test_numbers_that_could_be_misread_are_refused(text: str) -> None:
    with pytest.raises(NotationError):
        Parser(text, d, "O").parse()


def test_the_reading_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    lines = output(capsys, "expect", "tr(U A U' B)", "--group", "U", "--d", "3")
    assert lines[0].startswith("read as: Trace(U*A*U.T*B) (")
    assert "transpose" in lines[0]
    assert lines[1:] == ["0"]
    assert output(capsys, "expect", "tr(W A W' B)", "--d", "3") == ["Trace(A)*Trace(B)/3"]
    document = json.loads("\n".join(output(capsys, "expect", "tr(U A U' B)", "--group", "U", "--format", "json")))
    assert document["read_as"].startswith("Trace(U*A*U.T*B)")
    assert output(capsys, "expect", "tr(rho U sigma U†)", "--group", "U")[1] == "Trace(rho)*Trace(sigma)/d"
    assert output(capsys, "expect", "tr(U A U' B)", "--group", "U", "--format", "latex")[0].startswith("% read as: ")


# ---- entries of products, blocks, spellings --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "group", "expected"),
    [
        ("W.T[1,2]^2", "O", 1 / d),
        ("W'_{12} W21", "O", 1 / d),
        ("U.H[1,2] U[2,1]", "U", 1 / d),
        ("(U†)[1,2] U21", "U", 1 / d),
        ("conj(U)[1,2] U12", "U", 1 / d),
        ("U_{1,2}^* U_{12}", "U", 1 / d),
        ("\\overline{U_{11}} U_{11}", "U", 1 / d),
        ("Ū11 U11", "U", 1 / d),
        ("(W W')[1,1]", "O", 1),
        ("W^{-1}[1,2] W21", "O", 1 / d),
        ("W_{11}^2", "O", 1 / d),
        ("W11²", "O", 1 / d),
        ("W₁₁²", "O", 1 / d),
        ("2·W11^2 − W_{1,2}^2", "O", 1 / d),
        ("\\mathrm{tr}(W)^2", "O", 1),
        ("tr[W]^2", "O", 1),
        ("Tr{W}^2", "O", 1),
        ("\\operatorname{Tr}\\left[ W A W^{\\mathsf{T}} \\right]", "O", tr(A)),
        ("W_{1 2}^2", "O", 1 / d),
        ("W(1,2)^2", "O", 1 / d),
    ],
)
def test_entries_and_spellings(text: str, group: str, expected: sp.Expr) -> None:
    assert sp.simplify(value(text, group) - expected) == 0


def test_entries_of_products_and_sums() -> None:
    S = wg.constant("S", d, symmetric=True)
    quadratic = (2 * tr(S**2) + tr(S) ** 2) / (d * (d + 2))
    assert sp.simplify(expectation((W.T * S * W)[1, 1] ** 2) - quadratic) == 0
    assert sp.simplify(expectation((W.T * A * W)[1, 1] ** 2).subs(A, S).doit() - quadratic) == 0
    parser = Parser("(W' A W)[1,1]^2", d, "O", constants={"A": ("symmetric",)})
    result = expectation(parser.parse())
    C = wg.constant("A", d, symmetric=True)
    assert sp.simplify(result - (2 * tr(C**2) + tr(C) ** 2) / (d * (d + 2))) == 0
    assert expectation((W + A)[1, 1]) == A[0, 0]
    assert text_of(expectation((W + A)[1, 2])) == "A[1, 2]"
    assert expectation(W.T[1, 2] ** 2) == expectation(U.H[1, 2] * U[2, 1]) == 1 / d


def test_entries_of_products_equal_their_expansion() -> None:
    for make, size in ((wg.orthogonal, 2), (wg.unitary, 2), (wg.symplectic, 2), (wg.circular_orthogonal, 2)):
        X = make("X", size)
        C = sp.ImmutableMatrix([[1, 2], [-1, 3]])
        explicit = sp.Matrix(X)
        star = explicit.T.applyfunc(sp.conjugate)
        entry = (explicit * C * star)[0, 1]
        assert expectation(abs((X * C * X.H)[1, 2]) ** 2) == expectation(sp.expand(entry * sp.conjugate(entry)))
        assert expectation((X * C * X)[1, 1] * sp.conjugate((X * X)[2, 2])) == expectation(
            sp.expand((explicit * C * explicit)[0, 0] * sp.conjugate((explicit * explicit)[1, 1]))
        )


def test_blocks_arrays_and_explicit_forms() -> None:
    Q = wg.orthogonal("Q", 2)
    assert Q.as_explicit() == sp.Matrix(Q) == sp.Matrix([[Q[1, 1], Q[1, 2]], [Q[2, 1], Q[2, 2]]])
    array = np.array([[1, 2], [3, 4]])
    assert expectation(tr(Q @ array @ Q.T)) == expectation(tr(Q.T @ (array @ Q))) == 5
    assert Q[[1], [1, 2]] == sp.Matrix([[Q[1, 1], Q[1, 2]]])
    assert expectation(Q[[1, 2], [1, 2]].det() ** 2) == 1
    assert sp.Adjoint(A) == wg.constant("A", d).H
    assert expectation(abs(tr(W * A - B * W)) ** 2) == expectation(abs(tr(W * A) - tr(B * W)) ** 2)
    for key in ((0, 1), (1, 3), (1, 2, 3), "x", (1.5, 1)):
        with pytest.raises(WeingartenError):
            Q[key]


# ---- errors ----------------------------------------------------------------------------------------------------------
