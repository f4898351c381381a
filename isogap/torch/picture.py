"""A small picture of a report as inline SVG, without a plotting library: gradient norms and gaps against the layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["svg"]

WIDTH, HEIGHT, MARGIN = 300, 120, 28
BLUE, ORANGE = "#0072B2", "#D55E00"


def svg(report: Any) -> str:
    """Return two panels side by side: log gradient norm of the weights, isometry gap over the range.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        One ``<svg>`` element.
    """
    rows = list(report.weights)
    panels = [("log ‖∂L/∂W‖", rows, report.layers.mean("log_weight_gradient")[rows])]
    everything = list(range(len(report.names)))
    panels.append(("isometry gap", everything, report.layers.mean("range_gap")))
    body = "".join(_panel(k * (WIDTH + 10), *panel) for k, panel in enumerate(panels))
    size = 2 * WIDTH + 10
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{HEIGHT}" viewBox="0 0 {size} {HEIGHT}">{body}</svg>'


def _panel(left: int, title: str, x: list[int], y: Any) -> str:
    kept = [(a, float(b)) for a, b in zip(x, y, strict=True) if math.isfinite(b)]
    text = f'<text x="{left + MARGIN}" y="12" font-size="11">{title} against the layer</text>'
    if len(kept) < 2:
        return text
    a, b = np.array([k[0] for k in kept], dtype=float), np.array([k[1] for k in kept])
    low, high = float(b.min()), float(b.max())
    high = high if high > low else low + 1.0
    across = left + MARGIN + (a - a.min()) / (a.max() - a.min()) * (WIDTH - MARGIN - 6)
    up = HEIGHT - 16 - (b - low) / (high - low) * (HEIGHT - 34)
    points = " ".join(f"{p:.1f},{q:.1f}" for p, q in zip(across, up, strict=True))
    frame = f'<path d="M{left + MARGIN},18 V{HEIGHT - 14} H{left + WIDTH - 4}" fill="none" stroke="#999"/>'
    labels = f'<text x="{left}" y="24" font-size="9">{high:.3g}</text>'
    labels += f'<text x="{left}" y="{HEIGHT - 16}" font-size="9">{low:.3g}</text>'
    ends = f'<text x="{left + MARGIN}" y="{HEIGHT - 2}" font-size="9">{int(a.min())}</text>'
    ends += f'<text x="{left + WIDTH - 24}" y="{HEIGHT - 2}" font-size="9">{int(a.max())}</text>'
    colour = BLUE if "∂" in title else ORANGE
    return f'{text}{frame}{labels}{ends}<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
