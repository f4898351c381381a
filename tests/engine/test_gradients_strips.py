"""Wide gradients take one replica after the other, in strips of columns: the bits of replicas as lanes."""

from __future__ import annotations

import numpy as np
import pytest

from isogap.batch.start import make_start
from isogap.engine.gradients import tapes
from isogap.engine.gradients.layout import Shape
from isogap.engine.gradients.passes import run_gradients
from isogap.engine.gradients.paths import GradientPaths
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.model.losses import make_loss

pytestmark = pytest.mark.skipif(lanes_available() == 1, reason="without lanes there are no strips")


def paths(
    d: int, n: int, depth: int, replicas: int, spacing: int | None = None, layers: object = None
) -> GradientPaths:
    rng = np.random.default_rng(1)
    start = make_start("gaussian", d, n, rng)
    loss = make_loss("cross-entropy", d, n, classes=min(d, 3), generator=rng)
    return run_gradients(start, depth, replicas, np.random.SeedSequence(2), loss, spacing=spacing, layers=layers)


@pytest.mark.parametrize(
    ("d", "n"), [(2, 2), (5, 3), (8, 8), (13, 40), (16, 9), (33, 33), (40, 20), (57, 57), (66, 100)], ids=str
)
def test_strips_have_the_bits_of_lanes(monkeypatch: pytest.MonkeyPatch, d: int, n: int) -> None:
    """Every number of lanes in a row up to nine; whole and ragged blocks; another number of replicas than lanes."""
    lanes = paths(d, n, 9, 11)
    monkeypatch.setattr(tapes, "STRIP_WIDTH", 1)
    monkeypatch.setattr(tapes, "STRIP_RANK", 1)
    for spacing in (None, 4):
        strips = paths(d, n, 9, 11, spacing)
        assert strips.log_norm.tobytes() == lanes.log_norm.tobytes()
        assert strips.loss.tobytes() == lanes.loss.tobytes()
        assert strips.conservation.tobytes() == lanes.conservation.tobytes()
    assert paths(d, n, 9, 3, None, [0, 4]).log_norm.tobytes() == lanes.log_norm[:3, [0, 4]].tobytes()


def test_gradients_that_explode_are_scaled_back_in_strips_as_in_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three different samples among eight: the gradient leaves the range of floats."""
    rng = np.random.default_rng(3)
    start = make_start(rng.standard_normal((8, 3))[:, np.arange(8) % 3], 8, 8, rng)
    loss = make_loss("cross-entropy", 8, 8, generator=rng)
    found = []
    for width in (1000, 1):
        monkeypatch.setattr(tapes, "STRIP_WIDTH", width)
        monkeypatch.setattr(tapes, "STRIP_RANK", 1)
        found.append(run_gradients(start, 4000, 5, np.random.SeedSequence(5), loss, layers=[0, 2000, 4000]))
    assert found[0].log_norm.tobytes() == found[1].log_norm.tobytes()
    assert (found[0].log_norm[:, 0] > 300 * np.log(2)).all()


def test_which_runs_are_in_strips() -> None:
    wide = Shape(tapes.STRIP_WIDTH, tapes.STRIP_RANK, "orthogonal", 8)
    assert tapes.kind_of(wide, False) is tapes.StripTape
    assert tapes.kind_of(wide, True) is tapes.LaneTape
    for other in (
        Shape(wide.d, wide.m, "gaussian", 8),
        Shape(wide.d, wide.m, "orthogonal", 1),
        Shape(wide.d - 1, wide.m, "orthogonal", 8),
        Shape(wide.d, wide.m - 1, "orthogonal", 8),
    ):
        assert tapes.kind_of(other, False) is tapes.LaneTape
