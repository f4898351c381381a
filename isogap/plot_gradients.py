"""Pictures of gradient norms: Axes in, Axes out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from isogap.run.results import ChainResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BLUE = "#0072B2"


def plot_gradient(result: ChainResult, ax: Axes) -> Axes:
    """Mean and 5-95 % band of ``log‖∂L/∂W_l‖_F`` against the layer; the bounds, far above, are named in the legend."""
    g, limits = result.gradient, result.gradient_bounds
    if g is None:
        raise ValueError("this run holds no gradients; run it with gradients='cross-entropy'")
    layers = np.asarray(g.layers)
    ax.fill_between(layers, g.q05, g.q95, color=_BLUE, alpha=0.2, lw=0, label="5-95 % of the networks")
    ax.plot(layers, g.log_norm_mean, color=_BLUE, lw=1.6, marker="." if layers.size < 30 else None, label="mean")
    if limits is not None and math.isfinite(limits.theorem_5):
        for name, value in (("sharp bound S5", limits.sharp), ("Theorem 5", limits.theorem_5)):
            ax.plot([], [], ls="none", label=f"{name}: ≤ {value:.4g} at every layer")
    else:
        ax.plot([], [], ls="none", label="Theorem 5 does not apply")
    low, high = np.nanmin(g.q05, initial=0.0), np.nanmax(g.q95, initial=-np.inf)
    if math.isfinite(high):
        low = np.nanmin(g.q05)
        pad = max(0.15 * (high - low), 0.5)
        ax.set_ylim(low - pad, high + pad)
    ax.set_xlabel("layer of the weight matrix (the last one is the readout)")
    ax.set_ylabel(r"$\log\,\Vert\partial\mathcal{L}/\partial W_\ell\Vert_F$")
    ax.set_xlim(0, max(result.parameters.depth, 1))
    ax.set_title(f"{g.loss} over {g.classes} logits", fontsize=10)
    ax.grid(alpha=0.25)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.legend(frameon=False, fontsize=9)
    return ax
