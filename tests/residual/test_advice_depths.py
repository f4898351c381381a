"""Advice at every depth: with alpha = 1 nothing is said against alpha."""

import numpy as np
import pytest
from scipy.stats import unitary_group

from isogap.model.residual import ResidualChain
from isogap.theory.residual.advice import _gap_growth, diagnose


@pytest.mark.parametrize("blocks", [29, 30, 31, 32, 100])
def test_unscaled_branches_are_not_called_weighed_up(blocks):
    """At 30 blocks paths of H(31) - 1 = 3.03 blocks pass a tenth of the depth, which asked for a smaller alpha."""
    chain = ResidualChain(64, blocks, 64, kind="batch-norm", activation="relu")
    assert "trains at this depth" in diagnose(chain).recommendation


@pytest.mark.parametrize("kind", ["scaled", "skipinit", "unnormalised", "batch-norm", "norm-after-sum"])
@pytest.mark.parametrize("activation", ["identity", "relu"])
def test_one_number_is_never_called_ill_conditioned(kind, activation):
    """`isogap-residual --width 1 --depth 10 --kind scaled` said that the isometry gap grows by 6.93; one number has none."""
    for blocks in (1, 10, 100):
        assert "isometry" not in diagnose(ResidualChain(1, blocks, 8, kind, activation)).recommendation


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 10.0])
def test_the_growth_of_the_gap_that_is_named_is_the_one_of_products(alpha):
    """Measured: `I + α U` with Haar unitary U, many times. At alpha = 10 the advice spoke of 92 for 20 blocks; it is 0.2."""
    blocks, width = 20, 40
    rng = np.random.default_rng(int(10 * alpha))
    gaps = []
    for _ in range(8):
        x = np.eye(width, dtype=complex)
        for _ in range(blocks):
            x = x + alpha * unitary_group.rvs(width, random_state=rng) @ x
            x /= np.linalg.norm(x)
        log = 2.0 * np.linalg.slogdet(x)[1] / width
        gaps.append(np.log(np.sum(np.abs(x) ** 2) / width) - log)
    # The law is the limit of infinite width, from above: by Jensen's inequality for the trace.
    assert 0.9 < np.mean(gaps) / _gap_growth(ResidualChain(width, blocks, 8, "scaled", alpha=alpha)) < 1.02
    said = diagnose(ResidualChain(width, blocks, 8, "scaled", alpha=alpha)).recommendation
    assert ("isometry gap" in said) == (np.mean(gaps) > np.log(100.0))
