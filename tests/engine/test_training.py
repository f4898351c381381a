import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isogap.base.streams import seed_sequence
from isogap.batch.datasets import Dataset
from isogap.engine.networks.side_by_side import SeedNetworks, initial_weights, seed_order
from isogap.engine.networks.training import History, Training, train, train_seeds
from isogap.model.choices import TRAINED_ACTIVATIONS
from isogap.model.variant import Variant
from tests.twins.training import trained

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Three well separated clusters of 12-pixel images."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(0, 1, (3, 12))

    def part(count: int) -> tuple[Any, Any]:
        labels = rng.integers(3, size=count)
        return np.clip(centres[labels] + 0.1 * rng.standard_normal((count, 12)), 0, 1), labels

    return Dataset("clusters", *part(120), *part(40), classes=3)


def a_job(epochs: int = 3, **kwargs: Any) -> Training:
    options = {"batch": 20, "root_n": True, **kwargs}
    return Training(Variant(8, 6, **options), epochs=epochs, rate=0.05)


def test_it_learns(data: Dataset) -> None:
    history = train(a_job(20), data, rng=1)
    assert history.epoch == 20
    assert history.test_accuracy[-1] > 0.9
    assert history.loss[-1] < 0.5 * history.loss[0]
    assert len(history.weight_gap[0]) == 6
    assert len(history.gradient[0]) == 8
    # Orthogonal at the start up to float32 rounding; training moves away.
    assert max(history.weight_gap[0]) < 1e-5 < max(history.weight_gap[-1])


def test_gaussian_weights_start_with_a_gap(data: Dataset) -> None:
    history = train(a_job(0, weights="gaussian"), data, rng=1)
    assert min(history.weight_gap[0]) > 0.1
    assert history.recorded == [0]


def test_curves_may_have_several_entries_an_epoch(data: Dataset, tmp_path: Path) -> None:
    """The steps are the same; at whole epochs the entries are those of a training that is looked at once an epoch."""
    once = train(a_job(), data, rng=3)
    job = Training(a_job().variant, epochs=3, rate=0.05, marks=4)
    fine = train(job, data, rng=3)
    assert fine.epoch == once.epoch == 3
    assert fine.times.tolist() == [k / 4 for k in range(13)]
    assert fine.recorded == list(range(13))
    assert fine.weight_gap[::4] == once.weight_gap
    assert fine.gradient[::4] == once.gradient
    assert fine.test_accuracy[::4] == once.test_accuracy
    # six steps an epoch, entries after 2, 3, 4 and 6 of them (halves are rounded to even)
    assert once.loss[1] == pytest.approx(np.average(fine.loss[1:5], weights=(2, 1, 1, 2)), rel=1e-12)
    path = tmp_path / "run.pt"
    train(Training(a_job().variant, epochs=1, rate=0.05, marks=4), data, rng=3, checkpoint=path)
    assert train(job, data, rng=3, checkpoint=path) == fine
    with pytest.raises(ValueError, match="of another training: marks differ"):
        train(Training(a_job().variant, epochs=3, rate=0.05, marks=2), data, rng=3, checkpoint=path)


def test_accuracies_may_be_those_of_the_first_images(data: Dataset) -> None:
    few = train(Training(a_job().variant, epochs=2, rate=0.05, looked_at=20), data, rng=3)
    shares = 20 * np.array([*few.train_accuracy, *few.test_accuracy])
    np.testing.assert_allclose(shares, shares.round(), atol=1e-5)
    assert few.weight_gap == train(a_job(2), data, rng=3).weight_gap
    with pytest.raises(ValueError, match="looked_at"):
        Training(a_job().variant, looked_at=19)
    with pytest.raises(ValueError, match="marks must be at most the 6 steps of an epoch, got 7"):
        train(Training(a_job().variant, marks=7), data)


def test_same_seed_same_curve(data: Dataset) -> None:
    assert train(a_job(), data, rng=3) == train(a_job(), data, rng=3)
    assert train(a_job(), data, rng=3).loss != train(a_job(), data, rng=4).loss


@pytest.mark.parametrize("activation", ["identity", "sin", "tanh", "relu", "selu", "leaky-relu"])
def test_resumed_is_uninterrupted(data: Dataset, tmp_path: Path, activation: str) -> None:
    options = {"activation": activation, "exponent": 0.2, "mean_removal": True}
    whole = train(a_job(4, **options), data, rng=3)
    path = tmp_path / "run.pt"
    train(a_job(2, **options), data, rng=3, checkpoint=path)
    resumed = train(a_job(4, **options), data, rng=3, checkpoint=path)
    assert resumed == whole
    assert train(a_job(4, **options), data, rng=3, checkpoint=path) == whole
    several = tmp_path / "several.pt"
    train_seeds(a_job(2, **options), data, rngs=[3, 4], checkpoint=several)
    resumed_several = train_seeds(a_job(4, **options), data, rngs=[3, 4], checkpoint=several)
    assert resumed_several == train_seeds(a_job(4, **options), data, rngs=[3, 4])


@pytest.mark.parametrize("activation", TRAINED_ACTIVATIONS)
@pytest.mark.parametrize("options", [{}, {"mean_removal": True, "eps": 1e-3, "gain": 0.8, "exponent": 0.3}])
def test_steps_are_those_of_the_plain_twin(data: Dataset, activation: str, options: dict[str, Any]) -> None:
    """An epoch of three seeds side by side against automatic differentiation of each alone, in double precision."""
    variant = Variant(8, 6, batch=20, root_n=True, activation=activation, **options)
    roots = [seed_sequence(seed) for seed in (5, 6, 7)]
    networks = SeedNetworks(torch, variant, data, roots)
    losses = [networks.step(X, labels, 0.05) for X, labels in networks.batches(networks.orders(1))]
    for r, root in enumerate(roots):
        order = seed_order(root, 1, data.train_labels.size).reshape(-1, 20)
        batches = [(data.train_images[chosen], data.train_labels[chosen]) for chosen in order]
        weights, expected = trained(variant, 0.05, initial_weights(variant, data, root), batches)
        assert [float(loss[r]) for loss in losses] == pytest.approx(expected, rel=1e-4)
        for found, W in zip(networks.weights, weights, strict=True):
            # Six steps in float32; the steps have moved the weights by some 1e-2.
            np.testing.assert_allclose(found[r].numpy(), W, atol=2e-5)


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_a_seed_learns_as_it_does_alone(data: Dataset, weights: str) -> None:
    job = a_job(4, weights=weights, activation="sin")
    together = train_seeds(job, data, rngs=[3, 4, 5])
    for seed, history in zip((3, 4, 5), together, strict=True):
        alone = train(job, data, rng=seed)
        assert history.loss == pytest.approx(alone.loss, rel=1e-4)
        assert history.train_accuracy == pytest.approx(alone.train_accuracy, abs=0.02)
        np.testing.assert_allclose(history.gradient, alone.gradient, atol=1e-3)
    before = torch.get_num_threads()
    torch.set_num_threads(1 if before > 1 else 2)
    try:
        assert together == train_seeds(job, data, rngs=[3, 4, 5])
    finally:
        torch.set_num_threads(before)


def test_a_diverged_seed_leaves_the_others_alone(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def poisoned(variant: Variant, data: Dataset, root: np.random.SeedSequence) -> Any:
        weights = initial_weights(variant, data, root)
        if root.entropy == 4:
            weights[-1][0, 0] = math.nan
        return weights

    monkeypatch.setattr("isogap.engine.networks.side_by_side.initial_weights", poisoned)
    good, bad = train_seeds(a_job(), data, rngs=[3, 4])
    assert bad.diverged == 0
    assert bad.recorded == []
    assert bad.epoch == 0
    assert good.diverged is None
    assert good.epoch == 3


def test_gradients_are_those_of_the_variant(data: Dataset) -> None:
    """First batch, untrained: the torch network against the NumPy backpropagation of the same weights (float32)."""
    from isogap.engine.networks.passes import Pass
    from isogap.model.losses import Loss, one_hot

    variant = Variant(8, 6, batch=20, root_n=True, activation="tanh", gain=0.9, exponent=0.3)
    network = SeedNetworks(torch, variant, data, [seed_sequence(5)])
    images, labels = data.train_images[:20], data.train_labels[:20]
    weights = [W[0].double().numpy() for W in network.weights]
    N, _ = variant.normalise(weights[0] @ images.T)
    work = Pass(Variant(8, 6, batch=20, root_n=True, activation="tanh"), np.tanh(0.9 * N),
                 Loss("cross-entropy", one_hot(labels, 3)), [np.random.default_rng(0)])  # fmt: skip
    work.v = _Shifted(work.v, np.array(network.gains[1:]))  # type: ignore[assignment]
    readout = np.zeros((8, 8))
    readout[:3] = weights[-1]
    iterator = iter([*weights[1:-1], readout])
    import isogap.engine.networks.passes as networks

    original = networks.draw_weights
    networks.draw_weights = lambda *_: next(iterator)[None]
    try:
        found = work.backward(work.forward())[0]
    finally:
        networks.draw_weights = original
    # float32 arithmetic through eight layers.
    assert network.gradient_norms()[0][1:] == pytest.approx(found.tolist(), abs=1e-4)


class _Shifted:
    """A variant whose gains are given: the first gain of the torch network belongs to its input layer."""

    def __init__(self, variant: Variant, gains: Any) -> None:
        self._variant, self._gains = variant, gains

    def gains(self) -> Any:
        return self._gains

    def __getattr__(self, name: str) -> Any:
        return getattr(self._variant, name)


def test_divergence_is_noted_not_raised(data: Dataset) -> None:
    job = Training(Variant(8, 6, batch=20, root_n=True, activation="relu"), epochs=5, rate=1e38)
    history = train(job, data, rng=1)
    assert history.diverged is not None
    assert history.epoch == history.diverged


def test_bad_input(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="120 training images, batch 200"):
        train(a_job(batch=200), data)
    with pytest.raises(ValueError, match="at least one seed"):
        train_seeds(a_job(), data, rngs=[])
    with pytest.raises(ValueError, match="rate must be positive"):
        Training(Variant(4, 2), rate=math.nan)
    with pytest.raises(ValueError, match="repeats must be 1"):
        Training(Variant(4, 2, repeats=2))
    with pytest.raises(ValueError, match="order must be norm-act"):
        Training(Variant(4, 2, order="act-norm"))
    path = tmp_path / "run.pt"
    path.write_bytes(b"junk")
    with pytest.raises(ValueError, match="is not a checkpoint"):
        train(a_job(), data, checkpoint=path)
    path.unlink()
    train(a_job(1), data, checkpoint=path)
    with pytest.raises(ValueError, match="of another training: seed differ"):
        train(a_job(1), data, rng=9, checkpoint=path)


def test_no_half_written_checkpoint(data: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.pt"
    train(a_job(1), data, checkpoint=path)
    before = path.read_bytes()

    def fails(state: Any, target: Any) -> None:
        target.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", fails)
    with pytest.raises(OSError, match="disk full"):
        train(a_job(2), data, checkpoint=path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_empty_history() -> None:
    assert History().epoch == -1
