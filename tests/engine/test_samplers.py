"""Samplers: what holds for every sample, bits that do not depend on threads or lanes, and what is refused."""

import os
import subprocess
import sys

import numpy as np
import pytest

import isogap
from isogap.engine.samplers import gaussian, haar, spaces
from isogap.engine.samplers.sample import GROUPS, SAMPLERS

SIZES = {1: (4,), 2: (4, 3), 3: (2, 3, 6)}
EPS = np.finfo(float).eps


def drawn(name, size=50, rng=0, **options):
    count = 1 if name in GROUPS else len(SAMPLERS[name].sizes)
    sizes = (3, 7) if "Wishart" in name else (2, 4, 5) if "Jacobi" in name else SIZES[count]
    return isogap.sample(name, *sizes, size=size, rng=rng, **options)


def adjoint(X):
    return X.conj().swapaxes(-1, -2)


@pytest.mark.parametrize("name", [*GROUPS, *SAMPLERS])
def test_every_ensemble_draws_stacks_of_the_same_law_by_seed(name):
    X = drawn(name)
    assert np.all(np.isfinite(X))
    assert np.array_equal(X, drawn(name))
    assert not np.array_equal(X, drawn(name, rng=1))
    assert drawn(name, size=(2, 3)).shape == (2, 3, *X.shape[1:])
    assert drawn(name, size=None).shape == X.shape[1:]
    assert drawn(name, size=0).shape == (0, *X.shape[1:])
    out = np.empty_like(X)
    assert drawn(name, out=out) is not None
    assert np.array_equal(out, X)


@pytest.mark.parametrize(
    "name", ["O", "SO", "U", "SU", "Sp", "COE", "CSE", "CI", "signed permutation", "monomial unitary", "bistochastic"]
)
def test_group_elements_are_unitary(name):
    X = drawn(name)
    d = X.shape[-1]
    # products of d reflectors: each entry of X X* is off by a small multiple of d eps
    assert np.abs(X @ adjoint(X) - np.eye(d)).max() < 20 * d * EPS


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 33, 310])
@pytest.mark.parametrize("name", ["SO", "SU"])
def test_determinants_are_one(name, d):
    X = isogap.sample(name, d, size=9, rng=2)
    assert np.abs(np.linalg.det(X) - 1).max() < 20 * d * EPS


def test_symplectic_matrices_keep_the_form_and_involutions_square_to_one():
    S, J = drawn("Sp"), spaces.form(4)
    assert np.abs(S.swapaxes(-1, -2) @ J @ S - J).max() < 100 * EPS
    for name in ("AIII", "BDI", "CII"):
        V = isogap.sample(name, 2, 1, size=20, rng=0)
        assert np.abs(V @ V - np.eye(V.shape[-1])).max() < 200 * EPS


@pytest.mark.parametrize("name", ["O", "U", "SO", "SU"])
@pytest.mark.parametrize("d", [3, 40])
def test_threads_do_not_change_a_bit(name, d):
    size = 3 * haar.block_size(d) + 5
    one, two = (isogap.sample(name, d, size=size, rng=3, threads=t) for t in (1, 2))
    assert np.array_equal(one, two)


def test_widths_beyond_the_lanes_do_not_depend_on_threads_either(monkeypatch):
    monkeypatch.setattr(haar, "LANES_UP_TO", {False: 0, True: 0})
    monkeypatch.setattr(haar, "BLOCK_ENTRIES", 1000)
    one, two = (isogap.sample("O", 5, size=200, rng=3, threads=t) for t in (1, 2))
    assert np.array_equal(one, two)


def test_lanes_have_the_bits_of_the_plain_form():
    code = (
        "import isogap, hashlib; X = isogap.sample('O', 6, size=50, rng=3); U = isogap.sample('SU', 5, size=50, rng=3);"
        "print(hashlib.sha256(X.tobytes() + U.tobytes()).hexdigest())"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **more}, capture_output=True, text=True, check=True
        ).stdout
        for more in ({}, {"ISOGAP_LANES": "1"})
    ]
    assert said[0] == said[1]


def test_lapack_and_lanes_multiply_the_same_normals_to_the_same_kind_of_matrix():
    for is_complex in (False, True):
        W = haar.by_lapack(7, np.random.default_rng(1), is_complex)
        assert np.abs(W @ W.conj().T - np.eye(7)).max() < 100 * EPS


def test_determinants_of_both_signs_occur_equally_often():
    for d in (1, 2, 3):
        signs = np.linalg.det(isogap.sample("O", d, size=4000, rng=5)) > 0
        # binomial: 4000/2 within 7 standard deviations, false alarm 1e-11
        assert abs(signs.sum() - 2000) < 7 * np.sqrt(1000)


def test_a_spectrum_has_the_second_moment_of_its_ensemble():
    for name, second in (("GOE", 4 * 5), ("GUE", 16), ("GSE", 4 * 4 - 2)):
        values = (isogap.sample_spectrum(name, 4, size=20_000, rng=1) ** 2).sum(axis=1)
        # normal approximation, 7 standard errors
        assert abs(values.mean() - second) < 7 * values.std() / np.sqrt(len(values))
        assert np.all(np.diff(isogap.sample_spectrum(name, 4, rng=1)) >= 0)


def test_a_wishart_matrix_of_few_degrees_of_freedom_has_their_rank():
    W = isogap.sample("Wishart", 5, 2, size=3, rng=0)
    assert np.all(np.linalg.matrix_rank(W) == 2)
    assert gaussian.wishart(np.random.default_rng(0), "complex", 2, 3, 3).dtype == complex


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: isogap.sample("X", 3), "unknown"),
        (lambda: isogap.sample("O"), "takes the sizes d"),
        (lambda: isogap.sample("O", 0), "d"),
        (lambda: isogap.sample("O", 2.5), "d"),
        (lambda: isogap.sample("Sp", 3), "even"),
        (lambda: isogap.sample("real stiefel", 2, 3), "at most"),
        (lambda: isogap.sample("inverse Wishart", 3, 2), "at least"),
        (lambda: isogap.sample("real Jacobi", 5, 2, 2), "at least"),
        (lambda: isogap.sample("O", 2, size=-1), "size"),
        (lambda: isogap.sample("O", 2, threads=0), "threads"),
        (lambda: isogap.sample("O", 2, size=3, out=np.empty((3, 2, 2), complex)), "out"),
        (lambda: isogap.sample("GUE", 2, size=3, out=np.empty((2, 2, 2), complex)), "out"),
        (lambda: isogap.sample_spectrum("O", 3), "GOE"),
    ],
)
def test_bad_input_is_refused_by_name(call, words):
    with pytest.raises((ValueError, TypeError), match=words):
        call()
