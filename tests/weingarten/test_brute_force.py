"""Random products of traces and entries of all groups, against quadratures and projectors on invariant tensors."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from tests.twins.brute_force import DEGREE, QUADRATURES, agree, comparison, nodes, projector


@pytest.mark.parametrize("seed", range(10))
def test_random_products_agree_with_brute_force(seed: int) -> None:
    """Some hundreds here; 10 000 by `python -m tests.weingarten.long_runs brute-force 10000`."""
    rng, zeros = random.Random(seed), 0
    for _ in range(30):
        what, value, exact, scale = comparison(rng)
        assert agree(value, exact, scale), (what, value, exact)
        zeros += abs(exact) <= 1e-12 * scale
    assert zeros < 25


@pytest.mark.parametrize(("group", "size"), [(group, size) for group, sizes in QUADRATURES.items() for size in sizes])
def test_nodes_lie_on_the_group_and_weights_add_to_one(group: str, size: int) -> None:
    X, w = nodes(group, size)
    unit = X @ np.swapaxes(X.conj(), 1, 2)
    assert np.max(np.abs(unit - np.eye(size))) < 100 * np.finfo(float).eps
    assert abs(w.sum() - 1) < len(w) * np.finfo(float).eps
    assert np.min(w) > 0
    assert DEGREE % 2 == 0


def test_projectors_are_projectors() -> None:
    for group, size, plain, bars in (("O", 2, 4, 0), ("O", 3, 4, 0), ("U", 2, 3, 3), ("Sp", 4, 4, 0)):
        P = projector(group, size, plain, bars)
        assert np.max(np.abs(P @ P - P)) < 1e4 * np.finfo(float).eps


def test_the_comparison_can_fail() -> None:
    """With the value of a neighbouring question in its place the comparison says so."""
    rng = random.Random(3)
    answers = [comparison(rng) for _ in range(20)]
    wrong = [
        agree(value, exact, scale)
        for (_, value, _, _), (_, _, exact, scale) in itertools.pairwise(answers)
        if abs(exact) > 1e-9
    ]
    assert not all(wrong)
