"""Lower bounds of the work of a column elimination: below what it takes, and known before it begins."""

import numpy as np
import pytest

import weingarten as wg
from weingarten.combinatorics.merging import least_terms, partitions_into
from weingarten.combinatorics.partitions import all_partitions
from weingarten.integration import complex_elimination, real_elimination


@pytest.fixture
def spent(monkeypatch):
    """Terms of an elimination with empty caches."""
    monkeypatch.setattr(real_elimination, "TERM_LIMIT", 10**12)

    def count(compute, *arguments):
        wg.clear_caches()
        compute(*arguments)
        return 10**12 - real_elimination.BUDGET.left

    yield count
    wg.clear_caches()


def diagonal(*blocks):
    """Block-diagonal matrix of exponents."""
    blocks = [np.atleast_2d(block) for block in blocks]
    whole = np.zeros(np.sum([block.shape for block in blocks], axis=0), int)
    i = j = 0
    for block in blocks:
        whole[i : i + block.shape[0], j : j + block.shape[1]] = block
        i, j = i + block.shape[0], j + block.shape[1]
    return tuple(map(tuple, whole.tolist()))


WITH_LONE_CELLS = [
    diagonal(*[2] * 3),
    diagonal(*[2] * 9),
    diagonal(*[4] * 5),
    diagonal(2, 2, 2, 2, 4, 4),
    diagonal(2, 4, 4, 4, 4),
    diagonal(2, 2, 2, 2, [[1, 1], [1, 1]]),
    diagonal(2, 2, 2, [[1, 1, 2], [1, 1, 2]]),
    diagonal(2, 2, 2, [[1, 1], [1, 1], [2, 2]]),
    diagonal(4, 4, 4, [[1, 1], [1, 1]], [[1, 1], [1, 1]]),
    diagonal(*[2] * 5, [[3, 1], [1, 3]]),
]


@pytest.mark.parametrize("matrix", WITH_LONE_CELLS)
def test_real_elimination_takes_as_many_terms_at_least(matrix, spent):
    least = real_elimination.least_elimination(real_elimination.canonical(matrix))
    assert least <= spent(real_elimination.real_moment, matrix)


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("matrix", [diagonal(*[1] * 3), diagonal(*[1] * 6), diagonal(2, 2, 1, 1), WITH_LONE_CELLS[5]])
def test_complex_elimination_takes_as_many_terms_at_least(matrix, paired, spent):
    cells = tuple(tuple((e, e) for e in row) for row in matrix)
    if paired:
        cells = tuple(row for filled in cells for row in (filled, ((0, 0),) * len(filled)))
        if len(cells) > 10:
            cells = cells[4:]  # two blocks fewer: the columns of Sp come in pairs and cost more
    least = complex_elimination.least_elimination(complex_elimination.canonical(cells, paired), paired)
    assert least <= spent(complex_elimination.complex_moment, cells, paired)


def test_the_bounds_are_not_idle(spent):
    """A tenth of what equal lone squares take at least, and more than nothing beside other columns."""
    matrix = diagonal(*[2] * 9)
    assert 10 * real_elimination.least_elimination(real_elimination.canonical(matrix)) > spent(
        real_elimination.real_moment, matrix
    )
    assert real_elimination.least_elimination(real_elimination.canonical(WITH_LONE_CELLS[5])) > 0
    assert real_elimination.least_elimination(real_elimination.canonical(((1, 1), (1, 1)))) == 0


@pytest.mark.parametrize(("group", "cells"), [("O", 40), ("O", 200), ("U", 40), ("Sp", 40)])
def test_many_squares_are_refused_before_any_work(group, cells, monkeypatch):
    for module in (real_elimination, complex_elimination):
        monkeypatch.setattr(module, "_moment", lambda *_: pytest.fail("work has begun"))
    exponents = 2 * np.eye(cells, dtype=int) if group == "O" else np.eye(cells, dtype=int)
    if group == "Sp":
        exponents = np.kron(exponents, [[1, 0], [0, 0]])
    with pytest.raises(wg.CostError, match="more terms of column elimination") as refused:
        wg.moment(exponents, 1000, group, conjugate=None if group == "O" else exponents)
    assert refused.value.estimate > refused.value.limit == real_elimination.TERM_LIMIT


def test_partitions_into_parts():
    for n in range(12):
        for parts in range(14):
            assert partitions_into(n, parts) == sum(len(mu) == parts for mu in all_partitions(n))


def test_more_cells_than_are_merged_still_bound():
    cost = {cells: least_terms(cells, 0, lambda beside: beside, lambda beside: True) for cells in (59, 60, 61, 300)}
    assert 0 < cost[59] < cost[60] < cost[61] < cost[300]
