"""Questions of the command line that were once answered as other ones: each with its neighbours."""

from __future__ import annotations

import pytest

from weingarten.cli import main


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what `weingarten expect` prints."""
    assert main(["expect", *arguments]) == 0
    return capsys.readouterr().out.strip()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the message with which `weingarten expect` refuses."""
    assert main(["expect", *arguments]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.startswith("weingarten: error: ")
    assert "Traceback" not in found.err
    return found.err


@pytest.mark.parametrize(
    "text",
    [
        "np.conj(U11) U11",
        "np.conjugate(U11) U11",
        "tr(U A np.conj(U) B)",
        "tr(U A np.transpose(U) B)",
        "tr(U A np.transpose (U) B)",
        "tr(U A U.conj(B))",
        "tr(U A U.H(B))",
        "tr(U A np.inv(U) B)",
        "tr(U A U.dag(B))",
    ],
)
def test_a_method_with_an_argument_is_no_product(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "takes no argument" in refused(capsys, text, "--group", "U")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("conj(U11) U11", "1/d"),
        ("tr(U A U.conj().T B)", "Trace(A)*Trace(B)/d"),
        ("tr(U A U.H B)", "Trace(A)*Trace(B)/d"),
        ("tr(U A U.H (B + 0))", "Trace(A)*Trace(B)/d"),
        ("tr(U A U.inv() B)", "Trace(A)*Trace(B)/d"),
    ],
)
def test_methods_without_arguments_are_decorations(text: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert value in printed(capsys, text, "--group", "U")


@pytest.mark.parametrize(
    ("text", "group", "sizes", "value"),
    [
        ("det(G G')", "ginibre", "2,3", "6"),
        ("det(G' G)", "ginibre", "2,3", "0"),
        ("det(2 G G')", "ginibre", "2,3", "24"),
        ("det(G G^H)", "complex ginibre", "2,4", "12"),
        ("det(T T')", "real corner", "2,3,5", "3/10"),
        ("det(G)^2", "ginibre", "2,2", "2"),
        ("det(G G')", "ginibre", "2,2", "2"),
    ],
)
def test_determinants_of_products_of_rectangles_are_those_of_the_product(
    text: str, group: str, sizes: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert value in printed(capsys, text, "--group", group, "--d", sizes).splitlines()


@pytest.mark.parametrize("sizes", ["2,3", "3,2"])
def test_a_rectangle_has_no_determinant(sizes: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "does not exist" in refused(capsys, "det(G)^2", "--group", "ginibre", "--d", sizes)


@pytest.mark.parametrize(
    ("text", "group", "sizes", "value"),
    [
        ("tr(W)^3", "real jacobi", "2,1,1", "1"),  # a projector on a line
        ("tr(W^3)", "real jacobi", "2,1,1", "1"),
        ("tr(W)^3", "complex jacobi", "2,1,1", "1"),
        ("tr(W A)", "real jacobi", "2,1,1", "Trace(A)/2"),
        ("tr(W)^3", "real jacobi", "2,2,1", "96/35"),  # eigenvalues 1 and b, b of law Beta(1/2, 1): E b^k = 1/(2k+1)
    ],
)
def test_jacobi_matrices_of_few_degrees_of_freedom_have_moments(
    text: str, group: str, sizes: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys, text, "--group", group, "--d", sizes) == value
