"""The import picture of the design page: rooms and floors as the import statements of the code itself have them.

A room is a folder or module right under ``isogap``, or ``weingarten``. Its floor is the length of the longest way down.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, DX, DY, LANE = 150, 44, 190, 92, 20
_COLOURS = {"weingarten": "#1f5f8f", "engine": "#1f6f45", "theory": "#8a4b08"}

Edges = set[tuple[str, str]]


def room_of(module: str) -> str | None:
    """Name of the room that a module (``isogap.batch.gap``, ``weingarten.integration.words``) lives in."""
    package, _, rest = module.partition(".")
    if package == "weingarten":
        return "weingarten"
    top = rest.partition(".")[0]
    return top if package == "isogap" and top and not top.startswith("_") else None


def arrows(root: Path) -> Edges:
    """Pairs (importing room, imported room); imports for type checkers alone do not count."""
    found = set()
    for package in ("isogap", "weingarten"):
        for path in (root / package).rglob("*.py"):
            if "statements" in path.parts:
                continue
            parts = path.relative_to(root).with_suffix("").parts
            here = room_of(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
            if here is None:
                continue
            for name in _imports(ast.parse(path.read_text(encoding="utf-8")), root):
                there = room_of(name)
                if there is not None and there != here:
                    found.add((here, there))
    return found


def _imports(tree: ast.Module, root: Path) -> list[str]:
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    names = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            base = root / Path(*node.module.split("."))
            inner = [a.name for a in node.names if (base / a.name).is_dir() or (base / f"{a.name}.py").is_file()]
            names += [f"{node.module}.{name}" for name in inner] or [node.module]
    return names


def floors(edges: Edges) -> dict[str, int]:
    """Floor of every room: 0 for one that imports nothing, else one above the highest that it imports."""
    rooms = {room for edge in edges for room in edge}
    below = {room: [target for source, target in edges if source == room] for room in rooms}
    floor: dict[str, int] = {}
    for _ in rooms:
        for room in rooms:
            if room not in floor and all(target in floor for target in below[room]):
                floor[room] = 1 + max((floor[target] for target in below[room]), default=-1)
    if len(floor) < len(rooms):
        raise ValueError(f"rooms import each other in a circle: {', '.join(sorted(rooms - set(floor)))}")
    return floor


def places(edges: Edges) -> dict[str, tuple[float, float]]:
    """Upper left corner of every room: a row a floor, the highest first, rooms by name and in the middle."""
    floor = floors(edges)
    rows: dict[int, list[str]] = {}
    for room in sorted(floor):
        rows.setdefault(floor[room], []).append(room)
    widest, top = max(map(len, rows.values())), max(rows)
    return {
        room: (20 + (widest - len(row)) * DX / 2 + k * DX, 20 + (top - level) * DY)
        for level, row in rows.items()
        for k, room in enumerate(row)
    }


def direct(edges: Edges) -> Edges:
    """Without the arrows that a longer way says already: what is left has the same reach."""
    reach: dict[str, set[str]] = {}

    def below(room: str) -> set[str]:
        if room not in reach:
            targets = {target for source, target in edges if source == room}
            reach[room] = targets.union(*(below(target) for target in targets))
        return reach[room]

    return {
        (source, target)
        for source, target in edges
        if not any(target in below(other) for start, other in edges if start == source and other != target)
    }


def _way(corner: dict[str, tuple[float, float]], source: str, target: str) -> str:
    """A curve down to the target; where a room is in its way, one that passes all rooms between at their right."""
    (x1, y1), (x2, y2) = corner[source], corner[target]
    x1, x2, y1 = x1 + WIDTH / 2, x2 + WIDTH / 2, y1 + HEIGHT
    between = [(x, y) for x, y in corner.values() if y1 < y < y2 - 1]
    middle = (y1 + y2) / 2
    points = [_on_curve(y1, middle, y2, x1, x2, k / 40) for k in range(41)]
    if not any(x - 5 < px < x + WIDTH + 5 and y < py < y + HEIGHT for x, y in between for px, py in points):
        return f"M{x1} {y1}C{x1} {middle} {x2} {middle} {x2} {y2}"
    lane, gap = max(x for x, _ in between) + WIDTH + LANE, DY - HEIGHT
    first, last = y1 + gap, y2 - gap
    bends = f"C{x1} {y1 + 0.8 * gap} {lane} {y1 + 0.2 * gap} {lane} {first}L{lane} {last}"
    return f"M{x1} {y1}{bends}C{lane} {y2 - 0.2 * gap} {x2} {y2 - 0.8 * gap} {x2} {y2}"


def _on_curve(top: float, middle: float, bottom: float, left: float, right: float, t: float) -> tuple[float, float]:
    """A point of the cubic curve with upright ends."""
    a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
    return (a + b) * left + (c + d) * right, a * top + (b + c) * middle + d * bottom


def svg(edges: Edges) -> str:
    """Draw the picture."""
    corner = places(edges)
    width = max(x for x, _ in corner.values()) + WIDTH + 2 * LANE
    height = max(y for _, y in corner.values()) + HEIGHT + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        'font-family="sans-serif">',
        "<title>Who imports whom</title><defs><marker id='tip' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' "
        "markerHeight='7' orient='auto'><path d='M0 0L8 4L0 8z' fill='#77808a'/></marker></defs>",
    ]
    for source, target in sorted(direct(edges)):
        parts.append(
            f'<path d="{_way(corner, source, target)}" fill="none" stroke="#77808a" stroke-width="1.3" marker-end="url(#tip)"/>'
        )
    for room, (x, y) in corner.items():
        fill = _COLOURS.get(room, "#4a5560")
        parts.append(f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{fill}"/>')
        parts.append(
            f'<text x="{x + WIDTH / 2}" y="{y + HEIGHT / 2 + 4.5}" fill="#fff" font-size="14" text-anchor="middle">'
            f"{room}</text>"
        )
    return "\n".join([*parts, "</svg>"])


def write(app: Any) -> None:
    """Write ``_generated/imports.svg``."""
    target = Path(app.srcdir) / "_generated"
    target.mkdir(exist_ok=True)
    (target / "imports.svg").write_text(svg(arrows(Path(app.srcdir).parent)), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Draw before the sources are read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
