"""Twirls, commutants, frame potentials and designs against published values and direct averages."""

from itertools import permutations, product

import numpy as np
import pytest
import sympy as sp

import isogap
from weingarten import WeingartenError, commutant_projector, haar_frame_potential, is_design, twirl


def clifford():
    """Return the 24 elements of the one-qubit Clifford group, one of each phase class, exactly."""
    h = sp.Matrix([[1, 1], [1, -1]]) / sp.sqrt(2)
    s = sp.diag(1, sp.I)
    found: list[sp.Matrix] = [sp.eye(2)]
    floats = [np.eye(2, dtype=complex)]
    for u in found:
        for g in (h, s):
            v = g * u
            number = np.array(v.tolist(), dtype=complex)
            # |tr V W*| is 0, 1 or sqrt(2) for elements of two phase classes, 2 in one class
            if all(abs(np.vdot(w, number)) < 1.9 for w in floats):
                found.append(v.applyfunc(sp.simplify))
                floats.append(number)
    return found


def signed_permutations(d):
    for s in permutations(range(d)):
        for signs in product((1, -1), repeat=d):
            yield sp.Matrix(d, d, lambda i, j, s=s, signs=signs: signs[i] * int(s[i] == j))


def test_the_clifford_group_is_a_three_design_and_no_four_design():
    group = clifford()
    assert len(group) == 24
    assert [is_design(group, t).potentials[0] for t in (1, 2, 3, 4)] == [1, 2, 5, 15]
    assert [bool(is_design(group, t)) for t in (1, 2, 3, 4)] == [True, True, True, False]
    floats = np.array([np.array(u.tolist(), dtype=complex) for u in group])
    assert [bool(is_design(floats, t)) for t in (1, 2, 3, 4)] == [True, True, True, False]


def icosahedral():
    """Return the 60 rotations of the icosahedron as floats."""
    golden = (1 + 5**0.5) / 2
    a = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], dtype=float)
    b = np.array([[golden, 1 / golden, 1], [1 / golden, 1, -golden], [-1, golden, 1 / golden]]) / 2
    found = [np.eye(3)]
    for u in found:
        for g in (a, b):
            v = g @ u
            if all(np.abs(v - w).max() > 1e-9 for w in found):
                found.append(v)
    return np.array(found)


def test_the_full_icosahedral_group_is_a_five_design_of_o3_and_no_six_design():
    rotations = icosahedral()
    assert len(rotations) == 60
    group = np.concatenate([rotations, -rotations])
    result = is_design(group, 6, "O")
    assert result.least == (0, 15)
    assert result.potentials[1] == pytest.approx(16, abs=result.tolerance)
    assert bool(is_design(group, 5, "O"))
    assert not result


def test_signed_permutations_are_a_three_design_of_o_and_no_four_design():
    group = list(signed_permutations(3))
    assert bool(is_design(group, 3, "O"))
    result = is_design(group, 4, "O")
    assert (result.potentials[1], result.least[1], bool(result)) == (4, 3, False)


@pytest.mark.parametrize(
    ("group", "k", "d"), [("U", 2, 2), ("U", 3, 2), ("U", 2, 3), ("O", 2, 2), ("O", 2, 3), ("S", 1, 3), ("S", 2, 2)]
)
def test_the_commutant_projector_is_one(group, k, d):
    P = commutant_projector(k, d, group)
    assert P * P == P
    assert P.T == P
    assert P.trace() == haar_frame_potential(k, d, group)


def test_a_twirl_over_permutations_equals_the_mean_over_the_group():
    X = sp.Matrix(9, 9, lambda i, j: (3 * i + 5 * j * j) % 7 - 3)
    total = sp.zeros(9, 9)
    for s in permutations(range(3)):
        P = sp.Matrix(3, 3, lambda i, j, s=s: int(s[i] == j))
        PP = sp.Matrix(sp.kronecker_product(P, P))
        total += PP * X * PP.T
    assert twirl(X, 2, 3, "S") == total / 6


def test_bad_input_is_refused():
    for call in (
        lambda: twirl(np.eye(3), 2, 2),
        lambda: is_design([], 1),
        lambda: is_design(np.ones((1, 2, 3)), 1),
        lambda: is_design([sp.eye(2)], 1, "X"),
    ):
        with pytest.raises(WeingartenError):
            call()


@pytest.mark.parametrize(("k", "d"), [(1, 2), (1, 4), (2, 2), (2, 4)])
def test_the_commutant_of_the_symplectic_group(k, d):
    P = commutant_projector(k, d, "Sp") if d ** (2 * k) <= 256 else None
    if P is not None:
        assert P == P * P == P.T
        assert P.trace() == haar_frame_potential(k, d, "Sp")
    rng = np.random.default_rng(3)
    X = rng.normal(size=(d**k, d**k))
    mean = twirl(X, k, d, "Sp")
    S = isogap.sample("Sp", d, rng=5)
    power = S if k == 1 else np.kron(S, S)
    assert np.abs(power @ mean @ power.conj().T - mean).max() < 1e-12  # rounding of 16 x 16 products
    assert np.abs(twirl(mean, k, d, "Sp") - mean).max() < 1e-12
    assert np.trace(mean) == pytest.approx(np.trace(X), rel=1e-12)
