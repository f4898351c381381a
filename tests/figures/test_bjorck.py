"""Figures of products of matrices and of networks with and without BN: each is made, decided and written, on a small scale."""

import numpy as np
import pytest

from isogap.figures import FIGURES, bjorck, bjorck_gradients, bjorck_rates, make, products_paper
from isogap.figures.output import csv_text, write
from isogap.figures.product import OPEN, SUPPORTS, Settings

NAMES = ["bjorck-f1", *(f"bjorck-f{k}" for k in range(2, 10)), "bjorck-f20", "bjorck-table1"]


def test_every_figure_has_its_name():
    assert set(NAMES) <= set(FIGURES)


def test_density_and_its_caption(tmp_path):
    product = make("bjorck-f8", Settings())
    assert product.verdict == SUPPORTS
    assert "upper ends 4, 6.75, 9.481, 17.65" in product.caption
    assert all(path.is_file() for path in write(product, tmp_path))
    assert csv_text(product).startswith("factors,squared_singular_value,density\n1,")


def test_matrices_and_condition_numbers_on_a_small_scale(monkeypatch, tmp_path):
    monkeypatch.setattr(products_paper, "SIZES", (10, 100))
    monkeypatch.setattr(products_paper, "FACTORS", (1, 2, 3, 4))
    monkeypatch.setattr(products_paper, "LARGEST", 120)
    monkeypatch.setattr(products_paper, "DRAWS", 3)
    monkeypatch.setattr(products_paper.Settings, "pick", lambda self, quick, paper: min(quick, 60))
    for name in ("bjorck-f9", "bjorck-f20"):
        product = make(name, Settings(work=tmp_path / "work"))
        assert product.verdict == SUPPORTS
        assert all(path.is_file() for path in write(product, tmp_path))


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("bjorck-f1", "bjorck-f8", "bjorck-f9", "bjorck-f20")])
def test_networks_on_a_small_scale(name, monkeypatch, tmp_path):
    """Eight blocks a stage: the pictures are made; what they decide is for 110 layers."""
    pytest.importorskip("torch")
    small = bjorck.ConvNet

    def shallow(**rest):
        return small(blocks=8, channels=(4, 8, 8), **rest)

    monkeypatch.setattr(bjorck, "ConvNet", shallow)
    monkeypatch.setattr(bjorck_gradients, "ConvNet", shallow)
    monkeypatch.setattr(bjorck_gradients, "MIDDLE", 25)
    monkeypatch.setattr(bjorck_gradients, "CHANNELS_LAYER", 20)
    monkeypatch.setattr(bjorck, "STEP_LAYERS", (4, 20, 36))
    monkeypatch.setattr(bjorck_gradients, "TABLE_LAYERS", (8, 24, 40))
    monkeypatch.setattr(bjorck, "BATCH", 16)
    monkeypatch.setattr(bjorck_gradients, "BATCH", 16)
    monkeypatch.setattr(bjorck.Settings, "pick", lambda self, quick, paper: 1)
    product = make(name, Settings(work=tmp_path / "work"))
    assert product.verdict != OPEN
    assert "batch 16 of digits (8 x 8)" in product.caption
    assert all(path.is_file() for path in write(product, tmp_path))
    again = make(name, Settings(work=tmp_path / "work"))
    assert csv_text(again) == csv_text(product)


def test_rates_on_a_small_scale(monkeypatch, tmp_path):
    pytest.importorskip("torch")
    monkeypatch.setattr(bjorck_rates, "DEPTHS", (2, 3, 4, 5))
    monkeypatch.setattr(bjorck_rates, "POWERS", (-9, -3))
    monkeypatch.setattr(bjorck_rates, "EPOCHS", 1)
    product = make("bjorck-f1", Settings(work=tmp_path / "work"))
    assert len(np.unique(product.table["blocks"])) == 4
    assert all(path.is_file() for path in write(product, tmp_path))
