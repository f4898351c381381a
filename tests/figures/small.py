"""Figures on a scale that a test chooses, and one that is nothing but a line."""

import io
from typing import Any

import numpy as np

from isogap.figures import Settings
from isogap.figures import product as common
from isogap.figures.output import csv_text


class Small(Settings):
    """Settings whose choice between quick and paper is made by the test."""

    def pick(self, quick: Any, paper: Any) -> Any:
        return self.small(quick)

    @staticmethod
    def small(quick: Any) -> Any:
        return quick


def a_product(draw: Any = None) -> common.Product:
    def line(figure: Any) -> None:
        figure.subplots().plot([0, 1], [0, 1])

    table = {"x": np.array([0, 1]), "y": [0.5, float("nan")]}
    return common.Product("line", "A line.", common.SUPPORTS, "it rises", table, draw or line)


def write_to_memory(product: common.Product) -> None:
    """Draw and tabulate without files."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(layout="constrained")
    product.draw(figure)
    figure.savefig(io.BytesIO())
    plt.close(figure)
    assert csv_text(product).count("\n") > 3
