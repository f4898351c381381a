"""Ball arithmetic for the checks: gaps, bounds and families of spectra, from exact rational input.

Nothing here calls `isogap.bounds`: the statements are evaluated from their own formulas, and the library is held against
them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

from flint import arb, ctx, fmpq

from isogap.theory.enclosures import exact_step_enclosure

Ball: TypeAlias = Any


def ball(x: int | Fraction | float | Ball) -> Ball:
    """Ball of an exact number.

    Examples
    --------
    >>> bool(3 * ball(Fraction(1, 3)) == 1), ball(0.5)
    (False, 0.500000000000000)
    """
    if isinstance(x, Fraction):
        return arb(fmpq(x.numerator, x.denominator))
    return arb(x)


@dataclass(frozen=True)
class Spectrum:
    """A spectrum of mean 1 with rational eigenvalues: distinct values and multiplicities."""

    values: tuple[Fraction, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, values: Sequence[Any], counts: Sequence[int] | None = None) -> Spectrum:
        """Scale to mean 1, exactly."""
        numbers = [Fraction(v) for v in values]
        multiplicities = [1] * len(numbers) if counts is None else list(counts)
        total = sum((v * m for v, m in zip(numbers, multiplicities, strict=True)), Fraction(0))
        mean = total / sum(multiplicities)
        return cls(tuple(v / mean for v in numbers), tuple(multiplicities))

    @property
    def d(self) -> int:
        """Width."""
        return sum(self.counts)

    def __str__(self) -> str:
        return ", ".join(
            f"{_short(v)}" + (f" (x{m})" if m > 1 else "") for v, m in zip(self.values, self.counts, strict=True)
        )

    def full(self) -> list[Fraction]:
        """All d eigenvalues."""
        return [v for v, m in zip(self.values, self.counts, strict=True) for _ in range(m)]

    def power(self, order: int) -> Fraction:
        """``Σ (λ_k - 1)^order``."""
        return sum((m * (v - 1) ** order for v, m in zip(self.values, self.counts, strict=True)), Fraction(0))

    @property
    def top(self) -> Fraction:
        """Largest eigenvalue."""
        return max(self.values)

    @property
    def low(self) -> Fraction:
        """Smallest eigenvalue."""
        return min(self.values)

    def gap(self) -> Ball:
        """Isometry gap ``-(1/d) Σ log λ_k``."""
        return _gap(self, ctx.prec)

    def step(self, digits: int = 20) -> Ball:
        """``E[φ' | X] - φ`` by verified integration (E3); several statements ask for the same spectra, and one integral does."""
        return _step(self, digits, ctx.prec)


@lru_cache(maxsize=20_000)
def _gap(s: Spectrum, bits: int) -> Ball:
    del bits  # the working precision is part of the question
    total = arb(0)
    for v, m in zip(s.values, s.counts, strict=True):
        total -= m * ball(v).log()
    return total / s.d


@lru_cache(maxsize=20_000)
def _step(s: Spectrum, digits: int, bits: int) -> Ball:
    del bits
    return exact_step_enclosure(list(s.values), digits, multiplicities=list(s.counts))


def _short(v: Fraction) -> str:
    return str(v) if len(str(v)) <= 9 else f"{float(v):.12g}"


def two_level(d: int, m: int, epsilon: Fraction) -> Spectrum:
    """``m`` eigenvalues ``1 + ε``, the others equal."""
    return Spectrum((1 + epsilon, 1 - m * epsilon / (d - m)), (m, d - m))


def family(d: int, seed: int = 0, *, deep: bool = False) -> Iterator[Spectrum]:
    """Spectra of every kind at width d: from 1e-9 off isometric to nearly singular, few levels and generic.

    Examples
    --------
    >>> all(sum(s.full()) == 5 and min(s.full()) > 0 for s in family(5))
    True
    """
    F = Fraction
    for m in sorted({1, max(1, d // 2), d - 1}):
        room = F(d - m, m)  # largest ε for a non-negative rest
        for part in (F(1, 10**9), F(1, 1000), F(1, 10), F(1, 2), F(9, 10), F(999, 1000)):
            yield two_level(d, m, room * part)
            if d > 2 and part <= F(1, 10):
                yield two_level(d, m, -min(room, F(1)) * part)
    yield Spectrum.of([F(1, 2**k) for k in range(d)])
    yield Spectrum.of([F(1, k + 1) for k in range(d)])
    rng = random.Random(1000 * seed + d)
    for scale in (F(1, 10**6), F(1, 100), F(1, 4)) * (4 if deep else 1):
        raw = [rng.randint(-1000, 1000) for _ in range(d)]
        if len(set(raw)) > 1:
            centre = F(sum(raw), d)
            widest = max(abs(x - centre) for x in raw)
            yield Spectrum.of([1 + scale * (x - centre) / widest for x in raw])
    for _ in range(8 if deep else 2):
        yield Spectrum.of([F(rng.randint(1, 10_000)) ** 2 for _ in range(d)])


def widths(*, deep: bool = False) -> tuple[int, ...]:
    """Widths on which bounds are certified."""
    return (2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64, 100) if deep else (2, 3, 4, 6, 8, 16, 32, 64)
