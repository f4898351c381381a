"""Layers of the wide networks: derivatives, adjoints, and what they refuse."""

import numpy as np
import pytest

from isogap.engine.wide.dense import Dense, Gaussian, Haar
from isogap.engine.wide.layers import BatchNorm, Chain, Nonlinearity, Probe, Residual
from isogap.engine.wide.roots import gram_root
from isogap.engine.wide.stream import Stream
from isogap.engine.wide.tape import Tape
from isogap.model.activations import ACTIVATIONS, Activation
from tests.twins.wide import jacobian, normalised

LAWS = {"gaussian": Gaussian(), "haar": Haar()}


def tape(batch, seed=0, **options):
    return Tape(Stream(np.random.SeedSequence(seed), 0), batch, **options)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("eps", [0.0, 0.3])
def test_batch_norm_and_its_jacobian_are_those_of_the_twin(centred, eps, rng):
    h, g = rng.standard_normal((2, 7, 5)) + 0.4
    layer, t = BatchNorm(centred, eps), tape(5)
    u = layer.forward(h, t)
    np.testing.assert_allclose(u, normalised(h, centred, eps), rtol=1e-13, atol=1e-14)
    pulled = [jacobian(row, centred, eps).T @ grad for row, grad in zip(h, g, strict=True)]
    np.testing.assert_allclose(layer.backward(g, t), pulled, rtol=1e-12, atol=1e-13)


def test_two_batches_side_by_side_are_normalised_each_for_itself():
    h = np.random.default_rng(2).standard_normal((6, 8))
    both = BatchNorm().forward(h, tape(4))
    np.testing.assert_array_equal(both[:, :4], BatchNorm().forward(h[:, :4], tape(4)))
    np.testing.assert_array_equal(both[:, 4:], BatchNorm().forward(h[:, 4:], tape(4)))


def test_batch_of_two_has_signs_for_values_and_no_gradient():
    h = np.random.default_rng(2).standard_normal((6, 2))
    t = tape(2)
    u = BatchNorm().forward(h, t)
    np.testing.assert_allclose(np.abs(u), 1.0, rtol=1e-14)
    g = BatchNorm().backward(np.ones((6, 2)) * [1.0, 3.0], t)
    np.testing.assert_allclose(g, 0.0, atol=1e-13)


def test_a_constant_row_is_refused_unless_eps_is_positive():
    h = np.ones((2, 3))
    with pytest.raises(ValueError, match="constant over the batch"):
        BatchNorm().forward(h, tape(3))
    assert (BatchNorm(eps=1e-5).forward(h, tape(3)) == 0).all()


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("rank", [1, 3, 5])
def test_backward_is_the_adjoint_of_forward(law, rank):
    """<g, W x> = <Wᵀ g, x>, pathwise, for states of full and of deficient rank."""
    rng = np.random.default_rng(rank)
    x = rng.standard_normal((9, rank)) @ rng.standard_normal((rank, 5))
    g = rng.standard_normal((9, 5))
    t, layer = tape(5), Dense(LAWS[law], variance=2.0)
    h = layer.forward(x, t)
    np.testing.assert_allclose(layer.backward(g, t).T @ x, g.T @ h, atol=1e-11)


@pytest.mark.parametrize(("width", "samples"), [(9, 5), (6, 5), (5, 5), (4, 7)])
def test_haar_weights_keep_every_inner_product(width, samples):
    rng = np.random.default_rng(width)
    x, g = rng.standard_normal((2, width, samples))
    t = tape(samples)
    h = Dense(Haar()).forward(x, t)
    back = Dense(Haar()).backward(g, t)
    np.testing.assert_allclose(h.T @ h, x.T @ x, atol=1e-10)
    np.testing.assert_allclose(back.T @ back, g.T @ g, atol=1e-10)


def test_weight_gradient_is_the_norm_of_the_outer_product():
    rng = np.random.default_rng(4)
    x, g = rng.standard_normal((2, 9, 5))
    t = tape(5)
    Dense(Gaussian()).forward(x, t)
    Dense(Gaussian()).backward(g, t)
    assert t.backward_notes["weight_gradient"][0] == pytest.approx(np.log(np.sum((g @ x.T) ** 2)), abs=1e-12)


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_derivative_of_a_block_is_the_difference_quotient(name):
    """A residual block without random weights, so that it can be run at two points."""
    block = Residual(Chain((BatchNorm(), Nonlinearity(ACTIVATIONS[name], gain=0.7))), scale=0.3, skip=0.8)
    rng = np.random.default_rng(1)
    x, g, step = rng.standard_normal((3, 5, 6))
    t = tape(6)
    block.forward(x, t)
    pulled = np.vdot(block.backward(g, t), step)
    h = 1e-6
    ahead, behind = (block.forward(x + s * h * step, tape(6, keep=False)) for s in (1, -1))
    assert pulled == pytest.approx(np.vdot(g, ahead - behind) / (2 * h), abs=1e-7)


def test_gradient_of_the_branch_scale_is_the_difference_quotient():
    branch = Chain((BatchNorm(), Nonlinearity(ACTIVATIONS["tanh"])))
    x, g = np.random.default_rng(1).standard_normal((2, 5, 6))
    t = tape(6)
    out = [Residual(branch, scale=s).forward(x, t if s == 0.0 else tape(6, keep=False)) for s in (0.0, 1.0)]
    assert np.array_equal(Residual(branch, scale=0.0).backward(g, t), g)
    sign, size = t.backward_notes["branch_gradient"][0]
    assert sign * np.exp(size) == pytest.approx(np.vdot(g, out[1] - out[0]), rel=1e-12)


def test_probe_changes_nothing_and_sees_the_gradient():
    x, g = np.random.default_rng(1).standard_normal((2, 5, 6))
    t, probe = tape(6), Probe("here", {"trace": np.trace})
    assert probe.forward(x, t) is x
    assert probe.backward(g, t) is g
    assert t.forward_notes["here.trace"] == [np.trace(x.T @ x / 5)]
    assert t.backward_notes["here.gradient"][0] == pytest.approx(np.log(np.sum(g**2)))
    centred = g - g.mean(axis=1, keepdims=True)
    assert t.backward_notes["here.centred_gradient"][0] == pytest.approx(np.log(np.sum(centred**2)))


def test_nan_of_an_activation_is_refused_with_the_point():
    bad = Activation("bad", lambda x: np.where(x > 1, np.nan, x), np.ones_like)
    with pytest.raises(ValueError, match=r"'bad' returned nan at 2"):
        Nonlinearity(bad).forward(np.array([[0.0, 2.0]]), tape(2))
    steep = Activation("steep", lambda x: x, lambda x: np.full_like(x, np.inf))
    t = tape(2)
    Nonlinearity(steep).forward(np.ones((1, 2)), t)
    with pytest.raises(ValueError, match="the derivative of activation 'steep' returned inf"):
        Nonlinearity(steep).backward(np.ones((1, 2)), t)
    with pytest.raises(ValueError, match=r"returned shape \(\)"):
        Nonlinearity(Activation("flat", lambda x: 1.0, np.ones_like)).forward(np.ones((1, 2)), tape(2))


@pytest.mark.parametrize("rank", [1, 2, 4, 5])
def test_roots_of_singular_matrices(rank):
    x = np.random.default_rng(rank).standard_normal((rank, 5))
    A = x.T @ x
    found = gram_root(A)
    assert found.rank == rank
    np.testing.assert_allclose(found.root @ found.root.T, A, atol=1e-12)
    np.testing.assert_allclose(found.dual.T @ found.root, np.eye(rank), atol=1e-10)
    assert gram_root(A, most=1).rank == 1


def test_root_of_a_centred_gram_spares_the_eigenvectors(monkeypatch):
    x = np.random.default_rng(0).standard_normal((20, 6))
    x -= x.mean(axis=1, keepdims=True)
    monkeypatch.setattr(np.linalg, "eigh", None)
    found = gram_root(x.T @ x)
    assert found.rank == 5
    np.testing.assert_allclose(found.root @ found.root.T, x.T @ x, atol=1e-12)
    Q = x @ found.dual
    np.testing.assert_allclose(Q.T @ Q, np.eye(5), atol=1e-12)
