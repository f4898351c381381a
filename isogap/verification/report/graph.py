"""The dependency graph of the statements as an SVG drawing: layers from the identities to the theorems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from isogap.verification.report.routing import BOX_HEIGHT, BOX_WIDTH, Point, routed
from isogap.verification.statement import Statement, slug

# Boxes beside each other: names stay readable on paper, and on a phone with little scrolling.
MAX_ROW = 6
_CORNER, _LONGEST_NAME = 4, 14


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


def narrow(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows of at most `MAX_ROW` boxes: a longer one becomes several, each spread over the whole width.

    Examples
    --------
    >>> [len(row) for row in narrow([["x"] * 17, ["y"]])]
    [6, 6, 5, 1]
    """
    found = []
    for row in rows:
        parts = -(-len(row) // MAX_ROW)
        found += [list(row[k::parts]) for k in range(parts)]
    return [row for row in found if row]


def svg(statements: Mapping[str, Statement], kinds: Mapping[str, str]) -> str:
    """Draw the graph; ``kinds`` gives each box its class. Boxes link to the statements of the page."""
    rows = narrow(layers(statements))
    if not rows:
        return ""
    boxes = {x for row in rows for x in row}
    edges = [(needed, x) for x in statements if x in boxes for needed in statements[x].depends if needed in boxes]
    drawing, mark = routed(rows, edges), "tip_" + slug(rows[0][0])
    lines = [
        f'<path class="edge" d="{_path(points)}" marker-end="url(#{mark})"><title>{escape(statements[user].label)} rests on '
        f"{escape(statements[needed].label)}</title></path>"
        for (needed, user), points in drawing.arrows.items()
    ]
    nodes = [_node(statements[x], kinds.get(x, "missing"), at) for x, at in drawing.boxes.items()]
    tip = (
        f'<defs><marker id="{mark}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" '
        'markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 .8L8 4L0 7.2z"/></marker></defs>'
    )
    return (
        f'<svg class="graph" viewBox="0 0 {drawing.width:.0f} {drawing.height:.0f}" style="min-width:{drawing.width:.0f}px" '
        f'role="group" aria-label="Which statement rests on which">{tip}{"".join(lines)}{"".join(nodes)}</svg>'
    )


def _path(points: Sequence[Point]) -> str:
    """Straight pieces with rounded corners; the last one ends where the head of the arrow does."""
    kept = [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]
    text = f"M{kept[0][0]:.1f} {kept[0][1]:.1f}"
    for before, here, after in zip(kept, kept[1:], kept[2:], strict=False):
        a, b = _towards(here, before), _towards(here, after)
        text += f"L{a[0]:.1f} {a[1]:.1f}Q{here[0]:.1f} {here[1]:.1f} {b[0]:.1f} {b[1]:.1f}"
    return text + f"L{kept[-1][0]:.1f} {kept[-1][1]:.1f}"


def _towards(corner: Point, other: Point) -> Point:
    """A point near a corner, half of the way at most."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    step = min(_CORNER, length / 2) / length if length else 0.0
    return corner[0] + step * dx, corner[1] + step * dy


def _short(label: str) -> str:
    """A label that fits its box: the kind of a statement by its first letters, what then is too long cut off.

    Examples
    --------
    >>> _short("Theorem 1"), _short("Printed: Corollary 4"), _short("Theorem 5, readout")
    ('Theorem 1', '“Cor. 4”', 'Thm 5 readout')
    """
    name = label.replace("Corollary", "Cor.").replace("Weingarten inputs", "Weingarten")
    if name.startswith("Printed: "):  # as a paper has it, not as it is true
        name = f"“{name.removeprefix('Printed: ')}”"
    if len(name) > _LONGEST_NAME:
        name = (
            name.replace(", ", " ")
            .replace("Theorem", "Thm")
            .replace("Figure", "Fig.")
            .replace("eigenvalues", "spectrum")
        )
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _node(statement: Statement, kind: str, at: Point) -> str:
    x, y = at
    shown = _short(statement.label)
    # Letters of 12.5 points fill a box at a dozen; more of them are set closer.
    tight = f' textLength="{BOX_WIDTH - 12}" lengthAdjust="spacingAndGlyphs"' if len(shown) > 12 else ""
    told = escape(f"{statement.label}: {statement.name}, {kind.replace('_', ' ')}")
    return (
        f'<a href="#{slug(statement.key)}"><title>{told}</title><rect class="node {escape(kind)}" x="{x - BOX_WIDTH / 2:.1f}" '
        f'y="{y:.1f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="5"/>'
        f'<text x="{x:.1f}" y="{y + 20:.1f}"{tight}>{escape(shown)}</text></a>'
    )
