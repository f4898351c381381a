"""What is put together directly is what sympy's own constructors return, the order of the arguments among it."""

from __future__ import annotations

import itertools
import random

import pytest
import sympy as sp

from weingarten.algebra import building
from weingarten.combinatorics.set_partitions import noncrossing_partitions
from weingarten.ensembles.permutations import existing
from weingarten.ensembles.quantum import _moment, free_permutation_moment, reduced_word

SYMBOLS = [sp.Symbol("d"), sp.Symbol("N", integer=True, positive=True), sp.Symbol("x1")]


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("count", range(15))
def test_falling_factorials_are_sympys_own(symbol, count):
    expected = sp.Mul(*[1 / (symbol - s) for s in range(count)])
    assert building.over_falling(symbol, count).args == expected.args


def test_polynomials_and_products_are_sympys_own():
    rng = random.Random(5)
    p, n, m = sp.symbols("p n m")
    for _ in range(200):
        exponents = rng.sample(list(itertools.product(range(3), repeat=3)), rng.randint(1, 5))
        terms = [(rng.choice([-3, -1, 1, 2]), e) for e in exponents]
        expected = sp.Add(*[c * p**i * n**j * m**k for c, (i, j, k) in terms])
        made = building.polynomial(terms, (p, n, m))
        assert made == expected
        assert made.args == expected.args
        bases = [x for x in {made, p, n} if x.is_Add or x.is_Symbol]
        powers = [(x, rng.choice([-2, -1, 1, 2])) for x in bases]
        front = sp.Rational(rng.choice([1, -1, 2]), rng.choice([1, 3]))
        if not any(x.is_Add and x.could_extract_minus_sign() for x in bases):
            product = building.factored(front, [building.power(x, e) for x, e in powers])
            assert product == sp.Mul(front, *[x**e for x, e in powers])


def test_shortened_words_have_the_haar_state_of_the_full_gram_matrix():
    rng = random.Random(7)
    for k in (2, 3, 4, 5):
        for _ in range(150):
            rows, cols = (tuple(rng.randint(1, 3) for _ in range(k)) for _ in range(2))
            for d in (4, 6):
                assert free_permutation_moment(rows, cols, d) == _moment(rows, cols, existing(rows, cols, d), "S+")


def test_the_shortening_would_be_wrong_for_neighbours_that_share_nothing():
    """The false neighbour: u11 u22 u11 u22 is no shorter word."""
    assert reduced_word((1, 2, 1, 2), (1, 2, 1, 2)) == ((1, 2, 1, 2), (1, 2, 1, 2))
    assert free_permutation_moment((1, 2, 1, 2), (1, 2, 1, 2), 5) == sp.Rational(1, 44)
    assert len(noncrossing_partitions(4)) == 14
