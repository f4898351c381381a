"""Reading ``statements.toml``: every fault is found before a check runs, and named with file, line and field."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from isogap.verification.claims import Claim, ClaimError
from isogap.verification.outcome import KINDS
from isogap.verification.printed import loose
from isogap.verification.report.mathml import LatexError, mathml
from isogap.verification.statement import ORIGINS, RegistryError
from isogap.verification.typeset import latex

MAX_BYTES = 4_000_000

NEEDED = ("label", "name", "hypotheses", "kind", "range", "group")
OPTIONAL = ("formula", "source", "corrected", "origin", "ours", "words")
LISTS = ("depends", "claim")
ABOUT = ("title", "authors", "source", "text")


class Place:
    """Where the entries of one file stand: line numbers for messages."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = text.split("\n")
        self.starts = [i for i, line in enumerate(self.lines) if re.match(r"\s*\[\[\s*statement\s*\]\]", line)]

    def fault(self, message: str, entry: int | None = None, field: str | None = None) -> RegistryError:
        """Error about a field of the entry of that number, with the line of the field or of the entry."""
        if entry is None or entry >= len(self.starts):
            return RegistryError(f"{self.path}: {message}")
        first = self.starts[entry]
        last = self.starts[entry + 1] if entry + 1 < len(self.starts) else len(self.lines)
        found = (i for i in range(first, last) if field and re.match(rf"\s*{re.escape(field)}\s*=", self.lines[i]))
        where = f"{self.path}, line {next(found, first) + 1}"
        return RegistryError(f"{where}: field {field}: {message}" if field else f"{where}: {message}")


def read(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]], Place]:
    """Head, entries and places of a registry; every field present, of its type, and every formula one that can be typeset.

    Raises
    ------
    RegistryError
        With file, line and field.
    """
    text = _text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RegistryError(f"{path}: {error}") from None
    place = Place(path, text)
    unknown = sorted(set(data) - {"about", "symbols", "statement"})
    if unknown:
        raise place.fault(f"unknown table {unknown[0]!r}; a registry has [about], [symbols] and [[statement]]")
    symbols = data.get("symbols", {})
    if not isinstance(symbols, dict) or not all(isinstance(x, str) for x in symbols.values()):
        raise place.fault("[symbols] must hold names and their LaTeX as texts")
    entries = data.get("statement", [])
    if not isinstance(entries, list) or not all(isinstance(x, dict) for x in entries):
        raise place.fault("statements are written as [[statement]]")
    for i, entry in enumerate(entries):
        _check_entry(entry, i, place)
        _typeset(entry, symbols, i, place)
    return _about(data.get("about", {}), place), entries, place


def _text(path: Path) -> str:
    if not path.is_file():
        raise RegistryError(f"no registry of statements at {path}")
    if path.stat().st_size > MAX_BYTES:
        raise RegistryError(f"{path}: larger than {MAX_BYTES} bytes")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RegistryError(f"{path}: not UTF-8 ({error.reason} at byte {error.start})") from None


def _about(about: Any, place: Place) -> dict[str, Any]:
    if not isinstance(about, dict):
        raise place.fault("[about] must be a table")
    for field, value in about.items():
        if field == "groups":
            if not isinstance(value, list) or not all(isinstance(x, str) and x for x in value):
                raise place.fault("[about] groups: must be a list of texts")
        elif field not in ABOUT:
            raise place.fault(f"[about] unknown field {field!r}; there are {', '.join((*ABOUT, 'groups'))}")
        elif not isinstance(value, str):
            raise place.fault(f"[about] {field}: must be a text, not {type(value).__name__}")
    return about


def _check_entry(entry: dict[str, Any], i: int, place: Place) -> None:
    known = (*NEEDED, *OPTIONAL, *LISTS)
    for field in entry:
        if field not in known:
            raise place.fault(f"unknown field {field!r}; there are {', '.join(known)}", i, field)
    for field in NEEDED:
        if field not in entry:
            raise place.fault(f"field {field!r} is missing in entry {entry.get('label', i + 1)}", i)
    for field, value in entry.items():
        if field in LISTS:
            if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
                raise place.fault("must be a list of texts", i, field)
        elif not isinstance(value, str):
            raise place.fault(f"must be a text, not {type(value).__name__}", i, field)
    label = entry["label"]
    if not re.search(r"[A-Za-z0-9]", label) or "/" in label or not label.isprintable() or len(label) > 80:
        raise place.fault(f"{label[:80]!r}: up to 80 printed characters, one a letter or digit, none a /", i, "label")
    if entry["kind"] not in KINDS:
        raise place.fault(f"{entry['kind']!r} is none of {', '.join(KINDS)}", i, "kind")
    if entry.get("origin", "ours") not in ORIGINS:
        raise place.fault(f"{entry['origin']!r} is none of {', '.join(ORIGINS)}", i, "origin")
    if "formula" not in entry and not entry.get("claim"):
        raise place.fault(f"field 'formula' or 'claim' is missing in entry {label}", i)


def _typeset(entry: dict[str, Any], symbols: dict[str, str], i: int, place: Place) -> None:
    """Put the claims, typeset, where formula and correction say ``@1``, ``@2``; one after the other where they say nothing."""
    try:
        shown = [_shown(text, tuple(symbols.items())) for text in entry.get("claim", ())]
    except ClaimError as error:
        raise place.fault(str(error), i, "claim") from None
    entry.setdefault("formula", ",\\qquad ".join(f"@{k}" for k in range(1, len(shown) + 1)))
    entry["frame"] = " ".join(entry[field] for field in ("formula", "corrected") if field in entry)
    if "words" in entry and (shown or loose(entry["frame"])):
        found = f"it has claims, or {', '.join(loose(entry['frame']))}"
        raise place.fault(f"a statement in words carries no number and no relation: {found}", i, "words")
    used = set()
    for field in ("formula", "corrected"):
        if field not in entry:
            continue
        used |= {int(n) for n in re.findall(r"@(\d+)", entry[field])}
        if used and max(used) > len(shown):
            raise place.fault(f"@{max(used)} is none of the {len(shown)} claims", i, field)
        entry[field] = re.sub(r"@(\d+)", lambda found: shown[int(found.group(1)) - 1], entry[field])
        try:
            mathml(entry[field])
        except LatexError as error:
            raise place.fault(str(error), i, field) from None


@lru_cache(maxsize=1000)  # one process may read the same registry many times
def _shown(text: str, symbols: tuple[tuple[str, str], ...]) -> str:
    return latex(Claim.of(text), dict(symbols))


def check_file(path: Path, label: str) -> None:
    """Refuse a check that cannot be one: first line, ``decide`` and ``FALSE_NEIGHBOURS``, read without running anything."""
    if not path.is_file():
        raise RegistryError(f"{label} has no check: {path.name} is missing in {path.parent}")
    try:
        text = path.read_text(encoding="utf-8")
        names = _names(text, str(path))
    except UnicodeDecodeError:
        raise RegistryError(f"{path}: not UTF-8") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        raise RegistryError(f"{path}{f', line {line}' if line else ''}: {error.__class__.__name__}: {error}") from None
    if not text.startswith(f'"""{label}: '):
        raise RegistryError(f"{path}, line 1: the first line must state {label}")
    for needed, what in (("decide", "a function decide(case)"), ("FALSE_NEIGHBOURS", "a mapping FALSE_NEIGHBOURS")):
        if needed not in names:
            raise RegistryError(f"{path}: {what} is missing")


@lru_cache(maxsize=1000)
def _names(text: str, filename: str) -> frozenset[str]:
    """What a module defines or imports by name."""
    names = set()
    for node in ast.parse(text, filename=filename).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(t.id for t in targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update(a.asname or a.name for a in node.names)
    return frozenset(names)
