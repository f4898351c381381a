"""The command as a user runs it, and the notation it reads."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import weingarten as wg
from tests.weingarten.errors import one_error
from weingarten import WeingartenError, expectation, tr
from weingarten.cli import main
from weingarten.notation.parsing import Parser

d = sp.Symbol("d", integer=True, positive=True)
W, V, A, B = wg.orthogonal("W", d), wg.orthogonal("V", d), wg.constant("A", d), wg.constant("B", d)
U = wg.unitary("U", d)


@pytest.mark.parametrize(
    ("text", "group", "expected"),
    [
        ("W11^2 W22^2", "O", W[1, 1] ** 2 * W[2, 2] ** 2),
        ("W[1,12]^2*W_{3,4}**2", "O", W[1, 12] ** 2 * W[3, 4] ** 2),
        ("W_12 W(1,2)", "O", W[1, 2] ** 2),
        ("2/3 a tr(W)^2 - b", "O", sp.Rational(2, 3) * sp.Symbol("a") * tr(W) ** 2 - sp.Symbol("b")),
        ("-d tr(WAW'B)", "O", -d * tr(W * A * W.T * B)),
        ("tr(W A W' B)^2", "O", tr(W * A * W.T * B) ** 2),
        ("tr(W*A*W'*B + 2 A)", "O", tr(W * A * W.T * B + 2 * A)),
        ("tr((W A)^2 W'^2)", "O", tr((W * A) ** 2 * W.T**2)),
        ("(W11 + W12)^2", "O", (W[1, 1] + W[1, 2]) ** 2),
        ("|U11|^4 conj(U12) U12", "U", abs(U[1, 1]) ** 4 * sp.conjugate(U[1, 2]) * U[1, 2]),
        ("tr(U A U† B)", "U", tr(U * A * U.H * B)),
        ("tr(U A U^H B) |tr(U)|^2", "U", tr(U * A * U.H * B) * abs(tr(U)) ** 2),
        ("tr(U~ U')", "U", tr(U.conjugate() * U.T)),
        ("abs(U11)^2", "U", abs(U[1, 1]) ** 2),
    ],
)
def test_notation(text: str, group: str, expected: sp.Expr) -> None:
    parsed = Parser(text, d, group).parse()
    assert expectation(parsed) == expectation(expected)
    assert sp.expand(parsed) == sp.expand(expected) or tr(A) in parsed.atoms(sp.Trace) or parsed.has(sp.Trace)


def test_declared_names() -> None:
    assert Parser("W11 V11", d, "O", ("W", "V")).parse() == W[1, 1] * V[1, 1]
    assert Parser("Rot12^2", d, "O", ("Rot",)).parse() == wg.orthogonal("Rot", d)[1, 2] ** 2


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="W12A'()^|*+-/tr d[],†~_{}0 ", max_size=16))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        Parser(text, d, "O").parse()
    except WeingartenError:
        return


COMMANDS = [
    (["wg", "2,1"], "-1/(d*(d - 2)*(d - 1)*(d + 4))\n# valid for d >= 3 (degree 3)\n"),
    (
        ["wg", "2,1", "--d", "2"],
        "1/72\n# d = 2 < 3: the Gram matrix is singular; its Moore-Penrose inverse, one of several generalised ones\n",
    ),
    (["wg", "2,1", "--d", "7", "--group", "U"], "-1/2160\n"),
    (["wg", "1", "--format", "latex"], "\\frac{1}{d}\n% valid for d >= 1 (degree 1)\n"),
    (["moment", "W11^2 W22^2"], "(d + 1)/(d*(d - 1)*(d + 2))\n# valid for d >= 2 (highest index 2)\n"),
    (["moment", "W11", "--d", "4"], "0\n"),
    (["expect", "tr(W A W' B)", "--d", "3"], "Trace(A)*Trace(B)/3\n"),
    (["expect", "tr(W)^6", "--d", "2"], "10\n"),
    (["expect", "tr(W)^6"], "15\n# valid for d >= 3 (power traces of total degree 6)\n"),
    (["table", "2", "--d", "5"], "[2]          -1/140\n[1,1]        3/70\n"),
    (["table", "0"], "[]           1\n# valid for d >= 1 (degree 0)\n"),
]


@pytest.mark.parametrize(("arguments", "output"), COMMANDS)
def test_commands(arguments: list[str], output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out == output


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "2", "--format", "json", "--group", "U"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["valid_from"] == 2
    assert {tuple(row["partition"]): sp.sympify(row["value"], {"d": d}) for row in document["table"]} == (
        wg.weingarten_table(2, d, "U")
    )
    assert main(["expect", "tr(W)^4", "--d", "1", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["value"], document["d"]) == ("1", 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["wg", "2,x"],
        ["wg", "2,0"],
        ["wg", "2", "--d", "0"],
        ["wg", "2", "--d", "2.5"],
        ["wg", "2", "--group", "Spin"],
        ["wg", "2", "--group", "Sp", "--d", "3"],
        ["wg", "2", "--group", "SO"],
        ["table", "-1"],
        ["table", "x"],
        ["table", "99"],
        ["moment", "W33^2", "--d", "2"],
        ["moment", "tr(W)^2"],
        ["moment", "W1^2"],
        ["moment", "X11^2"],
        ["expect", "tr(W A"],
        ["expect", ""],
        ["expect", "W11^a"],
        ["expect", "1/tr(W)"],
        ["expect", "tr(W A W' B)^7"],
        ["expect", "W11 $ W22"],
        ["expect", "1/0"],
    ],
)
def test_bad_input_is_one_error_and_status_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("weingarten: error: ")
    assert one_error(captured.err)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, weingarten, weingarten.cli\n"
        "try:\n    weingarten.cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "assert not {'sympy', 'flint', 'numpy', 'isogap'} & set(sys.modules), sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "moment" in done.stdout


def test_package_is_float_free_and_alone() -> None:
    """No float literal and no import of isogap anywhere in the exact part; a user's floats enter in two modules only."""
    import ast
    from pathlib import Path

    for path in Path(wg.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            numbers = path.name in ("evaluation.py", "designs.py")  # arrays of a user
            assert numbers or not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                assert not any(name.split(".")[0] == "isogap" for name in names), path


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["wg", "2,1", "--grup", "U"], "did you mean --group?"),
        (["expect", "tr(W)^2", "--symetric", "A"], "did you mean --symmetric?"),
        (["momnet", "W11^2"], "did you mean moment?"),
        (["table", "3", "--format", "latx"], "did you mean latex?"),
        (["wg", "2", "--group", "unitry"], "did you mean unitary?"),
        (["moment", "W11^2", "--group", "wishert"], "did you mean 'wishart'?"),
    ],
)
def test_a_mistyped_word_is_answered_with_the_nearest_known_one(
    arguments: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(arguments)
    except SystemExit as stopped:
        status = stopped.code  # type: ignore[assignment]
    assert status == 2
    said = capsys.readouterr().err
    assert meant in said
    assert said.count("\n") == 1


def test_a_word_far_from_all_known_ones_is_answered_without_a_guess(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["wg", "2", "--xyzzy"])
    assert main(["wg", "2", "--group", "zzz"]) == 2
    assert "did you mean" not in capsys.readouterr().err
