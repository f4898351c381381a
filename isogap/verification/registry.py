"""The registry of statements, ``statements.toml``: read, and held against the folder of checks."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from isogap.verification.outcome import KINDS

REGISTRY = "statements.toml"


class RegistryError(ValueError):
    """The registry and the checks do not belong together; the message says where."""


@dataclass(frozen=True)
class Statement:
    """One numbered statement.

    Attributes
    ----------
    label : str
        As in the paper, or E1.., S1.., C1 for the identities, sharper statements and the conjecture.
    name, formula, hypotheses, range, source : str
        A name in words, the formula in LaTeX, assumptions, what is covered, where it stands in the paper.
    kind : str
        The expected decision: proved, certified, consistent or refuted.
    depends : tuple of str
        Labels that the decision rests on.
    corrected : str
        For a refuted statement: its correct form, in LaTeX.
    group : str
        Heading in the report.
    """

    label: str
    name: str
    formula: str
    hypotheses: str
    kind: str
    range: str
    group: str
    source: str = ""
    depends: tuple[str, ...] = ()
    corrected: str = ""

    @property
    def file(self) -> str:
        """Name of the file that holds the check: ``Corollary A.3`` is in ``test_corollary_a_3.py``."""
        return f"test_{slug(self.label)}.py"


def slug(label: str) -> str:
    """Label as part of a file name or an anchor.

    Examples
    --------
    >>> slug("Corollary A.3")
    'corollary_a_3'
    """
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def folder() -> Path:
    """Return the folder of statements: inside the installed package, or ``verify/`` beside it in a checkout."""
    inside = Path(__file__).parent / "statements"
    return (inside if inside.is_dir() else Path(__file__).parents[2] / "verify") / "chain"


def load(where: Path | None = None) -> dict[str, Statement]:
    """Read the registry, in an order in which every statement comes after those that it depends on.

    Raises
    ------
    RegistryError
        An unknown kind or dependency, a circle of dependencies, a statement without a check or a check without one.
    """
    where = folder() if where is None else where
    path = where / REGISTRY
    if not path.is_file():
        raise RegistryError(f"no registry of statements at {path}")
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("statement", [])
    statements: dict[str, Statement] = {}
    for entry in entries:
        try:
            statement = Statement(**{**entry, "depends": tuple(entry.get("depends", ()))})
        except TypeError as error:
            raise RegistryError(f"{path}: entry {entry.get('label', '?')}: {error}") from None
        if statement.label in statements:
            raise RegistryError(f"{path}: label {statement.label} occurs twice")
        statements[statement.label] = statement
    _check(statements, where)
    return _ordered(statements)


def check_module(statement: Statement, where: Path | None = None) -> ModuleType:
    """Import the check of a statement from its file."""
    path = (folder() if where is None else where) / statement.file
    name = f"isogap_statement_{slug(statement.label)}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RegistryError(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _check(statements: dict[str, Statement], where: Path) -> None:
    for statement in statements.values():
        if statement.kind not in KINDS:
            raise RegistryError(f"{statement.label}: kind {statement.kind!r} is none of {', '.join(KINDS)}")
        unknown = [label for label in statement.depends if label not in statements]
        if unknown:
            raise RegistryError(f"{statement.label}: depends on {unknown[0]}, which is not in the registry")
        path = where / statement.file
        if not path.is_file():
            raise RegistryError(f"{statement.label} has no check: {statement.file} is missing")
        with path.open(encoding="utf-8") as stream:
            first = stream.readline()
        if not first.startswith(f'"""{statement.label}: '):
            raise RegistryError(f"{statement.file}: the first line must state {statement.label}")
    known = {statement.file for statement in statements.values()}
    stray = sorted(path.name for path in where.glob("test_*.py") if path.name not in known)
    if stray:
        raise RegistryError(f"{stray[0]} checks no statement of the registry")


def _ordered(statements: dict[str, Statement]) -> dict[str, Statement]:
    """Depth first, in the order of the registry."""
    done: dict[str, Statement] = {}
    open_: list[str] = []

    def visit(label: str) -> None:
        if label in done:
            return
        if label in open_:
            raise RegistryError(f"circle of dependencies: {' -> '.join([*open_[open_.index(label) :], label])}")
        open_.append(label)
        for needed in statements[label].depends:
            visit(needed)
        open_.pop()
        done[label] = statements[label]

    for label in statements:
        visit(label)
    return done
