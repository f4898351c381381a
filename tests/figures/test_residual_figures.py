"""Figures of residual networks: small versions have data, a verdict with a reason, and draw."""

import numpy as np
import pytest

from isogap.figures import Settings, make
from isogap.figures.product import OPEN, SUPPORTS
from isogap.figures.residual import training
from isogap.figures.residual.laws import _measured_law
from isogap.theory.residual import path_law

LAWS = ("residual-variance", "residual-paths", "residual-gradient", "residual-isometry")


def drawn(product):
    from matplotlib.figure import Figure

    figure = Figure(figsize=product.size)
    product.draw(figure)
    return figure


@pytest.mark.parametrize("name", LAWS)
def test_laws_are_supported_and_drawn(name):
    product = make(name, Settings(seed=1))
    assert product.name == name
    assert product.verdict == SUPPORTS, product.line
    assert len({len(column) for column in product.table.values()}) == 1
    assert drawn(product).axes


def test_exact_mean_squares_give_the_exact_law_of_paths():
    q = np.tile(1.0 + np.arange(31.0), (3, 1))
    law, error = _measured_law(q)
    assert np.allclose(law, path_law(30).probabilities, rtol=1e-12)
    assert np.allclose(error, 0.0)


class Tiny(Settings):
    """Training of seconds: the first of everything."""

    def pick(self, quick, paper):
        return {(10, 100): (2, 3), (3, 3): (1, 1), (1e-3, 1e-2): (1e-2,), 4: 1}.get(quick, quick)


def test_training_figures_resume_and_draw(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    settings = Tiny(work=tmp_path)
    product = make("residual-depth", settings)
    assert set(product.table["blocks"]) == {2, 3}
    assert drawn(product).axes
    calls = []
    monkeypatch.setattr("isogap.run.residual_training.train", lambda *_: calls.append(1))
    again = make("residual-depth", Tiny(work=tmp_path))
    assert again.table == product.table
    assert not calls


def test_verdict_of_the_sweep():
    assert training._judged(256, 4, True) == (SUPPORTS, "")
    verdict, missing = training._judged(256, 16, True)
    assert verdict == OPEN
    assert "factor 16" in missing
    assert training._judged(4, 1, True)[0] not in (SUPPORTS, OPEN)
