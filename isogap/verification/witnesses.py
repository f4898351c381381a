"""Witness matrices of the refuted statements, kept as data beside the registry."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from isogap.verification.choice import folder
from isogap.verification.rational import RationalMatrix, from_rows
from isogap.verification.statement import RegistryError

WITNESSES = "witnesses.toml"


@cache
def load_witnesses(where: Path | None = None) -> dict[str, dict[str, Any]]:
    """Read ``witnesses.toml`` of a registry: name -> what it shows, and rows as strings of rationals; empty without one."""
    path = (folder() / "chain" if where is None else where) / WITNESSES
    if not path.is_file():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RegistryError(f"{path}: {error}") from None
    for name, entry in found.items():
        rows = entry.get("rows") if isinstance(entry, dict) else None
        good = isinstance(rows, list) and all(isinstance(r, list) and all(isinstance(x, str) for x in r) for r in rows)
        if not good or not isinstance(entry.get("what"), str):
            raise RegistryError(f"{path}: [{name}] needs what = text and rows = lists of rationals written as texts")
    return found


def witness(name: str, where: Path | None = None) -> RationalMatrix:
    """Return a witness as an exact matrix.

    Examples
    --------
    >>> X = witness("eigenvalues")
    >>> [str(x) for x in (X * X.transpose()).tolist()[0]]
    ['1', '24/25']
    """
    return from_rows([[Fraction(x) for x in row] for row in load_witnesses(where)[name]["rows"]])
