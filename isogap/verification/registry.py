"""Registries of statements: one folder a system, each with its ``statements.toml`` and one check a statement.

A registry may stand alone (claims of one's own: labels as written) or in a folder of systems (``verify/``: keys such as
``chain/E1``). A statement may rest on one of another system; one of the installed systems is found from anywhere.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from isogap.verification.choice import closure, find, folder, registries
from isogap.verification.entries import Place, check_file, read
from isogap.verification.statement import REGISTRY, About, RegistryError, Statement, slug, systems

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
    found = registries(where)
    statements: dict[str, Statement] = {}
    places: dict[str, tuple[Place, int]] = {}
    for system, path in found:
        _read_one(system, path, statements, places)
    _add_installed(statements, places)
    return _ordered(statements, places)


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
                for system, path in registries(folder()) if folder().is_dir() else ():
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
