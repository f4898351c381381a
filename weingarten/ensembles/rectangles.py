"""Shapes of the constant matrices of a text: beside a `p x n` matrix a constant may be p x p, n x n, n x p or p x n.

A text says no shapes. The first reading takes every constant as p x p; where that does not fit, the constants get the
shapes with which all products, sums and traces do, as few as possible other than p x p.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import sympy as sp
from sympy.matrices.exceptions import ShapeError

Shape = tuple[Any, Any]
MOST_NAMES = 4


def assignments(names: Iterable[str], rows: Any, cols: Any) -> Iterator[dict[str, Shape]]:
    """Yield shapes for the constants, those nearest to `rows x rows` first, the first reading left out.

    Examples
    --------
    >>> list(assignments(["A"], "p", "n"))
    [{'A': ('n', 'n')}, {'A': ('n', 'p')}, {'A': ('p', 'n')}]
    """
    known = list(names)
    if len(known) > MOST_NAMES:
        return
    shapes = [(rows, rows), (cols, cols), (cols, rows), (rows, cols)]
    choices = list(itertools.product(range(4), repeat=len(known)))
    for choice in sorted(choices, key=lambda c: (sum(k > 0 for k in c), max(c, default=0), c)):
        if any(choice):
            yield {name: shapes[k] for name, k in zip(known, choice, strict=True)}


def names_in(text: str, others: Iterable[str]) -> list[str]:
    """Return the words of a text that may be constant matrices, in order.

    Examples
    --------
    >>> names_in("tr(G A G^H B)", ["G"])
    ['A', 'B']
    """
    words = re.findall(r"(?<![\\^A-Za-z0-9_])[A-Z]\w*", text)
    return [word for word in dict.fromkeys(words) if word not in {*others, "I", "Id", "T", "H", "J"}]


def check_product(matrices: list[Any]) -> None:
    """Raise sympy's own error for neighbours that do not fit, symbolic sizes included."""
    for left, right in pairwise(matrices):
        if left.shape[1] != right.shape[0]:
            raise ShapeError(f"{left.shape} {right.shape}")


def check_rest(value: Any) -> None:
    """Raise sympy's own error for a sum or a trace that does not fit."""
    if isinstance(value, sp.MatAdd) and len({part.shape for part in value.args}) > 1:
        raise ShapeError(f"{value}")
    if isinstance(value, sp.Trace) and value.arg.shape[0] != value.arg.shape[1]:
        raise ShapeError(f"{value}")
