"""Exact Weingarten calculus: integration over Haar measure on the classical groups, without floats.

Functions of the calculus, moments of matrix entries, and expectations of expressions and traces, for O(d), U(d),
Sp(2M), SO(d), SU(d) and the circular ensembles COE and CSE. Names are loaded on first use, so that importing the
package (and the command's `--help`) costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .answers import Answer
    from .caches import clear_caches
    from .errors import CostError, SelfCheckError, WeingartenError
    from .functions import (
        gram_matrix,
        weingarten_function,
        weingarten_series,
        weingarten_table,
        zonal_spherical_function,
    )
    from .moments import moment

_HOMES = {
    "moment": "moments",
    "Answer": "answers",
    "clear_caches": "caches",
    "CostError": "errors",
    "SelfCheckError": "errors",
    "WeingartenError": "errors",
    "gram_matrix": "functions",
    "weingarten_function": "functions",
    "weingarten_series": "functions",
    "weingarten_table": "functions",
    "zonal_spherical_function": "functions",
}

__all__ = [
    "moment",
    "weingarten_function",
    "weingarten_table",
    "weingarten_series",
    "gram_matrix",
    "zonal_spherical_function",
    "Answer",
    "clear_caches",
    "WeingartenError",
    "CostError",
    "SelfCheckError",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
