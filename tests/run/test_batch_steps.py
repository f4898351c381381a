"""The one-step law of batches against the law of their spectra."""

import numpy as np
import pytest

import isogap


def spectra(X):
    squares = np.linalg.svd(X, compute_uv=False) ** 2
    return squares / squares.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("d", [1, 2, 5, 8, 33])
@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200])
def test_batches_have_the_law_of_their_spectra(d, scale):
    X = np.random.default_rng(d).standard_normal((30, d, d))
    expected = isogap.exact_steps(spectra(X)).value
    assert isogap.exact_steps_of_batches(scale * X) == pytest.approx(expected, rel=1e-13)


def test_singular_batches_have_a_finite_law():
    X = np.diag([1.0, 1.0, 0.0])[None]
    assert isogap.exact_steps_of_batches(X) == pytest.approx(isogap.exact_steps([[1.5, 1.5, 0.0]]).value, rel=1e-13)


def test_an_orthogonal_batch_does_not_move():
    assert isogap.exact_steps_of_batches(np.eye(4)[None])[0] == 0.0


def test_a_batch_has_the_same_bits_in_any_company():
    X = np.random.default_rng(0).standard_normal((21, 16, 16))
    alone = np.concatenate([isogap.exact_steps_of_batches(one[None]) for one in X])
    assert np.array_equal(isogap.exact_steps_of_batches(X), alone)


@pytest.mark.parametrize(
    ("X", "text"),
    [
        (np.ones((2, 3)), "X"),
        (np.ones((2, 3, 4)), "square roots"),
        (np.full((1, 2, 2), np.nan), "X"),
        (np.zeros((0, 4, 4)), "empty"),
        (np.stack([np.eye(2), np.zeros((2, 2))]), "batch 1 of X is zero"),
    ],
)
def test_what_is_no_stack_of_batches_is_refused(X, text):
    with pytest.raises(ValueError, match=text):
        isogap.exact_steps_of_batches(X)
