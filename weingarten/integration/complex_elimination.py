"""Moments of U(d) and Sp(2M) by eliminating one column (one pair of columns) at a time; every weight is an integer.

As in `weingarten.integration.real_elimination`, with complex Gaussians `x = g + i Q h`, `x̄ = ḡ + i conj(Q h)`.
The columns of Sp come in pairs. With the form `J = [[0, 1], [-1, 0]]` on the index pairs (1,2), (3,4), ... the relation
`conj(S) = J S J⁻¹` reads `S_{i,2m} = -ε_i conj(S_{i',2m-1})`, where `i'` is the partner of `i` and ε is +1 for odd,
-1 for even `i` (1-based). So first columns of pairs and conjugates suffice, and Q has both columns of each pair.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import comb, factorial, prod

from flint import fmpz_poly

from weingarten.algebra.rational import ONE, ZERO, Ratio, add_ratios
from weingarten.caches import cached
from weingarten.combinatorics.merging import least_terms
from weingarten.integration.real_elimination import BUDGET, compositions

Cell = tuple[int, int]  # exponents of the entry and of its conjugate
Matrix = tuple[tuple[Cell, ...], ...]  # rows of cells
EMPTY: Cell = (0, 0)


def complex_moment(matrix: Matrix, paired: bool) -> Ratio:
    """Return `E Π X_ij^{a_ij} conj(X_ij)^{b_ij}` over U(d), or over Sp(d) with `paired`, as a rational function of d.

    For Sp the columns of the matrix are the first columns of each pair; rows `2r, 2r+1` (0-based) are partners.

    Examples
    --------
    >>> import sympy
    >>> from weingarten.integration.complex_elimination import complex_moment
    >>> complex_moment((((2, 2),),), False).to_sympy(sympy.Symbol("d"))
    2/(d*(d + 1))
    """
    if _vanishes(matrix, paired):
        return ZERO
    rows = canonical(matrix, paired)
    BUDGET.check(least_elimination(rows, paired))
    BUDGET.open()
    return _moment(rows, paired)


def least_elimination(rows: Matrix, paired: bool) -> int:
    """Return a lower bound of the terms of the elimination, from cells `(a, a)` alone in row and column (`merging`)."""
    channels = 2 if paired else 1
    step = 2 if paired else 1
    columns = list(zip(*rows, strict=True))
    blocks = [sum(cell != EMPTY for row in rows[r : r + step] for cell in row) for r in range(0, len(rows), step)]

    def lone(column: tuple[Cell, ...]) -> int:
        filled = [(i, cell) for i, cell in enumerate(column) if cell != EMPTY]
        (i, (a, b)) = filled[0]
        return a if len(filled) == 1 and a == b and blocks[i // step] == 1 else 0

    alone, best = [lone(column) for column in columns], 0
    for a in {a for a in alone if a}:
        others = [column for column, exponent in zip(columns, alone, strict=True) if exponent != a]

        def cost(beside: int, a: int = a) -> int:
            n = channels * beside
            return _terms(((a, a),), n) + sum(comb(s + n - 1, s) ** 2 for s in range(a + 1))

        def first(beside: int, a: int = a, others: list[tuple[Cell, ...]] = others) -> bool:
            n = channels * beside
            return all(_terms(column, n) > _terms(((a, a),), n) for column in others)

        best = max(best, least_terms(len(columns) - len(others), len(others), cost, first))
    return best


def _vanishes(matrix: Matrix, paired: bool) -> bool:
    """Tell whether invariance under diagonal phases makes the moment vanish."""
    charges = [sum(a - b for a, b in row) for row in matrix]
    if paired:
        charges = [charges[r] - charges[r + 1] for r in range(0, len(charges), 2)]
    columns = [sum(a - b for a, b in column) for column in zip(*matrix, strict=True)]
    return any(charges) or any(columns)


def canonical(matrix: Matrix, paired: bool) -> Matrix:
    """Return a representative under the symmetries of the moment, without empty rows and columns."""
    step = 2 if paired else 1
    blocks = [matrix[r : r + step] for r in range(0, len(matrix), step)]
    blocks = [block for block in blocks if any(cell != EMPTY for row in block for cell in row)]
    rows = [row for block in blocks for row in block]
    columns = [column for column in zip(*rows, strict=True) if any(cell != EMPTY for cell in column)]
    if not columns:
        return ()
    if not paired and len(columns) > len(rows):
        columns = list(zip(*columns, strict=True))
    for _ in range(2):
        columns.sort(key=lambda column: (sorted(column), column), reverse=True)
        rows = list(zip(*columns, strict=True))
        blocks = [tuple(rows[r : r + step]) for r in range(0, len(rows), step)]
        blocks.sort(key=lambda block: (sorted(cell for row in block for cell in row), block), reverse=True)
        columns = list(zip(*[row for block in blocks for row in block], strict=True))
    return tuple(zip(*columns, strict=True))


@cached
def _moment(rows: Matrix, paired: bool) -> Ratio:
    """Return the moment of a canonical matrix."""
    if not rows:
        return ONE
    columns = list(zip(*rows, strict=True))
    others = len(columns) - 1
    channels = 2 * others if paired else others
    lightest = min(range(len(columns)), key=lambda k: _terms(columns[k], channels))
    column = columns.pop(lightest)
    rest: Matrix = tuple(zip(*columns, strict=True)) if columns else tuple(() for _ in rows)
    weights: dict[Matrix, int] = {}
    for state, weight in _expand(column, rest, paired):
        key = canonical(state, paired)
        weights[key] = weights.get(key, 0) + weight
    total = add_ratios((_moment(state, paired), weight) for state, weight in weights.items() if weight)
    steps = sum(a for a, _ in column)
    roots = tuple((channels - s, 1) for s in range(steps - 1, -1, -1))
    return (total * Ratio(fmpz_poly([1]), 1, roots)).cancelled()


def _terms(column: tuple[Cell, ...], channels: int) -> int:
    """Return an upper bound on the terms of the elimination of a column."""
    return prod((a + 1) * comb(a + channels, channels) * comb(b + channels, channels) for a, b in column)


@cached
def _row_options(a: int, b: int, channels: int) -> tuple[tuple[tuple[int, ...], tuple[int, ...], int], ...]:
    """Return exponents of `h`, of `h̄`, and weights in `(g + i Q h)^a conj(...)^b`, averaged over g, without i."""
    return tuple(
        (up, down, comb(a, s) * comb(b, s - a + b) * factorial(a - s) * weight * other)
        for s in range(max(0, a - b), a + 1)
        for up, weight in compositions(s, channels)
        for down, other in compositions(s - a + b, channels)
    )


Partial = tuple[tuple[int, ...], tuple[int, ...]]  # flat exponents, and the excess of h over h̄ with the count of h


def _expand(column: tuple[Cell, ...], rest: Matrix, paired: bool) -> Iterator[tuple[Matrix, int]]:
    """Yield the exponents of the remaining columns and their integer weights."""
    others = len(rest[0])
    channels = 2 * others if paired else others
    flat = tuple(x for row in rest for cell in row for x in cell)
    partial: dict[Partial, int] = {(flat, (0,) * (2 * channels)): 1}
    for i, (a, b) in enumerate(column):
        if (a, b) == EMPTY:
            continue
        BUDGET.spend(_terms(((a, b),), channels))  # before the list of them is made
        moves = [(*_move(i, up, down, others, len(flat)), w) for up, down, w in _row_options(a, b, channels)]
        BUDGET.spend(len(partial) * len(moves))
        grown: dict[Partial, int] = {}
        for (exponents, powers), weight in partial.items():
            for added, factors, sign, factor in moves:
                key = (
                    tuple(x + y for x, y in zip(exponents, added, strict=True)),
                    tuple(x + y for x, y in zip(powers, factors, strict=True)),
                )
                grown[key] = grown.get(key, 0) + sign * weight * factor
        partial = grown
    for (exponents, powers), weight in partial.items():
        up, down = powers[:channels], powers[channels:]
        if up == down:
            sign = -1 if sum(up) % 2 else 1
            yield _unflatten(exponents, others), sign * weight * prod(factorial(u) for u in up)


def _move(
    i: int, up: tuple[int, ...], down: tuple[int, ...], others: int, size: int
) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Return what one choice of row i adds to the flat exponents and to the powers of h, h̄, and its sign.

    Channel `m < others` is column m itself; channel `others + m` (Sp only) is its partner column, whose entry in row i
    is `-ε_i` times the conjugate of the entry in the partner row.
    """
    added, sign = [0] * size, 1
    for channel in range(len(up)):
        m, partner = channel % others, channel >= others
        row = i ^ 1 if partner else i
        position = 2 * (row * others + m)
        added[position + partner] += up[channel]
        added[position + 1 - partner] += down[channel]
        if partner and i % 2 == 0 and (up[channel] + down[channel]) % 2:
            sign = -sign
    return tuple(added), up + down, sign


def _unflatten(exponents: tuple[int, ...], others: int) -> Matrix:
    cells = list(zip(exponents[::2], exponents[1::2], strict=True))
    if not others:
        return ()
    return tuple(tuple(cells[r : r + others]) for r in range(0, len(cells), others))


def symplectic_normal_form(entries: dict[tuple[int, int], Cell]) -> tuple[Matrix, int]:
    """Return the matrix in first columns of pairs, and the sign, of exponents at 1-based positions `(i, j)`.

    Rows are laid out in partner pairs, so that rows `2r, 2r+1` of the result belong together; pairs of rows and of
    columns that do not occur are left out.
    """
    cells: dict[tuple[int, int], Cell] = {}
    sign = 1
    for (i, j), (a, b) in entries.items():
        row, pair = i - 1, (j - 1) // 2
        if j % 2 == 0:
            sign *= -1 if i % 2 and (a + b) % 2 else 1
            row, a, b = row ^ 1, b, a
        old = cells.get((row, pair), EMPTY)
        cells[row, pair] = (old[0] + a, old[1] + b)
    blocks = sorted({row // 2 for row, _ in cells})
    pairs = sorted({pair for _, pair in cells})
    rows = [row for block in blocks for row in (2 * block, 2 * block + 1)]
    return tuple(tuple(cells.get((row, pair), EMPTY) for pair in pairs) for row in rows), sign
