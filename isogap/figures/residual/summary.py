"""The picture of one residual network that ``isogap-residual --plot`` draws."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from isogap.figures.style import BLACK, BLUE, GREEN, RED, tidy
from isogap.run.residual_summary import ResidualSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_summary(figure: Figure, summary: ResidualSummary) -> None:
    """Three panels: share of each branch, law of path lengths, growth of the gradient."""
    left, middle, right = figure.subplots(1, 3)
    _shares(left, summary)
    _paths(middle, summary)
    _gradient(right, summary)
    chain = summary.diagnosis.chain
    figure.suptitle(
        f"{chain.blocks} blocks, {chain.kind}, {chain.activation.name}, alpha {chain.alpha:.4g}, batch {chain.batch}"
    )


def _shares(ax: Axes, summary: ResidualSummary) -> None:
    profile = summary.diagnosis.profile
    if profile is None or not len(profile.share):
        _nothing(ax, "no law for the variances")
        return
    ax.loglog(np.arange(1, len(profile.share) + 1), 100 * profile.share, color=BLUE)
    ax.set_xlabel("block (counted from 1)")
    ax.set_ylabel("branch's share of the variance, %")
    tidy(ax, legend=False)


def _paths(ax: Axes, summary: ResidualSummary) -> None:
    law = summary.diagnosis.paths
    if law is None:
        _nothing(ax, "no law for the paths")
        return
    reach = min(law.blocks, math.ceil(law.mean + 5 * math.sqrt(law.variance) + 3))
    start = max(0, math.floor(law.mean - 5 * math.sqrt(law.variance) - 3))
    k = np.arange(start, reach + 1)
    ax.bar(k, law.probabilities[start : reach + 1], color=GREEN, width=0.8)
    ax.axvline(law.mean, color=BLACK, ls=":", lw=1.2, label=f"mean {law.mean:.3g} of {law.blocks}")
    ax.set_xlabel("branches on a path")
    ax.set_ylabel("share of the output's mean square")
    tidy(ax)


def _gradient(ax: Axes, summary: ResidualSummary) -> None:
    log = summary.diagnosis.log_gradient
    measured = None if summary.measured is None else summary.measured.log_gradient
    if measured is not None:
        l = np.arange(1, len(measured.mean) + 1)  # noqa: E741
        ax.plot(l, measured.mean / math.log(10), color=RED, lw=3, alpha=0.4, label="measured")
    if log is not None and np.isfinite(log).all():
        label = "law" if summary.diagnosis.exponent is None else f"law, exponent {summary.diagnosis.exponent:.4g}"
        ax.plot(np.arange(1, len(log) + 1), log / math.log(10), color=BLACK, lw=1.2, label=label)
    if not ax.lines:
        _nothing(ax, "no law for the gradient, or an infinite mean")
        return
    ax.set_xscale("log")
    ax.set_xlabel("layer (counted from 1)")
    ax.set_ylabel(r"$\log_{10}\,E\,\Vert g_\ell\Vert^2/\Vert g_L\Vert^2$")
    tidy(ax)


def _nothing(ax: Axes, words: str) -> None:
    ax.text(0.5, 0.5, words, ha="center", va="center", transform=ax.transAxes)
    ax.set_axis_off()
