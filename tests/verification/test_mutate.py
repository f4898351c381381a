"""The mutation drill tells what was noticed from what was not, and from what it could not try."""

from pathlib import Path

import pytest

from isogap.verification import mutate
from isogap.verification.mutate import Mutation, apply, code_mutations, drill, formula_mutations

ROOT = Path(__file__).parents[2]


def test_every_mutation_still_applies():
    """Its text occurs once, and what has to notice it is there."""
    for m in code_mutations():
        hits = [p for p in (ROOT / m.where).rglob("*.py") if m.old in p.read_text(encoding="utf-8")]
        assert [p.read_text(encoding="utf-8").count(m.old) for p in hits] == [1], m.name
        assert m.old != m.new
        assert m.noticed_by
        for noticer in m.noticed_by:
            assert noticer.startswith("verify:") or (ROOT / noticer).is_file(), noticer
    assert len({m.name for m in code_mutations()}) == len(code_mutations()) >= 60


def test_every_number_of_every_claim_is_changed():
    found = formula_mutations()
    assert len(found) > 140
    assert len({m.name for m in found}) == len(found)


def small(where):
    """A checkout of two lines, and a test that looks at one of them."""
    for name in ("isogap", "weingarten", "verify", "tests"):
        (where / name).mkdir(parents=True)
    (where / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (where / "isogap/__init__.py").write_text("")
    (where / "isogap/values.py").write_text("ONE = 1\nTWO = 2\n")
    (where / "tests/test_one.py").write_text(
        "from isogap.values import ONE\n\n\ndef test_one():\n    assert ONE == 1\n"
    )
    (where / "tests/test_bad.py").write_text("def test_bad():\n    assert False\n")
    return where


def test_noticed_survived_and_not_applicable(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(mutate, "_UNCHANGED", {})
    by = ("tests/test_one.py",)
    mutations = [
        Mutation("noticed", "isogap", "ONE = 1", "ONE = 3", by),
        Mutation("survives", "isogap", "TWO = 2", "TWO = 3", by),
        Mutation("nowhere", "isogap", "THREE = 3", "THREE = 4", by),
        Mutation("by a test that fails anyway", "isogap", "TWO = 2", "TWO = 3", ("tests/test_bad.py",)),
    ]
    results = drill(mutations, small(tmp_path / "checkout"))
    assert [r.noticed_by for r in results] == ["tests/test_one.py", "", "", ""]
    assert results[1].fault == ""
    assert "in 0 files" in results[2].fault
    assert "fails without any change" in results[3].fault
    assert capsys.readouterr().out.count("SURVIVED") == 3


def test_a_formula_is_changed_in_the_statement_that_is_named(tmp_path):
    folder = tmp_path / "verify" / "chain"
    folder.mkdir(parents=True)
    text = 'label = "A"\nclaim = ["x <= 2*d"]\n\nlabel = "B"\nclaim = ["x <= 2*d"]\n'
    (folder / "statements.toml").write_text(text)
    m = Mutation("chain/B: 3 in place of 2", "verify/chain", '"x <= 2*d"', '"x <= 3*d"', ("verify:chain/B",))
    path, before = apply(m, tmp_path)
    assert before == text
    assert path.read_text() == text[: text.index('label = "B"')] + 'label = "B"\nclaim = ["x <= 3*d"]\n'
    with pytest.raises(ValueError, match="in 0 files"):
        apply(Mutation("C", "verify/chain", '"y"', '"z"', ("verify:chain/C",)), tmp_path)
