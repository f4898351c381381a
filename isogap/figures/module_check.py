"""A picture of a report on a PyTorch module: gradient norms of its weights and isometry gaps of its layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from isogap.figures.style import BLUE, GREY, RED, tidy


def plot_report(report: Any, axes: Any = None) -> Any:
    """Draw a `isogap.torch.Report` on two Axes, or on new ones.

    Parameters
    ----------
    report : Report
    axes : sequence of two Axes, optional

    Returns
    -------
    sequence of Axes
    """
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")[1]
    left, right = axes
    norms, layers = report.log_norm, np.arange(report.log_norm.shape[1])
    if norms.shape[0] > 1:
        left.plot(layers, norms.T, color=GREY, lw=0.5, alpha=0.5)
    left.plot(layers, norms.mean(axis=0), color=BLUE, lw=1.8, label=report.verdict.splitlines()[0].split(":")[0])
    left.set(xlabel="weight", ylabel=r"$\log\,\Vert\partial\mathcal{L}/\partial W\Vert_F$")
    right.plot(report.layers.mean("range_gap"), color=RED, lw=1.8)
    right.set(xlabel="layer", ylabel="isometry gap over the range")
    tidy(left)
    tidy(right, legend=False)
    return axes
