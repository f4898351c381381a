"""How a random matrix is integrated out, and where an ensemble says so: an ensemble is one file and one line here.

`expectation` asks the space of each matrix for its moments of entries, the average of a product of words, the range and
the cost. `Space` itself answers for the classical groups and the circular ensembles. Another ensemble is a module with

    SPACE = MySpace(Group("Name", ...))        # a subclass of `Space` that overrides what differs

and one line in `ENSEMBLES`: its name, and the module. The module is loaded on first use of the name.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from weingarten.algebra.groups import ALIASES, GROUPS, Group
from weingarten.errors import WeingartenError

if TYPE_CHECKING:
    from weingarten.algebra.rational import Ratio
    from weingarten.integration.contraction import Setting
    from weingarten.integration.wires import Monomial
    from weingarten.moments import Entries

Range = tuple[int, str]  # least size for which a symbolic result holds, and why

# name of an ensemble as in --group -> module that holds SPACE; keep the order of the documentation
ENSEMBLES: dict[str, str] = {}


class Space:
    """The law of one random matrix; this class is a classical group (O, U, Sp, SO, SU) or COE, CSE.

    Attributes
    ----------
    kind : Group
        Name, whether entries are complex, and what the Weingarten function is.
    default_name : str
        What the command line calls such a matrix.
    power_traces : bool
        Whether products of traces of powers have a route of their own (`power_trace_answer`).
    cancels : bool
        Whether `W Wᵀ = 1` (real) or `U U† = 1` (complex) may be used in words.
    behind : str
        The Haar matrix that the matrix is made of, two of it for each, and whose factors are counted; empty if it is one.
    """

    power_traces = False
    cancels = True
    behind = ""

    def __init__(self, kind: Group, default_name: str = "W") -> None:
        self.kind, self.default_name = kind, default_name

    @property
    def pairing_kind(self) -> Group:
        """The group whose pairings integrate the matrix out of words."""
        return GROUPS[{"SO": "O", "SU": "U", "COE": "U", "CSE": "U"}.get(self.kind.name, self.kind.name)]

    def pairs(self, plain: int, conjugated: int) -> int:
        """Return the cost of integrating out so many factors and conjugated factors, 0 if the average vanishes."""
        from weingarten.integration.contraction import pair_count

        return pair_count(plain, conjugated, self.pairing_kind)

    def entries(self, cells: Entries, size: Any) -> tuple[Range, Ratio]:
        """Return the moment of entries at 1-based places with exponents (plain, conjugated), and its range."""
        from weingarten.moments import moment_parts

        return moment_parts(cells, size, self.kind)

    def integrate(self, monomial: Monomial, setting: Setting, reader: Any) -> dict[Monomial, Ratio]:
        """Return the average of a product of closed words and strands as monomials without this matrix.

        An ensemble whose results are no traces of its constants may put further constants into `reader.constants` (name
        -> sympy matrix expression, such as the matrix of ones or a Hadamard product) and use their names as letters.
        """
        from weingarten.integration.contraction import integrate

        return integrate(monomial, setting)

    def word_range(self, plain: int, conjugated: int) -> Range:
        """Return from which size on the symbolic average of words with so many factors holds, and why."""
        return max(1, self.pairing_kind.threshold((plain + conjugated) // 2)), ""


class _Classical(Space):
    power_traces = True


class _Circular(Space):
    behind = "U"


CLASSICAL = {
    "O": _Classical(GROUPS["O"], "W"),
    "U": _Classical(GROUPS["U"], "U"),
    "Sp": _Classical(GROUPS["Sp"], "S"),
    "SO": _Classical(GROUPS["SO"], "W"),
    "SU": _Classical(GROUPS["SU"], "U"),
    "COE": _Circular(GROUPS["COE"], "V"),
    "CSE": _Circular(GROUPS["CSE"], "V"),
}


def space_of(name: str) -> Space:
    """Return the space of a group or ensemble by its name.

    Examples
    --------
    >>> from weingarten.spaces import space_of
    >>> space_of("COE").pairs(1, 1)
    1
    """
    if name in CLASSICAL:
        return CLASSICAL[name]
    space: Space = importlib.import_module(ENSEMBLES[name]).SPACE
    return space


def as_group(group: object) -> Group:
    """Return the `Group` of a name such as "O", "u" or "symplectic"; a `Group` passes through.

    Examples
    --------
    >>> as_group("unitary").name
    'U'
    """
    if isinstance(group, Group):
        return group
    name = ALIASES.get(group.strip().lower()) if isinstance(group, str) else None
    if name is not None:
        return GROUPS[name]
    for known in ENSEMBLES:
        if isinstance(group, str) and group.lower() == known.lower():
            return space_of(known).kind
    choices = ", ".join((*GROUPS, *ENSEMBLES))
    raise WeingartenError(f"group={group!r} is unknown; choose one of {choices}{_meant(group)}")


def _meant(group: object) -> str:
    """Return which group or ensemble a mistyped name may be."""
    if not isinstance(group, str):
        return ""
    from weingarten.ensembles.named import likely_names
    from weingarten.suggestions import meant

    likely = likely_names(group)
    if likely:
        return f"; did you mean {' or '.join(likely)}?"
    near = meant(group, (*GROUPS, *(alias for alias in ALIASES if len(alias) > 3)))
    return near or ", or an ensemble by name: GUE, wishart, permutation, ..."
