import math

import numpy as np
import pytest

from isogap import Checks, simulate
from isogap.base.streams import replica_states
from isogap.batch.start import Start, make_start
from isogap.engine.gradients import passes as module
from isogap.engine.gradients.passes import run_gradients
from isogap.model.losses import Loss, make_loss
from isogap.theory.coverage import log_loss_constant
from tests.twins.gradients import explicit_weights, network_loss, weight_gradients

ROOT = np.random.SeedSequence(20)


def a_start(d: int, n: int, seed: int = 0, distinct: int | None = None) -> Start:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((d, n))
    if distinct is not None:
        X = X[:, np.arange(n) % distinct]
    return make_start(X, d, n, rng)


def a_loss(kind: str, d: int, n: int, classes: int | None = None) -> Loss:
    return make_loss(kind, d, n, classes=classes, generator=np.random.default_rng(5))


def twin_norms(start: Start, depth: int, replica: int, loss: Loss, weights: str) -> list[float]:
    Ws = explicit_weights(replica_states(ROOT, replica, 1)[0], start.width, depth + 1, weights)
    assert start.basis is not None
    return [float(np.linalg.norm(g)) for g in weight_gradients(start.factor @ start.basis.T, Ws, loss)]


SHAPES = [(1, 3), (2, 2), (3, 5), (4, 2), (5, 5), (8, 8), (7, 3), (6, 20), (9, 9), (12, 13)]


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
@pytest.mark.parametrize("kind", ["cross-entropy", "squared-error"])
@pytest.mark.parametrize(("d", "n"), SHAPES)
def test_against_explicit_backpropagation(d: int, n: int, kind: str, weights: str) -> None:
    start, loss, depth = a_start(d, n), a_loss(kind, d, n, classes=max(1, d - 1)), 9
    found = run_gradients(start, depth, 11, ROOT, loss, weights=weights)
    for r in (0, 7, 10):
        expected = twin_norms(start, depth, r, loss, weights)
        if start.rank > 1:
            # k eps condition: the backward pass divides by row norms, which are of order lambda_min(X)^(1/2) at worst.
            assert np.exp(found.log_norm[r]) == pytest.approx(expected, rel=1e-9, abs=1e-15)
        else:
            assert (found.log_norm[r, :-1] == -np.inf).all()
            assert math.exp(found.log_norm[r, -1]) == pytest.approx(expected[-1], rel=1e-12, abs=1e-15)
            assert max(expected[:-1], default=0) < 1e-14
    # At width 2 Gaussian weights leave the angle of two rows, to 1 / sine eps.
    assert found.conservation.max() < (1e-11 if (d, weights) == (2, "gaussian") else 1e-13)


def test_repeated_samples_against_explicit_backpropagation() -> None:
    start, loss = a_start(8, 16, distinct=5), a_loss("cross-entropy", 8, 16)
    assert start.rank == 5
    found = run_gradients(start, 12, 2, ROOT, loss)
    assert np.exp(found.log_norm[1]) == pytest.approx(twin_norms(start, 12, 1, loss, "orthogonal"), rel=1e-9)


@pytest.mark.parametrize("kind", ["cross-entropy", "squared-error"])
def test_the_twin_against_finite_differences(kind: str) -> None:
    d, n, depth = 4, 5, 3
    start, loss = a_start(d, n), a_loss(kind, d, n)
    assert start.basis is not None
    X0, rng = start.factor @ start.basis.T, np.random.default_rng(1)
    Ws = explicit_weights(replica_states(ROOT, 0, 1)[0], d, depth + 1, "gaussian")
    exact = weight_gradients(X0, Ws, loss)
    for layer in range(depth + 1):
        direction = rng.standard_normal((d, d))

        def moved(t: float, layer: int = layer, direction: np.ndarray = direction) -> float:
            changed = list(Ws)
            changed[layer] = Ws[layer] + t * direction
            return network_loss(X0, changed, loss)

        # Fourth-order difference: truncation h⁴ ~ 1e-12, rounding eps/h ~ 1e-13, with room for the fifth derivative.
        h = 1e-3
        slope = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
        assert slope == pytest.approx(float((exact[layer] * direction).sum()), rel=1e-6, abs=1e-9)


def test_against_torch_autograd() -> None:
    torch = pytest.importorskip("torch")
    d, n, depth = 8, 8, 30
    start = a_start(d, n)
    labels = np.random.default_rng(5).integers(d, size=n)
    loss = make_loss("cross-entropy", d, n, labels=labels, classes=d, generator=np.random.default_rng(0))
    found = run_gradients(start, depth, 1, ROOT, loss)
    assert start.basis is not None
    Ws = [torch.tensor(W, requires_grad=True) for W in
          explicit_weights(replica_states(ROOT, 0, 1)[0], d, depth + 1, "orthogonal")]  # fmt: skip
    X = torch.tensor(start.factor @ start.basis.T)
    for W in Ws[:-1]:
        X = torch.nn.functional.normalize(W @ X, dim=1)
    value = torch.nn.functional.cross_entropy((Ws[-1] @ X).T, torch.tensor(labels))
    value.backward()
    assert found.loss[0] == pytest.approx(float(value.detach()), rel=1e-12)
    expected = [float(W.grad.norm()) for W in Ws]
    assert np.exp(found.log_norm[0]) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_checkpoints_threads_and_layers_do_not_change_a_bit(weights: str) -> None:
    start, loss = a_start(7, 7), a_loss("cross-entropy", 7, 7)
    full = run_gradients(start, 150, 10, ROOT, loss, weights=weights)
    for spacing in (1, 2, 13, 149, 150, 1000):
        again = run_gradients(start, 150, 10, ROOT, loss, weights=weights, spacing=spacing, threads=2)
        assert (again.log_norm == full.log_norm).all()
        assert (again.conservation == full.conservation).all()
    some = run_gradients(start, 150, 10, ROOT, loss, weights=weights, layers=[150, 0, 66])
    assert some.layers.tolist() == [0, 66, 150]
    assert (some.log_norm == full.log_norm[:, [0, 66, 150]]).all()


def test_a_replica_does_not_depend_on_its_neighbours() -> None:
    start, loss = a_start(5, 5), a_loss("cross-entropy", 5, 5)
    many = run_gradients(start, 20, 17, ROOT, loss)
    assert (run_gradients(start, 20, 3, ROOT, loss).log_norm == many.log_norm[:3]).all()


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_the_networks_are_those_of_the_engine(weights: str) -> None:
    """Row norms of the first maps from the explicit weights, against the engine's Jacobian norms of the same seed."""
    d, depth = 6, 8
    start = a_start(d, d)
    data = np.random.default_rng(0).standard_normal((d, d))
    run = simulate(
        d,
        depth,
        replicas=3,
        input=data,
        weights=weights,
        rng=ROOT,
        keep_paths=True,
        checks=Checks(control_variate=False),
    )
    paths = run.paths
    assert paths is not None
    for r in range(3):
        X = start.factor
        for layer, W in enumerate(explicit_weights(replica_states(ROOT, r, 1)[0], d, depth, weights)):
            norms = np.linalg.norm(W @ X, axis=1)
            assert paths.log_jacobian[r, layer] == pytest.approx(-math.log(norms.min()), abs=1e-11)
            X = (W @ X) / norms[:, None]


def test_explosion_is_kept_in_logarithms() -> None:
    """Rank 2 of 8: the gradient grows without bound; far beyond float64 the logarithm goes on."""
    start, loss = a_start(8, 8, distinct=3), a_loss("cross-entropy", 8, 8)
    found = run_gradients(start, 20000, 2, ROOT, loss, layers=[0, 10000, 20000], threads=2)
    assert (found.log_norm[:, 0] > 1000).all()
    assert np.isfinite(found.log_norm).all()
    slopes = -np.diff(found.log_norm, axis=1) / 10000
    assert slopes[:, 0] == pytest.approx(slopes[:, 1], rel=0.2)


def test_memory_at_depth_grows_as_the_square_root() -> None:
    start, loss = a_start(32, 32), a_loss("cross-entropy", 32, 32)
    root = np.random.SeedSequence(0)
    deep = module._Job(start, 10**5, 8, root, loss, "orthogonal", [0], None, 1)
    assert deep.bytes_per_replica < 8 * 2**20
    deeper = module._Job(start, 4 * 10**5, 8, root, loss, "orthogonal", [0], None, 1)
    assert deeper.bytes_per_replica < 2.1 * deep.bytes_per_replica


def test_depth_zero_is_the_readout_alone() -> None:
    start, loss = a_start(4, 4), a_loss("squared-error", 4, 4)
    found = run_gradients(start, 0, 2, ROOT, loss)
    assert np.exp(found.log_norm[1]) == pytest.approx(twin_norms(start, 0, 1, loss, "orthogonal"), rel=1e-12)


def test_bad_arguments() -> None:
    start, loss = a_start(32, 32), a_loss("cross-entropy", 32, 32)
    with pytest.raises(ValueError, match=r"layers must be whole numbers in 0\.\.5, got 6"):
        run_gradients(start, 5, 2, ROOT, loss, layers=[0, 6])
    for name, minimum in (("spacing", 1), ("threads", 1), ("depth", 0), ("replicas", 1)):
        for wrong in (1.5, "a", True):
            with pytest.raises(TypeError, match=f"^{name} must be a whole number, got {wrong!r}$"):
                run_gradients(start, root=ROOT, loss=loss, **{"depth": 5, "replicas": 2, name: wrong})
        with pytest.raises(ValueError, match=f"^{name} must be at least {minimum}, got {minimum - 1}$"):
            run_gradients(start, root=ROOT, loss=loss, **{"depth": 5, "replicas": 2, name: minimum - 1})
    with pytest.raises(ValueError, match="loss is for 32 logits of 31 samples"):
        run_gradients(start, 5, 2, ROOT, a_loss("cross-entropy", 32, 31))
    with pytest.raises(ValueError, match="loss is for 33 logits of 32 samples"):
        run_gradients(start, 5, 2, ROOT, a_loss("cross-entropy", 33, 32))
    with pytest.raises(ValueError, match="GiB"):
        run_gradients(start, 10**6, 2, ROOT, loss, spacing=10**6)


def test_labels_are_checked() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"labels must lie in 0\.\.2, got 3"):
        make_loss("cross-entropy", 4, 2, labels=[0, 3], classes=3, generator=rng)
    with pytest.raises(ValueError, match="at least 0, got -1 for sample 1"):
        make_loss("cross-entropy", 4, 2, labels=[0, -1], generator=rng)
    with pytest.raises(ValueError, match="labels reach 7"):
        make_loss("cross-entropy", 4, 2, labels=[0, 7], generator=rng)
    with pytest.raises(ValueError, match=r"one per sample \(3\)"):
        make_loss("cross-entropy", 4, 3, labels=[0, 1], generator=rng)
    with pytest.raises(TypeError, match="whole numbers"):
        make_loss("cross-entropy", 4, 2, labels=[0.5, 1], generator=rng)
    with pytest.raises(ValueError, match="classes must be at most the width 4, got 10"):
        make_loss("cross-entropy", 4, 2, classes=10, generator=rng)
    with pytest.raises(ValueError, match="loss must be one of"):
        make_loss("hinge", 4, 2, generator=rng)


def test_extreme_logits_do_not_overflow() -> None:
    loss = make_loss("cross-entropy", 2, 1, labels=[0], generator=np.random.default_rng(0))
    Z = np.array([[-1e5], [1e5]])
    assert loss.value(Z) == pytest.approx(2e5)
    assert loss.gradient(Z).tolist() == [[-1.0], [1.0]]


def test_loss_gradient_stays_below_the_constant_of_lemma_c2() -> None:
    rng = np.random.default_rng(3)
    for kind in ("cross-entropy", "squared-error"):
        loss = make_loss(kind, 6, 9, generator=rng)
        largest = -np.inf
        for scale in (1.0, 1e3):
            Z = rng.standard_normal((200, 6, 9)) * scale
            if kind == "squared-error":
                Z *= np.sqrt(6) / np.linalg.norm(Z, axis=(1, 2))[:, None, None]
            largest = max(largest, float(np.linalg.norm(loss.gradient(Z), axis=(1, 2)).max()))
        assert -1.0 < math.log(largest) - log_loss_constant(loss, 6) <= 1e-12
