"""Witness matrices of the refuted statements, kept as data beside the registry."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from functools import cache
from typing import Any

from isogap.verification.rational import RationalMatrix, from_rows
from isogap.verification.registry import folder


@cache
def load_witnesses() -> dict[str, dict[str, Any]]:
    """Read ``witnesses.toml``: name -> what it shows, and rows as strings of rationals."""
    return tomllib.loads((folder() / "witnesses.toml").read_text(encoding="utf-8"))


def witness(name: str) -> RationalMatrix:
    """Return a witness as an exact matrix.

    Examples
    --------
    >>> X = witness("eigenvalues")
    >>> [str(x) for x in (X * X.transpose()).tolist()[0]]
    ['1', '3/5']
    """
    return from_rows([[Fraction(x) for x in row] for row in load_witnesses()[name]["rows"]])
