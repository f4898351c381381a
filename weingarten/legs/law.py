"""What an ensemble is to the networks: a sum over ways to glue the ends of its matrices together.

    E[X ⊗ ... ⊗ X] = Σ weight · (ends joined to one another, or joined through a constant such as J or Σ)

Occurrence v of the matrix has the row end 2v and the column end 2v + 1; on several legs a joint glues all legs at once.
One file an ensemble says which sums and weights; everything else is common.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import sympy as sp

from weingarten.algebra.several import Ring, Several
from weingarten.errors import WeingartenError
from weingarten.legs.symbols import Legs

FORM_NAME = "±J"  # the symplectic form, followed by its size

Joint = tuple[int, int]  # two ends that become one vertex
Through = tuple[str | tuple[str, str], int, int]  # a constant, or the product of two, between two ends


class Tree(NamedTuple):
    """One node: `kind` says what is done with the parts.

    letter (data: name), product, beside, transpose, conjugate, trace and turn (data: legs from 0), identity and ones
    (data: row legs, column legs), unit (data: 1-based row and column, sizes).
    """

    kind: str
    parts: tuple[Tree, ...] = ()
    data: Any = None


def letters_of(tree: Tree) -> list[str]:
    """Return the names of the letters of a tree, in order."""
    own = [tree.data] if tree.kind in ("letter", "raw") else []
    return own + [name for part in tree.parts for name in letters_of(part)]


class Gluing(NamedTuple):
    """One term: a key that the weight depends on, the joints, and the constants put between ends."""

    key: Hashable
    joints: tuple[Joint, ...]
    through: tuple[Through, ...] = ()


class Range(NamedTuple):
    """A condition `size >= least` (or a sentence, if `size` is None) under which an answer holds."""

    size: Any
    least: int
    reason: str
    what: str = ""  # how the condition is called where the sizes are numbers: "n - p"

    @property
    def decided(self) -> bool | None:
        """Whether the condition holds; None while the size is symbolic."""
        size = sp.sympify(self.size)
        return bool(size >= self.least) if size.is_number else None


@dataclass(frozen=True)
class Law:
    """Base of all ensembles: sizes of the legs, and how the matrix behaves under conjugation.

    Attributes
    ----------
    name : str
        Name of the law, the same as in `RandomMatrix`.
    rows, cols : tuple
        Sizes of the row legs and of the column legs.
    conjugation : str
        "real" (conjugates are the matrix itself), "hermitian" (the transpose), "form" (`conjugate_tree`) or "own" (conjugates are
        marked).
    is_unitary : bool
        Whether the inverse is the adjoint.
    ordered : bool
        Whether factors do not commute (quantum groups).
    entries_everywhere : bool
        Whether moments of entries hold wherever the indices exist, whatever `ranges` says about words.
    """

    rows: Legs
    cols: Legs
    name: str

    conjugation: ClassVar[str] = "own"
    is_unitary: ClassVar[bool] = False
    ordered: ClassVar[bool] = False
    entries_everywhere: ClassVar[bool] = False

    @property
    def raw_legs(self) -> tuple[Legs, Legs]:
        """The legs of the raw letter."""
        return self.rows, self.cols

    @property
    def size(self) -> Any:
        """The number of rows."""
        return self.rows[0] if len(self.rows) == 1 else sp.Mul(*self.rows)

    def expand(self, name: str) -> Tree | None:
        """Return the tree that stands for the matrix, in terms of the raw letter; None for the letter itself."""
        return None

    def conjugate_tree(self, name: str) -> Tree:
        """Return the conjugate in terms of the raw letter, where `conjugation` is "form"."""
        raise NotImplementedError

    def declared(self) -> dict[str, Any]:
        """Return the constants that gluings put between ends, by name."""
        return {}

    def count(self, marks: Sequence[bool]) -> int:
        """Return the number of gluings for factors with these conjugation marks."""
        raise NotImplementedError

    def gluings(self, marks: Sequence[bool]) -> Iterable[Gluing]:
        """Return all gluings of the factors; empty if the expectation vanishes."""
        raise NotImplementedError

    def weight(self, key: Any, ring: Ring) -> Several:
        """Return the weight of a gluing."""
        return ring.one

    def entries(self, rows: Sequence[int], cols: Sequence[int], marks: Sequence[bool], ring: Ring) -> Several | None:
        """Return the moment of entries at 1-based places where there is a route without gluings, else None."""
        return None

    def power_traces(self, mu: tuple[int, ...], ring: Ring) -> Several | None:
        """Return `E Π tr(X^{μ_i})` where there is a route without gluings, else None."""
        return None

    def ranges(self, plain: int, bars: int) -> list[Range]:
        """Return the conditions under which the expectation of so many factors is right, symbolic sizes included."""
        return []

    def check(self, plain: int, bars: int) -> None:
        """Refuse known sizes at which the expectation does not exist or is not available."""
        for condition in self.ranges(plain, bars):
            if condition.decided is False:
                found = f"{condition.what} = {condition.size}" if condition.what else f"the size is {condition.size}"
                raise WeingartenError(
                    f"{self.name}: {found}, at least {condition.least} is needed ({condition.reason})"
                )


def factors(k: int) -> str:
    """Return "1 factor", "2 factors", ..."""
    return f"{k} factor{'' if k == 1 else 's'}"


def loops_of(pairs: Iterable[tuple[int, int]], others: Iterable[tuple[int, int]]) -> list[int]:
    """Return half the lengths of the closed loops of two pairings of the same points.

    Examples
    --------
    >>> loops_of([(0, 1), (2, 3)], [(0, 3), (1, 2)])
    [2]
    """
    first: dict[int, int] = {}
    second: dict[int, int] = {}
    for table, given in ((first, pairs), (second, others)):
        for a, b in given:
            table[a], table[b] = b, a
    seen: set[int] = set()
    lengths = []
    for start in first:
        length, x = 0, start
        while x not in seen:
            seen |= {x, first[x]}
            x = second[first[x]]
            length += 1
        if length:
            lengths.append(length)
    return sorted(lengths, reverse=True)
