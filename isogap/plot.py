"""Pictures of a run: Axes in, Axes out. Theory lines are computed, never fitted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from isogap.base.arrays import FloatArray
from isogap.run.results import ChainResult
from isogap.run.statistics import ess_floor
from isogap.run.variant import VariantResult
from isogap.theory.mean_field.variant_rate import variant_growth

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BLUE, _ORANGE, _GREEN, _RED, _GREY = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#555555"
_SKY = "#56B4E9"
_BANDS = 3  # more of them hide each other
_COLOURS, _DASHES = (_BLUE, _ORANGE, _GREEN, _RED, "#CC79A7", _GREY), ("-", "--", "-.")


def plot_run(result: ChainResult, ax: Axes) -> Axes:
    """Draw a run: φ against the layer with its bounds, or, for a degenerate batch, the Jacobian norms.

    The vertical axis holds ``log10 φ`` labelled as powers of ten, so that depths where φ underflows float64 are drawn too.
    """
    return plot_jacobian(result, ax) if result.degenerate else plot_gap(result, ax)


def plot_gap(result: ChainResult, ax: Axes) -> Axes:
    """Mean, median and 5-95 % band of φ per layer, the least proved bound, F1a, Theorem 1."""
    p = result.parameters
    layers = np.arange(p.depth + 1)
    log = result.log_phi
    ax.fill_between(layers, _tens(log.q05), _tens(log.q95), color=_BLUE, alpha=0.3, lw=0, label="5-95 % of the paths")
    with np.errstate(divide="ignore"):
        mean = np.log10(result.phi.mean)
        trusted = result.phi.ess >= ess_floor(p.replicas)
        ax.plot(layers, np.where(trusted, mean, np.nan), color="black", lw=2.6, label="mean")
        if not trusted[np.isfinite(mean)].all():
            label = f"mean, effective sample size < {ess_floor(p.replicas):.0f}"
            ax.plot(layers, np.where(trusted, np.nan, mean), color="black", lw=1.0, ls=":", label=label)
        if np.isfinite(result.bounds.best).any():
            _bounds(result, ax)
    ax.plot(layers, _tens(log.median), color=_SKY, lw=1.2, ls="--", label="median")  # last: it lies on the mean
    if np.isnan(result.bounds.asymptote).all():
        _asymptote(result, ax)
    ax.set_ylabel("isometry gap φ")
    ax.yaxis.set_major_locator(MaxNLocator(8, integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"$10^{{{v:g}}}$"))
    low = np.nanmin(_tens(log.q05), initial=np.inf)
    if math.isfinite(low):
        high = math.log10(result.phi0)
        ax.set_ylim(low - 0.03 * (high - low) - 0.2, high + 0.06 * (high - low) + 0.2)
    return _finish(result, ax)


def _bounds(result: ChainResult, ax: Axes) -> None:
    """The least proved bound, the exact asymptote, the band for whole paths, and Theorem 1 with our constant."""
    curves, depth = result.bounds, result.parameters.depth
    lines = [(curves.best, f"least proved bound (by {curves.best_name(depth)} at the end)", _ORANGE, 2.6, "-")]
    if np.isfinite(curves.band).any():
        lines.append((curves.band, "95 % of whole paths stay below (A5)", _GREY, 1.0, "-."))
    if np.isfinite(curves.asymptote).any():
        lines.append((curves.asymptote, "exact asymptote of the mean (F1a)", _GREEN, 1.4, "-"))
    if np.isfinite(curves.theorem_1).any():
        lines.append((curves.theorem_1, "Theorem 1, constant ours", _RED, 1.5, "--"))
    for curve, name, color, width, style in lines:
        ax.plot(np.arange(depth + 1), np.log10(curve), color=color, lw=width, ls=style, label=name)


def _asymptote(result: ChainResult, ax: Axes) -> None:
    """The line of slope ``d/(d+2)`` per layer through the mean at the first layer of the rate's window."""
    first, last = result.rate.window
    anchor = float(_tens(np.log(result.phi.mean[first : first + 1]))[0])
    if not (result.rate.in_regime and math.isfinite(anchor)):
        return
    layers = np.arange(first, last + 1)
    line = anchor + (layers - first) * math.log10(result.rate.asymptotic)
    label = f"factor d/(d+2) = {result.rate.asymptotic:.4g} a layer, from layer {first}"
    ax.plot(layers, line, color=_GREEN, lw=3.5, alpha=0.6, solid_capstyle="butt", zorder=1.5, label=label)


def plot_jacobian(result: ChainResult, ax: Axes) -> Axes:
    """Mean of ``log‖J_BN‖_op`` per layer with two standard errors (E6)."""
    layers = np.arange(1, result.parameters.depth + 1)
    mean, error = result.log_jacobian.mean, result.log_jacobian.stderr
    ax.fill_between(
        layers, mean - 2 * error, mean + 2 * error, color=_BLUE, alpha=0.25, lw=0, label="± 2 standard errors"
    )
    ax.plot(layers, mean, color=_BLUE, lw=1.5, label="mean")
    ax.set_ylabel(r"$\log\,\Vert J_{BN}\Vert$ of the layer")
    ax.set_ylim(bottom=0)
    return _finish(result, ax)


def _finish(result: ChainResult, ax: Axes) -> Axes:
    p = result.parameters
    name = p.input if len(p.input) <= 32 else p.input[:29] + "..."
    name = name.replace("$", r"\$")  # not mathematics
    title = f"width {p.width}, batch {p.batch}, {p.weights} weights, input {name}, {p.replicas} replicas"
    if result.degenerate:
        title += f"\nrank {result.rank} < width: φ = ∞ at every layer"
    ax.set_title(title, fontsize=10)
    ax.set_xlabel("layer")
    ax.set_xlim(0, max(p.depth, 1))
    ax.grid(alpha=0.25)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.legend(frameon=False, fontsize=9)
    return ax


def _tens(log_values: FloatArray) -> FloatArray:
    return log_values / math.log(10.0)


def plot_gradient(result: ChainResult, ax: Axes) -> Axes:
    """Mean and 5-95 % band of ``log‖∂L/∂W_l‖_F`` against the layer; the bounds, far above, are named in the legend."""
    g, limits = result.gradient, result.gradient_bounds
    if g is None:
        raise ValueError("this run holds no gradients; run it with gradients='cross-entropy'")
    layers = np.asarray(g.layers)
    ax.fill_between(layers, g.q05, g.q95, color=_BLUE, alpha=0.2, lw=0, label="5-95 % of the networks")
    ax.plot(layers, g.log_norm_mean, color=_BLUE, lw=1.6, marker="." if layers.size < 30 else None, label="mean")
    if limits is not None and math.isfinite(limits.theorem_5):
        for name, value in (("sharp bound S5", limits.sharp), ("Theorem 5, constant ours", limits.theorem_5)):
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


def plot_variants(results: Sequence[VariantResult], names: Sequence[str], ax: Axes) -> Axes:
    """Mean of ``log‖∂L/∂W_l‖_F`` of each variant against the layer, with mean-field theory where it applies.

    Up to three variants have a band from 5 to 95 % of the networks.
    """
    for k, (result, name) in enumerate(zip(results, names, strict=True)):
        columns, colour = result.sheet().columns, _COLOURS[k % len(_COLOURS)]
        layers = np.arange(result.variant.depth + 1)
        mean = columns["log_norm_mean"]
        if len(results) <= _BANDS:
            ax.fill_between(layers, columns["log_norm_q05"], columns["log_norm_q95"], color=colour, alpha=0.15, lw=0)
        ax.plot(layers, mean, color=colour, lw=1.6, ls=_DASHES[k // len(_COLOURS) % len(_DASHES)], label=name)
        growth = variant_growth(result.variant)
        if growth.log_growth is not None and np.isfinite(mean).all():
            line = growth.log_norm() + float((mean - growth.log_norm())[-2:].mean())
            ax.plot(layers, line, color=colour, lw=0.9, ls=":")
            if "mean-field theory" not in ax.get_legend_handles_labels()[1]:
                ax.plot([], [], color="black", lw=0.9, ls=":", label="mean-field theory")
    v = results[0].variant
    ax.set_xlabel("layer of the weight matrix (the last one is the readout)")
    ax.set_ylabel(r"$\log\,\Vert\partial\mathcal{L}/\partial W_\ell\Vert_F$")
    ax.set_xlim(0, max(v.depth, 1))
    ax.set_title(f"width {v.width}, batch {v.batch}, {len(results[0].log_norm)} networks each", fontsize=10)
    ax.grid(alpha=0.25)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.legend(frameon=False, fontsize=9)
    return ax
