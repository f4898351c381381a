"""The public surface: complete, documented, light to import, and what the pages use."""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import isogap
import weingarten

ROOT = Path(__file__).parents[1]
# Modules that a page may name by their path: the tools for claims of one's own, modules for PyTorch.
OPEN = ("isogap.verification", "isogap.torch")


def pages():
    """README, how-to pages and notebooks, as text."""
    for path in [
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "docs/howto").glob("*.md")),
    ]:
        yield path, path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("[0-9]_*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        yield path, "\n".join("".join(cell["source"]) for cell in cells)


@pytest.mark.parametrize("package", [isogap, weingarten], ids=lambda p: p.__name__)
def test_every_public_name_exists_and_is_documented(package):
    names = [name for name in package.__all__ if not name.startswith("_")]
    assert len(set(names)) == len(names)
    for name in names:
        value = getattr(package, name)
        assert inspect.getdoc(value), f"{package.__name__}.{name} has no docstring"
    assert set(names) <= set(dir(package))


def test_the_list_and_the_table_of_homes_agree():
    assert set(isogap.__all__) - {"__version__"} == set(isogap._HOME) | set(isogap._MODULES)
    with pytest.raises(AttributeError, match="no attribute 'simulat'"):
        isogap.simulat  # noqa: B018


def test_names_for_type_checkers_are_the_public_ones():
    source = (ROOT / "isogap/__init__.py").read_text(encoding="utf-8")
    block = source[source.index("if TYPE_CHECKING:") : source.index("\n_HOME")]
    imported = re.findall(r"\bimport \(([^)]*)\)|\bimport ([^\n(]+)", block)
    names = {part.split(" as ")[-1].strip() for pair in imported for part in "".join(pair).split(",") if part.strip()}
    assert names == set(isogap.__all__) - {"__version__"}


def test_short_names_of_modules_can_be_imported_from():
    for short, module in isogap._MODULES.items():
        assert __import__(f"isogap.{short}", fromlist=["_"]) is sys.modules[f"isogap.{module}"]
        assert getattr(isogap, short) is sys.modules[f"isogap.{module}"]


def test_pages_use_public_names_only():
    found = 0
    for path, text in pages():
        for module, names in re.findall(
            r"^\s*(?:>>> )?from ((?:isogap|weingarten)[\w.]*) import ([\w, ]+)", text, re.M
        ):
            short = module.partition(".")[2]
            allowed = module in ("isogap", "weingarten") or short in isogap._MODULES or module.startswith(OPEN)
            assert allowed, f"{path.name}: from {module} import {names}"
            found += 1
        for name in re.findall(r"\bisogap\.([a-z_]\w*)\(", text):
            assert name in isogap.__all__, f"{path.name}: isogap.{name}"
    assert found > 10


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import isogap, weingarten", ("numpy", "sympy", "numba")),
        ("from isogap import Variant", ("numba", "flint", "sympy", "matplotlib")),
        ("from isogap import exact_step", ("numba", "matplotlib")),
        ("from isogap.bounds import theorem_1", ("numba", "matplotlib")),
        ("import isogap.torch, isogap.run.verdict", ("torch", "matplotlib")),
    ],
)
def test_a_name_loads_only_what_it_needs(code, absent):
    show = f"{code}\nimport sys\nprint(*[name for name in {absent!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == ""


def test_reference_shows_public_names(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    import public_names

    shown = public_names.pages()
    listed = [f"{module}.{name}" for _, module, names in shown.values() for name in names]
    assert len(set(listed)) == len(listed)
    assert {f"isogap.{name}" for name in isogap._HOME} <= set(listed)
    assert {f"weingarten.{name}" for name in weingarten.__all__} <= set(listed)
    assert ".. autofunction:: isogap.simulate\n" in public_names.page(*shown["run"])
