"""Figures of the mean-field theory, small: each can be drawn, has a table, and says what it shows."""

import matplotlib
import pytest

from isogap.figures import FIGURES, make
from isogap.figures.mean_field import rates, spectra
from isogap.figures.output import write
from isogap.figures.product import SUPPORTS, Settings

matplotlib.use("Agg")


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(rates, "BATCHES", (4, 8, 64))
    monkeypatch.setattr(rates, "RATE_NAMES", ("relu", "identity"))
    monkeypatch.setattr(rates, "MEASURED", (8,))
    monkeypatch.setattr(rates, "STABLE_NAMES", ("power:2", "gelu", "tanh", "relu", "elu"))
    monkeypatch.setattr(rates, "RUNS", (("power:2", 7, 20_000, True), ("power:2", 8, 20_000, False)))
    monkeypatch.setattr(spectra, "CASES", (("haar", 64, 32), ("haar", 48, 12), ("gaussian", 256, 16)))
    monkeypatch.setattr(rates, "GAINS", (0.01, 0.015, 0.1))
    monkeypatch.setattr(Settings, "pick", lambda self, quick, paper: SMALL.get(str(quick), quick))


SMALL = {
    "200000": 20_000,
    "24": 12,
    "256": 64,
    "3": 2,
    "(5, 10, 20, 40, 80)": (3, 12),
    "(2, 3)": (2, 1),
}
NAMES = [name for name in FIGURES if name.startswith("mf-")]


def test_all_seven_are_there():
    assert NAMES == ["mf-batch", "mf-gain", "mf-stability", "mf-spectrum", "mf-rank", "mf-step", "mf-depth"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_made_and_drawn(name, tmp_path):
    product = make(name, Settings(threads=2))
    written = write(product, tmp_path)
    assert [path.suffix for path in written] == [".png", ".svg", ".csv"]
    assert product.caption in product.line
    if name != "mf-depth":  # its networks are too small here to bear its claim out
        assert product.verdict == SUPPORTS, product.line
    lengths = {len(column) for column in product.table.values()}
    assert len(lengths) == 1
