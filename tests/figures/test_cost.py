"""The seconds of figures: every figure has its own, and what the command says of them adds up."""

import re
from pathlib import Path

import pytest

from isogap.cli.figures import _tell_time_left, parser
from isogap.figures import FIGURES
from isogap.figures.cost import PAPER_SECONDS, paper_seconds


def test_every_figure_has_seconds_or_says_that_it_was_not_timed() -> None:
    assert set(PAPER_SECONDS) == set(FIGURES)


def test_the_total_in_the_help_is_that_of_the_figures() -> None:
    said = int(parser().format_help().split("was timed takes ")[1].split()[0])
    assert abs(said - paper_seconds(FIGURES)[0]) <= 50


def test_the_gallery_and_the_list_say_the_same_seconds() -> None:
    """One number a figure: a new time of the gallery goes into the list with it."""
    page = (Path(__file__).parents[2] / "gallery" / "README.md").read_text(encoding="utf-8")
    said = {}
    for section in page.split("\n## ")[1:]:
        name, made = section.split("\n")[0], re.search(r"^\*Scale (\w+), seed 0, (\d+) s\.\*", section, re.M)
        assert made is not None, name
        said[name] = int(made[2]) if made[1] == "paper" else None
    assert said == PAPER_SECONDS


def test_figures_of_one_training_are_counted_once() -> None:
    assert paper_seconds(["fig4", "g1", "f1"]) == (PAPER_SECONDS["fig4"], [])


def test_what_is_left_is_told_after_each(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["fig1", "fig4", "explorer", "g1", "fig2", "mf-depth"]
    _tell_time_left(names, 1)
    assert capsys.readouterr().err == "fig4 done; 3 to go, some 89 s and mf-depth, not timed\n"
    _tell_time_left(names, 5)
    assert capsys.readouterr().err == ""
