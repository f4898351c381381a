"""Pictures of products of random matrices: spectra against their law, condition numbers, exponents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.theory.products.law import Law

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_spectrum(ax: Axes, logs: FloatArray, law: Law, log_scale: float = 0.0) -> Axes:
    """Distribution of the singular values, pooled over replicas, and that of the law of their squares.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    logs : ndarray
        Logarithms of singular values, any shape.
    law : Law
        Of the squares.
    log_scale : float
        By which the logarithms are shifted against the law.
    """
    values = np.sort(logs, axis=None)
    ax.set(xlabel="log singular value", ylabel="share below")
    if not np.isfinite(values).all():
        ax.text(0.5, 0.5, "all singular values are 0", ha="center", transform=ax.transAxes)
        return ax
    share = np.arange(1, values.size + 1) / values.size
    low, high = float(values[0]), float(values[-1])
    pad = max(0.05 * (high - low), 0.1)
    x = np.linspace(low - pad, high + pad, 400)
    ax.step([x[0], *values, x[-1]], [0.0, *share, 1.0], where="post", color="#0072B2", lw=2.2, label="drawn")
    with np.errstate(over="ignore", under="ignore"):
        ax.plot(x, law.cdf(np.exp(2 * (x - log_scale))), color="#D55E00", lw=1.1, label="limit law")
    _tidy(ax)
    return ax


def draw_exponents(ax: Axes, exponents: FloatArray) -> Axes:
    """Lyapunov exponents with two standard errors, and theory; ``exponents`` of shape (N, 3) as in `ProductsResult`."""
    ax.set(xlabel="index", ylabel="Lyapunov exponent")
    if not np.isfinite(exponents).all():
        ax.text(0.5, 0.5, "all exponents are -∞", ha="center", transform=ax.transAxes)
        return ax
    index = np.arange(1, len(exponents) + 1)
    ax.errorbar(
        index, exponents[:, 0], yerr=2 * exponents[:, 1], fmt="o", ms=3, color="#0072B2", capsize=1.5, label="measured"
    )
    ax.plot(index, exponents[:, 2], color="#D55E00", lw=1.1, label="theory")
    _tidy(ax)
    return ax


def _tidy(ax: Axes) -> None:
    ax.grid(alpha=0.25)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.legend(frameon=False, fontsize=8)
