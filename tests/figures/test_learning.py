"""Figures of training: real ones of tiny networks, and what is said of curves that are given."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isogap.engine.networks.training import History
from isogap.figures import Settings
from isogap.figures import product as common
from isogap.figures.output import csv_text
from isogap.figures.paper import learning, trained
from tests.figures.small import Small, write_to_memory


@pytest.mark.parametrize("figure", [learning.fig4, learning.g2, learning.f1, learning.g4])
def test_learning_figures(figure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    monkeypatch.setattr(
        Small,
        "small",
        staticmethod(lambda quick: {30: 2, 32: 12, 5: 1}.get(quick, quick) if isinstance(quick, int) else (2, 4)),
    )
    settings = Small(seed=1, work=tmp_path)
    product = figure(settings)
    assert list(tmp_path.glob("*.pt"))
    write_to_memory(product)
    # From the checkpoints: the same data.
    assert csv_text(figure(settings)) == csv_text(product)


def a_history(epochs: int, level: float, grown: float, diverged: bool = False) -> History:
    """Curves of a network of four square layers whose gradient grows by ``grown`` on its way back."""
    done = 1 if diverged else epochs
    recorded = [0] if diverged else [0, epochs]
    return History(
        loss=[2.0] * done + [float("nan") if diverged else 1.0],
        train_accuracy=[0.1] * done + [level],
        test_accuracy=[0.1] * done + [level],
        recorded=recorded,
        weight_gap=[[1e-6] * 4] * len(recorded),
        gradient=[list(np.linspace(grown, 0, 6))] * len(recorded),
        diverged=1 if diverged else None,
    )


@pytest.mark.parametrize(
    ("orthogonal", "gaussian", "verdict"),
    [((0.9, 0.92), (0.5, 0.51), common.SUPPORTS), ((0.5, 0.51), (0.9, 0.92), common.REFUTES),
     ((0.9, 0.8), (0.8, 0.9), common.OPEN)],
)  # fmt: skip
def test_orthogonal_against_gaussian(
    orthogonal: Any, gaussian: Any, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    levels = {"orthogonal": orthogonal, "gaussian": gaussian}

    def runs(settings: Any, data: Any, depth: int, weights: str = "orthogonal") -> list[History]:
        return [a_history(5, level, 0.0) for level in levels[weights]]

    monkeypatch.setattr(trained, "run_of", runs)
    product = learning.g2(Settings())
    assert product.verdict == verdict
    assert ("more runs" in product.missing) == (verdict == common.OPEN)


def test_divergence_is_said_and_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")

    def runs(settings: Any, data: Any, depth: int, weights: str = "orthogonal") -> list[History]:
        if weights == "orthogonal":
            return [a_history(5, 0.9, 0.1 * r) for r in range(3)]
        return [a_history(5, 0.1, 20.0 + r, diverged=depth == 100) for r in range(3)]

    monkeypatch.setattr(trained, "run_of", runs)
    g2, g4 = learning.g2(Settings()), learning.g4(Settings())
    assert "Gaussian, depth 100: all beyond float32 in epoch 1" in g2.caption
    assert "Gaussian, depth 10: 10% (10-10)" in g2.caption
    assert g2.verdict == g4.verdict == common.SUPPORTS
    assert "(all beyond float32 in epoch 1)" in g4.caption
    for product in (g2, g4):
        write_to_memory(product)
    monkeypatch.setattr(trained, "run_of", lambda *_, **__: [a_history(5, 0.1, 1.0, diverged=True)])
    with pytest.raises(ValueError, match="every run diverged: depth 10"):
        learning.f1(Settings())


def test_untrained_networks_leave_the_claim_open(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setattr(
        trained, "run_of", lambda settings, data, depth: [a_history(5, 0.3 if depth == 50 else 0.8, 0.0)] * 2
    )
    product = learning.fig4(Settings())
    assert product.verdict == common.OPEN
    assert product.missing == "more epochs for depth 50, where a run is still below 50%"


@pytest.mark.parametrize(("figure", "last"), [(learning.fig6, "guessing"), (learning.f2, "Gaussian matrix (computed)")])
def test_a_legend_of_many_says_colours_and_dashes_once(figure: Any, last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    from matplotlib.figure import Figure

    monkeypatch.setattr(trained, "run_of", lambda settings, data, depth, **_: [a_history(5, 0.8, 0.0)] * 2)
    drawn = Figure()
    figure(Settings()).draw(drawn)
    legend = drawn.axes[0].get_legend()
    assert legend is not None
    said = [text.get_text() for text in legend.get_texts()]
    assert said == ["depth 10", "depth 50", "depth 100", "sin", "tanh", last]
