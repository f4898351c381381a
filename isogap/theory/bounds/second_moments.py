"""Theorem E: exact moments of the linearised chain ``E' = offdiag(W E Wᵀ)``, and the growth rate of its second moment."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from isogap.theory.bounds._arguments import as_result, widths

__all__ = ["LinearisedMoments", "linearised_moments", "second_moment_rate"]


class LinearisedMoments(NamedTuple):
    """Coefficients of one layer of the linearised chain; ``p_m = tr E^m``.

    Attributes
    ----------
    p2, p3 : number
        ``E p2' = p2 · p_2``, ``E p3' = p3 · p_3``.
    square : tuple
        ``(a, b)`` with ``E p2'² = a p_2² + b p_4``.
    fourth : tuple
        ``(a, b)`` with ``E p4' = a p_2² + b p_4``.
    """

    p2: Any
    p3: Any
    square: tuple[Any, Any]
    fourth: tuple[Any, Any]


def linearised_moments(d: Any) -> LinearisedMoments:
    """Coefficients of the mean of ``p_2``, ``p_3``, ``p_2²`` and ``p_4`` after one layer of ``E' = offdiag(W E Wᵀ)`` (Theorem E).

    Parameters
    ----------
    d : int, Fraction, sympy expression or array
        Width, at least 2. The coefficients are in the arithmetic of `d`.

    Returns
    -------
    LinearisedMoments
        Factors ``d/(d+2)`` and ``d²/((d+2)(d+4))``, and the two rows of the recursion of ``(p_2², p_4)``.

    Examples
    --------
    >>> from fractions import Fraction
    >>> [str(a) for a in linearised_moments(Fraction(3)).square]  # p_4 = p_2²/2 at d = 3
    ['43/105', '4/105']
    """
    z = (d + 1) * (d + 2) * (d + 4) * (d + 6)
    square = (d**4 + 9 * d**3 + 16 * d**2 + 48) / z, 16 * d / z
    fourth = 4 * (2 * d**2 + 6 * d - 3) / z, d * (d**3 + 5 * d**2 + 8 * d - 4) / z
    return LinearisedMoments(d / (d + 2), d**2 / ((d + 2) * (d + 4)), square, fourth)


def second_moment_rate(d: npt.ArrayLike, *, exact: bool = False) -> Any:
    """Growth factor a layer of ``E ‖E‖⁴``, so of ``E phi²`` near orthogonality: ``Λ_2(d) > (d/(d+2))²`` (Theorem E).

    Parameters
    ----------
    d : array_like of int
        Width, at least 2. With `exact` one integer, or a sympy symbol.
    exact : bool, optional
        If true, the algebraic number as a sympy expression.

    Returns
    -------
    ndarray or sympy expression
        The larger root of ``Λ² - (trace) Λ + d³/((d+2)(d+4)(d+6))``. With ``Λ_2/q² = 1 + 8/d³ + ...`` rare paths carry
        the mean gap after some ``d³/8`` layers: a sample mean falls short of it from there.

    Raises
    ------
    ValueError
        A width below 2.

    Examples
    --------
    >>> second_moment_rate([2, 4]).round(12).tolist()
    [0.375, 0.485198225587]
    >>> second_moment_rate(3, exact=True)
    3/7
    """
    if exact:
        return _exact_rate(d)
    width = widths(d)
    if (width < 2).any():
        raise ValueError(f"d must be at least 2; got {width.min():g}")
    # Horner in 1/d: no overflow for any width
    v = 1.0 / width
    root = np.sqrt(np.polyval([144.0, -24.0, 145.0, 60.0, 6.0, 4.0, 1.0], v))
    top = np.polyval([24.0, -2.0, 12.0, 7.0, 1.0], v) + 2.0 * v * root
    return as_result(top / ((1.0 + v) * (1.0 + 2.0 * v) * (1.0 + 4.0 * v) * (1.0 + 6.0 * v)))


def _exact_rate(d: Any) -> Any:
    """The same in sympy."""
    import sympy as sp

    if not isinstance(d, sp.Basic) and (isinstance(d, bool) or not hasattr(d, "__index__")):
        raise TypeError(f"with exact=True d must be one integer or a sympy expression; got {d!r}")
    n: Any = d if isinstance(d, sp.Basic) else sp.Integer(int(d))
    if n.is_number and (not n.is_integer or n < 2):
        raise ValueError(f"d must be an integer of at least 2; got {d}")
    root = sp.sqrt(n**6 + 4 * n**5 + 6 * n**4 + 60 * n**3 + 145 * n**2 - 24 * n + 144)
    return (n**4 + 7 * n**3 + 12 * n**2 - 2 * n + 24 + 2 * root) / ((n + 1) * (n + 2) * (n + 4) * (n + 6))
