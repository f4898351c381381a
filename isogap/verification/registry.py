"""Registries of statements: one folder a system, each with its ``statements.toml`` and one check a statement.

A registry may stand alone (claims of one's own: labels as written) or in a folder of systems (``verify/``: keys such as
``chain/E1``). A statement may rest on one of another system; one of the installed systems is found from anywhere.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from isogap.base.names import did_you_mean
from isogap.verification.entries import REGISTRY, Place, RegistryError, check_file, read

__all__ = [
    "About",
    "Statement",
    "RegistryError",
    "folder",
    "load",
    "find",
    "closure",
    "systems",
    "check_module",
    "slug",
]


@dataclass(frozen=True)
class About:
    """Head of a registry: what the report is called, by whom and what the statements are, the order of their groups."""

    title: str = ""
    authors: str = ""
    source: str = ""
    text: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    """One numbered statement.

    Attributes
    ----------
    label : str
        As in the paper, or E1.., S1.., C1 for the identities, sharper statements and the conjecture.
    name, formula, hypotheses, range, source : str
        A name in words, the formula in LaTeX, assumptions, what is covered, where it stands in the paper.
    claim : tuple of str
        What is claimed, in plain letters (`isogap.verification.claims`); the formula is typeset from it.
    words : str
        Why there is no claim: what it says is words, without a number or a relation.
    frame : str
        Formula and correction with ``@1``, ``@2`` where the claims stand.
    ours : str
        Which constants are not printed in the source, but this project's own.
    kind : str
        The expected verdict, see `isogap.verification.outcome.MEANING`.
    depends : tuple of str
        Keys of the statements that the decision rests on.
    corrected : str
        For a refuted statement: its correct form, in LaTeX.
    group : str
        Heading in the report.
    system : str
        Name of the folder of systems that it belongs to; empty for a registry that stands alone.
    where : Path
        Folder of its registry.
    about : About
        Head of its registry.
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
    claim: tuple[str, ...] = ()
    ours: str = ""
    words: str = ""
    frame: str = ""
    system: str = ""
    where: Path = field(default=Path(), compare=False)
    about: About = field(default=About(), compare=False)

    @property
    def key(self) -> str:
        """``chain/E1``; the label alone in a registry that stands alone."""
        return f"{self.system}/{self.label}" if self.system else self.label

    @property
    def full(self) -> str:
        """``chain: E1``, for people."""
        return f"{self.system}: {self.label}" if self.system else self.label

    @property
    def file(self) -> str:
        """Name of the file that holds the check: ``Corollary A.3`` is in ``test_corollary_a_3.py``."""
        return f"test_{slug(self.label)}.py"

    @property
    def path(self) -> Path:
        """File that holds the check."""
        return self.where / self.file


def slug(label: str) -> str:
    """Label or key as part of a file name or an anchor.

    Examples
    --------
    >>> slug("Corollary A.3"), slug("chain/E1")
    ('corollary_a_3', 'chain_e1')
    """
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def folder() -> Path:
    """Return the folder of systems: inside the installed package, or ``verify/`` beside it in a checkout."""
    inside = Path(__file__).parent / "statements"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "verify"


def load(where: Path | None = None) -> dict[str, Statement]:
    """Read a registry, or all those of a folder of systems; every statement comes after those that it depends on.

    Parameters
    ----------
    where : Path, optional
        Folder with a ``statements.toml``, or a folder of such folders; by default the systems of this package.

    Returns
    -------
    dict
        Key -> statement. Statements of the installed systems that a registry elsewhere rests on are in it too.

    Raises
    ------
    RegistryError
        With file, line and field: an unknown kind, field, macro or dependency, a circle of dependencies, a statement without
        a check or a check without a statement.

    Examples
    --------
    >>> statements = load()
    >>> statements["chain/E5"].depends, statements["chain/E5"].full
    (('chain/Weingarten inputs',), 'chain: E5')
    """
    where = folder() if where is None else where
    found = _registries(where)
    statements: dict[str, Statement] = {}
    places: dict[str, tuple[Place, int]] = {}
    for system, path in found:
        _read_one(system, path, statements, places)
    _add_installed(statements, places)
    return _ordered(statements, places)


def systems(statements: Mapping[str, Statement]) -> dict[str, About]:
    """System -> head of its registry, in the order of the statements."""
    return {s.system: s.about for s in statements.values()}


def by_group(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """Group -> statements of one system, groups in the order of the head, those that it does not name in the order of use."""
    members: dict[str, list[Statement]] = {}
    order: tuple[str, ...] = ()
    for s in statements:
        members.setdefault(s.group, []).append(s)
        order = s.about.groups
    rank = {group: i for i, group in enumerate(dict.fromkeys((*order, *members)))}
    return dict(sorted(members.items(), key=lambda item: rank[item[0]]))


def find(statements: Mapping[str, Statement], name: str) -> str:
    """Key of the statement that a reader names: key, full label, or a label that only one system has.

    Case and spaces do not count.

    Raises
    ------
    RegistryError
        No such label, or several systems have it; the message lists them.
    """

    def plain(text: str) -> str:
        return re.sub(r"\s+", "", text.lower()).replace(":", "/", 1)

    wanted = re.sub(r"\s+", "", name.lower())
    keys = [key for key, s in statements.items() if wanted in (key.lower().replace(" ", ""), plain(s.full))]
    keys = keys or [key for key, s in statements.items() if wanted.replace(":", "/", 1) == plain(key)]
    keys = keys or [key for key, s in statements.items() if re.sub(r"\s+", "", s.label.lower()) == wanted]
    if not keys:
        near = did_you_mean(name, [text for s in statements.values() for text in (s.label, s.full)])
        raise RegistryError(f"{name}: no such label{near or '; isogap-verify --list shows them'}")
    if len(keys) > 1:
        raise RegistryError(f"{name}: several systems have it; write {' or '.join(keys)}")
    return keys[0]


def closure(statements: Mapping[str, Statement], keys: Iterable[str]) -> list[str]:
    """These statements and all that they rest on, in the order of ``statements`` (dependencies first)."""
    wanted, todo = set(), list(keys)
    while todo:
        key = todo.pop()
        if key not in wanted:
            wanted.add(key)
            todo += statements[key].depends
    return [key for key in statements if key in wanted]


class _FromSource(SourceFileLoader):
    """Reads the source each time: a check that is edited twice in a second would be taken from bytecode that looks current."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def check_module(statement: Statement, where: Path | None = None) -> ModuleType:
    """Import the check of a statement from its file."""
    path = statement.path if where is None else where / statement.file
    name = f"isogap_statement_{slug(statement.key)}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_FromSource(name, str(path)))
    if spec is None or spec.loader is None:
        raise RegistryError(f"{path}: cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise RegistryError(f"{path}: cannot be imported: {type(error).__name__}: {error}") from error
    for needed in ("decide", "FALSE_NEIGHBOURS"):
        if not hasattr(module, needed):
            raise RegistryError(f"{path}: {needed} is missing")
    return module


def _registries(where: Path) -> list[tuple[str, Path]]:
    """(system, folder) of one registry or of every system below."""
    if (where / REGISTRY).is_file() or not where.is_dir():
        return [("", where)]
    found = [(p.name, p) for p in sorted(where.iterdir()) if (p / REGISTRY).is_file()]
    if not found:
        raise RegistryError(f"no registry of statements at {where / REGISTRY}, and none in a folder below")
    for name, path in found:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise RegistryError(f"{path}: a system's folder is named by small letters, digits and _")
    return found


def _read_one(system: str, where: Path, statements: dict[str, Statement], places: dict[str, tuple[Place, int]]) -> None:
    head, entries, place = read(where / REGISTRY)
    about = About(**{**head, "groups": tuple(head.get("groups", ()))})
    files: dict[str, str] = {}
    for i, entry in enumerate(entries):
        statement = _statement(entry, system, where, about)
        if statement.key in statements:
            raise place.fault(f"label {statement.label} occurs twice", i, "label")
        if statement.file in files:
            raise place.fault(f"{statement.file} would also be the check of {files[statement.file]}", i, "label")
        if about.groups and statement.group not in about.groups:
            raise place.fault(f"{statement.group!r} is none of the groups in [about]", i, "group")
        files[statement.file] = statement.label
        check_file(statement.path, statement.label)
        statements[statement.key] = statement
        places[statement.key] = place, i
    stray = sorted(path.name for path in where.glob("test_*.py") if path.name not in files)
    if stray:
        raise RegistryError(f"{where / stray[0]} checks no statement of the registry")


def _statement(entry: dict[str, Any], system: str, where: Path, about: About) -> Statement:
    own = f"{system}/" if system else ""
    depends = tuple(x if "/" in x else own + x for x in entry.get("depends", ()))
    claim = tuple(entry.get("claim", ()))
    given = {**entry, "depends": depends, "claim": claim, "system": system, "where": where, "about": about}
    return Statement(**given)


def _add_installed(statements: dict[str, Statement], places: dict[str, tuple[Place, int]]) -> None:
    """What a registry elsewhere rests on in the installed systems; and nothing may rest on what is nowhere."""
    todo = list(statements)
    installed: dict[str, Statement] | None = None
    while todo:
        key = todo.pop()
        for needed in statements[key].depends:
            if needed in statements:
                continue
            if installed is None:
                installed = {}
                for system, path in _registries(folder()) if folder().is_dir() else ():
                    _read_one(system, path, installed, {})
            if needed not in installed:
                raise _unknown(key, needed, places)
            statements[needed] = installed[needed]
            todo.append(needed)


def _unknown(key: str, needed: str, places: Mapping[str, tuple[Place, int]]) -> RegistryError:
    message = f"{key} depends on {needed}, which is not in the registry"
    if key not in places:
        return RegistryError(message)
    place, i = places[key]
    return place.fault(message, i, "depends")


def _ordered(statements: dict[str, Statement], places: dict[str, tuple[Place, int]]) -> dict[str, Statement]:
    """Depth first, in the order of the registry; without recursion, so that long chains are no trouble."""
    done: dict[str, Statement] = {}
    for start in statements:
        path, waiting = [start], [iter(statements[start].depends)]
        on_path = {start}
        while path:
            needed = next((x for x in waiting[-1] if x not in done), None)
            if needed is None:
                waiting.pop()
                key = path.pop()
                on_path.discard(key)
                done.setdefault(key, statements[key])
            elif needed in on_path:
                circle = [*path[path.index(needed) :], needed]
                shown = circle if len(circle) <= 12 else [*circle[:6], "...", *circle[-5:]]
                message = f"circle of dependencies: {' -> '.join(shown)}"
                place, i = places.get(path[-1], (None, 0))
                raise RegistryError(message) if place is None else place.fault(message, i, "depends")
            else:
                path.append(needed)
                on_path.add(needed)
                waiting.append(iter(statements[needed].depends))
    return done
