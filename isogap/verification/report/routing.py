"""Places of boxes and ways of arrows in a layered graph: every arrow runs between the boxes, never through one.

Boxes stand on a grid. Between two rows lies a channel for level pieces, between two columns a corridor for upright ones. An arrow
leaves a box below its middle, goes level in the channel under it, upright in a corridor past the rows between, level in the
channel above its end, and down into it. Arrows that leave the same box share their pieces. Lengths in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BOX_WIDTH, BOX_HEIGHT, TRACK, MARGIN, ARROW = 106, 30, 5, 9, 7

Point = tuple[float, float]
Span = tuple[int, float, float]


@dataclass(frozen=True)
class Drawing:
    """Size, middle of the upper edge of every box, and the corners of every arrow."""

    width: float
    height: float
    boxes: dict[str, Point]
    arrows: dict[tuple[str, str], tuple[Point, ...]]


def routed(rows: Sequence[Sequence[str]], edges: Iterable[tuple[str, str]]) -> Drawing:
    """Place rows of boxes, the first on top, and route the edges, each from an upper to a lower row.

    Examples
    --------
    >>> drawing = routed([["a"], ["b"]], [("a", "b")])
    >>> drawing.arrows["a", "b"][0][0] == drawing.arrows["a", "b"][-1][0]  # straight down
    True
    """
    columns = max((len(row) for row in rows), default=0)
    row_of = {box: i for i, row in enumerate(rows) for box in row}
    column_of = {box: column for row in rows for box, column in zip(row, _columns(len(row), columns), strict=True)}
    wanted = sorted(edges, key=lambda e: (row_of[e[0]], column_of[e[0]], row_of[e[1]], column_of[e[1]]))
    corridor = {e: _corridor(e, column_of) for e in wanted if row_of[e[1]] > row_of[e[0]] + 1}
    upright, lanes = _upright(corridor, row_of)
    left = _offsets([lanes.get(k, 0) for k in range(columns + 1)], BOX_WIDTH)
    middle = {box: left[c + 1] - BOX_WIDTH / 2 for box, c in column_of.items()}
    across = {(e[0], k): left[k] - _room(lanes.get(k, 0)) + MARGIN + TRACK * upright[e[0], k] for e, k in corridor.items()}
    level, tracks = _level(wanted, corridor, middle, across, row_of)
    top = _offsets([0, *(tracks.get(r, 0) for r in range(len(rows) - 1))], BOX_HEIGHT)
    y0 = {box: top[r + 1] - BOX_HEIGHT for box, r in row_of.items()}

    def height(r: int, key: tuple[str, str]) -> float:
        return top[r + 1] + MARGIN + TRACK * level[r, key]

    arrows = {}
    for e in wanted:
        source, target = e
        a, b = middle[source], middle[target]
        first, last = row_of[source], row_of[target] - 1
        out = height(first, ("from", source))
        ways: list[Point] = [(a, y0[source] + BOX_HEIGHT), (a, out)]
        if e in corridor:
            x, into = across[source, corridor[e]], height(last, ("to", source))
            ways += [(x, out), (x, into), (b, into)]
        else:
            ways.append((b, out))
        arrows[e] = _plain([*ways, (b, y0[target])])
    boxes = {box: (middle[box], y0[box]) for box in row_of}
    return Drawing(left[-1] + _room(lanes.get(columns, 0)), top[-1] + MARGIN, boxes, arrows)


def _columns(count: int, columns: int) -> list[int]:
    """Columns of the boxes of a row, spread over all."""
    return [int((i + 0.5) * columns / count) for i in range(count)]


def _corridor(edge: tuple[str, str], column_of: Mapping[str, int]) -> int:
    """The corridor beside the end, on the side of the beginning: number k is left of column k."""
    a, b = column_of[edge[0]], column_of[edge[1]]
    return b if a < b else b + 1


def _room(tracks: int) -> float:
    return 2 * MARGIN + TRACK * max(tracks - 1, 0) + (ARROW if tracks else 0)


def _offsets(tracks: Sequence[int], size: float) -> list[float]:
    """Where the boxes of each column (or row) end; the first entry is the end of the first gap."""
    ends, at = [], 0.0
    for i, count in enumerate(tracks):
        at += _room(count) + (size if i else 0)
        ends.append(at)
    # entry k is the right edge of the gap before column k, entry k + 1 less the next gap its right edge
    return _edges(ends, tracks)


def _edges(ends: Sequence[float], tracks: Sequence[int]) -> list[float]:
    del ends
    return [float(len(tracks))]


def _upright(
    corridor: Mapping[tuple[str, str], int], row_of: Mapping[str, int]
) -> tuple[dict[tuple[str, int], int], dict[int, int]]:
    raise NotImplementedError


def _level(*args: object) -> tuple[dict[tuple[int, tuple[str, str]], int], dict[int, int]]:
    raise NotImplementedError


def _plain(points: Sequence[Point]) -> tuple[Point, ...]:
    raise NotImplementedError
