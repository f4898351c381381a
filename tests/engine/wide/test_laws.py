"""Known laws of wide networks that the engine must reproduce: two batches, paths of residual networks, spectra."""

import math

import numpy as np
import pytest

from isogap.engine.wide.dense import Dense, Gaussian, Haar
from isogap.engine.wide.grams import gaussian_start, orthogonal_start
from isogap.engine.wide.layers import BatchNorm, Chain, Residual
from isogap.engine.wide.network import run_wide
from isogap.theory.mean_field.cross_batch import cross_batch_map


def standard(values):
    """Mean and standard error over the first axis."""
    values = np.asarray(values)
    return values.mean(axis=0), values.std(axis=0, ddof=1) / math.sqrt(len(values))


@pytest.mark.parametrize("rho", [0.3, 0.9])
def test_two_batches_through_the_same_weights_decorrelate_by_the_law(rho):
    """Y11, linear: the correlation of a sample with itself in another batch goes from ρ to C_n(ρ) in a layer."""
    width, batch = 2000, 6
    frame = orthogonal_start(width, 2 * batch)
    start = np.hstack([frame[:, :batch], rho * frame[:, :batch] + math.sqrt(1 - rho**2) * frame[:, batch:]])
    layer = Chain((Dense(Gaussian()), BatchNorm()))

    def cross(gram):
        return gram[:batch, batch:].trace() / batch

    run = run_wide([layer], start, batch=batch, replicas=40, observe={"cross": cross}, rng=1)
    mean, error = standard(run.statistics["cross"])
    assert mean[0] == pytest.approx(rho, abs=1e-12)
    expected = cross_batch_map(rho, batch - 1).value
    assert abs(mean[1] - expected) < 4 * error[1]
    assert abs(mean[1] - rho) > 8 * error[1]  # the neighbour: nothing happens


def path_law(batch, depth, r):
    """Scaled over unscaled mean square of a linear residual network with BN, N → ∞, unit normal start (D5)."""
    n, v0 = batch - 1, (batch - 1) / batch
    scaled = common = v0
    for k in range(depth):
        v = v0 + k
        scaled += r * r * (common**2 / v**2 + n / (n - 2) * (scaled - common**2 / v) / v)
        common *= 1 + r / v
    return (scaled + 1 - v0) / (1 + depth)


def test_scaled_branches_weigh_the_paths_as_the_law_says():
    """D5 at B = 6, d = 10: .18821 at r = 1/2, 2.640 at r = -1; a function of r² would give .18821 and 1."""
    batch, depth = 6, 10

    def squares(gram):
        return gram.diagonal().reshape(-1, batch).mean(axis=1)

    run = run_wide(
        [Residual(Chain((BatchNorm(), Dense(Gaussian()))))] * depth, gaussian_start(1000, batch), replicas=60,
        path_scales=(1.0, 0.5, -1.0), observe={"q": squares}, rng=1, threads=2,
    )  # fmt: skip
    last = run.statistics["q"][:, -1]
    mean, error = standard(last[:, 1:] / last[:, :1])
    assert path_law(batch, depth, 0.5) == pytest.approx(0.18821, abs=5e-6)
    assert (np.abs(mean - [path_law(batch, depth, 0.5), path_law(batch, depth, -1.0)]) < 4 * error).all()


def second_moment(gram):
    return (gram * gram).sum() / len(gram)


@pytest.mark.parametrize(
    ("law", "width", "batch", "published"), [(Haar(), 64, 32, 0.1682), (Gaussian(), 256, 16, None)]
)
def test_stationary_spectrum_has_the_second_moment_of_its_law(law, width, batch, published):
    """Y12: m₂ - 1 is v up to a correction of .6/B for Gaussian weights at v = 1/4."""
    layer = Chain((Dense(law), BatchNorm(centred=False)))
    run = run_wide(
        [layer] * (60 * batch), gaussian_start(width, batch), replicas=3, observe={"m": second_moment}, rng=3, threads=2
    )
    kept = run.statistics["m"][:, 5 * batch + 1 :].reshape(-1, batch).mean(axis=1) - 1
    mean, error = standard(kept)
    expected = published if published else 0.25 + 0.6 / batch
    assert abs(mean - expected) < 4 * error + (0.0 if published else 0.2 / batch)
