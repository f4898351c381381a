"""One registry for every cache of the package, so that all of them can be emptied at once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

_CLEARERS: list[Callable[[], None]] = []


def cached(function: Callable[P, R]) -> Callable[P, R]:
    """Memoise a private function of hashable arguments that were normalised before; see `clear_caches`."""
    wrapped: Any = functools.lru_cache(maxsize=None)(function)
    _CLEARERS.append(wrapped.cache_clear)
    return cast("Callable[P, R]", wrapped)


def register(clear: Callable[[], None]) -> None:
    """Add a function that empties a hand-made cache."""
    _CLEARERS.append(clear)


def clear_caches() -> None:
    """Empty every cache of the package (tables, moments, words).

    Results never depend on what is cached; clearing gives the memory back and makes timings honest.

    Examples
    --------
    >>> from weingarten import clear_caches
    >>> clear_caches()
    """
    for clear in _CLEARERS:
        clear()
