r"""Where the Gram of a batch goes in a wide batch-normalised network: one number on the diagonal, one off it (Y3).

From any Gram that treats all samples alike one layer leads to ``(q-ĉ) I + ĉ 11ᵀ`` with ``q = E φ(u_1)²``, ``ĉ = E φ(u_1)φ(u_2)``,
functions of the activation and of B alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from isogap.base.bounded import Bounded
from isogap.theory.mean_field.arguments import batch_size, scaled_activation
from isogap.theory.mean_field.moments import PHI, of_unit_size, settled

__all__ = ["FixedPoint", "fixed_point"]


@dataclass(frozen=True)
class FixedPoint:
    """The two entries of the fixed Gram; unpacks as ``q, c``.

    Attributes
    ----------
    q, c : Bounded
        Mean square of a sample's entry and mean product of two samples' entries.
    """

    q: Bounded
    c: Bounded

    def __iter__(self) -> Any:
        return iter((self.q, self.c))

    @property
    def correlation(self) -> Bounded:
        """``ĉ/q``, the cosine between two samples."""
        q, c = self.q, self.c
        return Bounded(c.value / q.value, (c.error + abs(c.value / q.value) * q.error) / q.value)


def fixed_point(activation: Any, batch: int | float, *, gain: float = 1.0) -> FixedPoint:
    """Diagonal ``q`` and off-diagonal ``ĉ`` of the fixed Gram of centred batch normalisation (Y3).

    Parameters
    ----------
    activation : str, Activation or callable
    batch : int or float
        ``B ≥ 2``, or ``math.inf``.
    gain : float
        The activation is ``φ(gain · y)``.

    Returns
    -------
    FixedPoint

    Raises
    ------
    ValueError
        Bad batch or gain; an activation that returns NaN or is constant where the samples lie.

    Examples
    --------
    >>> q, c = fixed_point("relu", 8)
    >>> print(f"{q:.6f} {c.value / q.value:.7f}")
    0.500000 0.2501349
    >>> q, c = fixed_point("identity", 5)
    >>> print(f"{q:.6f} {c:.6f}")
    1.000000 -0.250000
    """
    b = batch_size(batch)
    phi, unit = of_unit_size(scaled_activation(activation, gain), b - 1.0)
    found = settled(phi, b - 1.0, lambda m: (m.mean**2 + float(m.one[PHI, PHI]), m.mean**2 + float(m.two[PHI, PHI])))
    q, c = (Bounded(x.value * unit * unit, x.error * unit * unit) for x in found)
    floor = 1e-14 * q.value  # ĉ may be a difference of larger numbers
    return FixedPoint(q, Bounded(c.value, c.error + floor))
