"""Lower bounds of the dependencies, and the oldest environment that continuous integration makes of them."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
OLDEST, SCRIPT = ROOT / ".ci" / "oldest.txt", ROOT / ".ci" / "run"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

pytestmark = pytest.mark.skipif(not OLDEST.exists(), reason="a source distribution comes without .ci")


def required():
    """Lower bound of every package that the code and its tests need, by name."""
    extras = PROJECT["optional-dependencies"]
    asked = ("test", "data", "dask", "arrays", "tables", "completion")
    lines = [*PROJECT["dependencies"], *(line for name in asked for line in extras[name])]
    bounds = {}
    for requirement in map(Requirement, lines):
        if requirement.name == PROJECT["name"]:
            continue
        (bound,) = requirement.specifier
        assert bound.operator == ">=", f"{requirement} has no lower bound"
        bounds[canonicalize_name(requirement.name)] = Version(bound.version)
    return bounds


def pinned():
    """Versions in the file of the oldest ones; packages that are held below a version only are not among them."""
    lines = [line for line in OLDEST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    specifiers = {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}
    assert len(specifiers) == len(lines)
    return {name: Version(s.version) for name, (s,) in specifiers.items() if s.operator == "=="}


def test_the_oldest_versions_are_the_lower_bounds():
    assert pinned() == required()


def test_the_oldest_environment_has_the_oldest_python():
    (bound,) = Requirement(f"python{PROJECT['requires-python']}").specifier
    assert bound.operator == ">="
    assert re.findall(r"\boldest=(python\S+)$", SCRIPT.read_text(encoding="utf-8"), re.M) == [f"python{bound.version}"]
