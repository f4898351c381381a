"""The command line finds the shapes of constants beside rectangular matrices."""

from __future__ import annotations

import pytest

import weingarten as wg
from weingarten import expectation, tr
from weingarten.cli import main
from weingarten.notation.symbols import MatrixSymbol


@pytest.mark.parametrize(
    ("group", "text", "value"),
    [
        ("complex ginibre", "tr(G A G^H B)", "Trace(A)*Trace(B)"),
        ("ginibre", "tr(G A)^2", "Trace(A*A.T)"),
        ("ginibre", "tr(A G) tr(G' B)", "Trace(A*B)"),
        ("ginibre", "tr((G + A)(G + A)')", "n*p + Trace(A*A.T)"),
        ("real corner", "tr(T' A T B)", "Trace(A)*Trace(B)/d"),
        ("unit vector", "tr(W' A W)", "Trace(A)/d"),
    ],
)
def test_constants_get_the_shapes_that_fit(capsys, group, text, value):
    assert main(["expect", text, "--group", group]) == 0
    lines = [x for x in capsys.readouterr().out.splitlines() if not x.startswith(("#", "read as"))]
    assert lines == [value]


def test_the_reading_says_the_shapes_and_agrees_with_shapes_given_in_python(capsys):
    assert main(["expect", "tr(G A G' B G C)", "--group", "ginibre", "--d", "2,3"]) == 0
    said, value = capsys.readouterr().out.splitlines()[:2]
    assert "A is 3 x 3; B is 2 x 2; C is 3 x 2" in said
    assert main(["expect", "tr(G A G' B) tr(G C)^2", "--group", "ginibre", "--d", "2,3"]) == 0
    value = capsys.readouterr().out.splitlines()[1]
    G, A, B, C = wg.ginibre("G", 2, 3), wg.constant("A", 3), wg.constant("B", 2), MatrixSymbol("C", 3, 2)
    assert value == str(expectation(tr(G * A * G.T * B) * tr(G * C) ** 2))


@pytest.mark.parametrize("text", ["tr(G G)", "tr(A + G)", "tr(G^2)", "tr(G A A G')+tr(A G)"])
def test_what_fits_in_no_shape_is_refused(capsys, text):
    assert main(["expect", text, "--group", "ginibre"]) == 2
    assert "sizes do not fit: G is p x n" in capsys.readouterr().err


def test_square_matrices_keep_square_constants(capsys):
    assert main(["expect", "tr(H A H B)", "--group", "GUE"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "Trace(A)*Trace(B)"
