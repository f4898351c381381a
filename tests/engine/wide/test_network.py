"""Wide networks as a whole: the law of the twin with explicit matrices, bits for any number of threads, refusals."""

import numpy as np
import pytest

from isogap.engine.wide import grams, network
from isogap.engine.wide.dense import Dense, Gaussian, Haar
from isogap.engine.wide.layers import BatchNorm, Chain, Nonlinearity, Residual
from isogap.engine.wide.network import run_wide
from isogap.model.activations import ACTIVATIONS, Activation
from tests.twins import wide as twin

LAWS = {"gaussian": Gaussian(), "haar": Haar()}
RELU = ACTIVATIONS["relu"]


def plain(law="gaussian", activation=RELU, depth=4):
    return [Chain((Dense(LAWS[law]), BatchNorm(), Nonlinearity(activation)))] * depth


def centred(x, generator):
    g = generator.standard_normal(x.shape)
    return g - g.mean(axis=1, keepdims=True)


def agree(a, b, level=4.5):
    """Means over the first axis differ by less than ``level`` standard errors, entry by entry (some 40 of them a test)."""
    a, b = np.asarray(a), np.asarray(b)
    error = np.sqrt(a.var(axis=0, ddof=1) / len(a) + b.var(axis=0, ddof=1) / len(b))
    z = np.abs(a.mean(axis=0) - b.mean(axis=0)) / error
    return z.max() < level


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", ["identity", "relu", "tanh"])
def test_law_is_that_of_explicit_matrices(law, name):
    """Gradients of states and weights, layer by layer, and their squares: at width 8, where every correction shows."""
    count, width, batch, depth = 600, 8, 6, 3
    x = np.random.default_rng(0).standard_normal((width, batch))
    run = run_wide(plain(law, ACTIVATIONS[name], depth), x, replicas=count, cotangent=centred, rng=1)
    streams = [np.random.default_rng(seed) for seed in np.random.SeedSequence(2).spawn(count)]
    slow = [twin.network(law, ACTIVATIONS[name], x, depth, centred, stream) for stream in streams]
    states, matrices = np.array([s for s, _ in slow]), np.array([m for _, m in slow])
    assert agree(run.log_gradient, states)
    assert agree(run.backward["weight_gradient"], matrices)
    assert agree(run.log_gradient**2, states**2)
    assert agree(np.diff(run.log_gradient) ** 2, np.diff(states) ** 2)


def test_the_comparison_with_the_twin_would_notice_a_missing_projector():
    """A backward pass with fresh weights, a common shortcut, has another law."""

    class Fresh(Gaussian):
        def pull(self, g, x, root, U, tape):
            return self.frame(len(g), len(g), tape.stream).T @ g, g.T @ g

    count, x = 600, np.random.default_rng(0).standard_normal((8, 6))
    blocks = [Chain((Dense(Fresh()), BatchNorm(), Nonlinearity(ACTIVATIONS["tanh"])))] * 3
    run = run_wide(blocks, x, replicas=count, cotangent=centred, rng=1)
    slow = [
        twin.network("gaussian", ACTIVATIONS["tanh"], x, 3, centred, np.random.default_rng(k)) for k in range(count)
    ]
    assert not agree(run.log_gradient, [s for s, _ in slow])


@pytest.mark.parametrize("law", LAWS)
def test_residual_networks_have_the_law_of_explicit_matrices(law):
    count, x = 400, np.random.default_rng(0).standard_normal((8, 6))
    block = Residual(Chain((BatchNorm(), Nonlinearity(RELU), Dense(LAWS[law]))), scale=0.7)
    run = run_wide([block] * 4, x, replicas=count, cotangent="white", observe={"q": grams.mean_square}, rng=1)
    white = lambda last, stream: stream.standard_normal(last.shape)  # noqa: E731
    slow = [twin.residual(law, RELU, x, 4, white, np.random.default_rng(9000 + k), 0.7) for k in range(count)]
    assert agree(run.log_gradient, [s for s, _ in slow])
    assert agree(run.statistics["q"][:, -1:], [[np.mean(last**2)] for _, last in slow])


def test_scaled_paths_have_the_law_of_explicit_matrices():
    """r = 1 beside r = 1/2: the same weights, the scales of r = 1."""
    count, width, batch, depth, r = 500, 8, 6, 3, 0.5
    x0 = np.random.default_rng(0).standard_normal((width, batch))
    block = Residual(Chain((BatchNorm(), Dense(Gaussian()))))
    run = run_wide([block] * depth, x0, replicas=count, path_scales=(1.0, r), keep_outputs=True, rng=1)
    fast = [
        [np.sum(out[:, :batch] ** 2), np.sum(out[:, batch:] ** 2), np.vdot(*np.split(out, 2, 1))] for out in run.outputs
    ]
    slow = []
    for k in range(count):
        stream, x, y = np.random.default_rng(5000 + k), x0, x0
        for _ in range(depth):
            W = twin.weights("gaussian", width, stream)
            cx, cy = (z - z.mean(axis=1, keepdims=True) for z in (x, y))
            scale = np.sqrt(np.mean(cx**2, axis=1, keepdims=True))
            x, y = x + W @ (cx / scale), y + r * W @ (cy / scale)
        slow.append([np.sum(x**2), np.sum(y**2), np.vdot(x, y)])
    assert agree(fast, slow)


def test_path_scale_one_is_the_network_itself():
    x = np.random.default_rng(0).standard_normal((9, 4))
    block = Residual(Chain((BatchNorm(), Nonlinearity(RELU), Dense(Gaussian()))))
    run = run_wide([block] * 5, x, path_scales=(1.0, 1.0, 1.0), keep_outputs=True, rng=1)
    first, *rest = np.split(run.outputs[0], 3, axis=1)
    for other in rest:
        np.testing.assert_allclose(other, first, atol=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_bits_do_not_depend_on_threads_or_on_other_replicas(law):
    options = {"cotangent": "white", "observe": {"A": np.array}, "rng": 7}
    one = run_wide(plain(law), grams.gaussian_start(40, 8), replicas=6, threads=1, **options)
    three = run_wide(plain(law), grams.gaussian_start(40, 8), replicas=6, threads=3, **options)
    two = run_wide(plain(law), grams.gaussian_start(40, 8), replicas=2, threads=2, **options)
    for a, b in ((one, three), (one, two)):
        size = len(b.log_gradient)
        assert np.array_equal(a.log_gradient[:size], b.log_gradient)
        assert np.array_equal(a.statistics["A"][:size], b.statistics["A"])
        assert np.array_equal(a.backward["weight_gradient"][:size], b.backward["weight_gradient"])


def test_forward_pass_is_the_same_with_and_without_a_backward_pass():
    runs = [
        run_wide(plain(), grams.orthogonal_start(20, 5), keep_outputs=True, cotangent=c, rng=3) for c in (None, "white")
    ]
    assert np.array_equal(runs[0].outputs, runs[1].outputs)
    assert runs[0].log_gradient is None


def test_gradients_beyond_floating_point_keep_their_logarithm():
    """Steep activation: each layer multiplies the gradient by 1e60."""
    steep = Activation("steep", lambda x: 1e60 * x, lambda x: np.full_like(x, 1e60))
    # Rows are scaled back by the next normalisation, so that only the last layer's factor shows at the top ...
    run = run_wide(plain(activation=steep, depth=3), grams.orthogonal_start(12, 5), cotangent="white", rng=1)
    same = run_wide(
        plain(activation=ACTIVATIONS["identity"], depth=3), grams.orthogonal_start(12, 5), cotangent="white", rng=1
    )
    np.testing.assert_allclose(run.log_gradient[0, 0], same.log_gradient[0, 0] + 2 * np.log(1e60), rtol=1e-9)

    class Loud:
        def forward(self, x, tape):
            return x

        def backward(self, g, tape):
            return 1e200 * g

    # ... and here every layer's does.
    loud = run_wide([Loud()] * 10, np.eye(3, 2), cotangent=lambda x, _: np.ones_like(x), rng=1)
    np.testing.assert_allclose(loud.log_gradient[0], np.log(6) + 2 * np.log(1e200) * np.arange(10, -1, -1), rtol=1e-12)


def test_batch_of_two_has_gradient_zero():
    run = run_wide(plain(activation=ACTIVATIONS["identity"]), grams.orthogonal_start(12, 2), cotangent="white", rng=1)
    assert run.log_gradient[0, 0] < run.log_gradient[0, -1] - 50  # rounding of an exact zero


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"batch": 3}, "batch must divide the 8 samples"),
        ({"cotangent": "red"}, "cotangent must be one of"),
        ({"cotangent": lambda x, _: x[:1]}, "cotangent must have the shape"),
        ({"path_scales": (0.5, 1.0)}, "path_scales must begin with 1"),
        ({"path_scales": (1.0, 0.5), "cotangent": "white"}, "path_scales must begin with 1"),
        ({"replicas": 0}, "replicas must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(options, complaint):
    with pytest.raises(ValueError, match=complaint):
        run_wide(plain(), grams.orthogonal_start(20, 8), **options)


def test_too_large_a_backward_pass_is_refused_before_it_starts():
    with pytest.raises(ValueError, match=r"need .* GiB for the backward"):
        run_wide(plain(depth=10**5), grams.orthogonal_start(1000, 64), cotangent="white")


def test_errors_say_in_which_layer():
    bad = Activation("bad", lambda x: np.full_like(x, np.nan), np.ones_like)
    blocks = [*plain(depth=2), *plain(activation=bad, depth=1)]
    with pytest.raises(ValueError, match="layer 3: activation 'bad' returned nan"):
        run_wide(blocks, grams.orthogonal_start(20, 8))


def test_a_gradient_of_zero_stays_zero():
    run = run_wide(plain(), grams.orthogonal_start(20, 5), cotangent=lambda x, _: np.zeros_like(x), rng=1)
    assert (run.log_gradient == -np.inf).all()
    assert (run.backward["weight_gradient"] == -np.inf).all()


def test_a_state_that_outgrows_floating_point_is_refused_with_its_layer():
    with pytest.raises(ArithmeticError, match=r"layer \d+: the squares of the state overflow"):
        run_wide([Residual(Dense(Gaussian(), variance=100.0))] * 400, grams.orthogonal_start(8, 3), rng=1)


def test_replicas_that_do_not_fit_in_memory_at_once_run_one_by_one(monkeypatch):
    options = {"replicas": 3, "cotangent": "white", "rng": 1}
    free = run_wide(plain(), grams.orthogonal_start(20, 5), threads=3, **options)
    monkeypatch.setattr(network, "MEMORY_LIMIT", 8 * 4 * 20 * 5 * 4 + 1)
    tight = run_wide(plain(), grams.orthogonal_start(20, 5), threads=3, **options)
    assert np.array_equal(free.log_gradient, tight.log_gradient)
