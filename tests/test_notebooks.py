"""Every notebook runs, with its own assertions, and the kept ``.ipynb`` is the notebook of its script."""

import importlib.util
import json
import re
import runpy
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "notebooks"
SCRIPTS = sorted(FOLDER.glob("[0-9]_*.py"))
SIZE_LIMIT = 800_000


@pytest.fixture
def stage(monkeypatch, tmp_path):
    """An empty folder to run in, pictures that are closed afterwards, the notebooks' helper importable."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setenv("ISOGAP_STATIC", "1")
    # Agg has nothing to show; the figures are drawn all the same, so that an error in drawing is seen.
    monkeypatch.setattr(
        plt, "show", lambda: [plt.figure(n).canvas.draw() for n in plt.get_fignums()] and plt.close("all")
    )
    with plt.rc_context():
        yield
    plt.close("all")
    sys.modules.pop("sliders", None)


def test_there_are_six():
    assert [script.stem[0] for script in SCRIPTS] == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_assertions_stand_in_one_folded_cell_at_the_end_and_the_first_code_installs(script):
    *text, checks = script.read_text(encoding="utf-8").split("\n# %%")
    assert checks.startswith(' tags=["checks", "hide-input"] ')
    assert not re.search(r"^\s*assert ", "\n".join(text), re.M)
    code = [cell for cell in text if not cell.startswith(" [markdown]")][1:]
    assert "pip" in code[0]
    assert code[0].startswith(' tags=["hide-input"] ')
    notebook = json.loads(script.with_suffix(".ipynb").read_text(encoding="utf-8"))
    folded = [cell for cell in notebook["cells"] if "jupyter" in cell["metadata"]]
    assert [cell["metadata"]["tags"] for cell in folded] == [["hide-input"], ["checks", "hide-input"]]
    assert all(cell["metadata"]["jupyter"] == {"source_hidden": True} for cell in folded)
    assert folded[-1] is notebook["cells"][-1]


def test_formulas_are_kept_as_formulas():
    notebook = json.loads((FOLDER / "1_haar_moments.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    assert sum("text/latex" in output.get("data", {}) for output in outputs) >= 6


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_runs_with_its_own_assertions(script, stage):
    assert sum(line.lstrip().startswith("assert ") for line in script.read_text(encoding="utf-8").splitlines()) >= 5
    runpy.run_path(str(script))


def cells_of_script(text):
    """The percent format, read plainly: (kind, source) of each cell."""
    body = text.split("# ---\n", 2)[2]
    cells = []
    for part in body.split("\n# %%")[1:] if body.startswith("\n") else body.split("# %%")[1:]:
        head, _, source = part.partition("\n")
        lines = source.strip("\n").split("\n")
        if "[markdown]" in head:
            cells.append(("markdown", "\n".join(line.removeprefix("# ") if line != "#" else "" for line in lines)))
        else:
            cells.append(("code", "\n".join(lines)))
    return cells


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_notebook_is_that_of_its_script(script):
    path = script.with_suffix(".ipynb")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    kept = [(cell["cell_type"], "".join(cell["source"]).strip("\n")) for cell in notebook["cells"]]
    assert kept == cells_of_script(script.read_text(encoding="utf-8")), f"run: python notebooks/build.py {script.stem}"
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in code)
    assert not any(output["output_type"] == "error" for cell in code for output in cell["outputs"])
    assert any(output for cell in code for output in cell["outputs"])
    assert path.stat().st_size < SIZE_LIMIT


@pytest.fixture
def sliders(stage):
    spec = importlib.util.spec_from_file_location("sliders", FOLDER / "sliders.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_grid_takes_ends_and_middle_of_the_first_two(sliders):
    seen = []
    shown = sliders.explore(lambda ax, a, b, c: seen.append((a, b, c)), a=[1, 2, 3, 4, 5], b=["x", "y"], c=[7, 8, 9])
    assert shown == "grid"
    assert seen == [(a, b, 8) for a in (1, 3, 5) for b in ("x", "y")]


def test_grid_of_one_parameter(sliders):
    seen = []
    assert sliders.explore(lambda ax, a: seen.append(a), a=[1, 2]) == "grid"
    assert seen == [1, 2]


def test_sliders_in_a_live_kernel(sliders, monkeypatch):
    """ipywidgets and a kernel are stood in for: what counts is that the choice made reaches the drawing."""
    import types

    made, seen = {}, []

    def selection(options, value, continuous_update):
        assert not continuous_update
        made[value] = options
        return value

    widgets = types.SimpleNamespace(SelectionSlider=selection, interact=lambda f, **chosen: f(**chosen))
    monkeypatch.setitem(sys.modules, "ipywidgets", widgets)
    monkeypatch.setattr(sliders, "live", lambda: True)
    assert sliders.explore(lambda ax, a, b: seen.append((a, b)), a=[1, 2, 3], b=[4, 5]) == "sliders"
    assert made == {2: [1, 2, 3], 5: [4, 5]}
    assert seen == [(2, 5)]
