"""A small picture of one curve as SVG text, without a plotting library: for notebooks."""

from __future__ import annotations

import html

import numpy as np

from isogap.base.arrays import FloatArray

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 420, 160, 62, 26, 12, 12
MOST_POINTS = 400


def escaped(text: str) -> str:
    """Text as HTML shows it."""
    return html.escape(text)


def curve_svg(
    x: FloatArray,
    middle: FloatArray,
    low: FloatArray | None = None,
    high: FloatArray | None = None,
    *,
    x_label: str,
    y_label: str,
) -> str:
    """Draw ``middle`` against ``x``, with a band from ``low`` to ``high``; numbers that are not finite leave gaps.

    Examples
    --------
    >>> picture = curve_svg(np.arange(3.0), np.array([1.0, 2.0, 4.0]), x_label="layer", y_label="gap")
    >>> picture.startswith("<svg "), picture.count("<polyline")
    (True, 1)
    """
    take = np.unique(np.linspace(0, x.size - 1, min(x.size, MOST_POINTS)).round().astype(int))
    curves = [None if c is None else c[take] for c in (middle, low, high)]
    x, finite = x[take], [c[np.isfinite(c)] for c in curves if c is not None]
    values = np.concatenate(finite)
    if values.size == 0:
        return f"<i>{escaped(y_label)}: nothing finite to draw</i>"
    bottom, top = float(values.min()), float(values.max())

    def places(y: FloatArray) -> list[tuple[float, float]]:
        across = (x - x[0]) / ((x[-1] - x[0]) or 1.0)
        up = (y - bottom) / ((top - bottom) or 1.0)
        return [
            (LEFT + a * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - b * (HEIGHT - BOTTOM - TOP))
            for a, b in zip(across.tolist(), up.tolist(), strict=True)
        ]

    parts = [f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
             f'aria-label="{escaped(y_label)} against {escaped(x_label)}" font-size="10" font-family="sans-serif" '
             'fill="currentColor">']  # fmt: skip
    if curves[1] is not None and curves[2] is not None:
        both = np.isfinite(curves[1]) & np.isfinite(curves[2])
        rim = [p for p, kept in zip(places(curves[1]), both, strict=True) if kept]
        rim += [p for p, kept in zip(places(curves[2]), both, strict=True) if kept][::-1]
        if rim:
            parts.append(f'<polygon points="{_points(rim)}" fill="#0072B2" fill-opacity="0.2"/>')
    assert curves[0] is not None
    for run in _runs(curves[0], places(curves[0])):
        parts.append(f'<polyline points="{_points(run)}" fill="none" stroke="#0072B2" stroke-width="1.6"/>')
    parts += _axes(float(x[0]), float(x[-1]), bottom, top, x_label, y_label)
    return "".join(parts) + "</svg>"


def _runs(y: FloatArray, places: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Stretches of finite values."""
    runs: list[list[tuple[float, float]]] = [[]]
    for value, place in zip(y, places, strict=True):
        if np.isfinite(value):
            runs[-1].append(place)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _axes(first: float, last: float, bottom: float, top: float, x_label: str, y_label: str) -> list[str]:
    floor, edge = HEIGHT - BOTTOM, WIDTH - RIGHT
    return [
        f'<path d="M{LEFT} {TOP}V{floor}H{edge}" fill="none" stroke="currentColor" stroke-width="0.8"/>',
        f'<text x="{LEFT - 4}" y="{TOP + 8}" text-anchor="end">{top:.3g}</text>',
        f'<text x="{LEFT - 4}" y="{floor}" text-anchor="end">{bottom:.3g}</text>',
        f'<text x="{LEFT}" y="{floor + 12}">{first:g}</text>',
        f'<text x="{edge}" y="{floor + 12}" text-anchor="end">{last:g}</text>',
        f'<text x="{(LEFT + edge) // 2}" y="{floor + 22}" text-anchor="middle">{escaped(x_label)}</text>',
        f'<text x="{LEFT + 6}" y="{TOP + 2}">{escaped(y_label)}</text>',
    ]


def _points(places: list[tuple[float, float]]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
