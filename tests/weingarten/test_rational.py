"""The fast construction of sympy expressions gives the very objects that sympy's own constructors give."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy as sp
from flint import fmpz_poly
from hypothesis import given, settings
from hypothesis import strategies as st

from weingarten.algebra.rational import ONE, ZERO, Ratio, add_ratios, constant_ratio, power_of_d

d = sp.Symbol("d", integer=True, positive=True)
x = sp.Symbol("x")

roots = st.dictionaries(st.integers(-6, 6), st.integers(1, 3), max_size=4)
ratios = st.builds(
    lambda numerator, extra, scale, powers: Ratio(
        fmpz_poly(numerator) * fmpz_poly([-extra, 1]), scale, tuple(sorted(powers.items()))
    ),
    st.lists(st.integers(-9, 9), min_size=1, max_size=5),
    st.integers(-6, 6),
    st.integers(1, 12),
    roots,
)


def slowly(ratio: Ratio, symbol: sp.Symbol) -> sp.Expr:
    numerator = sum(int(c) * symbol**k for k, c in enumerate(ratio.numerator.coeffs()))
    bottom = sp.Mul(*[(symbol - a) ** m for a, m in ratio.roots])
    return numerator / (ratio.scale * bottom)


@settings(max_examples=150, deadline=None)
@given(ratios, st.sampled_from([d, x]))
def test_same_object_as_sympy_builds(ratio: Ratio, symbol: sp.Symbol) -> None:
    fast = ratio.to_sympy(symbol)
    rebuilt = fast.func(*fast.args) if fast.args else fast
    assert fast == rebuilt
    assert hash(fast) == hash(rebuilt)
    assert sp.srepr(fast) == sp.srepr(rebuilt)
    assert sp.cancel(fast - slowly(ratio, symbol)) == 0
    assert fast.is_commutative


@settings(max_examples=100, deadline=None)
@given(ratios, ratios, st.integers(-5, 5), st.integers(7, 40))
def test_arithmetic_equals_fractions(left: Ratio, right: Ratio, weight: int, z: int) -> None:
    a, b = left.at(z), right.at(z)
    assert (left + right).at(z) == a + b
    assert (left * right).at(z) == a * b
    assert (-left * weight).at(z) == -weight * a
    assert add_ratios([(left, weight), (right, 1), (left, -weight)]).at(z) == b
    assert left.cancelled().at(z) == a
    assert left.compose_affine(1, 1).at(z - 1) == a
    assert left.compose_affine(-1, 0).at(-z) == a
    assert left.compose_affine(-1, 1).at(1 - z) == a
    assert bool(left) == (not left.numerator.is_zero())


def test_constants_and_poles() -> None:
    assert constant_ratio(Fraction(-3, 4)).to_sympy(d) == sp.Rational(-3, 4)
    assert (ONE + ZERO).at(5) == 1
    assert add_ratios([]) == ZERO
    assert power_of_d(3).to_sympy(d) == d**3
    assert Ratio(fmpz_poly([0, 1]), 1, ((0, 1),)).to_sympy(d) == 1
    with pytest.raises(ZeroDivisionError):
        Ratio(fmpz_poly([1]), 1, ((2, 1),)).at(2)
