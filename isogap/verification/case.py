"""The context of one check: every decision goes through it, is recorded with kind and role, and refutes what is false.

A step is a *link*, which the verdict needs, unless it stands in ``with case.illustrations():``, where it may refute and counts
for nothing. The check returns nothing: the verdict is the weakest of its links, and of the statements that it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from isogap.theory.positivity import NotProvedError, prove_positive
from isogap.verification import algebra, sampling
from isogap.verification.balls import ball
from isogap.verification.claims import Claim
from isogap.verification.notebook import Notebook
from isogap.verification.outcome import RefutedError, TrivialError, UndecidedError
from isogap.verification.rational import RationalMatrix
from isogap.verification.witnesses import witness
from isogap.verification.words import Rule, Words, normal_form


class Case(Notebook):
    """Context that a check decides in.

    Every method either records a step or raises: `RefutedError` with a witness if the claim is false, `UndecidedError` if
    nothing can be concluded.

    Parameters
    ----------
    seed : int
        Seed of the randomness of this check.
    deep : bool
        Whether to take as long as it needs.
    control : bool
        Whether a false neighbour is being judged: plots, tables and long searches are skipped.
    where : Path, optional
        Folder of the registry, for its witnesses.
    claims : sequence of str
        What the statement, or its neighbour, claims; all of it has to be evaluated.
    below : mapping
        Label -> claims of the statements that this one rests on.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        deep: bool = False,
        control: bool = False,
        where: Path | None = None,
        claims: Sequence[str] = (),
        below: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(claims)
        self._below = dict(below or {})
        self.seed, self.deep, self.control, self.where = seed, deep, control, where

    def rng(self, *key: int) -> np.random.Generator:
        """Return a generator that depends on the seed and ``key`` alone."""
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    def below(self, label: str) -> list[Claim]:
        """Claims of a statement that this one rests on, by its label, or by its key (``chain/E1``)."""
        if label not in self._below:
            raise UndecidedError(f"{label} is not among what the statement rests on, or was not judged")
        return [Claim.of(text) for text in self._below[label]]

    def witness(self, name: str) -> RationalMatrix:
        """Matrix of that name in the ``witnesses.toml`` of the registry."""
        return witness(name, self.where)

    # -- for all parameters ----------------------------------------------------------------------------------------

    def identity(self, what: str, left: Any, right: Any, *, computed: bool = False) -> None:
        """Two rational functions are equal, identically in their symbols.

        Sides that are the same expression as written are refused, unless they are ``computed``: results of two computations
        that share no code, whose agreement is the point.
        """
        if not computed and algebra.same(left, right):
            raise TrivialError(f"both sides are the same as written: {what}")
        rest = algebra.difference(left, right)
        if rest != 0:
            raise RefutedError(f"not an identity: {what}", **(algebra.counterpoint(rest) or {"difference": rest}))
        self._record("algebra", what)

    def words(self, what: str, left: Words, right: Words, rules: Iterable[Rule] = ()) -> None:
        """Two expressions in matrices are equal under the rules, for all sizes."""
        if left == right:
            raise TrivialError(f"both sides are the same as written: {what}")
        rest = normal_form(left - right, list(rules))
        if rest.terms:
            raise RefutedError(f"not an identity of matrices: {what}", left_over=rest)
        self._record("algebra", what, "matrix words, every size")

    def constant(self, what: str, left: Any, relation: str, right: Any) -> None:
        """Two constants compare as said (``<``, ``<=``, ``>``, ``>=``): rationals exactly, others by their balls."""
        if relation not in ("<", "<=", ">", ">="):
            raise ValueError(f"relation must be <, <=, > or >=, got {relation!r}; for equality use identity")
        low, high = (left, right) if relation[0] == "<" else (right, left)
        exact = isinstance(low, int | Fraction) and isinstance(high, int | Fraction)
        low, high = (low, high) if exact else (ball(low), ball(high))
        if exact and low == high and "=" in relation:
            self._record("algebra", what, "equal")
            return
        if low > high or (exact and low == high):
            raise RefutedError(f"does not hold: {what}", left=_show(left), right=_show(right))
        if not low < high:
            raise UndecidedError(f"{what}: {left} against {right}; more digits are needed")
        self._record("algebra", what)

    def rises(self, what: str, f: Any, variable: Any, zero: Any, end: Any) -> None:
        """``f > 0`` between ``zero`` and ``end``: f vanishes at ``zero`` and its derivative keeps one sign (Sturm)."""
        if not algebra.rises_from(f, variable, zero, end):
            found = algebra.negative_point(f, variable, zero, end)
            if found is not None:
                raise RefutedError(f"does not hold: {what}", **found)
            raise UndecidedError(f"the derivative changes sign: {what}")
        self._record("algebra", what, f"value 0 at {zero}, derivative of one sign up to {end} (Sturm)")

    def nonnegative(self, what: str, polynomial: Any, lower: dict[Any, Any]) -> None:
        """A polynomial is non-negative for all variables beyond their lower ends."""
        if not algebra.nonnegative_beyond(polynomial, lower):
            for shift in (0, Fraction(1, 2), 1, 2, 5, 30, 1000):
                point = {v: low + shift for v, low in lower.items()}
                if polynomial.subs(point) < 0:
                    raise RefutedError(
                        f"does not hold: {what}", **{str(v): x for v, x in point.items()}, value=polynomial.subs(point)
                    )
            raise UndecidedError(f"coefficients of both signs: {what}")
        self._record("algebra", what, "no negative coefficient after the shift to the lower ends")

    def follows(self, what: str, polynomial: Any, lower: dict[Any, Any]) -> None:
        """The same, for a link of a proof: where it fails the proof does not go through, which refutes nothing."""
        if not algebra.nonnegative_beyond(polynomial, lower):
            raise UndecidedError(f"the proof does not go through: {what}")
        self._record("algebra", what, "no negative coefficient after the shift to the lower ends")

    def interval(self, what: str, f: Callable[[Any], Any], low: Any, high: Any) -> None:
        """``f > 0`` on the open interval, by subdivision in ball arithmetic with Taylor series at the ends."""
        try:
            proof = prove_positive(f, low, high)
        except NotProvedError as error:
            if "not positive" in str(error):
                raise RefutedError(f"does not hold: {what}", found=error) from None
            raise UndecidedError(f"{what}: {error}") from None
        if not proof.covers():
            raise UndecidedError(f"{what}: the boxes do not cover the interval")
        self._record("interval", what, f"{len(proof.boxes)} boxes on ({low}, {high})")

    # -- for a finite list ---------------------------------------------------------------------------------------------

    def exact(self, what: str, holds: bool, **witness: Any) -> None:
        """A comparison of exact numbers (rationals, integers) at one instance."""
        if not holds:
            raise RefutedError(f"does not hold: {what}", **witness)
        self._record("finite list", what)

    def at_most(self, what: str, left: Any, right: Any, **witness: Any) -> None:
        """``left ≤ right`` for two balls, decided by their enclosures."""
        if left > right:
            excess = float((ball(left) - ball(right)).mid()) / max(abs(float(ball(right).mid())), 1e-300)
            raise RefutedError(
                f"does not hold: {what}", violation=excess, left=_show(left), right=_show(right), **witness
            )
        if not left <= right:
            raise UndecidedError(f"{what}: {left} against {right} at {witness}; more digits are needed")
        size = max(abs(float(ball(right).mid())), abs(float(ball(left).mid())))
        slack = float((ball(right) - ball(left)).mid()) / size if size > 0 else 0.0
        self._record("finite list", what, closest=slack)

    def agree(self, what: str, left: Any, right: Any, digits: int = 10, **witness: Any) -> None:
        """Two enclosures of one number: they overlap, and are narrow enough for that to say something."""
        left, right = ball(left), ball(right)
        if not left.overlaps(right):
            raise RefutedError(f"does not hold: {what}", left=_show(left), right=_show(right), **witness)
        size = max(float(abs(left).upper()), float(abs(right).upper()))
        radius = float(left.rad()) + float(right.rad())
        if radius > size * 10.0**-digits and size > 0:
            raise UndecidedError(f"{what}: enclosures {left}, {right} are too wide for {digits} digits")
        self._record("finite list", what, f"to {digits} digits or better")

    def library(self, what: str, value: Any, exact: Any, ulps: float = 200.0, **witness: Any) -> None:
        """A float of the library agrees with its enclosure: relative error at most ``ulps`` times 2^-52.

        Always an illustration: it says something about the library. Skipped for false neighbours: those have to fall by
        mathematics.
        """
        if self.control:
            return
        error = abs(ball(float(value)) - exact)
        allowed = ulps * 2.0**-52 * abs(exact) + 1e-307
        if error > allowed:
            raise RefutedError(f"library: {what}", float=float(value), exact=_show(ball(exact)), **witness)
        if not error <= allowed:
            raise UndecidedError(f"library: {what}: the enclosure {exact} is too wide")
        with self.illustrations():
            self._record("finite list", f"library: {what}", f"relative error at most {ulps:g} units of 2^-52")

    # -- samples -----------------------------------------------------------------------------------------------------

    def mean_equals(
        self, what: str, samples: Any, expected: float, span: float | None, *, many: int = 1, **witness: Any
    ) -> None:
        """The mean of independent samples is the expected number, at this comparison's share of the level.

        ``span`` is the length of an interval that holds every value, ``None`` if there is none (Student's t, no bound);
        ``many`` the number of comparisons that this one was selected from.
        """
        found = self._compared(samples, span, many)
        if abs(found.mean - expected) > found.half:
            excess = abs(found.mean / expected - 1) if expected else abs(found.mean)
            shown = {"mean": f"{found.mean:.6g} ± {found.half:.2g}", "expected": f"{expected:.6g}"}
            raise RefutedError(f"does not hold: {what}", violation=excess, **shown, **witness)
        closest = 1.0 - abs(found.mean - expected) / found.half if found.half > 0 else 1.0
        power = f"a mean off by {2 * found.half:.2g} is noticed"
        self._record("sampling", what, _sampled(found, power), closest=closest)

    def mean_at_most(
        self, what: str, samples: Any, bound: float, span: float | None, *, many: int = 1, **witness: Any
    ) -> None:
        """The mean of independent samples is not above the bound; ``span`` and ``many`` as in `mean_equals`."""
        found = self._compared(samples, span, many)
        if found.mean - found.half > bound:
            raise RefutedError(
                f"does not hold: {what}", mean=f"{found.mean:.6g} ± {found.half:.2g}", bound=f"{bound:.6g}", **witness
            )
        closest = (bound - found.mean) / max(abs(bound), abs(found.mean)) if bound != found.mean else 0.0
        power = f"a mean above {bound + 2 * found.half:.3g} is noticed, measured {found.mean:.3g}"
        self._record("sampling", what, _sampled(found, power), closest=closest)

    def mean_below(
        self, what: str, samples: Any, bound: float, span: float | None, *, many: int = 1, **witness: Any
    ) -> None:
        """The mean of independent samples is strictly below the bound: its whole band is, or nothing is decided."""
        self.mean_at_most(what, samples, bound, span, many=many, **witness)
        found = sampling.estimate(samples, span)
        if not found.mean + found.half < bound:
            raise UndecidedError(
                f"{what}: {found.mean:.6g} ± {found.half:.2g} does not exclude {bound:.6g} at {witness}"
            )

    def pathwise(self, what: str, left: Any, right: Any, rounding: float, **witness: Any) -> None:
        """``left ≤ right`` on every path, up to a stated rounding error."""
        left, right = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
        excess = float(np.max(left - right))
        if not excess <= rounding:
            raise RefutedError(f"does not hold: {what}", excess=f"{excess:.3g}", rounding=f"{rounding:.1g}", **witness)
        self._record("sampling", what, "every path", count=left.size)

    def notices(self, departure: str, step: Callable[[Case], None]) -> None:
        """A built departure is refuted by a sampled step: ``step(case)`` must raise `RefutedError` on a case of its own.

        A step that lets it pass has no power to speak of, and the statement is undecided.
        """
        if self.control:
            return
        try:
            step(Case(seed=self.seed, control=True, where=self.where))
        except RefutedError:
            with self.illustrations():
                self._record("sampling", f"notices: {departure}", "a departure built for the purpose is refuted")
            return
        raise UndecidedError(f"a sampled step has no power: it does not notice {departure}")

    def _compared(self, samples: Any, span: float | None, many: int) -> sampling.Estimate:
        found = sampling.estimate(samples, span)
        self.comparisons += many
        self.approximate += 0 if found.bound else many
        return found


def _sampled(found: sampling.Estimate, power: str) -> str:
    return f"{found.samples} samples; {power}" + ("" if found.bound else "; Student's t, which is no bound")


def _show(x: Any) -> str:
    return str(x.str(12, radius=True) if hasattr(x, "str") else x)
