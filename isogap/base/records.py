"""Records as plain data and back, and where a result comes from.

What does not exist is ``None`` in the data and NaN in a record; infinite numbers are ``None`` too, so a record that has them
says which by its other fields.
"""

from __future__ import annotations

import dataclasses
import math
import platform
import types
import typing
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from isogap._version import __version__
from isogap.base.streams import seed_of

Record = TypeVar("Record")


def provenance(root: np.random.SeedSequence, threads: int) -> dict[str, Any]:
    """Everything needed to repeat a run: seed, versions, platform."""
    return {
        "seed_entropy": seed_of(root),
        "spawn_key": [int(k) for k in root.spawn_key],
        "versions": dict(_versions()),
        "platform": platform.platform(),
        "threads": threads,
    }


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    """Read once: looking through installed packages takes milliseconds."""
    from importlib import metadata

    packages = ("numpy", "scipy", "numba", "llvmlite")
    found = {name: metadata.version(name) for name in packages}
    return tuple({"isogap": __version__, "python": platform.python_version(), **found}.items())


def plain(value: Any) -> Any:
    """Return dicts, lists, strings and finite numbers; NaN and infinity become ``None``.

    Examples
    --------
    >>> plain({"a": np.array([1.0, np.nan]), "b": (1, 2)})
    {'a': [1.0, None], 'b': [1, 2]}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return value


def restored(cls: type[Record], data: Any) -> Record:
    """Make a record of class ``cls`` from what `plain` gave of it, by the types of its fields.

    Raises
    ------
    ValueError
        ``data`` lacks a field that has no default, or holds something of another kind.

    Examples
    --------
    >>> @dataclasses.dataclass
    ... class Pair:
    ...     name: str
    ...     values: np.ndarray
    >>> restored(Pair, {"name": "x", "values": [1.0, None]})
    Pair(name='x', values=array([ 1., nan]))
    """
    if not isinstance(data, dict):
        raise ValueError(f"a record of {cls.__name__} is expected, got {type(data).__name__}")
    hints, found = _types(typing.cast(Any, cls)), {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # a dataclass, as its callers know
        if field.name in data:
            found[field.name] = _value(hints[field.name], data[field.name], f"{cls.__name__}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{cls.__name__}.{field.name} is missing")
    return cls(**found)


@lru_cache(maxsize=64)
def _types(cls: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _value(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return value
    if origin in (typing.Union, types.UnionType):
        return _either(arguments, value, where)
    if kind is np.ndarray or origin is np.ndarray:
        return _array(value, where)
    if dataclasses.is_dataclass(kind):
        return restored(typing.cast(type[Any], kind), value)
    if kind is float:
        return math.nan if value is None else _plain_value((int, float), float, value, where)
    if origin in (list, tuple) and isinstance(value, list):
        inner = arguments if origin is tuple and Ellipsis not in arguments else (arguments[0],) * len(value)
        if len(inner) == len(value):
            return origin(_value(k, v, where) for k, v in zip(inner, value, strict=True))
    if origin is dict and isinstance(value, dict):
        return {str(k): _value(arguments[1], v, where) for k, v in value.items()}
    if isinstance(kind, type) and isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    raise ValueError(f"{where} must be {kind}, got {value!r:.60}")


def _plain_value(kinds: tuple[type, ...], make: type, value: Any, where: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise ValueError(f"{where} must be a number, got {value!r:.60}")
    return make(value)


def _either(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    for kind in kinds:
        try:
            return _value(kind, value, where)
        except ValueError:
            continue
    raise ValueError(f"{where} must be one of {kinds}, got {value!r:.60}")


def _array(values: Any, where: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        return np.array([math.nan if v is None else v for v in values], dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{where} must be a list of numbers, got {values!r:.60}") from None
