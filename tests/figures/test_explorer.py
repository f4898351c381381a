"""Tables of the explorer: what they hold, that they are what the commands print, that the page is kept complete."""

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from isogap.cli import figures, mc, mean_field, products, residual, variants
from isogap.figures.explorer import FORMAT, explorer_tables, explorer_text, systems
from isogap.figures.explorer.record import SORTS, TONES, rounded, shown
from isogap.figures.explorer.tour import TOUR
from isogap.figures.product import Settings

DOCS = Path(__file__).parents[2] / "docs"
TABLES = json.loads((DOCS / "explorer" / "explorer.json").read_text(encoding="utf-8"))
SYSTEMS = {system["key"]: system for system in TABLES["systems"]}
MAINS = {
    "isogap-mc": mc,
    "isogap-variants": variants,
    "isogap-mean-field": mean_field,
    "isogap-residual": residual,
    "isogap-products": products,
}
SIZE_LIMIT = 1_000_000


def test_the_kept_tables_are_those_of_the_program():
    """Choices, cases and words of the program; the numbers themselves are compared below."""
    assert (TABLES["format"], TABLES["sorts"], TABLES["tones"]) == (FORMAT, SORTS, TONES)
    assert TABLES["tour"] == list(TOUR)
    assert list(SYSTEMS) == [system.key for system in systems()]
    for system in systems():
        kept = SYSTEMS[system.key]
        assert kept["choices"] == [choice.as_data() for choice in system.choices]
        assert [case["at"] for case in kept["cases"]] == [dict(case) for case in system.cases()]
        assert (kept["title"], kept["text"]) == (system.title, system.text)


def test_every_case_is_complete():
    for system in SYSTEMS.values():
        panels = {panel["key"] for panel in system["panels"]}
        for case in system["cases"]:
            assert set(case["panels"]) == panels
            assert case["command"].split()[0] in MAINS
            for panel in case["panels"].values():
                assert panel["verdict"].endswith(".")
                assert panel["headline"]
                assert panel["tone"] in TONES
                for curve in panel["curves"]:
                    assert curve["kind"] in SORTS
                    assert len(curve["values"]) == len(panel["layers"])
                    assert any(value is not None for value in curve["values"])


def test_what_is_called_proved_shows_the_bound_and_what_is_called_measured_does_not():
    for system in SYSTEMS.values():
        for case in system["cases"]:
            for panel in case["panels"].values():
                sorts = {SORTS[curve["kind"]] for curve in panel["curves"]}
                if panel["tone"] == "proved":
                    assert "proved" in sorts, case["command"]
                elif panel["tone"] == "measured":
                    assert "proved" not in sorts, case["command"]


def test_every_question_has_a_case_that_answers_it():
    for one in TOUR:
        (case,) = [case for case in SYSTEMS[one["system"]]["cases"] if case["at"] == one["at"]]
        assert case["panels"][one["panel"]]["curves"], one["question"]


def test_the_tables_are_no_more_than_a_page_may_weigh():
    assert (DOCS / "explorer" / "explorer.json").stat().st_size < SIZE_LIMIT


def test_there_is_something_to_see_in_most_cases():
    empty = [
        case for s in SYSTEMS.values() for case in s["cases"] if not any(p["curves"] for p in case["panels"].values())
    ]
    assert empty == []


@pytest.mark.parametrize("key", list(SYSTEMS))
def test_one_case_computed_again_gives_the_kept_numbers(key):
    """Rounding differs from machine to machine and grows along a path; four digits are kept, two have to agree."""
    first = next(case for system in systems() if system.key == key for case in system.cases())
    found = explorer_tables(Settings(seed=0, threads=1), keep=lambda case: case is first or dict(case) == dict(first))
    (fresh,) = (system for system in found["systems"] if system["key"] == key)
    again, kept = fresh["cases"][0], SYSTEMS[key]["cases"][0]
    assert (again["at"], again["command"]) == (kept["at"], kept["command"])
    for name, panel in again["panels"].items():
        assert panel["layers"] == kept["panels"][name]["layers"]
        for curve, old in zip(panel["curves"], kept["panels"][name]["curves"], strict=True):
            assert (curve["name"], curve["kind"]) == (old["name"], old["kind"])
            a, b = (np.array(c["values"], dtype=float) for c in (curve, old))
            np.testing.assert_allclose(a, b, rtol=2e-2, atol=2e-2)


def case_of(key, **at):
    return next(case for case in SYSTEMS[key]["cases"] if at.items() <= case["at"].items())


def run_as_printed(case, capsys):
    program, *arguments = shlex.split(case["command"])
    assert MAINS[program].main([*arguments, "--json", "-", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_command_of_the_chain_prints_the_numbers_of_the_table(capsys):
    case = case_of("chain", weights="orthogonal", width=8, share=1, start="gaussian")
    run = run_as_printed(case, capsys)
    panel = case["panels"]["gap"]
    curves = {curve["name"]: np.array(curve["values"], dtype=float) for curve in panel["curves"]}
    for name, column in (("median", run["phi"]["median"]), ("Theorem 1, constant ours", run["bounds"]["theorem_1"])):
        np.testing.assert_allclose(curves[name], np.array(column)[panel["layers"]], rtol=1e-2)
    gradient = {curve["name"]: curve["values"] for curve in case["panels"]["gradient"]["curves"]}
    mean = np.array(run["gradient"]["log_norm_mean"])[case["panels"]["gradient"]["layers"]]
    np.testing.assert_allclose(gradient["mean"], mean, atol=1e-2)


def test_the_command_of_a_variant_prints_the_numbers_of_the_table(capsys):
    case = case_of("variants", activation="tanh", weights="gaussian", norm="torch", exponent=0.5, width=8)
    run = run_as_printed(case, capsys)
    panel = case["panels"]["gradient"]
    (median,) = (curve["values"] for curve in panel["curves"] if curve["kind"] == "middle")
    np.testing.assert_allclose(median, np.median(run["log_norm"], axis=0)[panel["layers"]], atol=1e-2)


def test_the_command_of_a_wide_network_prints_the_numbers_of_the_table(capsys):
    case = case_of("mean-field", activation="relu", batch=8, width=128)
    run = run_as_printed(case, capsys)
    (mean,) = (curve["values"] for curve in case["panels"]["gradient"]["curves"] if curve["kind"] == "mean")
    np.testing.assert_allclose(mean, np.mean(run["log_gradient"], axis=0), atol=1e-2)
    assert run["verdict"][1:] in case["panels"]["gradient"]["verdict"]


def test_the_command_of_a_product_prints_the_numbers_of_the_table(capsys):
    case = case_of("products", width=16)
    run = run_as_printed(case, capsys)
    panel = case["panels"]["condition"]
    curves = {curve["kind"]: curve["values"] for curve in panel["curves"]}
    assert panel["layers"][-1] == run["factors"]
    assert curves["mean"][-1] == pytest.approx(run["log_condition"]["value"] / np.log(10), rel=1e-3)
    assert curves["law"][-1] == pytest.approx(run["log_condition_limit"] / np.log(10), rel=1e-3)


def test_the_measured_mean_keeps_to_what_is_proved():
    for case in SYSTEMS["chain"]["cases"]:
        curves = {curve["name"]: np.array(curve["values"], dtype=float) for curve in case["panels"]["gap"]["curves"]}
        if "Theorem 1, constant ours" in curves:
            assert (curves["median"] <= 1.001 * curves["Theorem 1, constant ours"]).all()
            assert "BREAKS" not in case["panels"]["gap"]["verdict"]


def test_numbers_and_layers():
    assert rounded(np.array([np.nan, -np.inf, 1 / 3])) == [None, None, 0.3333]
    for depth in (0, 5, 29, 100, 500):
        layers = shown(depth)
        assert layers[0] == 0
        assert layers[-1] == depth
        assert layers == sorted(set(layers))


def test_the_command_writes_them(tmp_path, monkeypatch):
    import isogap.figures.explorer as explorer

    monkeypatch.setattr(explorer, "systems", lambda: ())
    assert figures.main(["explorer", "--out", str(tmp_path), "--quiet"]) == 0
    assert json.loads((tmp_path / "explorer.json").read_text()) == json.loads(
        explorer_text(explorer_tables(Settings()))
    )
    assert [path.name for path in tmp_path.iterdir()] == ["explorer.json"]


def test_the_page_needs_no_network_and_no_npm_to_be_read(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    import explorer_page

    source = tmp_path / "source"
    source.mkdir()
    for name in (*explorer_page.PAGE, "explorer.json"):
        shutil.copy(DOCS / "explorer" / name, source)
    monkeypatch.setattr(explorer_page.shutil, "which", lambda name: None)
    assert explorer_page.build(source, tmp_path / "site") == "npm is not installed"
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=\"https?:", page)
    for name in re.findall(r"(?:src|href)=\"([\w.]+)\"", page):
        assert (tmp_path / "site" / name).is_file()
    text = (tmp_path / "site" / "tables.js").read_text(encoding="utf-8")
    assert json.loads(text.removeprefix("window.isogapTables =\n").removesuffix(";\n")) == TABLES
    sys.modules.pop("explorer_page")
