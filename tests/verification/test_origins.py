"""Whose a statement is, and whether it is a conjecture, is said wherever its verdict is."""

import json

import pytest

from isogap.cli import verify as cli
from isogap.verification import RegistryError, load
from isogap.verification.statement import ORIGINS

CONJECTURES = ("chain/C1", "chain/Theorem D2", "chain/Theorem D3", "chain/Theorem D4", "chain/Theorem D5")


def test_every_statement_of_the_package_has_an_origin():
    statements = load()
    assert {s.origin for s in statements.values()} == set(ORIGINS)
    assert all(statements[key].origin == "conjecture" for key in CONJECTURES)


def test_what_calls_itself_a_conjecture_is_one_and_no_conjecture_is_more_than_consistent():
    for s in load().values():
        said = "conjecture" in f"{s.name} {s.hypotheses.partition(':')[0]}".lower()
        assert s.origin == "conjecture" if said else True, s.key
        assert s.kind == "consistent" if s.origin == "conjecture" else True, s.key


def test_constants_of_this_project_are_those_of_printed_statements():
    for s in load().values():
        if s.ours and s.origin != "printed":
            assert (
                s.key == "chain/Theorem 5, readout"
            )  # our extension of a printed one, its constant among the paper's O(1)


def test_table_json_and_report_name_a_conjecture(tmp_path, capsys):
    files = tmp_path / "v.json", tmp_path / "v.html"
    arguments = ["--only", "Theorem D5", "--only", "Lemma B.2", "--threads", "1"]
    assert cli.main([*arguments, "--json", str(files[0]), "--html", str(files[1])]) == 0
    table = capsys.readouterr().out
    rows = {line[:10].strip(): line for line in table.splitlines()}
    assert " conjecture " in rows["Theorem D5"]
    assert " printed* " in rows["Lemma B.2"]
    assert "\nconjecture: of this project, without a proof" in table
    assert "\n*: with constants of this project" in table
    found = {s["label"]: s for s in json.loads(files[0].read_text())["statements"]}
    assert found["Theorem D5"]["origin"] == "conjecture"
    assert found["Theorem D5"]["name"].startswith("Gaussian weights below the transition")
    assert found["Lemma B.2"]["constants_of_this_project"].startswith("1/(2d(d+2)) is the paper's")
    page = files[1].read_text(encoding="utf-8")
    assert "<td>conjecture</td>" in page
    assert "printed*</span>" in page
    assert "<dt>origin</dt><dd>conjecture: of this project, without a proof" in page


def test_another_origin_is_refused_with_its_place(tmp_path):
    entry = {
        "label": "X",
        "name": "n",
        "hypotheses": "h",
        "kind": "consistent",
        "range": "r",
        "group": "g",
        "formula": "x",
    }
    text = "".join(f'{field} = "{value}"\n' for field, value in (entry | {"origin": "folklore"}).items())
    (tmp_path / "statements.toml").write_text(f"[[statement]]\n{text}")
    with pytest.raises(RegistryError, match="line 9: field origin: 'folklore' is none of printed, ours, conjecture"):
        load(tmp_path)
