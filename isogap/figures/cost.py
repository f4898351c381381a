"""How long figures take at ``--scale paper``, for plans and for the time left of a long call; no test rests on it."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["PAPER_SECONDS", "paper_seconds"]

# Wall-clock seconds on two cores that other work shared, those of the figures in the gallery; a quiet machine takes a third of
# the longest. None where a figure was drawn at the quick scale only.
PAPER_SECONDS: dict[str, int | None] = {
    "question": 9, "gap": 6, "fig1": 17, "fig2": 89, "fig3": 63, "fig4": 830, "fig5": 376, "fig6": 2816,
    "table-d1": 50, "e1": 858, "e2": 83, "f1": 830, "f2": 2816, "g1": 830, "g2": 623, "g3": 2816, "g4": 503, "g5": 62,
    "g6": 132, "theorem-5": 617, "rank": 221, "mf-batch": 20, "mf-gain": 1, "mf-stability": 14, "mf-spectrum": 37,
    "mf-rank": 576, "mf-step": 3, "mf-depth": None, "residual-variance": 16, "residual-paths": 85,
    "residual-gradient": 73, "residual-isometry": 28, "residual-depth": 1947, "residual-batch": 263, "c1": 1954,
    "bjorck-f1": 107, "bjorck-f2": 18, "bjorck-f3": 202, "bjorck-f4": 124, "bjorck-f5": 30, "bjorck-f6": 10,
    "bjorck-f7": 17, "bjorck-f8": 4, "bjorck-f9": 124, "bjorck-f20": 228, "bjorck-table1": 44,
}  # fmt: skip

# Figures of one training: the first that is drawn pays.
_SHARED = ({"fig4", "g1", "f1"}, {"fig6", "g3", "f2"}, {"g2", "g4"})


def paper_seconds(names: Iterable[str]) -> tuple[int, list[str]]:
    """Seconds of these figures together, and the names of those that were never timed.

    Examples
    --------
    >>> paper_seconds(["fig1", "fig4", "g1", "mf-depth"])  # fig4 and g1 share their training
    (847, ['mf-depth'])
    """
    left, unknown, total = list(dict.fromkeys(names)), [], 0
    while left:
        name = left.pop(0)
        seconds = PAPER_SECONDS[name]
        if seconds is None:
            unknown.append(name)
            continue
        total += seconds
        together = next((group for group in _SHARED if name in group), set())
        left = [other for other in left if other not in together]
    return total, unknown
