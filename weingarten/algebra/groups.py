"""The groups and ensembles, reduced to a few numbers each.

Every Weingarten function here is that of O (Jack parameter α = 2) or U (α = 1) at a shifted argument:

====  ===  ==========  ==================  ==========================  =====================
name  α    argument z  sign                partitions that take part   full formula valid for
====  ===  ==========  ==================  ==========================  =====================
O     2    d           1                   at most d rows              d >= n
U     1    d           1                   at most d rows              d >= n
Sp    2    -d          (-1)^{ℓ(μ)}         at most d/2 columns         d >= 2n
COE   2    d + 1       1                   at most d rows              d >= n
CSE   2    1 - d       (-1)^{ℓ(μ)}         at most d/2 columns         d >= 2n
====  ===  ==========  ==================  ==========================  =====================

Sources: Collins & Śniady, CMP 264 (2006) 773 (O, U, Sp); Matsumoto, arXiv:1109.2409 and arXiv:1301.5401 (COE, CSE).
"""

from __future__ import annotations

from dataclasses import dataclass

from weingarten.combinatorics.partitions import Partition


@dataclass(frozen=True, slots=True)
class Group:
    """Parameters of a group or ensemble; see the table of this module.

    Attributes
    ----------
    name : str
        "O", "U", "Sp", "SO", "SU", "COE" or "CSE".
    alpha : int
        Jack parameter of the Weingarten function.
    slope, shift : int
        The Weingarten function of O or U is taken at `slope·d + shift`.
    paired : bool
        Dimensions are even and the index pairs (1, 2), (3, 4), ... carry the symplectic form.
    is_complex : bool
        Entries are complex: conjugate exponents are meaningful.
    """

    name: str
    alpha: int
    slope: int = 1
    shift: int = 0
    paired: bool = False
    is_complex: bool = True

    def argument(self, d: int) -> int:
        """Return the argument `z` of the underlying O or U function."""
        return self.slope * d + self.shift

    def allows(self, lam: Partition, d: int) -> bool:
        """Tell whether λ takes part in the restricted sum at the integer dimension `d`."""
        return (not lam) or (lam[0] <= d // 2 if self.paired else len(lam) <= d)

    def threshold(self, n: int) -> int:
        """Return the least dimension at which every partition of n takes part."""
        return 2 * n if self.paired else n

    def value_sign(self, mu: Partition) -> int:
        """Return the sign in front of the underlying function."""
        return -1 if self.paired and len(mu) % 2 else 1


GROUPS = {
    "O": Group("O", 2, is_complex=False),
    "U": Group("U", 1),
    "Sp": Group("Sp", 2, slope=-1, paired=True),
    "SO": Group("SO", 2, is_complex=False),
    "SU": Group("SU", 1),
    "COE": Group("COE", 2, shift=1),
    "CSE": Group("CSE", 2, slope=-1, shift=1, paired=True),
}

ALIASES = {name.lower(): name for name in GROUPS} | {
    "orthogonal": "O",
    "unitary": "U",
    "symplectic": "Sp",
    "usp": "Sp",
    "special_orthogonal": "SO",
    "special_unitary": "SU",
    "ai": "COE",  # Cartan's names of the symmetric spaces U/O and U/Sp
    "aii": "CSE",
}
