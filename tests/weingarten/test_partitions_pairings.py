"""Conventions pinned, and enumerations against direct counts."""

from __future__ import annotations

from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twins import weingarten as plain
from weingarten.combinatorics.pairings import (
    all_pairings,
    coset_type,
    double_factorial,
    image_pairing,
    orientation_sign,
)
from weingarten.combinatorics.partitions import (
    all_partitions,
    as_partition,
    centralizer_order,
    conjugate,
    content_product,
    dimension,
    jack_norm,
    partition_count,
)
from weingarten.combinatorics.permutations import compose, cycle_type, invert, sign
from weingarten.errors import WeingartenError

permutation = st.integers(1, 7).flatmap(lambda n: st.permutations(range(n))).map(tuple)


@pytest.mark.parametrize("n", range(9))
def test_partition_numbers(n: int) -> None:
    parts = all_partitions(n)
    assert len(parts) == len(set(parts)) == partition_count(n)
    assert all(sum(mu) == n and tuple(sorted(mu, reverse=True)) == mu for mu in parts)
    assert sum(factorial(n) // centralizer_order(mu) for mu in parts) == factorial(n)
    assert sum(dimension(lam) ** 2 for lam in parts) == factorial(n)
    assert all(dimension(lam) == plain.standard_tableaux(lam) for lam in parts)
    assert all(conjugate(conjugate(lam)) == lam for lam in parts)


def test_jack_norm_and_content_at_alpha_one() -> None:
    for lam in all_partitions(6):
        assert jack_norm(lam, 1) == plain.hook_product(lam) ** 2
        assert content_product(lam, 1, 9) * plain.standard_tableaux(lam) % plain.hook_product(lam) == 0
        assert (content_product(lam, 2, 3) == 0) == (len(lam) > 3)
        assert (content_product(lam, 2, -4) == 0) == (lam[0] > 2)


@given(permutation, st.randoms(use_true_random=False))
def test_composition_applies_the_right_factor_first(s: tuple[int, ...], random: object) -> None:
    t = list(s)
    random.shuffle(t)  # type: ignore[attr-defined]
    assert all(compose(s, tuple(t))[x] == s[t[x]] for x in range(len(s)))
    assert compose(s, invert(s)) == tuple(range(len(s)))
    assert cycle_type(compose(compose(tuple(t), s), invert(tuple(t)))) == cycle_type(s)
    inversions = sum(s[x] > s[y] for x in range(len(s)) for y in range(x + 1, len(s)))
    assert sign(s) == (-1) ** inversions


@pytest.mark.parametrize("n", range(5))
def test_pairings_and_loops(n: int) -> None:
    family = all_pairings(n)
    assert len(family) == double_factorial(2 * n - 1)
    assert sorted(family) == sorted(tuple(sorted(p)) for p in plain.pairings(list(range(2 * n))))
    for q in family:
        assert len(coset_type(family[-1], q)) == plain.loops(list(family[-1]), list(q))
        assert sum(coset_type(family[0], q)) == n


@given(st.integers(1, 4).flatmap(lambda n: st.permutations(range(2 * n))).map(tuple))
def test_orientation_sign_is_the_signature_up_to_the_loops(s: tuple[int, ...]) -> None:
    straight = image_pairing(tuple(range(len(s))))
    mu = coset_type(straight, image_pairing(s))
    assert orientation_sign(straight, image_pairing(s)) == sign(s) * (-1) ** (len(s) // 2 - len(mu))
    turned = ((s[1], s[0]), *image_pairing(s)[1:])
    assert orientation_sign(straight, turned) == -orientation_sign(straight, image_pairing(s))


@pytest.mark.parametrize("bad", ["21", (2, -1), (0,), (1.5,), 3, None])
def test_non_partitions_are_refused(bad: object) -> None:
    with pytest.raises((WeingartenError, TypeError)):
        as_partition(bad)  # type: ignore[arg-type]
