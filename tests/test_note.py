"""The note: its tables are what the program gives now, its formulas can be typeset, its theorems are in the registry."""

import functools
import importlib.util
import re
from pathlib import Path

import pytest

from isogap.verification import load
from isogap.verification.report.mathml import mathml

NOTE = Path(__file__).parents[1] / "docs" / "note"


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("note_build", NOTE / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.TABLES = {name: functools.cache(table) for name, table in module.TABLES.items()}
    return module


@pytest.fixture(scope="module")
def text():
    return (NOTE / "note.md").read_text(encoding="utf-8")


def test_every_table_is_the_programs(build, text):
    assert build.filled(text) == text, "run python docs/note/build.py"
    assert set(re.findall(r"<!-- table: (\w+) -->", text)) == set(build.TABLES)


def test_a_table_that_was_edited_by_hand_is_noticed(build, text):
    assert build.filled(text.replace("0.360674", "0.36")) == text


def test_every_formula_can_be_typeset(text):
    formulas = re.findall(r"\$([^$]+)\$", text)
    assert len(formulas) > 100
    for formula in formulas:
        mathml(formula.replace("\n", " "), display=False)


def test_every_theorem_of_the_note_has_a_check(text):
    labels = {label for statement in load().values() if (label := statement.label).startswith("Theorem")}
    named = set(re.findall(r"\*\*(?:Theorem|Conjecture) ([A-F][0-9]?[a-e]?)\.?\b", text))
    assert len(named) > 10
    assert {f"Theorem {name}" for name in named} <= labels
