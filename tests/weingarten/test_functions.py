"""Weingarten functions against brute-force pseudo-inverses, published tables, and identities from theory."""

from __future__ import annotations

from itertools import permutations
from math import comb, prod

import numpy as np
import pytest
import sympy as sp
from sympy.combinatorics import Permutation

import weingarten
from tests.twins import weingarten as plain
from weingarten import (
    CostError,
    WeingartenError,
    clear_caches,
    gram_matrix,
    weingarten_function,
    weingarten_series,
    weingarten_table,
    zonal_spherical_function,
)
from weingarten.algebra.groups import GROUPS
from weingarten.algebra.jack import jack_polynomial, laplace_beltrami, spectral_terms
from weingarten.algebra.recursion import rational_function, recursion_row
from weingarten.combinatorics.pairings import all_pairings, coset_type
from weingarten.combinatorics.partitions import all_partitions, boxes, centralizer_order

d = sp.Symbol("d", integer=True, positive=True)
M = sp.Symbol("M", integer=True, positive=True)

GRAM_CASES = (
    [("O", n, size) for n in (1, 2, 3) for size in range(1, 8)]
    + [("U", n, size) for n in (1, 2, 3) for size in range(1, 6)]
    + [("Sp", n, size) for n in (1, 2, 3) for size in (2, 4, 6)]
)


def table_matrix(n: int, size: object, group: str) -> sp.Matrix:
    family = list(permutations(range(n))) if group == "U" else all_pairings(n)
    return sp.Matrix([[weingarten_function((p, q), size, group) for q in family] for p in family])


@pytest.mark.parametrize(("group", "n", "size"), GRAM_CASES)
def test_pseudo_inverse_by_brute_force(group: str, n: int, size: int) -> None:
    G = plain.gram(n, size, group)
    assert sp.Matrix(gram_matrix(n, size, group)) == G
    W = table_matrix(n, size, group)
    if size >= GROUPS[group].threshold(n):
        assert sp.eye(G.shape[0]) == G * W
    else:
        assert plain.pseudo_inverse(G) == W


@pytest.mark.parametrize("size", range(1, 7))
def test_unitary_degree_four_moore_penrose(size: int) -> None:
    # The 24 x 24 case by the group algebra: the Gram matrix and Wg are class functions, so one row decides.
    family = list(permutations(range(4)))
    G = np.array(plain.gram(4, size, "U").tolist(), dtype=object)
    scale = sp.ilcm(*[w.q for w in weingarten_table(4, size, "U").values()])
    W = np.array([[int(scale * weingarten_function((p, q), size, "U")) for q in family] for p in family], dtype=object)
    P = G.dot(W)
    assert (P.dot(G) == scale * G).all()
    assert (W.dot(P) == scale * W).all()
    assert (P == P.T).all()


@pytest.mark.parametrize(("group", "n"), [("O", 2), ("O", 3), ("U", 3), ("Sp", 2), ("Sp", 3)])
def test_symbolic_inverse(group: str, n: int) -> None:
    """Row by column of G W as rational functions: degrees stay below 30, so 60 points decide."""
    family = list(permutations(range(n))) if group == "U" else all_pairings(n)
    G = gram_matrix(n, d, group)
    column = [weingarten_function((q, family[0]), d, group) for q in family]
    for size in range(6, 126, 2):
        values = [w.subs(d, size) for w in column]
        for k in range(len(family)):
            assert sum(G[k, m].subs(d, size) * w for m, w in enumerate(values)) == (k == 0)


# Orthogonal: Collins & Sniady (2006), Collins & Matsumoto (2009). Unitary: Weingarten (1978), Samuel (1980),
# Collins & Sniady (2006). Typed in as published; the common denominators are written out once.
O4 = d * (d + 1) * (d + 2) * (d + 4) * (d + 6) * (d - 1) * (d - 2) * (d - 3)
U4 = d**2 * (d**2 - 1) * (d**2 - 4) * (d**2 - 9)
PUBLISHED = {
    "O": {
        (1,): 1 / d,
        (2,): -1 / (d * (d + 2) * (d - 1)),
        (1, 1): (d + 1) / (d * (d + 2) * (d - 1)),
        (3,): 2 / (d * (d + 2) * (d + 4) * (d - 1) * (d - 2)),
        (2, 1): -1 / (d * (d + 4) * (d - 1) * (d - 2)),
        (1, 1, 1): (d**2 + 3 * d - 2) / (d * (d + 2) * (d + 4) * (d - 1) * (d - 2)),
        (4,): -(5 * d + 6) / O4,
        (3, 1): 2 / ((d + 1) * (d + 2) * (d + 6) * (d - 1) * (d - 2) * (d - 3)),
        (2, 2): (d**2 + 5 * d + 18) / O4,
        (2, 1, 1): -(d**3 + 6 * d**2 + 3 * d - 6) / O4,
        (1, 1, 1, 1): (d + 3) * (d**2 + 6 * d + 1) * (d - 2) / O4,
    },
    "U": {
        (1,): 1 / d,
        (2,): -1 / (d * (d**2 - 1)),
        (1, 1): 1 / (d**2 - 1),
        (3,): 2 / (d * (d**2 - 1) * (d**2 - 4)),
        (2, 1): -1 / ((d**2 - 1) * (d**2 - 4)),
        (1, 1, 1): (d**2 - 2) / (d * (d**2 - 1) * (d**2 - 4)),
        (4,): -5 * d / U4,
        (3, 1): (2 * d**2 - 3) / U4,
        (2, 2): (d**2 + 6) / U4,
        (2, 1, 1): -1 / (d * (d**2 - 1) * (d**2 - 9)),
        (1, 1, 1, 1): (d**4 - 8 * d**2 + 6) / U4,
    },
}


@pytest.mark.parametrize("group", ["O", "U"])
def test_published_tables(group: str) -> None:
    for n in (1, 2, 3, 4):
        table = weingarten_table(n, d, group)
        assert set(table) == set(all_partitions(n)) <= set(PUBLISHED[group])
        for mu, value in table.items():
            assert sp.cancel(sp.together(value - PUBLISHED[group][mu])) == 0, mu


@pytest.mark.parametrize("size", [4, 5, 9, 20])
def test_degree_four_orthogonality(size: int) -> None:
    family = all_pairings(4)
    table = weingarten_table(4, size)
    for r in (family[0], family[17]):
        for p in family[::13]:
            total = sum(size ** len(coset_type(p, q)) * table[coset_type(q, r)] for q in family)
            assert total == (p == r)


@pytest.mark.parametrize("n", range(1, 9))
def test_row_sum(n: int) -> None:
    """Σ_q Wg(p, q) = 1/(d(d+2)...(d+2n-2)) for O, 1/(d(d+1)...(d+n-1)) for U, -(-...) for Sp, at every integer d."""
    for size in (1, 2, 3, n, n + 3):
        weights = {mu: 2 ** (n - len(mu)) * sp.factorial(n) / centralizer_order(mu) for mu in all_partitions(n)}
        total = sum(weights[mu] * value for mu, value in weingarten_table(n, size).items())
        assert total == sp.Rational(1, prod(size + 2 * s for s in range(n)))
        total = sum(sp.factorial(n) / centralizer_order(mu) * v for mu, v in weingarten_table(n, size, "U").items())
        assert total == sp.Rational(1, prod(size + s for s in range(n)))


@pytest.mark.parametrize("alpha", [1, 2])
@pytest.mark.parametrize("n", range(1, 9))
def test_recursion_and_spectral_sum_agree(n: int, alpha: int) -> None:
    for mu in all_partitions(n):
        spectral = spectral_terms(mu, alpha, None, all_partitions(n))
        assert spectral.to_sympy(d) == rational_function(mu, alpha).to_sympy(d)


@pytest.mark.parametrize("alpha", [1, 2])
def test_every_row_of_the_recursion_holds_and_at_small_d_too(alpha: int) -> None:
    """The tables use one row per partition; all others, for every part, must hold as well, also where d < n."""
    group = "O" if alpha == 2 else "U"
    for size in (1, 2, 3, 7):
        for n in range(2, 7):
            table, below = weingarten_table(n, size, group), weingarten_table(n - 1, size, group)
            for mu in all_partitions(n):
                for part in set(mu):
                    rest, weights = recursion_row(mu, part, alpha)
                    left = size * table[mu] + sum(w * table[nu] for nu, w in weights.items())
                    if size >= n:
                        assert left == (below[rest] if rest is not None else 0)


@pytest.mark.parametrize("n", range(1, 7))
def test_jack_polynomials_are_eigenfunctions_with_the_known_special_cases(n: int) -> None:
    for alpha in (1, 2):
        for lam in all_partitions(n):
            vector = dict(zip(all_partitions(n), jack_polynomial(lam, alpha), strict=True))
            image: dict[tuple[int, ...], int] = {}
            for mu, theta in vector.items():
                for nu, weight in laplace_beltrami(mu, alpha).items():
                    image[nu] = image.get(nu, 0) + weight * theta
            eigenvalue = sum(alpha * j - i for i, j in boxes(lam))
            assert all(image.get(mu, 0) == eigenvalue * theta for mu, theta in vector.items())
            # J_λ(1^N) = Π (N + α j - i): Stanley (1989), theorem 5.4.
            for N in range(1, 6):
                total = sum(theta * N ** len(mu) for mu, theta in vector.items())
                assert total == prod(N + alpha * j - i for i, j in boxes(lam))
    assert jack_polynomial((3,), 2) == (8, 6, 1)  # Z_(3) = p_1^3 + 6 p_2 p_1 + 8 p_3
    assert jack_polynomial((2, 1), 1) == (-1, 0, 1)  # H s_(2,1) = p_1^3 - p_3


@pytest.mark.parametrize("n", range(1, 7))
def test_spherical_functions_are_orthogonal(n: int) -> None:
    classes = all_partitions(n)
    for group, weight in (
        ("O", lambda mu: 2 ** (n - len(mu))),
        ("U", lambda mu: 1),
        ("Sp", lambda mu: 2 ** (n - len(mu))),
    ):
        size = {mu: weight(mu) * sp.factorial(n) / centralizer_order(mu) for mu in classes}
        for lam in classes:
            assert zonal_spherical_function(lam, (1,) * n, group) == 1
            for kappa in classes:
                inner = sum(
                    size[mu] * zonal_spherical_function(lam, mu, group) * zonal_spherical_function(kappa, mu, group)
                    for mu in classes
                )
                assert (inner == 0) == (lam != kappa)


def test_zonal_function_by_averaging_characters_over_the_hyperoctahedral_group() -> None:
    """n = 2, by definition: ω^λ(σ) = average over H_2 of χ^{2λ}(σ h), with χ^{(2,2)} from the table of S_4."""
    square = {(1, 1, 1, 1): 2, (2, 1, 1): 0, (2, 2): 2, (3, 1): -1, (4,): 0}
    hyperoctahedral = [
        s for s in permutations(range(4)) if {frozenset((s[0], s[1])), frozenset((s[2], s[3]))} == {
            frozenset((0, 1)), frozenset((2, 3))}
    ]  # fmt: skip
    sigma = (0, 2, 1, 3)
    values = [square[_cycle_type([sigma[h[x]] for x in range(4)])] for h in hyperoctahedral]
    assert sp.Rational(sum(values), len(values)) == zonal_spherical_function((1, 1), (2,)) == sp.Rational(-1, 2)


def _cycle_type(images: list[int]) -> tuple[int, ...]:
    return tuple(sorted((len(cycle) for cycle in Permutation(images).full_cyclic_form), reverse=True))


@pytest.mark.parametrize("group", ["O", "U", "Sp", "COE", "CSE"])
def test_series_is_the_expansion_of_the_function(group: str) -> None:
    """At d = 10^40 the digits of the exact value spell the coefficients."""
    size = 10**40
    for mu in [(1,), (2,), (2, 1), (3,), (2, 2), (3, 1, 1)]:
        rest = weingarten_function(mu, size, group) * size ** (2 * sum(mu) - len(mu))
        coefficients = []
        for _ in range(5):
            coefficients.append(int(sp.floor(rest + sp.Rational(1, 2))))
            rest = (rest - coefficients[-1]) * size
        assert weingarten_series(mu, 5, group) == tuple(coefficients)


@pytest.mark.parametrize("n", range(1, 12))
def test_leading_order_is_moebius(n: int) -> None:
    for mu in all_partitions(n):
        leading = prod((-1) ** (k - 1) * comb(2 * k - 2, k - 1) // k for k in mu)
        assert weingarten_series(mu, 1)[0] == weingarten_series(mu, 1, "U")[0] == leading


@pytest.mark.parametrize("group", ["O", "U", "Sp", "COE", "CSE"])
def test_types_behave_alike(group: str) -> None:
    alike = [6, np.int64(6), sp.Integer(6)]
    values = []
    for size in alike:
        clear_caches()
        values.append(weingarten_function((2, 1), size, group))
        values.append(weingarten_function([np.int64(2), sp.Integer(1)], size, group))
    assert len(set(values)) == 1
    assert all(isinstance(v, sp.Rational) for v in values)
    symbolic = weingarten_function((2, 1), d, group)
    assert symbolic.subs(d, 6) == values[0]
    assert weingarten_function((2, 1), 2 * M, group).subs(M, 3) == values[0]


def test_arguments_of_every_kind_name_the_same_class() -> None:
    s = Permutation([1, 2, 0, 3, 4, 5])  # 0->1->2->0
    pair = (((0, 1), (2, 3), (4, 5)), ((1, 2), (0, 3), (4, 5)))
    assert weingarten_function(s, 7) == weingarten_function(pair, 7) == weingarten_function((2, 1), 7)
    assert weingarten_function(Permutation([1, 2, 0]), 7, "U") == weingarten_function((3,), 7, "U")
    # Sp: (-1)^n sgn(σ) Wg^O(μ; -d) for a permutation; a turned pair changes the sign.
    by_hand = -1 * s.signature() * weingarten_function((2, 1), d).subs(d, -8)
    assert weingarten_function(s, 8, "Sp") == by_hand
    turned = (pair[0], ((2, 1), (0, 3), (4, 5)))
    assert weingarten_function(turned, 8, "Sp") == -weingarten_function(pair, 8, "Sp")


@pytest.mark.parametrize("group", ["O", "U", "Sp", "COE", "CSE"])
def test_below_threshold_is_finite_and_exact(group: str) -> None:
    for n in range(1, 7):
        for size in (2, 4):
            for value in weingarten_table(n, size, group).values():
                assert value.is_Rational
                assert value.is_finite


def test_dimension_one_is_the_average_over_all_pairs() -> None:
    for n in range(1, 8):
        assert set(weingarten_table(n, 1).values()) == {sp.Rational(1, sp.factorial2(2 * n - 1) ** 2)}


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (((2, 1), 0), "at least 1"),
        (((2, 1), -3), "at least 1"),
        (((2, 1), 2.0), "no float"),
        (((2, 1), True), "not a dimension"),
        (((2, 1), sp.Symbol("x", negative=True)), "positive integer"),
        (((2, 1), sp.Rational(1, 2)), "positive integer"),
        (((2, 1), 5, "Spin"), "unknown"),
        (((2, 1), 5, "Sp"), "even"),
        (((2, 1), 5, "SO"), "use 'O'"),
        (((2, 0), 5), "not positive"),
        (((2, -1), 5), "not positive"),
        (((1.5,), 5), "not a partition"),
        (("21", 5), "neither"),
        ((7, 5), "neither"),
        ((Permutation([1, 2, 0]), 5), "even number"),
        (((((0, 1),), ((0, 1), (2, 3))), 5), "same number"),
        (((((0, 1),), ((0, 0),)), 5), "exactly one pair"),
    ],
)
def test_bad_input_is_refused_with_a_reason(arguments: tuple[object, ...], word: str) -> None:
    with pytest.raises(WeingartenError, match=word):
        weingarten_function(*arguments)  # type: ignore[arg-type]


def test_costly_tables_are_refused_before_any_work() -> None:
    for call in (
        lambda: weingarten_table(60, d),
        lambda: weingarten_function((1000,), d),
        lambda: weingarten_function((1,) * 30, 20),
        lambda: gram_matrix(7, d),
    ):
        with pytest.raises(CostError, match="limit") as caught:
            call()
        assert caught.value.estimate > caught.value.limit


def test_caches_can_be_cleared_and_names_are_lazy() -> None:
    before = weingarten_table(5, d)
    clear_caches()
    assert weingarten_table(5, d) == before
    assert set(weingarten.__all__) <= set(dir(weingarten))
    with pytest.raises(AttributeError, match="no attribute"):
        weingarten.no_such_name  # noqa: B018
