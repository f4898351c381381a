"""Moments of matrix entries: `E Π X_ij^{e_ij} conj(X_ij)^{b_ij}` for all groups, by the cheaper of two routes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import partial
from itertools import permutations, product
from math import factorial
from typing import Any

from weingarten.algebra.groups import GROUPS, Group
from weingarten.algebra.rational import ZERO, Ratio, add_ratios, constant_ratio, over_roots
from weingarten.algebra.recursion import series_length
from weingarten.algebra.values import TABLE_LIMIT
from weingarten.answers import Answer
from weingarten.arguments import as_dimension, refuse_masked
from weingarten.combinatorics.partitions import partition_count
from weingarten.combinatorics.permutations import sign
from weingarten.ensembles.named import is_named, named_moment, plain_moment
from weingarten.errors import CostError, WeingartenError
from weingarten.integration.double_sum import (
    PAIR_LIMIT,
    circular_double_sum,
    complex_double_sum,
    complex_pair_count,
    partner,
    real_double_sum,
    real_pair_count,
)
from weingarten.integration.real_elimination import elimination_estimate, real_moment
from weingarten.spaces import as_group

DEGREE_LIMIT = 100_000  # factors of one moment

Cell = tuple[int, int]
Entries = dict[tuple[int, int], Cell]  # 1-based position -> exponents of the entry and of its conjugate


def moment(
    exponents: Any = None,
    d: Any = None,
    group: str = "O",
    conjugate: Any = None,
    *,
    rows: Sequence[int] | None = None,
    cols: Sequence[int] | None = None,
    conjugate_rows: Sequence[int] = (),
    conjugate_cols: Sequence[int] = (),
    conjugated: Sequence[bool] | None = None,
    with_range: bool = False,
) -> Any:
    """Return the exact moment `E Π_ij X_ij^{e_ij} conj(X_ij)^{b_ij}` of a Haar matrix (or COE/CSE matrix) X.

    Parameters
    ----------
    exponents : matrix of integers >= 0, shape (r, c)
        Entry `(i, j)` is the exponent of `X_{i+1, j+1}`: lists of lists, a NumPy array, or a sympy Matrix.
    d : int or sympy expression
        Size of the matrix X; even for Sp and CSE.
    group : str
        "O", "U", "Sp", "SO", "SU", "COE" or "CSE"; or another ensemble by its name, such as "GUE", "permutation" or "S+"
        (`weingarten.ensembles.registry` has the list). Those with two sizes take `d=(p, n)`.
    conjugate : matrix of integers >= 0, optional
        Exponents of the conjugated entries; the real groups take them together with the others.
    rows, cols, conjugate_rows, conjugate_cols : sequences of positive integers
        The other form: `E Π_k X_{rows[k], cols[k]} Π_l conj(X_{conjugate_rows[l], conjugate_cols[l]})`, indices from 1.
    conjugated : sequence of bool, optional
        For each of `rows` and `cols` whether that factor is conjugated: one list, for ensembles whose factors have an order.
    with_range : bool
        Return an `Answer`, which says for which dimensions a symbolic value holds.

    Returns
    -------
    sympy.Expr or Answer
        A `Rational` for an integer d. For a symbol a factored rational function, valid for every integer d at which the
        indices exist: d >= the highest index (for Sp, rounded up to even); for COE d >= the number of factors and for
        CSE d >= twice that number as well; for SO and SU d > the degree. Odd degrees (for O) give 0.

    Raises
    ------
    WeingartenError
        For an index beyond an integer d, negative exponents, shapes that do not match, an unknown group.
    CostError
        For moments beyond the limits on terms.

    Notes
    -----
    Indices of Sp and CSE pair up as (1, 2), (3, 4), ..., that is `J = [[0, 1], [-1, 0]] ⊕ ...`, `Sᵀ J S = J`; so
    symbolic dimensions make sense. Route: the double sum if it has fewer pairs than column elimination has terms (for
    O and U both are estimated beforehand); COE and CSE always use their sum over permutations.

    References
    ----------
    Gorin & López, J. Math. Phys. 49 (2008) 013503 (column by column); Collins & Śniady (2006) (double sum).

    Examples
    --------
    >>> import sympy
    >>> from weingarten import moment
    >>> d = sympy.Symbol("d", integer=True, positive=True)
    >>> moment([[2, 0], [0, 2]], d)
    (d + 1)/(d*(d - 1)*(d + 2))
    >>> moment(rows=[1, 1, 2, 2], cols=[1, 2, 1, 2], d=7)
    -1/378
    >>> moment([[2]], 3, "U", conjugate=[[2]])  # E |U_11|^4
    1/6
    """
    bare = all(isinstance(side, (tuple, list)) and not side for side in (conjugate_rows, conjugate_cols))  # no arrays
    if exponents is conjugate is conjugated is None and bare and not with_range:
        found = plain_moment(group, rows, cols, d)
        if found is not None:
            return found
    if is_named(group) or conjugated is not None:
        entries = _entries((exponents, conjugate), ((rows, cols), (conjugate_rows, conjugate_cols)))
        return named_moment(group, d, entries, (rows, cols, conjugate_rows), conjugated, with_range=with_range)
    kind = as_group(group)
    entries = _entries((exponents, conjugate), ((rows, cols), (conjugate_rows, conjugate_cols)))
    if d is None:
        raise WeingartenError("d=None: give the size of the matrix, a positive integer or a sympy Symbol")
    answer = moment_answer(entries, as_dimension(d, kind), kind)
    return answer if with_range else answer.value


def moment_answer(entries: Entries, size: Any, kind: Group) -> Answer:
    """Return the moment of exponents at 1-based positions, with its range of validity."""
    (minimum, reason), ratio = moment_parts(entries, size, kind)
    value = ratio.to_sympy(size)
    if isinstance(size, int):
        return Answer(value, size, "given", exact_at=size)
    recompute = partial(_recomputed, entries, kind)
    return Answer(value, minimum, reason, recompute=recompute, size=str(size), symbol=size)


def _recomputed(entries: Entries, kind: Group, d: int) -> Any:
    """Return the moment at an integer size."""
    return moment_answer(entries, as_dimension(d, kind), kind).value


def moment_parts(entries: Entries, size: Any, kind: Group) -> tuple[tuple[int, str], Ratio]:
    """Return the range and the moment: a constant for an integer size, else a function of it."""
    if not kind.is_complex:
        entries = {place: (a + b, 0) for place, (a, b) in entries.items()}
    entries = {place: cell for place, cell in entries.items() if any(cell)}
    highest = max((max(place) for place in entries), default=1)
    if isinstance(size, int) and highest > size:
        raise WeingartenError(f"index {highest} does not exist at d={size}; every row and column must be at most d")
    degree = sum(a + b for a, b in entries.values())
    if degree > DEGREE_LIMIT:
        raise CostError(
            f"the moment has degree {degree}; the limit is {DEGREE_LIMIT}", estimate=degree, limit=DEGREE_LIMIT
        )
    ratio = moment_ratio(entries, size, kind)
    return _validity(entries, highest, kind), (constant_ratio(ratio.at(size)) if isinstance(size, int) else ratio)


def _validity(entries: Entries, highest: int, kind: Group) -> tuple[int, str]:
    """Return the least dimension for which the symbolic moment is right, and why."""
    minimum, reason = highest, f"highest index {highest}"
    if kind.paired and highest % 2:
        minimum += 1
    degree = sum(a for a, _ in entries.values()), sum(b for _, b in entries.values())
    diagonal = len(entries) == 1 and len(set(next(iter(entries)))) == 1  # has a closed form
    if kind.name in ("COE", "CSE") and not diagonal and kind.threshold(max(degree)) > minimum:
        minimum, reason = kind.threshold(max(degree)), f"{max(degree)} factors"
    own = sum(degree) if kind.name == "SO" else abs(degree[0] - degree[1])
    if kind.name in ("SO", "SU") and own and own + 1 > minimum:
        minimum, reason = own + 1, f"determinant terms appear at d <= {own}"
    return minimum, reason


def moment_ratio(entries: Entries, size: Any, kind: Group) -> Ratio:
    """Return the moment as a `Ratio`: a function of d (also to be evaluated at an integer), or a constant."""
    if kind.name in ("COE", "CSE"):
        return _circular(entries, size, kind)
    if kind.name == "SO":
        return _special_orthogonal(entries, size)
    if kind.name == "SU":
        return _special_unitary(entries, size)
    if kind.name == "O":
        return orthogonal_moment(entries)
    if kind.name == "Sp":
        from weingarten.integration.complex_elimination import complex_moment, symplectic_normal_form

        matrix, factor = symplectic_normal_form(entries)
        return complex_moment(matrix, True) * factor
    return unitary_moment(entries)


def orthogonal_moment(entries: Entries) -> Ratio:
    """Return the moment over O(d) by the route with the lower estimate."""
    rows, cols = _sequences(entries, 0)
    if len(rows) % 2:
        return ZERO
    matrix = _dense(entries, 0)
    pairs = real_pair_count(rows, cols)
    if pairs == 0:
        return ZERO
    if _prefers_double_sum(pairs, len(rows) // 2, 2, elimination_estimate(matrix)):
        return real_double_sum(rows, cols, None, GROUPS["O"])
    return real_moment(matrix)


def unitary_moment(entries: Entries) -> Ratio:
    """Return the moment over U(d) by the route with the lower estimate."""
    rows, cols = _sequences(entries, 0)
    rows_bar, cols_bar = _sequences(entries, 1)
    if sorted(rows) != sorted(rows_bar) or sorted(cols) != sorted(cols_bar):
        return ZERO
    absolute = _dense({place: (a + b, 0) for place, (a, b) in entries.items()}, 0)
    pairs = complex_pair_count(rows, cols)
    if _prefers_double_sum(pairs, len(rows), 1, elimination_estimate(absolute)):
        return complex_double_sum(rows, cols, rows_bar, cols_bar, None)
    from weingarten.integration.complex_elimination import complex_moment

    left, right = _dense(entries, 0), _dense(entries, 1)
    return complex_moment(tuple(tuple(zip(x, y, strict=True)) for x, y in zip(left, right, strict=True)), False)


def _prefers_double_sum(pairs: int, n: int, alpha: int, elimination: int) -> bool:
    """Compare `pairs + steps of the table / 50` with the terms of the elimination: a step costs 0.1 µs, a term 5 µs."""
    if pairs > PAIR_LIMIT or n > 40:
        return False
    steps = 4 * series_length(n, alpha) * sum(partition_count(m) for m in range(n + 1))
    return steps <= TABLE_LIMIT and pairs + steps // 50 <= elimination


def _sequences(entries: Entries, which: int) -> tuple[list[int], list[int]]:
    rows = [i for (i, _), cell in entries.items() for _ in range(cell[which])]
    cols = [j for (_, j), cell in entries.items() for _ in range(cell[which])]
    return rows, cols


def _dense(entries: Entries, which: int) -> tuple[tuple[int, ...], ...]:
    """Return the exponents as a matrix over the rows and columns that occur."""
    rows, cols = sorted({i for i, _ in entries}), sorted({j for _, j in entries})
    return tuple(tuple(entries.get((i, j), (0, 0))[which] for j in cols) for i in rows)


def _circular(entries: Entries, size: Any, kind: Group) -> Ratio:
    """Return a COE or CSE moment; CSE: `V = X Jᵀ`, X antisymmetric, so `V_ij = ±X_{i, partner of j}`."""
    if len(entries) == 1:
        ((i, j), (a, b)), *_ = entries.items()
        if i == j:
            return _circular_diagonal(a, kind) if a == b else ZERO
    factor = 1
    indices: list[list[int]] = [[], []]
    for (i, j), cell in entries.items():
        for which in (0, 1):
            indices[which] += [i, partner(j) if kind.paired else j] * cell[which]
        if kind.paired and j % 2 == 0 and sum(cell) % 2:
            factor = -factor
    return circular_double_sum(indices[0], indices[1], factor, size, kind)


def _circular_diagonal(k: int, kind: Group) -> Ratio:
    """Return `E |V_11|^{2k}`: `2^k k! / ((d+1)(d+3)...(d+2k-1))` for COE, `k! / ((d-1) d ... (d+k-2))` for CSE."""
    roots = {1 - j if kind.paired else -1 - 2 * j: 1 for j in range(k)}
    top = factorial(k) * (1 if kind.paired else 2**k)
    return over_roots(top, roots)


def _special_orthogonal(entries: Entries, size: Any) -> Ratio:
    """Return `E_O[f (1 + det W)]`; the determinant counts only if every row and column sum is odd, at integer d."""
    value = orthogonal_moment(entries)
    if not isinstance(size, int) or sum(a for a, _ in entries.values()) < size:  # odd sums in d rows need d factors
        return value
    sums_of_rows = {i: sum(a for (r, _), (a, _) in entries.items() if r == i) % 2 for i in range(1, size + 1)}
    sums_of_cols = {j: sum(a for (_, c), (a, _) in entries.items() if c == j) % 2 for j in range(1, size + 1)}
    if not (all(sums_of_rows.values()) and all(sums_of_cols.values())):
        return value
    terms = [(orthogonal_moment(_times(entries, s, 0)), sign(s)) for s in _determinant_terms(size, 1)]
    return value + add_ratios((constant_ratio(ratio.at(size)), weight) for ratio, weight in terms)


def _special_unitary(entries: Entries, size: Any) -> Ratio:
    """Return `E_U[f conj(det U)^k]` with `k d` the difference of the two degrees."""
    difference = sum(a - b for a, b in entries.values())
    if difference == 0 or not isinstance(size, int):
        return unitary_moment(entries) if difference == 0 else ZERO
    if difference % size:
        return ZERO
    k, which = abs(difference) // size, 1 if difference > 0 else 0
    terms = []
    for choice in product(_determinant_terms(size, k), repeat=k):
        grown, weight = entries, 1
        for s in choice:
            grown, weight = _times(grown, s, which), weight * sign(s)
        terms.append((constant_ratio(unitary_moment(grown).at(size)), weight))
    return add_ratios(terms)


def _determinant_terms(d: int, power: int) -> list[tuple[int, ...]]:
    """Return all permutations of d points, refusing more than 50000 terms of the determinant's power."""
    count = int(factorial(d) ** power) if d < 20 else 10**18
    if count > 50_000:
        raise CostError(
            f"the determinant of SO/SU contributes {count} terms at d={d}; the limit is 50000",
            estimate=count,
            limit=50_000,
        )
    return list(permutations(range(d)))


def _times(entries: Entries, s: tuple[int, ...], which: int) -> Entries:
    """Return the exponents after multiplying by `Π_i X_{i, s(i)}` (or its conjugate)."""
    grown = dict(entries)
    for i, image in enumerate(s):
        a, b = grown.get((i + 1, image + 1), (0, 0))
        grown[i + 1, image + 1] = (a, b + 1) if which else (a + 1, b)
    return grown


def _entries(matrices: tuple[Any, Any], sequences: tuple[tuple[Any, Any], tuple[Any, Any]]) -> Entries:
    """Bring either form of the question, each with its conjugate part, to exponents at 1-based positions."""
    if (matrices[0] is None) == (sequences[0][0] is None):
        raise WeingartenError("give either a matrix of exponents, or rows=... and cols=..., not both and not neither")
    entries: Entries = {}
    sides = {"cols": sequences[0][1], "conjugate_rows": sequences[1][0], "conjugate_cols": sequences[1][1]}
    foreign = {"conjugate": matrices[1]} if matrices[0] is None else sides
    for name, value in foreign.items():
        if value is not None and not (hasattr(value, "__len__") and len(value) == 0):
            raise WeingartenError(
                f"{name} belongs to the other form: a matrix of exponents goes with conjugate=matrix, "
                "rows and cols with conjugate_rows and conjugate_cols"
            )
    if matrices[0] is not None:
        for which, name in enumerate(("exponents", "conjugate")):
            for place, value in _matrix(matrices[which], name).items():
                _raise_exponent(entries, place, which, value)
        return entries
    for which, names in enumerate((("rows", "cols"), ("conjugate_rows", "conjugate_cols"))):
        left, right = (() if side is None else side for side in sequences[which])
        for side, name in zip((left, right), names, strict=True):
            refuse_masked(side, name)
            if not hasattr(side, "__len__") or isinstance(side, (str, bytes, set, frozenset, dict)):
                raise WeingartenError(f"{name}={side!r} is no sequence of indices; write for instance {name}=[1, 1]")
        if len(left) != len(right):
            raise WeingartenError(f"{names[0]} has {len(left)} and {names[1]} has {len(right)} indices; give as many")
        for i, j in zip(left, right, strict=True):
            _raise_exponent(entries, (_index(i, names[0]), _index(j, names[1])), which, 1)
    return entries


def _raise_exponent(entries: Entries, place: tuple[int, int], which: int, value: int) -> None:
    a, b = entries.get(place, (0, 0))
    entries[place] = (a, b + value) if which else (a + value, b)


def _index(value: object, name: str) -> int:
    try:
        index = operator.index(value)  # type: ignore[arg-type]
    except TypeError as error:
        raise WeingartenError(f"{name} contains {value!r}; indices are integers from 1") from error
    if index < 1 or isinstance(value, bool):
        raise WeingartenError(f"{name} contains {value!r}; indices are integers from 1")
    return index


def _matrix(matrix: Any, name: str) -> dict[tuple[int, int], int]:
    """Return the nonzero exponents of a matrix given as nested lists, array or sympy Matrix."""
    if matrix is None:
        return {}
    refuse_masked(matrix, name)
    rows = matrix.tolist() if hasattr(matrix, "tolist") else matrix
    if not isinstance(rows, (list, tuple)) or any(not isinstance(row, (list, tuple)) for row in rows):
        raise WeingartenError(f"{name}={matrix!r} is not a matrix; write one row as [[2, 0, 4]]")
    if len({len(row) for row in rows}) > 1:
        raise WeingartenError(f"{name}={matrix!r} has rows of different lengths; fill up with zeros")
    result: dict[tuple[int, int], int] = {}
    for i, row in enumerate(rows, start=1):
        for j, value in enumerate(row, start=1):
            try:
                exponent = operator.index(value)
            except TypeError as error:
                raise WeingartenError(
                    f"{name} contains {value!r}; exponents are integers that are at least 0"
                ) from error
            if exponent < 0:
                raise WeingartenError(f"{name} contains {exponent}; exponents are integers that are at least 0")
            if exponent:
                result[i, j] = exponent
    return result
