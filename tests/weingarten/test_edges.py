"""Questions at the edge: notation that could be misread, sizes below a range, arguments that do not fit, costs."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import sympy as sp

import weingarten as wg
from weingarten import CostError, WeingartenError, expectation, tr
from weingarten.cli import main
from weingarten.parsing import Parser

d = sp.Symbol("d", integer=True, positive=True)
W, A, B = wg.orthogonal("W", d), wg.constant("A", d), wg.constant("B", d)
U = wg.unitary("U", d)


@pytest.mark.parametrize(
    ("text", "group", "size", "expected"),
    [
        ("tr(W A1 W' A2)", "O", d, tr(W * wg.constant("A1", d) * W.T * wg.constant("A2", d))),
        ("tr(WA1W'A2)", "O", d, tr(W * wg.constant("A1", d) * W.T * wg.constant("A2", d))),
        ("W11^2 a2", "O", d, W[1, 1] ** 2 * sp.Symbol("a2")),
        ("d W11^2", "O", 5, 5 * wg.orthogonal("W", 5)[1, 1] ** 2),
        ("tr(d W A W' B)", "O", d, tr(d * W * A * W.T * B)),
        ("tr(d^2 W A W' B)", "O", d, tr(d**2 * W * A * W.T * B)),
        ("tr(W A W^T B)", "O", d, tr(W * A * W.T * B)),
        ("tr(U A U^† B)", "U", d, tr(U * A * U.H * B)),
        ("tr(U A U^* B)", "U", d, tr(U * A * U.H * B)),
        ("tr(U*A*U^{\\dagger}*B)", "U", d, tr(U * A * U.H * B)),
    ],
)
def test_notation_means_what_it_says(text: str, group: str, size: object, expected: sp.Expr) -> None:
    assert sp.simplify(expectation(Parser(text, size, group).parse()) - expectation(expected)) == 0


def test_declared_names_with_digits() -> None:
    assert Parser("W112^2 W2[1,2]", d, "O", ("W1", "W2")).parse() == (
        wg.orthogonal("W1", d)[1, 2] ** 2 * wg.orthogonal("W2", d)[1, 2]
    )
    assert Parser("tr(W1 A W2')", d, "O", ("W1", "W2")).parse() == (
        tr(wg.orthogonal("W1", d) * A * wg.orthogonal("W2", d).T)
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["moment", "w11^2"],
        ["expect", "tr(W2 A)"],
        ["expect", "tr(U A U* B)", "--group", "U"],
        ["expect", "U11* U11", "--group", "U"],
        ["expect", "tr((W A*))"],
        ["expect", "tr(W A W' B)", "--group", "U"],
        ["expect", "2"],
        ["moment", "0^-1 W11^2"],
        ["expect", "(d-3)^-1 W11^2", "--d", "3"],
        ["expect", "tr((d-3)^-1 W A)", "--d", "3"],
        ["expect", "2^10000000 W11^2"],
        ["expect", "9" * 5000 + " W11^2"],
        ["wg", "[2,1)"],
        ["wg", "2,,1"],
    ],
)
def test_notation_that_could_be_misread_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (["expect", "d*W11^2", "--d", "5"], "1\n"),
        (["expect", "tr(d W A W')", "--d", "3"], "3*Trace(A)\n"),
        (["expect", "-W11^2", "--d", "5"], "-1/5\n"),
        (["wg", "(2, 1)", "--d", "7"], "-1/2310\n"),
    ],
)
def test_command_edges(arguments: list[str], output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert capsys.readouterr().out == output


def test_answers_longer_than_the_digit_limit_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    limit = sys.get_int_max_str_digits()
    assert main(["expect", "2^20000 W11^2", "--d", "1"]) == 0
    assert len(capsys.readouterr().out) == 6022
    assert sys.get_int_max_str_digits() == limit


def test_output_that_cannot_be_written() -> None:
    command = [sys.executable, "-m", "weingarten", "wg", "2,1"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()
