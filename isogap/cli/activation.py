"""Activations as they are named on a command line."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def activation_of(text: str) -> Any:
    """Return a name of the library, or a user's activation from ``MODULE:FUNCTION`` or ``MODULE:FUNCTION:MODULE:DERIVATIVE``.

    Without a derivative the function is differentiated numerically.

    Raises
    ------
    ValueError
        No such function, or another number of parts.
    ImportError
        No such module.

    Examples
    --------
    >>> activation_of("leaky-relu:0.2"), activation_of("swish"), activation_of("numpy:arctan").name
    ('leaky-relu:0.2', 'silu', 'arctan')
    """
    from isogap.model.activations import FAMILIES, Activation, differentiated
    from isogap.model.synonyms import canonical, other_function

    parts = text.split(":")
    named = canonical(text)
    if len(parts) == 1 or (len(parts) == 2 and (named.partition(":")[0] in FAMILIES or _is_number(parts[1]))):
        other = other_function(text)
        if other is not None:
            raise ValueError(f"--activation {text}: {other}; give your own as MODULE:FUNCTION")
        return named
    if len(parts) == 2:
        return differentiated(parts[1], _function(text, *parts))
    if len(parts) == 4:
        return Activation(parts[1], _function(text, *parts[:2]), _function(text, *parts[2:]))
    raise ValueError(f"--activation {text}: a name, MODULE:FUNCTION, or MODULE:FUNCTION:MODULE:DERIVATIVE")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _function(text: str, module: str, name: str) -> Callable[..., Any]:
    from isogap.base.names import did_you_mean
    from isogap.model.activations import FAMILIES

    try:
        function = getattr(importlib.import_module(module), name, None)
    except ImportError as error:
        raise ImportError(f"--activation {text}: {error}{did_you_mean(module, FAMILIES)}") from None
    if not callable(function):
        raise ValueError(f"--activation {text}: {module} has no function {name}")
    return function  # type: ignore[no-any-return]
