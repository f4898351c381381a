"""Activations with their derivatives, by name (``relu``, ``leaky-relu:0.2``, ``relu:+0.7``) or as a user's own functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.names import did_you_mean
from isogap.base.remedies import RemedyError
from isogap.model import activation_functions as f
from isogap.model.derivatives import central_difference
from isogap.model.synonyms import canonical, other_function

Function = Callable[[FloatArray], FloatArray]
_LEAK = 0.01
_LARGEST_POWER = 32  # y^32 at the end of an interval of 30 is 1e47: still far from overflow when squared


@dataclass(frozen=True)
class Activation:
    """A function applied entry by entry, and its derivative.

    Attributes
    ----------
    name : str
    function, derivative : callable
        From an array to an array of the same shape.
    kinks : tuple of float
        Points where the function is continuous and some derivative jumps; integrals are split there.
    jumps : tuple of float
        Points where the function itself jumps: it then has no derivative in L², and rates of its gradient are infinite.
    slopes : tuple of float, optional
        Left and right slope of a function ``a y`` for y < 0, ``b y`` for y > 0; closed forms apply to it.
    derivative_error : callable, optional
        Estimate of the derivative's error at each point, where it is differentiated numerically.

    Examples
    --------
    >>> cube = Activation("cube", lambda x: x**3, lambda x: 3 * x**2)
    >>> activation(cube).derivative(np.array([2.0]))
    array([12.])
    """

    name: str
    function: Function
    derivative: Function
    kinks: tuple[float, ...] = ()
    jumps: tuple[float, ...] = ()
    slopes: tuple[float, float] | None = None
    derivative_error: Function | None = None

    def scaled(self, gain: float) -> Activation:
        """Return ``y -> φ(gain · y)`` for a positive gain.

        Raises
        ------
        ValueError
            The gain is not positive and finite.

        Examples
        --------
        >>> steep = activation("hard-tanh").scaled(4.0)
        >>> steep.kinks, float(steep.derivative(np.array(0.1)))
        ((-0.25, 0.25), 4.0)
        """
        if not 0.0 < gain < math.inf:
            raise ValueError(f"gain must be positive and finite, got {gain}")
        if gain == 1.0:
            return self
        error = self.derivative_error
        return Activation(
            self.name,
            lambda y: self.function(gain * y),
            lambda y: gain * self.derivative(gain * y),
            kinks=tuple(k / gain for k in self.kinks),
            jumps=tuple(k / gain for k in self.jumps),
            slopes=None if self.slopes is None else (gain * self.slopes[0], gain * self.slopes[1]),
            derivative_error=None if error is None else lambda y: gain * error(gain * y),
        )


def differentiated(name: str, function: Function, kinks: tuple[float, ...] = ()) -> Activation:
    """Return an activation whose derivative is taken numerically; its error is estimated at every point.

    Parameters
    ----------
    name : str
    function : callable
        From an array to an array of the same shape, smooth but for `kinks`.
    kinks : tuple of float
        Where the function is continuous but not smooth.

    Examples
    --------
    >>> own = differentiated("mish", lambda y: y * np.tanh(np.logaddexp(0.0, y)))
    >>> print(f"{float(own.derivative(np.array(0.0))):.12f}")  # tanh(log 2) = 3/5
    0.600000000000
    """
    derivative, error = central_difference(function, kinks)
    return Activation(name, function, derivative, kinks=kinks, derivative_error=error)


ACTIVATIONS = {
    a.name: a
    for a in (
        Activation("identity", f.identity, np.ones_like, slopes=(1.0, 1.0)),
        Activation("sin", np.sin, np.cos),
        Activation("tanh", np.tanh, lambda x: 1.0 - np.tanh(x) ** 2),
        Activation("relu", f.relu, f.relu_slope, kinks=(0.0,), slopes=(0.0, 1.0)),
        Activation("selu", f.selu, f.selu_slope, kinks=(0.0,)),
        Activation(
            "leaky-relu",
            partial(f.leaky_relu, slope=_LEAK),
            partial(f.leaky_relu_slope, slope=_LEAK),
            kinks=(0.0,),
            slopes=(_LEAK, 1.0),
        ),
        Activation("elu", f.elu, f.elu_slope, kinks=(0.0,)),
        Activation("gelu", f.gelu, f.gelu_slope),
        Activation("silu", f.silu, f.silu_slope),
        Activation("softplus", f.softplus, f.logistic),
        Activation("erf", f.erf, f.erf_slope),
        Activation("exp", np.exp, np.exp),
        Activation("abs", np.abs, np.sign, kinks=(0.0,), slopes=(-1.0, 1.0)),
        Activation(
            "hard-tanh", partial(f.hard_tanh, cutoff=1.0), partial(f.hard_tanh_slope, cutoff=1.0), kinks=(-1.0, 1.0)
        ),
        Activation("sign", np.sign, np.zeros_like, jumps=(0.0,)),
    )
}


def _shifted_relu(name: str, shift: float) -> Activation:
    slopes = (0.0, 1.0) if shift == 0 else None
    return Activation(
        name, partial(f.relu, shift=shift), partial(f.relu_slope, shift=shift), kinks=(-shift,), slopes=slopes
    )


def _leaky(name: str, slope: float) -> Activation:
    return Activation(
        name,
        partial(f.leaky_relu, slope=slope),
        partial(f.leaky_relu_slope, slope=slope),
        kinks=(0.0,),
        slopes=(slope, 1.0),
    )


def _hard_tanh(name: str, cutoff: float) -> Activation:
    if not cutoff > 0:
        raise ValueError(f"activation {name!r}: the cutoff must be positive")
    return Activation(
        name,
        partial(f.hard_tanh, cutoff=cutoff),
        partial(f.hard_tanh_slope, cutoff=cutoff),
        kinks=(-cutoff, cutoff),
    )


def _exponent(name: str, parameter: float, least: int) -> int:
    if not (parameter.is_integer() and least <= parameter <= _LARGEST_POWER):
        raise ValueError(f"activation {name!r}: the exponent must be a whole number in {least}..{_LARGEST_POWER}")
    return int(parameter)


def _power(name: str, parameter: float) -> Activation:
    k = _exponent(name, parameter, 1)
    slopes = (1.0, 1.0) if k == 1 else None
    return Activation(name, partial(f.power, exponent=k), partial(f.power_slope, exponent=k), slopes=slopes)


def _relu_power(name: str, parameter: float) -> Activation:
    k = _exponent(name, parameter, 2)
    return Activation(name, partial(f.relu_power, exponent=k), partial(f.relu_power_slope, exponent=k), kinks=(0.0,))


# Families with one parameter behind a colon; ``relu:+0.7`` is relu(y + 0.7).
FAMILIES: dict[str, Callable[[str, float], Activation]] = {
    "relu": _shifted_relu,
    "leaky-relu": _leaky,
    "hard-tanh": _hard_tanh,
    "power": _power,
    "relu-power": _relu_power,
}


def activation(what: Any) -> Activation:
    """Look up an activation by name, or take a user's own.

    Parameters
    ----------
    what : str, Activation or callable
        A name of `ACTIVATIONS`; a family with its parameter (``"leaky-relu:0.2"``: negative slope, ``"relu:+0.7"``:
        ``relu(y + 0.7)``, ``"hard-tanh:2"``: cutoff, ``"power:3"``, ``"relu-power:2"``); an `Activation`; or a function of
        arrays alone, which is differentiated numerically (`differentiated`). Names of the field for the same function are
        read as the one here: ``"swish"`` is ``silu``, ``"linear"`` is ``identity``, ``"LeakyReLU"`` and ``"hardtanh"`` too.

    Raises
    ------
    ValueError, TypeError
        An unknown name or parameter, or something that is no name, `Activation` or function.

    Examples
    --------
    >>> float(activation("relu").function(np.array(-3.0)))
    0.0
    >>> activation("swish").name
    'silu'
    >>> activation("leaky-relu:0.2").slopes
    (0.2, 1.0)
    """
    if isinstance(what, Activation):
        return what
    if isinstance(what, str):
        name = canonical(what)
        return ACTIVATIONS[name] if name in ACTIVATIONS else _parsed(name)
    if callable(what) and not isinstance(what, type):
        return differentiated(str(getattr(what, "__name__", type(what).__name__)), what)
    raise TypeError(f"activation must be a name or an Activation (function and derivative), got {what!r}")


def _parsed(text: str) -> Activation:
    family, colon, parameter = text.partition(":")
    if not colon or family not in FAMILIES:
        other = other_function(text)
        if other is not None:
            raise RemedyError(f"activation {text!r}: {other}", "; give it as a function or an Activation of your own")
        names = [*ACTIVATIONS, *(f"{name}:NUMBER" for name in FAMILIES)]
        near = did_you_mean(family, [*ACTIVATIONS, *FAMILIES])
        raise ValueError(f"activation must be one of {', '.join(names)} or an Activation, got {text!r}{near}")
    try:
        number = float(parameter)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"activation {text!r}: {parameter!r} is no number")
    return FAMILIES[family](text, number)
