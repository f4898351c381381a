"""Places of boxes and ways of arrows in a layered graph: every arrow runs between the boxes, never through one.

Boxes stand on a grid. Between two rows lies a channel for level pieces, between two columns a corridor for upright ones. An arrow
leaves a box below, goes level in the channel under it, upright in a corridor past the rows between, level again in the channel
above its end, and down into it. Arrows that leave one box share their pieces. Lengths in pixels.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

BOX_WIDTH, BOX_HEIGHT, TRACK, MARGIN, HEAD = 106, 30, 5, 8, 8
# Arrows leave left of the middle and come in right of it, so that what leaves the box above is no entry to the one below.
ASIDE = 10

Point = tuple[float, float]
Edge = tuple[str, str]


@dataclass(frozen=True)
class Drawing:
    """Size, middle of the upper side of every box, and the corners of every arrow."""

    width: float
    height: float
    boxes: dict[str, Point]
    arrows: dict[Edge, tuple[Point, ...]]


def routed(rows: Sequence[Sequence[str]], edges: Iterable[Edge]) -> Drawing:
    """Place rows of boxes, the first on top, and route the edges, each from an upper row to a lower one.

    Examples
    --------
    >>> drawing = routed([["a"], ["b"], ["c"]], [("a", "b"), ("a", "c")])
    >>> len(drawing.arrows["a", "c"]), drawing.boxes["b"][1] > drawing.boxes["a"][1]
    (6, True)
    """
    columns = max((len(row) for row in rows), default=0)
    row = {box: r for r, boxes in enumerate(rows) for box in boxes}
    column = {box: int((i + 0.5) * columns / len(boxes)) for boxes in rows for i, box in enumerate(boxes)}
    wanted = sorted(edges, key=lambda e: (row[e[0]], column[e[0]], row[e[1]], column[e[1]]))
    corridor = {e: _corridor(column[e[0]], column[e[1]]) for e in wanted if row[e[1]] > row[e[0]] + 1}
    upright = _upright_tracks(corridor, row)
    widths = [2 * MARGIN + TRACK * count for count in _counts(upright, columns + 1)]
    right = list(accumulate(w + BOX_WIDTH for w in widths))  # of the box after corridor k
    middle = {box: right[k] - BOX_WIDTH / 2 for box, k in column.items()}
    across = {key: right[key[1]] - BOX_WIDTH - widths[key[1]] + MARGIN + TRACK * t for key, t in upright.items()}
    level = _level_tracks(wanted, corridor, across, middle, row)
    heights = [2 * MARGIN + HEAD + TRACK * count for count in _counts(level, len(rows))]
    below = list(accumulate(BOX_HEIGHT + h for h in heights))  # of the channel under row r
    top = {box: below[r] - heights[r] - BOX_HEIGHT for box, r in row.items()}
    depth = {key: below[key[1]] - heights[key[1]] + MARGIN + TRACK * t for key, t in level.items()}
    arrows: dict[Edge, tuple[Point, ...]] = {}
    for e in wanted:
        start, end = middle[e[0]] - ASIDE, middle[e[1]] + ASIDE
        out = depth["from " + e[0], row[e[0]]]
        ways: list[Point] = [(start, top[e[0]] + BOX_HEIGHT), (start, out)]
        if e in corridor:
            x, into = across[e[0], corridor[e]], depth[_into(e, corridor), row[e[1]] - 1]
            ways += [(x, out), (x, into), (end, into)]
        else:
            ways.append((end, out))
        arrows[e] = (*ways, (end, top[e[1]]))
    width = right[-1] - BOX_WIDTH if rows else 0.0
    return Drawing(width, below[-1] - heights[-1] + MARGIN if rows else 0.0, _boxes(middle, top), arrows)


def _boxes(middle: Mapping[str, float], top: Mapping[str, float]) -> dict[str, Point]:
    return {box: (x, top[box]) for box, x in middle.items()}


def _corridor(source: int, target: int) -> int:
    """The corridor beside the target, on the side of the source; corridor k lies left of column k."""
    return target if source < target else target + 1


def _into(edge: Edge, corridor: Mapping[Edge, int]) -> str:
    """Name of the level piece that leads from a corridor into the target."""
    return f"to {edge[0]} {corridor[edge]}"


def _upright_tracks(corridor: Mapping[Edge, int], row: Mapping[str, int]) -> dict[tuple[str, int], int]:
    """Track of every upright piece, by source and corridor; pieces side by side where they pass the same channel."""
    spans: dict[tuple[str, int], tuple[float, float]] = {}
    for (source, target), k in corridor.items():
        first, last = spans.get((source, k), (row[source], 0))
        spans[source, k] = first, max(last, row[target] - 1)
    return _tracks(spans, 0.5)


def _level_tracks(
    edges: Sequence[Edge],
    corridor: Mapping[Edge, int],
    across: Mapping[tuple[str, int], float],
    middle: Mapping[str, float],
    row: Mapping[str, int],
) -> dict[tuple[str, int], int]:
    """Track of every level piece, by name and row above it."""
    places: dict[tuple[str, int], list[float]] = {}
    for e in edges:
        start, end = middle[e[0]] - ASIDE, middle[e[1]] + ASIDE
        turn = across[e[0], corridor[e]] if e in corridor else end
        places.setdefault(("from " + e[0], row[e[0]]), []).extend((start, turn))
        if e in corridor:
            places.setdefault((_into(e, corridor), row[e[1]] - 1), []).extend((turn, end))
    return _tracks({key: (min(xs), max(xs)) for key, xs in places.items()}, TRACK)


def _tracks(spans: Mapping[tuple[str, int], tuple[float, float]], gap: float) -> dict[tuple[str, int], int]:
    """The lowest track of its gap in which each span is free of the others; keys are (name, number of the gap)."""
    taken: dict[Hashable, list[list[tuple[float, float]]]] = {}
    found = {}
    for key, (low, high) in sorted(spans.items(), key=lambda item: (item[1][1] - item[1][0], item[0])):
        tracks = taken.setdefault(key[1], [])
        free = (t for t, used in enumerate(tracks) if all(high + gap < a or b + gap < low for a, b in used))
        track = next(free, len(tracks))
        if track == len(tracks):
            tracks.append([])
        tracks[track].append((low, high))
        found[key] = track
    return found


def _counts(tracks: Mapping[tuple[str, int], int], gaps: int) -> list[int]:
    """How many tracks each gap needs."""
    return [max((t + 1 for key, t in tracks.items() if key[1] == k), default=0) for k in range(gaps)]
