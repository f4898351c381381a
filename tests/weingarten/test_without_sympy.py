"""Functions and moments written without sympy: the same letters as sympy prints, and the same readings and refusals."""

from __future__ import annotations

import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import sympy as sp
from flint import fmpz_poly
from sympy.printing.str import StrPrinter

import weingarten as wg
from weingarten import questions
from weingarten.algebra.rational import Ratio, as_roots
from weingarten.algebra.texts import power_text, ratio_expansion, ratio_text
from weingarten.cli import main
from weingarten.expansions import expansion
from weingarten.notation import monomials
from weingarten.notation.printing import text_of

d = sp.Symbol("d", integer=True, positive=True)
GROUPS = {"O": "W", "U": "U", "Sp": "S", "SO": "W", "SU": "U", "COE": "V", "CSE": "V"}


def random_ratio(rng: random.Random) -> Ratio:
    top = fmpz_poly([rng.choice([1, 1, 1, -1, 2, -3, 6, 10])])
    for _ in range(rng.randrange(4)):
        low = [rng.choice([0, 0, 1, -1, 2, 3, -5, 7]) for _ in range(rng.choice([1, 1, 2, 3, 4]))]
        top *= fmpz_poly([*low, rng.choice([1, 1, 1, 2, 3, -1])]) ** rng.choice([1, 1, 2, 3])
    roots = {rng.randrange(-6, 7): rng.choice([1, 1, 2, 3]) for _ in range(rng.randrange(5))}
    return Ratio(top, rng.choice([1, 1, 1, 2, 3, 12]), as_roots(roots))


@pytest.mark.parametrize("seed", range(10))
def test_a_rational_function_is_written_as_sympy_prints_it(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        ratio = random_ratio(rng)
        assert ratio_text(ratio) == str(ratio.to_sympy(d)) == StrPrinter().doprint(ratio.to_sympy(d))


@pytest.mark.parametrize("group", ["O", "U", "Sp", "COE", "CSE"])
def test_every_function_up_to_degree_six_is_written_as_sympy_prints_it(
    group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(7):
        assert main(["table", str(n), "--group", group]) == 0
        lines = capsys.readouterr().out.splitlines()
        for (mu, value), line in zip(wg.weingarten_table(n, d, group).items(), lines, strict=False):
            assert line == f"{'[' + ','.join(map(str, mu)) + ']':<12} {value}"


def test_a_constant_and_the_powers_of_the_symbol_are_written_as_sympy_prints_them() -> None:
    for c in (Fraction(1), Fraction(-1), Fraction(3, 4), Fraction(-5), Fraction(-2, 7)):
        for n in range(-4, 5):
            assert power_text(c, n) == str(sp.Rational(c.numerator, c.denominator) * d**n)


def test_an_expansion_of_a_rational_function_is_the_general_one() -> None:
    rng = random.Random(1)
    for _ in range(60):
        ratio = random_ratio(rng)
        power, coefficients, _ = expansion(ratio.to_sympy(d), 5, d)
        own_power, own = ratio_expansion(ratio, 5)
        assert own_power == power
        assert list(map(str, own)) == list(map(str, coefficients))
    assert ratio_expansion(Ratio(fmpz_poly([])), 4) == (0, [])


def random_text(rng: random.Random, letter: str) -> str:
    def factor() -> str:
        i, j, power = rng.randint(1, 3), rng.randint(1, 3), rng.choice(["", "", "^2", "²", "**3", "^{4}", "^(2)"])
        entry = rng.choice(["{0}{1}{2}", "{0}[{1},{2}]", "{0}_{1}{2}", "{0}_{{{1},{2}}}", "{0}_{{{1}{2}}}"])
        entry = entry.format(letter, i, j)
        return rng.choice([f"{entry}{power}"] * 3 + [f"|{entry}|^2", f"conj({entry}){power}", f"|{entry}|⁴"])

    def product() -> str:
        front = rng.choice(["", "", "", "2 ", "3*", "12 * "])
        return front + rng.choice([" ", "*", " * "]).join(factor() for _ in range(rng.randint(1, 3)))

    text = rng.choice(["", "", "-", "+"]) + product()
    for _ in range(rng.choice([0, 0, 1, 2])):
        text += rng.choice([" + ", " - ", "+", "-"]) + product()
    return text


@pytest.mark.parametrize("group", GROUPS)
def test_the_plain_reader_reads_what_the_full_reader_reads(
    group: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(group)
    texts = [random_text(rng, GROUPS[group]) for _ in range(25)]
    options = [[], ["--d", "4"], ["--series", "3"], ["--format", "json"], ["--format", "latex"], ["--d", "2"]]
    chosen = [(text, rng.choice(options)) for text in texts]

    def answers() -> list[tuple[int, str, str]]:
        found = []
        for text, more in chosen:
            status = main(["moment", text, "--group", group, *more])
            said = capsys.readouterr()
            found.append((status, said.out, said.err))
        return found

    plain = sum(monomials.plain_products(t, GROUPS[group], is_complex=True) is not None for t in texts)
    assert plain > 15
    own = answers()
    monkeypatch.setattr(questions, "_plain_moment", lambda *_: None)
    assert own == answers()


@pytest.mark.parametrize(
    "text",
    [
        *("W11* W22", "W11^2^2", "W11^0", "W11^-1", "W11^2/3", "1/2 W11^2", "W00", "W11 + 1", "a W11^2", "W 11", "W1"),
        *("W123", "W11 2", "2 2 W11", "0 W11", "tr(W)^2", "W11'", "W11^*", "--W11", "W11 - -W11", "W[1][1]", "W[12]"),
        *("", "(", "det(W)", "|W11|^3", "|W11|", "conj(W11", "W11 - W11", "X11^2", "WW11", "W_ 11", "W(1,1)", "W11 e"),
    ],
)
def test_what_has_more_than_the_plain_spelling_is_left_to_the_full_reader(text: str) -> None:
    assert monomials.plain_products(text, ("W",), is_complex=False) is None


@pytest.mark.parametrize("names", [("E",), ("I",), ("W1",), ("x",), ("d",), ("VW",)])
def test_names_with_a_meaning_of_their_own_are_left_to_the_full_reader(names: tuple[str, ...]) -> None:
    assert monomials.plain_products(f"{names[0]}11^2", names, is_complex=False) is None


def test_a_refusal_for_cost_is_the_same_with_both_readers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "W11^100000 W12^2"
    for more in ("", " + W12^2"):
        wg.clear_caches()
        assert main(["moment", text + more]) == 2
        own = capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr(questions, "_plain_moment", lambda *_: None)
            assert main(["moment", text + more]) == 2
        assert capsys.readouterr() == own


@pytest.mark.parametrize(
    "arguments",
    [
        *(["wg", "2,1"], ["wg", "2,1", "--d", "2"], ["wg", "3,1", "--group", "CSE", "--series", "3"], ["table", "4"]),
        *(["table", "3", "--format", "csv"], ["table", "3", "--format", "json"], ["moment", "W11^2 W22^2"]),
        *(["moment", "|U11|^4", "--group", "U", "--json", "-"], ["moment", "S11 S22", "--group", "Sp", "--d", "4"]),
        ["moment", "2 W11^4 W22^2 - W12^2", "--series", "4"],
    ],
)
def test_functions_and_moments_are_written_without_sympy_and_numpy(arguments: list[str]) -> None:
    code = (
        f"import sys\nfrom weingarten.cli import main\nassert main({arguments!r}) == 0\n"
        "assert not {'numpy', 'sympy', 'mpmath', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def random_expression(rng: random.Random) -> sp.Expr:
    A, B, x, M = wg.constant("A", d), wg.constant("B", d), sp.Symbol("x"), sp.Symbol("M", positive=True)
    atoms = [d, M, x, wg.tr(A), wg.tr(A * B.T), wg.tr((A + B) * A), d - 1, d + 2, d**2 - 3, x - d, A[0, 1], sp.I]
    atoms += [
        wg.orthogonal("W", d)[1, 2],
        sp.sqrt(2),
        sp.sqrt(d + 1),
        sp.Abs(x),
        sp.conjugate(x),
        x + sp.Rational(1, 2),
    ]
    atoms += [2 * d + 1, 3 - d, wg.tr(A) + 1, sp.Symbol("n", commutative=False)]
    numbers = [1, -1, 2, sp.Rational(-3, 4), sp.Rational(1, 2), sp.Rational(5, 3)]
    return sp.Add(
        *[
            sp.Mul(
                rng.choice(numbers),
                *[rng.choice(atoms) ** rng.choice([1, 1, 2, -1, -2, 3]) for _ in range(rng.randint(1, 4))],
            )
            for _ in range(rng.randint(1, 3))
        ]
    )


def test_long_sums_are_written_as_sympy_prints_them() -> None:
    class Plain(StrPrinter):  # type: ignore[misc]
        def _print_MatrixElement(self, expr: sp.Basic) -> str:
            return f"{self.parenthesize(expr.parent, 1000, strict=True)}[{expr.i + 1}, {expr.j + 1}]"

    rng = random.Random(7)
    for _ in range(400):
        expression = random_expression(rng)
        assert text_of(expression) == Plain().doprint(expression)
    for _ in range(50):
        expression = sp.Mul(*[random_expression(rng) for _ in range(2)], evaluate=False)
        assert text_of(expression) == Plain().doprint(expression)
