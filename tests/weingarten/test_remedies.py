"""A refusal for a matrix under another name ends with what to write: whoever does so gets the answer."""

from __future__ import annotations

import re

import pytest

from weingarten.algebra.groups import GROUPS
from weingarten.cli import main
from weingarten.ensembles.command import default_letter
from weingarten.ensembles.named import NAMED
from weingarten.spaces import space_of

GIVEN = [*GROUPS, *NAMED]
QUESTIONS = (("moment", "{}11^2"), ("expect", "|{}11|^2"), ("expect", "tr({})^2"))


def letter_of(group: str) -> str:
    """Return what the command line calls the random matrix of a group or an ensemble."""
    return space_of(group).default_name if group in GROUPS else default_letter(group)


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return status, output and message of `weingarten`."""
    status = main(list(arguments))
    found = capsys.readouterr()
    return status, found.out, found.err


@pytest.mark.parametrize("group", GIVEN)
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda pair: pair[1])
def test_both_ways_out_of_a_wrong_letter_give_the_answer(
    group: str, question: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    command, form = question
    own = letter_of(group)
    other = "W" if own != "W" else "Q"
    status, known, _ = asked(capsys, command, form.format(own), "--group", group)
    if status:
        return  # what this ensemble has no answer for, in any letter
    status, out, said = asked(capsys, command, form.format(other), "--group", group)
    assert (status, out) == (2, "")
    write, name = re.search(r"write (\S+), or name the matrix by --haar ([\w,]+)", said).groups()  # type: ignore[union-attr]
    renamed = form.format(other).replace(other + "11" * ("11" in form), write)
    assert asked(capsys, command, renamed, "--group", group)[:2] == (0, known)
    status, found, _ = asked(capsys, command, form.format(other), "--group", group, "--haar", name)
    assert status == 0
    assert found.replace(other, own) == known


@pytest.mark.parametrize(("letter", "group"), [("U", "U"), ("S", "Sp")])
def test_the_letter_of_another_group_points_to_it_where_none_was_given(
    letter: str, group: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in (f"|{letter}11|^4", f"tr({letter} A {letter}^H B)"):
        status, _, said = asked(capsys, "expect", text)
        assert status == 2
        assert f"--group {group}" in said
        assert asked(capsys, "expect", text, "--group", group)[0] == 0


def test_a_matrix_beside_a_random_one_is_named_together_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, said = asked(capsys, "expect", "|U11|^2 |W12|^2", "--group", "U")
    assert status == 2
    assert "--haar U,W;" in said
    status, found, _ = asked(capsys, "expect", "|U11|^2 |W12|^2", "--group", "U", "--haar", "U,W")
    assert status == 0
    assert found.startswith("d**(-2)\n")


def test_a_text_without_any_matrix_is_told_of_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, said = asked(capsys, "expect", "a^2")
    assert status == 2
    assert "--group" in said
    assert "--haar" in said
