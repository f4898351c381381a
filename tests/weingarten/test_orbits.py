"""Sums over orbits of pairings against the plain sum over all pairs, and what is counted and refused."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
import sympy as sp

import weingarten as wg
from tests.twins.words import plain_sum
from weingarten.algebra.groups import GROUPS
from weingarten.algebra.rational import Ratio
from weingarten.algebra.texts import ratio_text
from weingarten.combinatorics.coset_tables import class_rows, coset_rows, pair_counts
from weingarten.combinatorics.pairings import all_pairings, coset_type, partners
from weingarten.combinatorics.partitions import all_partitions
from weingarten.integration.contraction import Setting, integrate, orbit_pairs
from weingarten.integration.symmetries import orbits, symmetries
from weingarten.integration.units import unit
from weingarten.integration.wires import Monomial, wiring
from weingarten.integration.words import Letter, Word, canonical_closed, count

d = sp.Symbol("d", integer=True, positive=True)


def random_word(rng: random.Random, factors: int, kind: str, *, units: bool) -> Word:
    """A product of random matrices with constants in between."""
    word: list[Letter] = []
    for _ in range(factors):
        word.append(Letter("W", rng.random() < 0.5, kind == "U" and rng.random() < 0.5))
        if units and rng.random() < 0.4:
            word.append(unit(rng.randint(1, 2), rng.randint(1, 2)))
        elif rng.random() < 0.7:
            word.append(Letter(rng.choice("AB"), rng.random() < 0.3))
    return tuple(word)


def balanced(words: tuple[Word, ...], kind: str) -> bool:
    plain, bars = count(words, "W")
    return plain == bars if kind == "U" else (plain + bars) % 2 == 0


def texts(result: dict[Monomial, Ratio]) -> dict[Monomial, str]:
    return {key: ratio_text(value) for key, value in result.items() if value}


def exact(value: sp.Expr, numbers: dict[sp.Basic, sp.Basic]) -> sp.Expr:
    """The value for given matrices, by sympy alone."""
    return value.replace(sp.Trace, lambda arg: arg.xreplace(numbers).doit().trace()).xreplace(numbers)


@pytest.mark.parametrize("kind", ["O", "U", "Sp"])
@pytest.mark.parametrize("seed", range(12))
def test_orbits_give_the_plain_sum_on_random_products_of_equal_words(kind: str, seed: int) -> None:
    rng = random.Random(f"{kind}{seed}")
    units, symmetric = kind != "Sp" and seed % 3 == 0, frozenset({"A"} if kind != "Sp" and seed % 2 else ())
    while True:
        blocks = [
            (random_word(rng, rng.randint(1, 3), kind, units=units),) * rng.randint(1, 4)
            for _ in range(rng.randint(1, 2))
        ]
        words = tuple(word for block in blocks for word in block)
        open_words = () if kind == "Sp" or seed % 4 else ((0, random_word(rng, 1, kind, units=False), 1),)
        every = (*words, *(word for _, word, _ in open_words))
        if balanced(every, kind) and 2 <= sum(count(every, "W")) <= (6 if kind != "U" else 8):
            break
    closed = tuple(sorted(canonical_closed(word, symmetric) for word in words))
    setting = Setting("W", GROUPS[kind], 6 if seed % 2 else "d", symmetric)
    found = integrate((closed, open_words), setting)
    wanted = plain_sum((closed, open_words), setting)
    assert texts(found) == texts(wanted)


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (((Letter("W"), Letter("A"), Letter("W", True), Letter("B")),) * 3, 6),
        (((Letter("W"), Letter("A")),) * 4, 24),
        (((Letter("W"), Letter("A"), Letter("W"), Letter("A")),) * 2, 8),  # each word turns by half
        (((Letter("W"), Letter("S"), Letter("W", True), Letter("S")),) * 2, 8),  # S symmetric: each word transposes
        (((Letter("W"), Letter("A")),) * 2 + ((Letter("W"), Letter("B")),) * 2, 4),
    ],
)
def test_the_group_of_symmetries_has_the_order_that_one_counts(words: tuple[Word, ...], order: int) -> None:
    wires, marks = wiring((words, ()), "W")
    wires = {
        leg: (other, tuple(Letter("S") if x.name == "S" else x for x in word)) for leg, (other, word) in wires.items()
    }
    group = symmetries(wires, [False] * len(marks))
    assert group.order == order == len(_closure(group.generators, len(marks)))


def _closure(generators: tuple[tuple[int, ...], ...], points: int) -> set[tuple[int, ...]]:
    found, waiting = {tuple(range(points))}, [tuple(range(points))]
    while waiting:
        last = waiting.pop()
        for images in generators:
            new = tuple(images[v] for v in last)
            if new not in found:
                found.add(new)
                waiting.append(new)
    return found


def test_every_symmetry_carries_wires_to_wires_and_no_other_permutation_of_equal_legs_does() -> None:
    """All permutations of six occurrences, by brute force."""
    word = (Letter("W"), Letter("A"), Letter("W", True), Letter("B"))
    wires, marks = wiring(((word,) * 3, ()), "W")
    kept = [
        images
        for images in permutations(range(len(marks)))
        if all(
            wires[2 * images[leg // 2] + leg % 2] == (2 * images[o // 2] + o % 2, w) for leg, (o, w) in wires.items()
        )
    ]
    assert _closure(symmetries(wires, marks).generators, len(marks)) == set(kept)


def test_conjugation_exchanges_the_factors_of_u_where_the_constants_allow_it() -> None:
    for other, order in (("A", 2), ("B", 1)):
        word = (Letter("U"), Letter("A"), Letter("U", False, True), Letter(other))
        wires, marks = wiring(((word,), ()), "U")
        assert symmetries(wires, marks).order == order


def test_orbit_sizes_add_up_and_are_those_of_the_orbits() -> None:
    family = [tuple(partners(pairing)) for pairing in all_pairings(3)]
    generators = ((2, 3, 0, 1, 4, 5), (2, 3, 4, 5, 0, 1))  # all permutations of three pairs of points
    sizes = Counter()
    for k, size in orbits(family, generators):
        images = {tuple(s[family[k][s.index(v)]] for v in range(6)) for s in _closure(generators, 6)}
        assert len(images) == size
        sizes[size] += 1
    assert sum(size * number for size, number in sizes.items()) == 15
    assert sum(sizes.values()) == 5  # tr(B)^3, tr(B) tr(B^2), tr(B) tr(BB'), tr(B^3), tr(B^2 B')


@pytest.mark.parametrize(("symmetric", "number"), [(frozenset(), 44), (frozenset({"A", "B"}), 11)])
def test_six_equal_traces_leave_as_many_orbits_as_there_are_products_of_traces(symmetric: object, number: int) -> None:
    """44 products of traces of B and B' of degree 6; 11, the partitions of 6, if B is symmetric."""
    word = canonical_closed((Letter("W"), Letter("A"), Letter("W", True), Letter("B")), symmetric)  # type: ignore[arg-type]
    setting = Setting("W", GROUPS["O"], "d", symmetric)  # type: ignore[arg-type]
    assert orbit_pairs(((word,) * 6, ()), setting) == (number * 10395, True)


def test_both_ways_of_counting_coset_types_agree_with_the_definition() -> None:
    import numpy as np

    pairings = all_pairings(4)
    family = [tuple(partners(pairing)) for pairing in pairings]
    ids = list(range(3)) * 35
    plain = [list(row) for row in class_rows(family[:5], family)]
    arrays = list(coset_rows(np.array(family[:5]), np.array(family)))
    for k in range(5):
        assert plain[k] == arrays[k].tolist() == [all_partitions(4).index(coset_type(pairings[k], q)) for q in pairings]
        assert sorted(pair_counts(ids, plain[k])) == sorted(pair_counts(ids, arrays[k]))


def test_a_sum_over_orbits_agrees_with_the_sum_written_out_in_traces_with_different_names() -> None:
    """Names that differ have no symmetry; with the names made equal afterwards the results are the same."""
    A, B, W = wg.constant("A", 3), wg.constant("B", 3), wg.orthogonal("W", 3)
    copies = [(wg.constant(f"A{k}", 3), wg.constant(f"B{k}", 3)) for k in range(3)]
    spread = wg.expectation(sp.Mul(*[wg.tr(W * a * W.T * b) for a, b in copies]))
    equal = spread.xreplace({x: A for x, _ in copies} | {x: B for _, x in copies})
    three = wg.expectation(wg.tr(W * A * W.T * B) ** 3)
    numbers = {
        A: sp.ImmutableMatrix([[1, 2, 0], [0, 1, 3], [1, 1, 5]]),
        B: sp.ImmutableMatrix([[2, 0, 1], [4, 1, 0], [0, 3, 1]]),
    }
    assert sp.expand(exact(equal, numbers) - exact(three, numbers)) == 0
    assert exact(three, numbers) != 0


def test_sums_of_powers_and_products_of_different_equal_traces() -> None:
    """E (x + y)^3 by its terms, each with its own symmetries."""
    A, W = wg.constant("A", d), wg.orthogonal("W", d)
    x, y = wg.tr(W * A), wg.tr(W * A * W.T * A)
    whole = wg.expectation((x + y) ** 2 * x**2)
    parts = wg.expectation(x**4) + 2 * wg.expectation(x**3 * y) + wg.expectation(x**2 * y**2)
    assert sp.expand(whole - parts) == 0


def test_a_large_power_is_summed_and_its_value_at_identities_is_that_of_the_trace() -> None:
    """tr(W S W' S)^6 with S = 1 is d^6."""
    S, W = wg.constant("S", 6, symmetric=True), wg.orthogonal("W", 6)
    value = wg.expectation(wg.tr(W * S * W.T * S) ** 6)
    assert exact(value, {S: sp.ImmutableMatrix(sp.eye(6))}) == 6**6


def test_several_matrices_are_counted_by_the_orbits_of_each() -> None:
    U, A, B = wg.unitary("U", d), wg.constant("A", d), wg.constant("B", d)
    word = wg.tr(U * A * U.H * B)
    with pytest.raises(
        wg.CostError, match=r"10 factors U need a sum over 840 pairs"
    ):  # 7 classes of S_5, 120 permutations
        wg.expectation(word**5, limit=800)
    assert wg.expectation(word**5, limit=840) == wg.expectation(word**5)


def test_words_that_are_short_need_no_numpy() -> None:
    code = (
        "import sys\nfrom weingarten.cli import main\nmain(['expect', \"tr(W A W' B)^3\"])\n"
        "assert 'numpy' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
