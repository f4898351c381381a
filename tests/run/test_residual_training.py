"""Training of residual networks: repeatable, resumable, and bounded versions of the depth table's statements."""

import math

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

from isogap.batch.datasets import load_dataset
from isogap.run.residual_tables import depth_table, rate_sweep
from isogap.run.residual_training import Plan, run_all, step_law, train


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


def test_a_run_depends_on_its_plan_alone(digits):
    plan = Plan("skipinit", 5, 0.03, alpha=0.0, epochs=2)
    first, second = train(plan, digits), train(plan, digits)
    assert np.array_equal(first.loss, second.loss)
    assert np.array_equal(first.test_accuracy, second.test_accuracy)
    assert first.loss[-1] < first.loss[0]


def test_skipinit_trains_at_depth_100_where_the_plain_network_is_at_chance(digits):
    rows = depth_table(digits, [100], [1e-3, 1e-2], epochs=1, names=["none", "plain BN", "SkipInit 0"])
    best = {row.name: row.best for row in rows}
    assert best["none"] == 0.1  # every rate diverges
    assert best["plain BN"] < 0.2
    assert best["SkipInit 0"] > 0.6


@pytest.mark.slow
def test_skipinit_trains_at_depth_1000(digits):
    rows = depth_table(digits, [1000], [1e-2], epochs=2, names=["none", "SkipInit 0"])
    best = {row.name: row.best for row in rows}
    assert best["none"] == 0.1
    assert best["SkipInit 0"] > 0.8


def test_a_table_that_was_stopped_goes_on_from_its_finished_runs(digits):
    stored, calls = {}, []

    def keep(about, compute):
        key = repr(sorted(about.items()))
        if key not in stored:
            calls.append(key)
            stored[key] = compute()
        return stored[key]

    class StoppedError(Exception):
        pass

    class Watch:
        def __init__(self, stop_at=None):
            self.seen, self.stop_at = [], stop_at

        def start(self, total):
            assert total == 3

        def update(self, done):
            self.seen.append(done)
            if done == self.stop_at:
                raise StoppedError

    plans = [Plan("none", 2, rate, epochs=1, limit=128) for rate in (1e-3, 1e-2, 1e-1)]
    with pytest.raises(StoppedError):
        run_all(plans, digits, keep=keep, progress=Watch(2))
    assert len(calls) == 2
    watch = Watch()
    resumed = run_all(plans, digits, keep=keep, progress=watch)
    assert len(calls) == 3
    assert watch.seen == [1, 2, 3]
    fresh = run_all(plans, digits)
    assert [run.accuracy for run in resumed] == [run.accuracy for run in fresh]


def test_a_sweep_has_one_accuracy_a_cell_and_names_best_and_largest_rate(digits):
    (sweep,) = rate_sweep(digits, [32], [1e-6, 1e-2, 8.0], blocks=3, epochs=1, seeds=1, names=["none"])
    assert sweep.accuracy.shape == (1, 3)
    assert sweep.best_rate(32) == 1e-2
    assert sweep.largest_rate(32) == 1e-2
    (hopeless,) = rate_sweep(digits, [32], [1e-6], blocks=3, epochs=1, seeds=1, names=["none"])
    assert math.isnan(hopeless.largest_rate(32))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "resnet"}, "kind must be one of"),
        ({"rate": 0.0}, "rate must be above 0"),
        ({"batch": 1}, "batch must be at least 2"),
        ({"epochs": 0}, "epochs must be at least 1"),
    ],
)
def test_bad_plans_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        Plan(**{"kind": "none", "blocks": 1, "rate": 0.1, **options})


def test_a_batch_larger_than_the_data_is_refused(digits):
    with pytest.raises(ValueError, match="at most the 1437 training images"):
        train(Plan("none", 1, 0.1, batch=2000), digits)


def test_the_step_law_of_a_trained_network_is_that_of_its_own_loss(digits):
    """One gradient step of small rate changes the loss by -η|g|² + ½η² gᵀHg: B* rests on that curvature."""
    plan = Plan("none", 2, 0.01, epochs=1, width=16, limit=256)
    law = step_law(plan, digits, draws=20)
    assert law.slope > 0
    again = step_law(plan, digits, draws=20)
    assert (law.slope, law.curvature, law.noise) == (again.slope, again.curvature, again.noise)
    with pytest.raises(ArithmeticError, match="diverged"):
        step_law(Plan("none", 30, 10.0, epochs=1, limit=256), digits)
