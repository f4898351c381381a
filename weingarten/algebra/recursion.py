"""All Weingarten functions of one degree at once, for symbolic d, by integer arithmetic alone.

Orthogonality of the Weingarten functions gives, for any part k of μ and its other parts r (Collins & Matsumoto,
arXiv:1701.04493, in the language of partitions; α = 2 orthogonal, α = 1 unitary),

    (d + (α-1)(k-1)) W_n(μ) + Σ_r α r W_n(μ: k, r -> k+r) + Σ_{a=1}^{k-1} W_n(μ: k -> a, k-a)
        = [k=1] W_{n-1}(μ minus 1).

With `W_n = Σ_j w_j d^{-n-j}` this is an iteration `w_{j-1} -> w_j` over integers. The denominator is known beforehand,
`Π (d-a)^{m_a}` with `m_a = #{i, j >= 0: i - α j = a, (i+1)(j+1) <= n}` (the boxes that fit into a partition of n), so
finitely many `w_j` fix the numerator, and two more of its coefficients must vanish: the self-check.
"""

from __future__ import annotations

from collections import Counter

from flint import fmpz_poly

from weingarten.algebra.rational import Ratio, Roots, as_roots, product_of_roots
from weingarten.caches import cached, register
from weingarten.combinatorics.partitions import Partition, all_partitions, partition_index, replace_parts
from weingarten.errors import SelfCheckError

Row = tuple[int, tuple[tuple[int, int], ...]]  # (index of μ minus 1 one degree below or -1, ((weight, index), ...))


def recursion_row(mu: Partition, part: int, alpha: int) -> tuple[Partition | None, dict[Partition, int]]:
    """Return μ without the part 1 (or None) and the weights of all terms but `d W(μ)`, for the chosen part of μ."""
    weights: Counter[Partition] = Counter()
    others = replace_parts(mu, (part,), ())
    if (alpha - 1) * (part - 1):
        weights[mu] += (alpha - 1) * (part - 1)
    for other in others:
        weights[replace_parts(others, (other,), (part + other,))] += alpha * other
    for a in range(1, part):
        weights[replace_parts(others, (), (a, part - a))] += 1
    return (others if part == 1 else None), dict(weights)


@cached
def _rows(n: int, alpha: int) -> tuple[Row, ...]:
    """Return, for every partition of n, the shortest of its recursion rows."""
    below, here = partition_index(n - 1), partition_index(n)
    rows = []
    for mu in all_partitions(n):
        candidates = [recursion_row(mu, part, alpha) for part in sorted(set(mu))]
        source, weights = min(candidates, key=lambda row: len(row[1]))
        terms = tuple((weight, here[nu]) for nu, weight in weights.items())
        rows.append((-1 if source is None else below[source], terms))
    return tuple(rows)


class Level:
    """The coefficients `w_j(μ)` of all partitions of one n; grows with `extend` as far as asked."""

    def __init__(self, n: int, alpha: int) -> None:
        self.n, self.alpha = n, alpha
        self.columns: list[list[int]] = []

    def extend(self, terms: int) -> None:
        """Make `columns[j]`, the list of `w_j` over `all_partitions(n)`, available for all `j < terms`."""
        if self.n == 0:
            self.columns += [[0 if self.columns or k else 1] for k in range(terms - len(self.columns))]
            return
        below = level(self.n - 1, self.alpha)
        below.extend(terms)
        rows = _rows(self.n, self.alpha)
        last = self.columns[-1] if self.columns else [0] * len(rows)
        for j in range(len(self.columns), terms):
            source = [*below.columns[j], 0]  # index -1 reads the final 0
            last = [source[s] - sum([weight * last[k] for weight, k in entries]) for s, entries in rows]
            self.columns.append(last)


_LEVELS: dict[tuple[int, int], Level] = {}
register(_LEVELS.clear)


def level(n: int, alpha: int) -> Level:
    """Return the shared `Level` of this degree."""
    if (n, alpha) not in _LEVELS:
        _LEVELS[n, alpha] = Level(n, alpha)
    return _LEVELS[n, alpha]


@cached
def denominator_roots(n: int, alpha: int) -> Roots:
    """Return the pairs `(a, m_a)` of the common denominator of all Weingarten functions of degree n."""
    return as_roots(Counter(i - alpha * j for i in range(n) for j in range(n // (i + 1))))


def series_length(n: int, alpha: int) -> int:
    """Return how many `w_j` a table of degree n takes: those of the numerator and two for the self-check."""
    return sum(power for _, power in denominator_roots(n, alpha)) - n + 3


@cached
def rational_function(mu: Partition, alpha: int) -> Ratio:
    """Return `W_n(μ)` as a rational function in lowest terms.

    Examples
    --------
    >>> import sympy
    >>> from weingarten.algebra.recursion import rational_function
    >>> rational_function((2,), 2).to_sympy(sympy.Symbol("d"))
    -1/(d*(d - 1)*(d + 2))
    """
    n = sum(mu)
    roots, terms = denominator_roots(n, alpha), series_length(n, alpha)
    table = level(n, alpha)
    table.extend(terms)
    k = partition_index(n)[mu]
    # In u = 1/d: W = u^n Σ w_j u^j and Π (1 - a u)^m W / u^n is the numerator read backwards.
    reverse = fmpz_poly(product_of_roots(roots).coeffs()[::-1])
    product = reverse * fmpz_poly([table.columns[j][k] for j in range(terms)])
    coefficients = [product[j] for j in range(terms)]
    if coefficients[-1] or coefficients[-2]:
        raise SelfCheckError(f"the numerator of the Weingarten function of {mu}, alpha={alpha} does not terminate")
    return Ratio(fmpz_poly(coefficients[-3::-1]), 1, roots).cancelled()
