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
