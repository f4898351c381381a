"""Figures and tables of the paper that train nothing, each on a small scale of its own."""

import csv
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isogap.figures import Settings, make
from isogap.figures import product as common
from isogap.figures.output import csv_text
from isogap.figures.paper import bound, depth, rank, shaping
from isogap.figures.paper.datasets import mean_cosine
from tests.figures.small import Small, write_to_memory


def test_fig1_quick() -> None:
    product = make("fig1", Settings(seed=1))
    assert product.verdict == common.SUPPORTS
    rows = list(csv.DictReader(csv_text(product).splitlines()))
    assert len(rows) == 202
    assert all(float(row["mean"]) <= float(row["sharp"]) * (1 + 1e-12) for row in rows)
    assert product.line.endswith("at least as fast as Theorem 1 says.")


@pytest.mark.parametrize("figure", [depth.fig2, depth.fig3])
def test_depth_figures(figure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Small, "small", staticmethod(lambda quick: {500: 300, 32: 16}.get(quick, quick)))
    product = figure(Small(seed=3))
    assert product.verdict == common.SUPPORTS
    assert len(set(product.table["curve"])) == 2
    assert max(product.table["depth"]) == 300


def test_shaping_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Small, "small", staticmethod(lambda quick: {24: 8, 900: 200, 600: 200}.get(quick, quick)))
    monkeypatch.setattr(shaping, "GAINS", (0.25, 0.3, 0.8, 1.0))
    for figure in (shaping.e1, shaping.e2, shaping.g5):
        product = figure(Small(seed=1))
        assert product.verdict in (common.SUPPORTS, common.OPEN, common.REFUTES)
        write_to_memory(product)


def test_fig5(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Small,
        "small",
        staticmethod(lambda quick: 8 if quick == 24 else (5, 20, 50, 150) if isinstance(quick, tuple) else quick),
    )
    product = shaping.fig5(Small(seed=1))
    assert product.verdict == common.SUPPORTS
    write_to_memory(product)


def test_batch_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Small,
        "small",
        staticmethod(
            lambda quick: (
                {16: 12, 500: 300, 3000: 800, 4000: 1000}.get(quick, quick) if isinstance(quick, int) else (8, 32)
            )
        ),
    )
    for figure in (rank.g6, rank.c1):
        write_to_memory(figure(Small(seed=1)))
    product = rank.rank(Small(seed=1))
    write_to_memory(product)
    assert product.verdict == common.SUPPORTS


def test_theorem_5_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Small, "small", staticmethod(lambda quick: 400 if quick == 3000 else (8, 16, 32)))
    product = bound.theorem_5(Small(seed=1))
    assert product.verdict == common.SUPPORTS
    measured, sharp = np.array(product.table["jacobian_sum"]), np.array(product.table["lemma_c3_sharp"])
    assert (measured < sharp).all()
    write_to_memory(product)


def test_table_d1(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setattr(Small, "small", staticmethod(lambda quick: 5))
    product = make("table-d1", Small(seed=1))
    assert product.verdict == common.OPEN
    assert product.missing == "the files of mnist, fashion-mnist, cifar10, cifar100 (--data)"
    shares = dict(
        zip(
            zip(product.table["width"], product.table["batch"], strict=True),
            product.table["full_rank_share"],
            strict=True,
        )
    )
    # Images of digits have no negative pixel and overlap: cosines well above zero; the rank is at most the 64 pixels.
    assert all(0.3 < cosine < 0.9 for cosine in product.table["cosine_mean"])
    assert product.table["rank_mean"][:2] == [32.0, 32.0]
    assert 50 < product.table["rank_mean"][2] <= 61  # three pixels are zero in every digit
    # 64 pixels: full row rank at width 32, impossible at width 100.
    assert shares == {(32, 32): 1.0, (32, 100): 1.0, (100, 100): 0.0}
    write_to_memory(product)


def test_table_d1_takes_one_folder_of_idx_files_for_one_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    for part, n in (("train", 120), ("t10k", 10)):
        pixels = np.random.default_rng(n).integers(0, 256, (n, 12, 12)).astype(np.uint8)
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, n, 12, 12) + pixels.tobytes())
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, n) + bytes(n))
    monkeypatch.setattr(Small, "small", staticmethod(lambda quick: 5))
    table = make("table-d1", Small(seed=1, data=tmp_path)).table
    assert table["data_set"] == ["digits"] * 3 + [f"idx files of {tmp_path.name}"] * 3


def test_the_mean_cosine_is_that_of_all_pairs() -> None:
    H = np.random.default_rng(0).normal(size=(7, 5))
    H[:, 2] = 0.0
    norms = np.linalg.norm(H, axis=0)
    pairs = [
        0.0 if 2 in (i, j) else H[:, i] @ H[:, j] / norms[i] / norms[j] for i in range(5) for j in range(5) if i != j
    ]
    assert mean_cosine(H) == pytest.approx(np.mean(pairs), rel=1e-13)
