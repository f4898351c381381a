"""Texts that cannot be read, or only just: the place of an error, limits, what is printed reads back, random texts."""

from __future__ import annotations

import random
from itertools import product

import pytest
import sympy as sp

import weingarten as wg
from tests.twins.notation_strings import grammatical, strings
from weingarten import expectation, tr
from weingarten.cli import main
from weingarten.notation.lexing import NotationError
from weingarten.notation.parsing import Parser
from weingarten.notation.printing import text_of

d = sp.Symbol("d", integer=True, positive=True)
W, U, A, B = wg.orthogonal("W", d), wg.unitary("U", d), wg.constant("A", d), wg.constant("B", d)
a = sp.Symbol("a")


def value(text: str, group: str = "O", size: object = d) -> sp.Expr:
    return expectation(Parser(text, size, group).parse())


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        ("tr(W A", 6, r"'\)'"),
        ("W11 $ W22", 4, "no meaning"),
        ("tr(W sin(A))", 5, "sin"),
        ("W11 + foo(W12)", 6, "foo"),
        ("W11^x", 4, "exponent"),
        ("tr(W A Wt B)", 7, "Wt"),
        ("W[1,2,3]", 5, r"'\]'"),
    ],
)
def test_errors_show_the_place(text: str, place: int, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotationError, match=word) as caught:
        Parser(text, d, "O").parse()
    assert caught.value.place == place
    assert main(["expect", text]) == 2
    first, shown, caret = capsys.readouterr().err.splitlines()
    assert first.startswith("weingarten: error: ")
    assert shown == f"  {text}"
    assert caret.index("^") == 2 + place


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000 + "W11" + ")" * 3000,
        "conj(" * 3000 + "W11" + ")" * 3000,
        "|" * 3000 + "W11",
        "tr(" + "(" * 3000 + "W" + ")" * 3000 + ")",
        "\\bar " * 3000 + "W11",
        "\\frac{1}{" * 3000 + "W11" + "}" * 3000,
        "W11" + "^2" * 3000,
        "(2 a)^9999999999 W11^2",
        "(2 a + 3)^9999999 W11^2",
        "(a/3)^-9999999999 W11^2",
        "W11^99999999999",
        "tr(W)^99999999999",
        "tr(W^99999999999)",
        "1e999999999 W11",
        "9" * 5000 + " W11^2",
    ],
)
def test_long_and_deep_texts_are_refused_at_once(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expect", text]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_long_products_and_sums_are_read_in_a_moment() -> None:
    many = [f"a{k}" for k in range(3000)]
    assert len(Parser("W11 " + " ".join(many), d, "O").parse().args) == 3001
    assert len(Parser("W11 + " + " + ".join(many), d, "O").parse().args) == 3001
    with pytest.raises(NotationError, match="matrices"):
        Parser(f"tr({'W A ' * 3000})", d, "O").parse()


def test_chains_of_signs_and_primes_are_no_nesting() -> None:
    assert value("-" * 3000 + "W11^2") == 1 / d
    assert value("tr(W" + "'~" * 300 + " A W' B)") == tr(A) * tr(B) / d


# ---- what is printed reads back --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("letter", "group"), [("W", "O"), ("U", "U"), ("S", "Sp"), ("V", "COE"), ("W", "SO"), ("U", "SU")]
)
def test_what_is_printed_reads_back(letter: str, group: str) -> None:
    rng = random.Random(7)
    for _ in range(60):
        expression = Parser(f"{letter}12 + {grammatical(rng, letter, 2)}", d, group).parse()
        assert Parser(text_of(expression), d, group).parse() == expression, text_of(expression)


def test_what_sympy_prints_reads_back() -> None:
    rng = random.Random(11)
    words = [U, U.H, U.T, U.conjugate(), A, A.T, A.H, B, A**2, (A + B), (A - 2 * B).T, U**2, U**-1]
    for _ in range(100):
        matrix = sp.MatMul(U, *[rng.choice(words) for _ in range(rng.randint(1, 4))]).doit()
        expression = rng.choice([tr(matrix), sp.conjugate(tr(matrix)), abs(tr(matrix)) ** 2, 3 * a * tr(matrix) ** 2])
        expression += rng.choice([U[1, 2], sp.conjugate(U[1, 1]), abs(U[1, 2]) ** 2, (U * A * U.H)[1, 2]])
        assert Parser(str(expression), d, "U").parse() == expression, str(expression)


def test_answers_read_back() -> None:
    """An answer is a polynomial in traces and entries of constants: put behind a random factor it comes back."""
    for text in ("tr(W A W' B)^2", "W12 tr(W A) (W' B W)[1,2] W22", "tr(W A)^2 a/3 - var(tr(W A))"):
        printed = text_of(value(text))
        again = Parser(f"tr(W)^2 * ({printed})", d, "O").parse()
        assert sp.expand(expectation(again) - value(text)) == 0


# ---- neighbours and random texts -------------------------------------------------------------------------------------


def test_random_texts_are_answered_or_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Some hundreds here; 20 000 by `python -m tests.weingarten.long_runs notation 20000`."""
    answered = 0
    for text, group in strings(400, 5):
        status = main(["expect", text, "--group", group, "--limit", "20000"])
        captured = capsys.readouterr()
        assert status in (0, 2)
        assert (captured.out == "") == (status == 2)
        answered += status == 0
    assert answered > 100


def test_products_of_capitals_keep_their_decorations() -> None:
    assert value("tr(WAW'B)") == value("tr(WAWᵀB)") == tr(A) * tr(B) / d
    A1 = wg.constant("A1", d)
    assert value("tr(WA1W'B)") == tr(A1) * tr(B) / d
    for text in ("tr(WAWTB)", "tr(UHAU)", "tr(WAT)"):
        with pytest.raises(NotationError):
            Parser(text, d, "O").parse()


@pytest.mark.parametrize(
    ("name", "bracket"), list(product(["x", "k", "alpha", "mu", "a2", "b_1"], ["({})", "*({})", " * ({})"]))
)
def test_scalars_before_brackets(name: str, bracket: str) -> None:
    assert value(name + bracket.format("W11^2 + W12^2")) == 2 * sp.Symbol(name) / d
