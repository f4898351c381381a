"""Bundles of blocks: one seed gives the same bits whoever runs them and wherever a run is stopped; few blocks go one by one."""

import json
import pickle

import numpy as np
import pytest

from isogap import Checks, Where, simulate
from isogap.base.streams import input_generator
from isogap.batch.start import make_start
from isogap.engine.chain import checkpoint, montecarlo
from isogap.engine.chain import job as _job
from isogap.engine.chain import quantiles as _quantiles
from isogap.engine.chain.block import run_block
from isogap.engine.chain.bundle import Plan, Task
from isogap.engine.chain.checkpoint import Checkpoint, CheckpointError
from isogap.engine.chain.job import Job, bundle_size
from isogap.engine.chain.outcome import Outcome
from isogap.engine.chain.quantiles import BINS, Bins, Counts, Grid, HistogramQuantiles, tally
from isogap.engine.chain.totals import Totals
from tests.engine.counter import Counter

ROOT = np.random.SeedSequence(4)
# 600 replicas in blocks of 16: 38 blocks, the last one of 8; in bundles of 5 the last one has 3.
ARGUMENTS = dict(width=6, depth=70, replicas=600, rng=4)
BUNDLE = 5


def numbers(run):
    data = run.to_dict()
    data.pop("timing")
    data["provenance"].pop("threads")
    return json.dumps(data)


@pytest.fixture
def bundles(monkeypatch):
    """Let small runs have small blocks and bundles of several; return what sets the blocks of a bundle."""

    def use(size):
        monkeypatch.setattr(_job, "bundle_size", lambda blocks, work: size)

    monkeypatch.setattr(_job, "block_size", lambda d, depth, replicas: 16)
    use(BUNDLE)
    return use


@pytest.fixture(params=["exact", "histogram"])
def quantiles(request, monkeypatch):
    """Both ways of quantiles."""
    monkeypatch.setattr(_quantiles, "EXACT_BYTES", 2**30 if request.param == "exact" else 0)
    return request.param


def job(d=6, depth=70, replicas=600, **options):
    return Job(make_start("gaussian", d, None, input_generator(ROOT)), depth, replicas, ROOT, **options)


def ran(job):
    """All blocks of a job, one after the other."""
    return [run_block(job, *job.block(k), np.zeros(2, np.int64)) for k in range(job.number_of_blocks)]


def folded(totals):
    """The totals merged from the left."""
    merged = totals[0]
    for one in totals[1:]:
        merged = merged.merged(one)
    return merged


def same(a, b):
    assert a.arrays.keys() == b.arrays.keys()
    for name, values in a.arrays.items():
        np.testing.assert_array_equal(values, b.arrays[name], err_msg=name)


def test_short_runs_go_block_by_block_and_long_ones_in_a_thousand_bundles():
    for replicas, count, size in ((1000, 18, 1), (131_008, 2047, 1), (131_072, 2048, 2), (10**6, 15_625, 15)):
        long = job(32, 1000, replicas)
        bundles = long.bundles()
        assert long.number_of_blocks == count
        assert {len(bundle) for bundle in bundles[:-1]} <= {size}
        assert [number for bundle in bundles for number in bundle] == list(range(count))
        assert len(bundles) >= min(count, 1024)
        assert long.replicas_of(0) == 0
        assert long.replicas_of(len(bundles)) == replicas


def test_a_bundle_takes_no_more_than_a_block_where_that_takes_long():
    assert bundle_size(50_000, 1) == 48
    assert bundle_size(10**6, 1) == 64
    assert bundle_size(50_000, 2**36) == bundle_size(50_000, 2**50) == 1
    assert len(job(8, 1000, 10**6).bundles()[0]) == 15
    assert len(job(8, 1000, 10**6, precision=_job.Precision.of("mp:50")).bundles()[0]) == 1


def test_blocks_are_those_of_the_job(bundles):
    small = job()
    assert [small.block(k) for k in (0, 1, 37)] == [(0, 16), (16, 32), (592, 600)]
    assert small.number_of_blocks == 38
    assert small.bundles()[-1] == range(35, 38)
    assert small.replicas_of(2) == 160


def test_bits_do_not_depend_on_threads(bundles, quantiles):
    one, two, three = (simulate(**ARGUMENTS, where=Where(threads=t)) for t in (1, 2, 3))
    assert one.quantile_method == quantiles
    assert numbers(one) == numbers(two) == numbers(three)


@pytest.mark.parametrize("size", [1, 5])
def test_a_run_is_the_fold_of_its_bundles(bundles, quantiles, size):
    """The twin: all blocks one after the other, each bundle folded from the left, then all bundles; with one block, plainly."""
    bundles(size)
    small = job()
    outcome = montecarlo.run(small, threads=2)
    window = None if outcome.window is None else outcome.window[:2]
    blocks = ran(small)
    totals = [Totals.of_block(block, number, window) for number, block in enumerate(blocks)]
    same(outcome.totals, folded([folded(totals[first : first + size]) for first in range(0, 38, size)]))
    log_phi = np.concatenate([block.log_phi for block in blocks], axis=1)
    if quantiles == "exact":
        np.testing.assert_array_equal(outcome.quantiles.arrays["all_log_phi"], log_phi)
    else:
        at = outcome.grid.index(log_phi)
        plain = [np.bincount(row, minlength=BINS) for row in at]
        np.testing.assert_array_equal(outcome.quantiles.arrays["counts"], plain)


def test_bundles_add_up_in_an_order_of_their_own(bundles):
    """Otherwise the tests above could not see how sums are divided."""
    first = simulate(**ARGUMENTS)
    bundles(1)
    second = simulate(**ARGUMENTS)
    assert numbers(first) != numbers(second)
    assert first.phi.mean == pytest.approx(second.phi.mean, rel=1e-13)
    assert (first.phi.median == second.phi.median).all()


@pytest.mark.parametrize("size", [1, 3, 2, 64])
def test_blocks_that_a_long_run_learns_from_are_not_lost_nor_counted_twice(bundles, monkeypatch, size):
    """Learned from 5 blocks of 8; some of them, or all, begin a bundle that has more."""
    monkeypatch.setattr(_quantiles, "EXACT_BYTES", 0)
    monkeypatch.setattr(_job, "block_size", lambda d, depth, replicas: 8)
    monkeypatch.setattr(montecarlo, "_LEARNED_FROM", 40)
    told = Counter()
    bundles(size)
    run = simulate(**ARGUMENTS, where=Where(threads=2, progress=told))
    assert run.quantile_method == "histogram"
    small = job()
    outcome = montecarlo.run(small, threads=1)
    assert outcome.totals.arrays["count"] == 600
    assert (outcome.quantiles.arrays["counts"].sum(axis=1) == 600).all()
    first = np.concatenate([block.log_phi for block in ran(small)[:5]], axis=1)
    np.testing.assert_array_equal(outcome.grid.low, Grid.around(first).low)
    assert told.done == sorted(told.done)
    assert told.done[-1] == told.total == 600 * 70


@pytest.mark.parametrize("keep_paths", [False, True])
def test_a_stopped_run_goes_on_with_the_same_bits(bundles, quantiles, tmp_path, monkeypatch, keep_paths):
    whole = simulate(**ARGUMENTS, keep_paths=keep_paths, where=Where(threads=2))
    file = tmp_path / "run.ckpt"
    for stop in (1, 2, 7):
        with monkeypatch.context() as patch:
            stop_after(patch, stop)
            with pytest.raises(montecarlo.Interrupted, match=f"stopped after {80 * stop} of 600 replicas"):
                simulate(**ARGUMENTS, keep_paths=keep_paths, where=Where(threads=2, checkpoint=Checkpoint(file, 1e9)))
        assert json.loads(str(np.load(file)["head"]))["done"] == stop
    for _ in range(2):  # the second time all is done
        resumed = simulate(**ARGUMENTS, keep_paths=keep_paths, where=Where(threads=2, checkpoint=file))
        assert numbers(resumed) == numbers(whole)
        for name in ("phi", "log_phi", "log_jacobian", "energy_residual") if keep_paths else ():
            assert np.array_equal(getattr(resumed.paths, name), getattr(whole.paths, name), equal_nan=True)


def test_a_run_stops_within_a_bundle(bundles):
    """All is one bundle: what has been begun is not waited for, and nothing of it counts."""
    bundles(64)

    class Stopper(Counter):
        def update(self, done):
            super().update(done)
            if done:
                raise KeyboardInterrupt

    stopper = Stopper()
    with pytest.raises(montecarlo.Interrupted, match="stopped after 0 of 100000 replicas"):
        simulate(6, 2000, replicas=100_000, rng=1, checks=Checks(layers=0), where=Where(threads=1, progress=stopper))
    assert 0 < stopper.done[-1] < 64 * 16 * 2000


def test_a_stopped_bundle_has_no_summary(bundles):
    small = job()
    signal = np.zeros((BUNDLE, 2), np.int64)
    signal[3, 0] = 1
    task = Task.of(Plan(small, None, None, False), small.bundles()[1])
    assert task(signal) is None
    assert signal[:, 1].tolist() == [16 * 70] * 3 + [0] * 2


def stop_after(monkeypatch, count):
    """Raise KeyboardInterrupt when bundle number `count` has been merged."""
    add = Outcome.add

    def stopping(self, summary):
        add(self, summary)
        if self.done == count:
            raise KeyboardInterrupt

    monkeypatch.setattr(Outcome, "add", stopping)


# --- counts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("replicas", [1, 512, 513, 2**16 - 1, 2**16])
def test_counts_of_a_bundle_are_those_of_all_bins(replicas):
    rng = np.random.default_rng(1)
    log_phi = np.vstack([np.full(replicas, -1.0), rng.standard_normal((3, replicas))])  # the start is one for all
    grid = Grid.around(log_phi[:, :64])
    bins = grid.index(log_phi)
    kept = tally([bins[:, : replicas // 3], bins[:, replicas // 3 :]])
    assert isinstance(kept, Bins if replicas <= 512 else Counts)
    histogram = HistogramQuantiles(grid)
    for _ in range(2):
        histogram.add(kept)
    np.testing.assert_array_equal(histogram.arrays["counts"], [2 * np.bincount(row, minlength=BINS) for row in bins])


def test_counts_of_what_no_bin_was_made_for():
    log_phi = np.zeros((2, 600))
    log_phi[0, :4], log_phi[1] = [-1e300, 1e300, -np.inf, np.nan], -np.inf
    grid = Grid(np.full(2, -1.0), np.full(2, 2.0**-9))
    kept = tally([grid.index(log_phi)])
    assert kept.counts[0, [0, 512, 1023]].tolist() == [3, 596, 1]
    assert kept.counts[1, 0] == 600


def test_a_summary_is_a_short_message(bundles, monkeypatch):
    """Some 50 to 1000 bins of 2 bytes a layer, for any number of replicas, and what all bundles share is not in the task."""
    monkeypatch.setattr(_job, "block_size", lambda d, depth, replicas: 64)
    bundles(20)
    long = job(6, 100, 4000)
    log_phi = run_block(long, 0, 64, np.zeros(2, np.int64)).log_phi
    task = Task.of(Plan(long, Grid.around(log_phi), (50, 100), False), long.bundles()[1])
    summary = task()
    assert summary.kept.counts.dtype == np.uint16
    assert summary.kept.counts[0].sum() == 1280
    assert len(pickle.dumps(summary.kept)) < 101 * 2 * BINS + 1000
    assert len(pickle.dumps((task.number, task.blocks))) < 1000


# --- checkpoints of the layout before ---------------------------------------------------------------------------------


def as_before(file):
    """Write a checkpoint as it was when nothing knew of bundles: the same arrays, and every block counted."""
    with np.load(file) as stored:
        arrays = {name: stored[name] for name in stored.files if name != "head"}
        head = json.loads(str(stored["head"]))
    del head["digest"], head["run"]["blocks per bundle"]
    head["format"] = "isogap-checkpoint/2"
    digest = checkpoint._digest(head, arrays)
    with open(file, "wb") as stream:
        np.savez(stream, head=np.array(json.dumps(head | {"digest": digest})), **arrays)


@pytest.mark.parametrize("size", [1, 5])
def test_a_checkpoint_of_blocks_goes_on_block_by_block_and_is_refused_otherwise(bundles, tmp_path, monkeypatch, size):
    bundles(1)
    file = tmp_path / "run.ckpt"
    with monkeypatch.context() as patch:
        stop_after(patch, 10)
        with pytest.raises(KeyboardInterrupt):
            simulate(**ARGUMENTS, where=Where(threads=2, checkpoint=file))
    as_before(file)
    content = file.read_bytes()
    bundles(size)
    if size == 1:
        resumed = simulate(**ARGUMENTS, where=Where(threads=2, checkpoint=file))
        assert numbers(resumed) == numbers(simulate(**ARGUMENTS))
        return
    with pytest.raises(CheckpointError, match=r"earlier version.*merges them by 5.*left alone"):
        simulate(**ARGUMENTS, where=Where(threads=2, checkpoint=file))
    assert file.read_bytes() == content


def test_a_checkpoint_of_gaussian_chains_from_before_is_refused(tmp_path, monkeypatch):
    """Their kernel has other bits now; a run half of which is old would be neither."""
    file, arguments = tmp_path / "run.ckpt", {**ARGUMENTS, "weights": "gaussian"}
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            simulate(**arguments, where=Where(threads=2, checkpoint=file))
    as_before(file)
    content = file.read_bytes()
    with pytest.raises(CheckpointError, match=r"earlier version.*Gaussian chains.*left alone"):
        simulate(**arguments, where=Where(threads=2, checkpoint=file))
    assert file.read_bytes() == content


def test_a_checkpoint_of_other_bundles_is_refused(bundles, tmp_path, monkeypatch):
    file = tmp_path / "run.ckpt"
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            simulate(**ARGUMENTS, where=Where(threads=2, checkpoint=file))
    bundles(4)
    with pytest.raises(CheckpointError, match=r"belongs to another run.*blocks per bundle"):
        simulate(**ARGUMENTS, where=Where(threads=2, checkpoint=file))
