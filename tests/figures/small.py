"""Figures on a scale that a test chooses, drawn without files."""

from typing import Any

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


def write_to_memory(product: common.Product) -> None:
    """Draw and tabulate without files."""
    import io

    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(layout="constrained")
    product.draw(figure)
    figure.savefig(io.BytesIO())
    plt.close(figure)
    assert csv_text(product).count("\n") > 3
