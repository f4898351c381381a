"""Finished parts of figures: found again, and a stopped figure goes on from them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isogap.figures import Settings
from isogap.figures.output import csv_text
from isogap.figures.paper import bound, depth, rank
from tests.figures.small import Small


def test_pieces_are_found_and_only_by_what_they_depend_on(tmp_path: Path) -> None:
    calls = []

    def compute() -> dict[str, Any]:
        calls.append(1)
        return {"x": np.arange(3.0)}

    for settings in (Settings(work=tmp_path), Settings(work=tmp_path, threads=5)):
        np.testing.assert_array_equal(settings.piece({"depth": 1}, compute)["x"], np.arange(3.0))
        assert len(settings.spent) == 1
    assert len(calls) == 1
    Settings(work=tmp_path).piece({"depth": 2}, compute)
    Settings(work=tmp_path, seed=1).piece({"depth": 1}, compute)
    assert len(calls) == 3
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:50])
    np.testing.assert_array_equal(Settings(work=tmp_path).piece({"depth": 1}, compute)["x"], np.arange(3.0))
    assert len(calls) == 4
    Settings().piece({"depth": 1}, compute)
    assert len(calls) == 5


@pytest.mark.parametrize("figure", [depth.fig3, bound.theorem_5, rank.rank])
def test_a_stopped_figure_goes_on_with_the_same_numbers(
    figure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(quick: Any) -> Any:
        return {500: 100, 32: 8, 3000: 60, 16: 8}.get(quick, quick) if isinstance(quick, int) else (4, 8, 16, 32)

    monkeypatch.setattr(Small, "small", staticmethod(small))
    whole = csv_text(figure(Small(seed=2)))
    pieces = Settings.piece
    done = []

    def stops(self: Settings, about: Any, compute: Any) -> Any:
        if len(done) == 5:
            raise KeyboardInterrupt
        done.append(about)
        return pieces(self, about, compute)

    monkeypatch.setattr(Settings, "piece", stops)
    with pytest.raises(KeyboardInterrupt):
        figure(Small(seed=2, work=tmp_path))
    assert len(list(tmp_path.iterdir())) == 5

    computed = []

    def counts(self: Settings, about: Any, compute: Any) -> Any:
        return pieces(self, about, lambda: computed.append(about) or compute())  # type: ignore[func-returns-value]

    monkeypatch.setattr(Settings, "piece", counts)
    assert csv_text(figure(Small(seed=2, work=tmp_path))) == whole
    assert len(computed) == len(list(tmp_path.iterdir())) - 5
