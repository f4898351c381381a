"""Faults of the residual theory that were mended, one test each."""

import math

import numpy as np
import pytest

from isogap import residual as r
from isogap.cli.residual import main
from isogap.model.residual import ResidualChain


def test_paths_of_norm_after_sum_have_the_share_of_the_profile():
    found = r.diagnose(ResidualChain(64, 10, 8, "norm-after-sum", "relu"))
    assert np.allclose(found.paths.taken, found.profile.share, rtol=1e-12)
    assert found.paths.mean == pytest.approx(3.96, abs=0.01)
