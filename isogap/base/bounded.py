"""A number together with a bound of its error."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Bounded"]


@dataclass(frozen=True)
class Bounded:
    """A computed number and a bound of its error; ``float()`` gives the number.

    Attributes
    ----------
    value : float
    error : float
        Absolute: quadrature, truncation and rounding together. 0 for an exact value.

    Examples
    --------
    >>> rate = Bounded(1.5, 1e-12)
    >>> float(rate), str(rate), f"{rate:.3f}"
    (1.5, '1.5 ± 1e-12', '1.500')
    """

    value: float
    error: float = 0.0

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        return f"{self.value!r} ± {self.error:.1g}"

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else str(self)
