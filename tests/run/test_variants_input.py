"""The batch of a variant by name, file or array, and its replicas on several threads."""

import importlib.util
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import isogap
from isogap.base.streams import input_generator
from isogap.batch.haar import semi_orthogonal
from isogap.batch.samples import make_batch, repeated_batch, samples
from isogap.model.activations import Activation
from isogap.model.variant import Variant
from isogap.run.variant import simulate_variant

Array = np.ndarray[Any, np.dtype[np.float64]]
ROOT = np.random.SeedSequence(11)


@pytest.mark.parametrize(
    "case", [{}, {"weights": "gaussian", "batch": 100}, {"activation": "tanh", "order": "act-norm"}]
)
def test_bits_do_not_depend_on_threads(case: dict[str, Any]) -> None:
    """36 replicas at width 70 are 12 chunks of 3; the mapping of the features and the start know no threads of BLAS either."""
    variant = Variant(70, 12, **case)
    table = np.random.default_rng(0).standard_normal((90, variant.batch))
    samples = isogap.samples(table, orientation="features-first")
    with threadpool_limits(2):
        one, two, many = (
            simulate_variant(variant, replicas=36, input=samples, rng=3, gap_layers=(0, 5), threads=t)
            for t in (1, 2, 9)
        )
    for other in (two, many):
        assert (other.log_norm == one.log_norm).all()
        assert (other.gap == one.gap).all()
        assert (other.phi0, other.bounds) == (one.phi0, one.bounds)
    assert len(np.unique(one.log_norm[:, 0])) == 36


def test_chunks_in_work_fit_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk of one replica takes 8 * 20 * 4 * 30² bytes; with room for two of them, two threads at most work at a time."""
    at_work, most, wanted = 0, 0, 3
    lock, enough = threading.Lock(), threading.Event()

    def tanh(x: Array) -> Array:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
            if most >= wanted:
                enough.set()
        if threading.current_thread() is not threading.main_thread():
            enough.wait(60)  # for as many as are wanted, however slowly this machine starts threads
        time.sleep(1e-3)  # more would show themselves
        with lock:
            at_work -= 1
        return np.tanh(x)

    variant = Variant(30, 20, activation=Activation("slow", tanh, lambda x: 1 / np.cosh(x) ** 2))
    monkeypatch.setattr("isogap.run.variant.CHUNK_BYTES", 1)
    simulate_variant(variant, replicas=8, rng=1, threads=8)
    assert most > 2
    most, wanted = 0, 2
    enough.clear()
    monkeypatch.setattr("isogap.run.variant.MEMORY_LIMIT", 2 * 8 * 20 * 4 * 30**2)
    simulate_variant(variant, replicas=8, rng=1, threads=8)
    assert most == 2


class _Interrupt:
    """A progress that stops the run after its first chunk."""

    def __init__(self) -> None:
        self.raised = threading.Event()

    def start(self, total: int) -> None:
        self.total = total

    def update(self, done: int) -> None:
        self.done = done
        self.raised.set()
        raise KeyboardInterrupt


def test_an_interruption_stops_the_threads() -> None:
    layers = 0

    def counted(x: Array) -> Array:
        nonlocal layers
        layers += 1
        if layers > 4 * 200:  # on a busy machine the threads might be through before the main one has its turn
            progress.raised.wait(60)
        return np.tanh(x)

    variant = Variant(64, 200, activation=Activation("counted", counted, lambda x: 1 / np.cosh(x) ** 2))
    progress, before = _Interrupt(), set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        simulate_variant(variant, replicas=32, rng=1, threads=2, progress=progress)
    assert set(threading.enumerate()) <= before  # others of this process may have ended
    assert progress.done == 2 * 200
    assert layers < 16 * 200  # of 16 chunks


NAMED = [
    ("gaussian", {"batch": 13}),
    ("near-isometry:0.2", {}),
    ("digits", {"batch": 13}),
    ("digits", {"mean_removal": True}),
]


@pytest.mark.parametrize("kind", ["array", "npy", "csv"])
@pytest.mark.parametrize(("name", "case"), NAMED)
def test_input_by_name_is_the_array_given_by_hand(name: str, case: dict[str, Any], kind: str, tmp_path: Path) -> None:
    if name == "digits":
        pytest.importorskip("sklearn")
    variant = Variant(12, 9, **case)
    named = make_batch(name, 12, variant.batch, input_generator(ROOT))
    source: Any = named.data
    if kind == "npy":
        source = tmp_path / "samples.npy"
        np.save(source, named.data)
    elif kind == "csv":
        source = str(tmp_path / "samples.csv")
        np.savetxt(source, named.data, delimiter=",", fmt="%.17g")
    labels = "random" if named.labels is None else named.labels
    by_name = simulate_variant(variant, replicas=3, input=name, rng=ROOT)
    by_hand = simulate_variant(
        variant, replicas=3, input=samples(source, orientation="features-first"), labels=labels, rng=ROOT
    )
    assert (by_name.log_norm == by_hand.log_norm).all()
    assert by_name.bounds == by_hand.bounds
    assert (by_name.input, by_hand.input) == (name, "array" if kind == "array" else str(source))
    other = simulate_variant(variant, replicas=3, input=2.0**20 + named.data, labels=labels, rng=ROOT)
    assert (other.log_norm != by_hand.log_norm).all()


def test_other_features_are_mapped_to_the_width() -> None:
    table = np.random.default_rng(0).standard_normal((9, 6))
    samples = isogap.samples(table, orientation="features-first")
    mapped = semi_orthogonal(6, 9, input_generator(ROOT)) @ (table / np.abs(table).max())
    runs = [simulate_variant(Variant(6, 5), replicas=2, input=data, rng=ROOT).log_norm for data in (samples, mapped)]
    assert runs[0] == pytest.approx(runs[1], rel=1e-12)


def test_default_input_is_gaussian() -> None:
    for case in ({}, {"batch": 9, "repeats": 2}):
        variant = Variant(6, 5, **case)
        drawn = input_generator(ROOT).standard_normal((6, variant.batch))
        by_hand = drawn[:, : -(-variant.batch // variant.repeats)]
        found = simulate_variant(variant, replicas=2, rng=ROOT)
        assert (found.log_norm == simulate_variant(variant, replicas=2, input=by_hand, rng=ROOT).log_norm).all()


def test_repeated_samples() -> None:
    """Every sample of a table is used, and their labels go with them."""
    samples = np.random.default_rng(1).standard_normal((6, 4))
    rng = np.random.default_rng(0)
    assert (repeated_batch(samples, 6, None, 3, rng).data == np.tile(samples, 3)).all()
    assert (repeated_batch(samples, 6, 7, 2, rng).data == np.tile(samples, 2)[:, :7]).all()
    run = simulate_variant(Variant(6, 3, batch=7, repeats=2), replicas=1, input=samples, rng=1)
    assert run.rank == 4


@pytest.mark.parametrize("name", ["gaussian", "near-isometry:0.1", "digits"])
def test_repeats_of_an_input_without_a_size(name: str) -> None:
    """The default batch has as many distinct samples as features, of the library as of the command."""
    if name == "digits":
        pytest.importorskip("sklearn")
    variant = Variant(10, 3, repeats=2)
    assert variant.batch == 20
    found = repeated_batch(name, 10, None, 2, input_generator(ROOT)).data
    assert found.shape == (10, 20)
    assert (found[:, 10:] == found[:, :10]).all()
    assert np.linalg.matrix_rank(found) == 10
    runs = [
        simulate_variant(variant, replicas=2, input=source, rng=ROOT, labels="random")
        for source in (name, found[:, :10])
    ]
    assert (runs[0].log_norm == runs[1].log_norm).all()
    assert runs[0].rank == 10


def test_repeated_digits() -> None:
    pytest.importorskip("sklearn")
    digits = repeated_batch("digits", 20, 50, 5, np.random.default_rng(0))
    assert digits.labels is not None
    assert (digits.labels == np.tile(digits.labels[:10], 5)).all()
    assert digits.data.shape == (20, 50)
    assert len(np.unique(digits.data[0])) == 10


@pytest.mark.parametrize(
    ("spec", "case", "message"),
    [
        ("nonsense", {}, "is not known: use gaussian, near-isometry:F, digits, or a"),
        ("", {"repeats": 2}, "input '' is not known: use gaussian, near-isometry:F, digits, or a"),
        ("near-isometry", {}, "needs numbers behind a colon: use gaussian"),
        ("near-isometry:x", {}, "not a list of numbers"),
        ("near-isometry:2", {}, "F must lie between 0 and 1"),
        ("near-isometry:0.1", {"batch": 9}, "batch must equal the width 6, got 9"),
        ("near-isometry:0.1", {"batch": 6, "repeats": 2}, r"got 3 \(batch 6, each sample 2 times: 3 samples\)"),
        ("spectrum:1,1,1,1,1,1", {}, "the samples themselves matter"),
        ("digits", {"batch": 2000}, "digits has 1797 samples, batch 2000 is too large"),
        ("digits", {}, "labels of input digits reach [6-9], a network of width 6 has logits for 0..5"),
        ("none.npy", {}, "input file none.npy does not exist"),
        (np.ones((6, 5)), {}, r"array has 5 samples of 6 features, batch 6 was asked for"),
        (np.ones((6, 2)), {"batch": 6, "repeats": 2}, "each sample 2 times: 3 samples"),
        (np.ones(6), {}, "input must have 2 dimensions"),
        (np.full((6, 6), np.nan), {}, "input holds nan at index"),
        (np.zeros((6, 6)), {}, "constant over the batch"),
    ],
)
def test_bad_inputs(spec: Any, case: dict[str, Any], message: str) -> None:
    if isinstance(spec, str) and spec == "digits":
        pytest.importorskip("sklearn")
    with pytest.raises(ValueError, match=message):
        simulate_variant(Variant(6, 4, **case), replicas=1, input=spec, rng=1)


def test_labels_of_ones_own_do_not_go_with_samples_drawn_at_random() -> None:
    table = np.random.default_rng(0).standard_normal((6, 20))
    with pytest.raises(ValueError, match=r"has more samples than the 6 of the variant: give Variant"):
        simulate_variant(Variant(6, 4), replicas=1, input=table, rng=1)
    digits = isogap.GradientOptions(labels=np.zeros(16, int))
    if importlib.util.find_spec("sklearn"):
        with pytest.raises(ValueError, match="labels cannot be matched to samples that were drawn at random"):
            isogap.simulate(16, 2, replicas=2, input="digits", batch=16, gradients=digits, rng=1)
    options = isogap.GradientOptions(labels=np.zeros(6, int))
    with pytest.raises(ValueError, match="pass the samples that you mean and their labels"):
        isogap.simulate(6, 4, replicas=2, input=table, batch=6, gradients=options, rng=1)


@pytest.mark.parametrize("gain", [1e-170, 1e-200])
def test_tiny_gains_scale_the_logits_and_nothing_else(gain: float) -> None:
    """A gain cancels in the next normalisation, whatever squares of floats can hold; tiny logits all have one gradient."""
    one, other = (simulate_variant(Variant(5, 6, gain=g), replicas=2, rng=1).log_norm[:, :-1] for g in (1e-100, gain))
    assert other - np.log(gain) == pytest.approx(one - np.log(1e-100), abs=1e-9)


def test_a_huge_gain_saturates_the_loss_and_nothing_overflows() -> None:
    found = simulate_variant(Variant(5, 6, gain=1e160), replicas=2, rng=1).log_norm
    assert not np.isnan(found).any()


def test_gains_beyond_floats_are_refused() -> None:
    with pytest.raises(ValueError, match="leave the range of floats by layer 10: lower the exponent"):
        Variant(5, 10, exponent=500.0)
