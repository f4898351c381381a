"""The dependency graph of the statements as an SVG drawing: layers from the identities to the theorems."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from isogap.verification.registry import Statement, slug

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 104, 30, 22, 54


def layers(statements: Mapping[str, Statement]) -> list[list[str]]:
    """Statements by the length of the longest chain below them; each layer ordered to keep the edges short.

    What lies in another system is no box here.
    """
    depth: dict[str, int] = {}
    users: dict[str, list[str]] = {x: [] for x in statements}
    for label, statement in statements.items():  # dependencies come first in the registry's order
        depth[label] = 1 + max((depth[x] for x in statement.depends if x in statements), default=-1)
        for x in statement.depends:
            if x in statements:
                users[x].append(label)
    for label in reversed(list(statements)):  # as far down as the users allow: short edges
        if users[label]:
            depth[label] = min(depth[y] for y in users[label]) - 1
    used = {x for x, above in users.items() if above} | {x for y in users.values() for x in y}
    rows: list[list[str]] = [[] for _ in range(max(depth.values(), default=0) + 1)]
    for label in statements:
        if label in used:
            rows[depth[label]].append(label)
    for _ in range(8):
        for row, below in zip(rows[1:], rows, strict=False):
            place = {label: i / max(1, len(below) - 1) for i, label in enumerate(below)}
            row.sort(key=lambda x, place=place: _centre(statements[x].depends, place))  # type: ignore[misc]
        for i in range(len(rows) - 2, -1, -1):
            above = {x: k / max(1, len(rows[i + 1]) - 1) for k, x in enumerate(rows[i + 1])}
            rows[i].sort(key=lambda x, above=above: _centre([y for y in above if x in statements[y].depends], above))  # type: ignore[misc]
    return rows


def _centre(labels: tuple[str, ...] | list[str], place: Mapping[str, float]) -> float:
    known = [place[x] for x in labels if x in place]
    return sum(known) / len(known) if known else 0.5


def svg(statements: Mapping[str, Statement], kinds: Mapping[str, str]) -> str:
    """Draw the graph; ``kinds`` gives each box its class. Boxes link to the statements of the page."""
    rows = layers(statements)
    columns = max((len(row) for row in rows), default=0)
    if columns == 0:
        return ""
    width = columns * (_WIDTH + _GAP_X)
    height = len(rows) * (_HEIGHT + _GAP_Y) - _GAP_Y + 8
    at: dict[str, tuple[float, float]] = {}
    for level, row in enumerate(rows):
        step = width / len(row) if row else 0.0
        for i, label in enumerate(row):
            at[label] = (step * (i + 0.5), 4 + level * (_HEIGHT + _GAP_Y))
    lines = []
    for label, (x, y) in at.items():
        for needed in statements[label].depends:
            if needed not in at:
                continue
            x0, y0 = at[needed]
            bend = _GAP_Y * 0.55
            path = f"M{x0:.0f} {y0 + _HEIGHT:.0f}C{x0:.0f} {y0 + _HEIGHT + bend:.0f} {x:.0f} {y - bend:.0f} {x:.0f} {y:.0f}"
            lines.append(
                f'<path class="edge" d="{path}"><title>{escape(statements[label].label)} rests on '
                f"{escape(statements[needed].label)}</title></path>"
            )
    boxes = []
    for label, (x, y) in at.items():
        short = statements[label].label.replace("Weingarten inputs", "Weingarten").replace("Corollary", "Cor.")
        boxes.append(
            f'<a href="#{slug(label)}"><rect class="node {escape(kinds.get(label, "missing"))}" '
            f'x="{x - _WIDTH / 2:.0f}" y="{y:.0f}" width="{_WIDTH}" height="{_HEIGHT}" rx="5"/>'
            f'<text x="{x:.0f}" y="{y + 20:.0f}">{escape(short)}</text></a>'
        )
    return (
        f'<svg class="graph" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'role="img" aria-label="Which statement rests on which">{"".join(lines)}{"".join(boxes)}</svg>'
    )
