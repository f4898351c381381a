"""Other names of the activations in the field, where they mean exactly the same function; and names that do not."""

from __future__ import annotations

import re

from isogap.model.choices import ACTIVATION_FAMILIES, ACTIVATION_NAMES

__all__ = ["canonical", "other_function"]

# Names in the field -> the one here, for one and the same function of a number. Without hyphens, underscores and capitals.
SYNONYMS = {
    "swish": "silu",  # x sigmoid(x): swish with beta = 1
    "linear": "identity",
    "lrelu": "leaky-relu",
    "exponential": "exp",
    "signum": "sign",
    "absolute": "abs",
    "sine": "sin",
    "rectifier": "relu",
}
# Names of other functions that a reader could take for one here -> what the difference is.
_OTHERS = {
    "gelutanh": "the tanh approximation, another function than gelu",
    "gelunew": "the tanh approximation, another function than gelu",
    "gelufast": "the tanh approximation, another function than gelu",
    "quickgelu": "x sigmoid(1.702 x), another function than gelu",
    "hardswish": "x min(max(x + 3, 0), 6)/6, another function than silu",
    "hardsilu": "x min(max(x + 3, 0), 6)/6, another function than silu",
    "relu6": "min(max(x, 0), 6), another function than relu",
    "prelu": "a leaky-relu whose slope is learned: say which, leaky-relu:0.25",
    "rrelu": "a leaky-relu whose slope is drawn: say which, leaky-relu:0.2",
    "sigmoid": "not among these",
    "logistic": "not among these",
    "mish": "not among these",
}


def _key(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


_KNOWN = {_key(name): name for name in (*ACTIVATION_NAMES, *ACTIVATION_FAMILIES)} | SYNONYMS


def canonical(text: str) -> str:
    """Return an activation in the spelling here, with its parameter: hyphens, underscores and capitals do not matter.

    A name that is not known comes back as it is.

    Examples
    --------
    >>> canonical("swish"), canonical("Leaky_ReLU:0.2"), canonical("hardtanh"), canonical("nosuch")
    ('silu', 'leaky-relu:0.2', 'hard-tanh', 'nosuch')
    """
    name, colon, parameter = text.partition(":")
    known = _KNOWN.get(_key(name))
    return text if known is None else f"{known}{colon}{parameter}"


def other_function(text: str) -> str | None:
    """Say which function a name stands for that could be taken for one here, or ``None``.

    Examples
    --------
    >>> other_function("relu6")
    'relu6 is min(max(x, 0), 6), another function than relu'
    >>> other_function("swish:1.5")
    'silu takes no parameter: with another beta it is another function'
    """
    name, colon, _ = text.partition(":")
    if _key(name) in _OTHERS:
        return f"{name} is {_OTHERS[_key(name)]}"
    known = _KNOWN.get(_key(name))
    if colon and known is not None and known not in ACTIVATION_FAMILIES:
        what = "with another beta" if known == "silu" else "with one"
        return f"{known} takes no parameter: {what} it is another function"
    return None
