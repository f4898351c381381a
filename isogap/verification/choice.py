"""Which statements are asked for: by key or label, by system, with what they rest on.

`glance` reads no more of the registries than that needs, so that a name that is not known is refused at once: computer algebra
and ball arithmetic, which a full reading checks the claims with, take seconds to load.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from isogap.base.names import did_you_mean
from isogap.verification.statement import REGISTRY, RegistryError, Statement

LIST = "isogap-verify --list"


def folder() -> Path:
    """Return the folder of systems: inside the installed package, or ``verify/`` beside it in a checkout."""
    inside = Path(__file__).parent / "statements"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "verify"


def registries(where: Path) -> list[tuple[str, Path]]:
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


def glance(where: Path | None = None) -> dict[str, Statement]:
    """Key -> statement as `registry.load` has them, with label, name, verdict and dependencies alone.

    What is wrong with a registry is not found here: entries that cannot be read are left out.

    Examples
    --------
    >>> glance()["chain/E5"].depends
    ('chain/Weingarten inputs',)
    """
    own = _heads(folder() if where is None else where)
    wanted = [needed for s in own.values() for needed in s.depends]
    if where is None or all(key in own for key in wanted) or not folder().is_dir():
        return own
    installed = _heads(folder())
    return own | {key: installed[key] for key in closure(installed, (key for key in wanted if key in installed))}


def _heads(where: Path) -> dict[str, Statement]:
    found: dict[str, Statement] = {}
    for system, path in registries(where):
        if not (path / REGISTRY).is_file():
            raise RegistryError(f"no registry of statements at {path / REGISTRY}")
        for entry in _entries(path / REGISTRY):
            own = f"{system}/" if system else ""
            depends = tuple(x if "/" in x else own + x for x in entry.get("depends", ()) if isinstance(x, str))
            label, name, kind = (str(entry.get(field, "")) for field in ("label", "name", "kind"))
            head = Statement(label, name, "", "", kind, "", "", depends=depends, system=system, where=path)
            found.setdefault(head.key, head)
    return found


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("statement", [])
    except (OSError, ValueError):
        return []
    return [x for x in entries if isinstance(x, dict)] if isinstance(entries, list) else []


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
        raise RegistryError(
            f"{name}: no such label", near or "; isogap.verification.load() has them", near or f"; {LIST} shows them"
        )
    if len(keys) > 1:
        raise RegistryError(f"{name}: several systems have it; write {' or '.join(keys)}")
    return keys[0]


def chosen(statements: Mapping[str, Statement], labels: Iterable[str] | None, system: str | None) -> list[str]:
    """Keys of the statements that are asked for."""
    known = list(dict.fromkeys(s.system for s in statements.values()))
    if system is not None and system not in known:
        there = ", ".join(x or "(one without a name)" for x in known)
        raise RegistryError(f"no system {system!r}; there are {there}{did_you_mean(system, known)}")
    inside = {k: s for k, s in statements.items() if system is None or s.system == system}
    return list(inside) if labels is None else [find(inside, label) for label in labels]


def closure(statements: Mapping[str, Statement], keys: Iterable[str]) -> list[str]:
    """These statements and all that they rest on, in the order of ``statements`` (dependencies first)."""
    wanted, todo = set(), list(keys)
    while todo:
        key = todo.pop()
        if key not in wanted:
            wanted.add(key)
            todo += statements[key].depends
    return [key for key in statements if key in wanted]
