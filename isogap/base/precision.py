"""How numbers are held in a run: ``"double"``, ``"double-double"`` or ``"mp:DIGITS"``, read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LEAST_DIGITS, MOST_DIGITS = 16, 100_000


@dataclass(frozen=True)
class Precision:
    """Arithmetic of a run; ``digits`` is that of ``"mp"``, and 0 otherwise.

    Examples
    --------
    >>> Precision.of("mp:100"), str(Precision.of("double"))
    (Precision(kind='mp', digits=100), 'double')
    """

    kind: Literal["double", "double-double", "mp"] = "double"
    digits: int = 0

    @classmethod
    def of(cls, text: str) -> Precision:
        """Read what a person writes; ``"mp:DIGITS"`` needs 16 digits or more."""
        name, _, digits = str(text).partition(":")
        if text == "double":
            return cls()
        if text == "double-double":
            return cls("double-double")
        if name == "mp" and digits.isdecimal() and digits.isascii() and LEAST_DIGITS <= int(digits[:9]) <= MOST_DIGITS:
            return cls("mp", int(digits))
        raise ValueError(
            f"precision must be double, double-double or mp:DIGITS with {LEAST_DIGITS} to {MOST_DIGITS} digits, got {text!r}"
        )

    def __str__(self) -> str:
        return f"mp:{self.digits}" if self.kind == "mp" else self.kind


DOUBLE = Precision()
