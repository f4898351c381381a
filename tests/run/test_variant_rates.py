"""Rates from paths, and the laws of rank that they estimate."""

import math

import numpy as np
import pytest

from isogap.batch.start import make_start
from isogap.engine.gradients.passes import run_gradients
from isogap.engine.networks.passes import draw_weights, generators
from isogap.model.losses import make_loss
from isogap.run.rates import deepest_trainable, fitted_power, gradient_slope
from isogap.theory.rank import column_gap, column_variance, rank_law, rank_law_leading

ROOT = np.random.SeedSequence(11)


def test_rates() -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((50, 101)) * 0.1
    flat = gradient_slope(noise)
    assert not flat.differs_from(0.0, level=1e-6)
    grows = gradient_slope(noise - 0.01 * np.arange(101))
    assert grows.differs_from(0.0, level=1e-6)
    assert abs(grows.value - 0.01) < 6 * grows.stderr
    with pytest.raises(ValueError, match="window"):
        gradient_slope(noise, (5, 101))
    with pytest.raises(ValueError, match="ascend"):
        deepest_trainable([3, 2], [0, 1])
    with pytest.raises(ValueError, match="positive"):
        fitted_power([1, 2], [1, -1], [1, 1])
    with pytest.raises(ValueError, match="one replica"):
        gradient_slope(noise[:1]).differs_from(0.0)
    assert deepest_trainable([10, 20], [8.0, 9.0]) == 0.0


def test_rank_laws_refuse_what_is_no_rank() -> None:
    for function in (rank_law, rank_law_leading):
        with pytest.raises(ValueError, match=r"rank must lie in 3\.\.d"):
            function(4, 2)
    with pytest.raises(ValueError, match=r"rank must lie in 1\.\.d"):
        column_variance(4, 5)


def test_growth_of_rank_deficient_batches() -> None:
    """d = 32, r = 16: the leading order is excluded; D4 holds up to its finite-size factor 1 + a/(d-r), a between 0 and 1."""
    d, r, depth = 32, 16, 4000
    start = make_start(np.random.default_rng(1).standard_normal((d, r)), d, r, np.random.default_rng(1))
    loss = make_loss("cross-entropy", d, r, generator=np.random.default_rng(2))
    window = (4 * d, depth - 4 * d)
    paths = run_gradients(start, depth, 48, ROOT, loss, layers=window, threads=2)
    rates = 2 * (paths.log_norm[:, 0] - paths.log_norm[:, 1]) / (window[1] - window[0])
    mean, error = float(rates.mean()), float(rates.std(ddof=1) / math.sqrt(rates.size))
    assert error < 0.01 * mean
    law = float(rank_law(d, r))
    assert law - 6 * error < mean < law * (1 + 1 / (d - r)) + 6 * error
    assert mean - float(rank_law_leading(d, r)) > 6 * error


def test_columns_settle_at_the_marchenko_pastur_level() -> None:
    """d = 64, r = 32: second moment and gap of the column Gram, time averages of 8 independent chains."""
    d, r, layers = 64, 32, 300
    streams = generators(ROOT, 0, 8)
    F = np.stack([g.standard_normal((d, r)) for g in streams])
    F /= np.linalg.norm(F, axis=2, keepdims=True)
    variances, gaps = [], []
    for layer in range(layers):
        F = draw_weights("orthogonal", d, streams) @ F
        F /= np.linalg.norm(F, axis=2, keepdims=True)
        if layer >= 3 * r:
            mu = np.linalg.svd(F, compute_uv=False) ** 2 * (r / d)
            variances.append((mu**2).mean(axis=1) - 1)
            gaps.append(-np.log(mu).mean(axis=1))
    for values, expected in ((variances, column_variance(d, r)), (gaps, column_gap(d, r))):
        averages = np.mean(values, axis=0)
        error = averages.std(ddof=1) / math.sqrt(8)
        # Six standard errors of eight chains, and the next order 1/r of the derivation.
        assert abs(averages.mean() - float(expected)) < 6 * error + float(expected) / r
        assert error < 0.05 * float(expected)
