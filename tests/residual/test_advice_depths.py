"""Advice at every depth: with alpha = 1 nothing is said against alpha."""

import pytest

from isogap.model.residual import ResidualChain
from isogap.theory.residual.advice import diagnose


@pytest.mark.parametrize("blocks", [29, 30, 31, 32, 100])
def test_unscaled_branches_are_not_called_weighed_up(blocks):
    """At 30 blocks paths of H(31) - 1 = 3.03 blocks pass a tenth of the depth, which asked for a smaller alpha."""
    chain = ResidualChain(64, blocks, 64, kind="batch-norm", activation="relu")
    assert "trains at this depth" in diagnose(chain).recommendation
