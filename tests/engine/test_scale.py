"""Blocks, totals and quantiles: the same bits however the work is spread, and constant memory when paths are many."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from isogap import Checks, Where, simulate
from isogap.base.streams import input_generator
from isogap.batch.start import make_start
from isogap.engine.chain import job as _job
from isogap.engine.chain import montecarlo
from isogap.engine.chain import quantiles as _quantiles
from isogap.engine.chain.quantiles import Bins, Grid, HistogramQuantiles, exact_quantiles
from isogap.engine.chain.totals import Totals, gap_moments
from isogap.run.statistics import gap_statistics_of
from tests.twins import kernels as twin

EPS = np.finfo(float).eps


def numbers(run):
    data = run.to_dict()
    data.pop("timing")
    data["provenance"].pop("threads")
    return json.dumps(data)


@pytest.mark.parametrize("exact_bytes", [2**30, 0])
def test_bits_do_not_depend_on_threads(exact_bytes, monkeypatch):
    monkeypatch.setattr(_quantiles, "EXACT_BYTES", exact_bytes)
    one, two = (simulate(6, 80, replicas=400, rng=2, where=Where(threads=t)) for t in (1, 2))
    assert one.quantile_method == ("exact" if exact_bytes else "histogram")
    assert numbers(one) == numbers(two)


def test_paths_do_not_depend_on_the_size_of_blocks(monkeypatch):
    """Paths have the same bits; sums over replicas, added in another order, agree to rounding."""
    runs = []
    for size in (8, 24, 400):
        monkeypatch.setattr(_job, "block_size", lambda d, depth, replicas, size=size: size)
        runs.append(
            simulate(6, 80, replicas=203, rng=2, keep_paths=True, checks=Checks(layers=0, control_variate=False))
        )
    first = runs[0]
    for run in runs[1:]:
        for name in ("phi", "log_phi", "log_jacobian"):
            assert (getattr(run.paths, name) == getattr(first.paths, name)).all()
        assert run.phi.mean == pytest.approx(first.phi.mean, rel=20 * EPS)
        assert run.phi.stderr[1:] == pytest.approx(first.phi.stderr[1:], rel=1e-11)
        assert (run.phi.median == first.phi.median).all()


def test_block_sizes():
    for d in (1, 8, 100, 191):
        for depth in (0, 1, 1000, 10**6):
            for replicas in (1, 100, 10**6):
                size = _job.block_size(d, depth, replicas)
                assert size % 8 == 0
                assert 8 <= size <= 4096
    assert _job.block_size(192, 10, 10**6) == 1


def paths(rng, layers=4, n=100):
    log_phi = rng.standard_normal((layers, n)) * 2 - np.arange(layers)[:, None] * 200.0
    return np.exp(log_phi), log_phi


def test_totals_merge_to_the_totals_of_all(rng):
    phi, log_phi = paths(rng)
    parts = [Totals(gap_moments(phi[:, a:b], log_phi[:, a:b])) for a, b in ((0, 7), (7, 60), (60, 100))]
    merged = parts[0].arrays
    from isogap.engine.chain.totals import _merged_gap, _merged_moments

    for part in parts[1:]:
        b = part.arrays
        merged = _merged_gap(merged, b) | _merged_moments("log_phi", merged, b, merged["count"], b["count"])
    mean, m2 = twin.moments(log_phi)
    assert merged["log_phi"] == pytest.approx(mean, rel=1e-14)
    assert merged["log_phi_m2"] == pytest.approx(m2, rel=1e-12)
    mean, m2 = twin.moments(phi)  # 1e-261 at the last layer: its squares underflow, those of the totals do not
    assert np.ldexp(merged["phi"], merged["exponent"]) == pytest.approx(mean, rel=1e-14)
    assert np.ldexp(merged["phi_m2"][:2], 2 * merged["exponent"][:2]) == pytest.approx(m2[:2], rel=1e-12)
    s = gap_statistics_of(Totals(merged), exact_quantiles(phi))
    relative = phi / phi.max(axis=1, keepdims=True)
    assert s.ess == pytest.approx(relative.sum(axis=1) ** 2 / (relative**2).sum(axis=1), rel=1e-12)
    error = relative.std(axis=1, ddof=1) / 10 * phi.max(axis=1)
    assert s.stderr == pytest.approx(error, rel=1e-11)


def test_exact_quantiles_are_numpys(rng):
    for n in (1, 2, 20, 21, 333):
        values = rng.standard_normal((3, n))
        assert exact_quantiles(values) == pytest.approx(np.quantile(values, [0.05, 0.5, 0.95], axis=1), rel=1e-14)


def test_histogram_quantiles(rng):
    """Within a thousandth of a standard deviation of the exact ones, for a million normal values."""
    values = 0.7 * rng.standard_normal((2, 2**20)) - np.array([[3.0], [5000.0]])
    histogram = HistogramQuantiles(Grid.around(values[:, :64]))
    for first in range(0, values.shape[1], 2**18):
        histogram.add(Bins(histogram.grid.index(values[:, first : first + 2**18])))
    assert histogram.arrays["counts"].sum() == values.size
    assert histogram.log_phi() == pytest.approx(exact_quantiles(values), abs=0.7e-3)


def test_long_runs_agree_with_short_ones(monkeypatch):
    """The same replicas through histograms and through all values: equal moments, close quantiles, compatible rates."""
    exact = simulate(6, 150, replicas=3000, rng=5)
    monkeypatch.setattr(_quantiles, "EXACT_BYTES", 0)
    streamed = simulate(6, 150, replicas=3000, rng=5)
    assert (exact.quantile_method, streamed.quantile_method) == ("exact", "histogram")
    assert (exact.phi.mean == streamed.phi.mean).all()
    assert (exact.log_phi.stderr == streamed.log_phi.stderr).all()
    spread = exact.log_phi.stderr * math.sqrt(3000)
    for name in ("q05", "median", "q95"):
        difference = np.abs(getattr(exact.log_phi, name) - getattr(streamed.log_phi, name))
        # One bin and the gap between order statistics that the interpolations bridge differently.
        assert (difference[1:] <= spread[1:] / 8).all()
    assert streamed.rate.in_regime
    assert streamed.rate.measured == pytest.approx(exact.rate.measured, abs=5 * exact.rate.stderr)
    assert streamed.rate.typical == pytest.approx(exact.rate.typical, abs=0.01)


def test_memory_is_constant_in_the_replicas():
    """Peak memory of 4000 and of 64000 replicas in histograms, each in its own process, differs by less than 8 MB."""
    code = """
import resource, sys
from isogap import Checks, Where, simulate
from isogap.engine.chain import quantiles as _quantiles
_quantiles.EXACT_BYTES = 0
simulate(4, 60, replicas=4000, rng=1, checks=Checks(layers=0, control_variate=False), where=Where(threads=1))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
simulate(4, 60, replicas=64000, rng=1, checks=Checks(layers=0, control_variate=False), where=Where(threads=1))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    grown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(grown.stdout) < 8 * 1024  # all values would be 62 MB


def test_control_variate_has_mean_zero_and_helps():
    """The controlled mean agrees with the exact law at layer 1, is unbiased beyond, and its factor is real."""
    lam = [2.0, 1.5, 0.9, 0.5, 0.1]
    spec = "spectrum:" + ",".join(map(str, lam))
    runs = [simulate(5, 12, replicas=300, input=spec, rng=seed) for seed in range(40)]
    mean = np.array([run.controlled.mean for run in runs])
    stderr = np.array([run.controlled.stderr for run in runs])
    reference = simulate(5, 12, replicas=100_000, input=spec, rng=999, checks=Checks(layers=0))
    for layer in (1, 2, 5, 10, 12):
        error = math.hypot(mean[:, layer].std(ddof=1) / math.sqrt(40), reference.phi.stderr[layer])
        assert abs(mean[:, layer].mean() - reference.phi.mean[layer]) < 5 * error
        plain = np.array([run.phi.mean[layer] for run in runs])
        ratio = plain.var(ddof=1) / mean[:, layer].var(ddof=1)
        factor = np.median([run.controlled.factor[layer] for run in runs])
        # Two estimates of one number: an F ratio of 39 and 39 degrees of freedom, at level 1e-5.
        limit = stats.f.isf(1e-5, 39, 39)
        assert 1 / limit < ratio / factor < limit or layer == 1
        assert factor > 1
        z = (mean[:, layer] - reference.phi.mean[layer]) / np.hypot(stderr[:, layer], reference.phi.stderr[layer])
        assert layer == 1 or 0.5 < z.std(ddof=1) < 1.6
    # At layer 1 the control variate is φ_1 itself: nothing random is left.
    assert runs[0].controlled.stderr[1] < 1e-9
    assert np.median([run.controlled.factor[2] for run in runs]) > 20


def test_control_variate_is_left_out_where_it_does_not_apply():
    assert np.isnan(simulate(4, 6, replicas=100, weights="gaussian", rng=1).controlled.mean).all()
    assert np.isnan(simulate(4, 6, replicas=100, rng=1, checks=Checks(control_variate=False)).controlled.mean).all()
    assert np.isnan(simulate(4, 6, replicas=8, rng=1).controlled.mean).all()
    assert np.isnan(simulate(4, 6, replicas=100, batch=3, rng=1).controlled.mean).all()


def test_interruption_says_how_far_it_came():
    class Stopper:
        def start(self, total):
            self.total = total

        def update(self, done):
            raise KeyboardInterrupt

    with pytest.raises(montecarlo.Interrupted, match="of 5000 replicas"):
        simulate(
            8,
            2000,
            replicas=5000,
            rng=1,
            checks=Checks(layers=0, control_variate=False),
            where=Where(progress=Stopper()),
        )


@pytest.mark.parametrize(("d", "depth"), [(2, 1), (5, 6), (16, 3)])
def test_law_against_an_independent_sampler(d, depth):
    """Kolmogorov-Smirnov of φ and min Y against scipy's ortho_group at three widths and layers, level 1e-5 in all."""
    count, seed = 2000, 11
    start = make_start("gaussian", d, None, input_generator(np.random.SeedSequence(seed)))
    run = simulate(d, depth, replicas=count, rng=seed, keep_paths=True, checks=Checks(layers=0))
    generator = np.random.default_rng(77)
    X = np.broadcast_to(start.factor, (count, d, d))
    for _ in range(depth):
        W = stats.ortho_group.rvs(d, size=count, random_state=generator).reshape(count, d, d)
        H = W @ X
        norms = np.linalg.norm(H, axis=2, keepdims=True)
        X = H / norms
    phi = -np.log(np.linalg.svd(X, compute_uv=False) ** 2).mean(axis=1)
    log_jacobian = -np.log(norms.min(axis=1)[:, 0])
    assert stats.ks_2samp(run.paths.phi[:, depth], phi).pvalue > 1e-5 / 6
    assert stats.ks_2samp(run.paths.log_jacobian[:, depth - 1], log_jacobian).pvalue > 1e-5 / 6


def test_the_command_reports_control_histograms_and_precision(monkeypatch, capsys):
    from isogap.cli import mc

    command = ["--width", "4", "--depth", "30", "--replicas", "300", "--seed", "1"]
    assert mc.main(command) == 0
    text = capsys.readouterr().out
    assert "control variate (exact drift): E φ at layer 2 is" in text
    assert "histograms" not in text
    monkeypatch.setattr(_quantiles, "EXACT_BYTES", 0)
    assert mc.main([*command, "--precision", "double-double"]) == 0
    text = capsys.readouterr().out
    assert "from histograms of log φ" in text
    assert "precision: double-double" in text
    assert mc.main([*command, "--precision", "quad"]) == 2
    assert "precision must be double, double-double or mp:DIGITS" in capsys.readouterr().err
