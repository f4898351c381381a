"""Tables of the explorer: runs on a small grid of every system, with the curves that theory puts beside them.

The page that shows them computes nothing: every number, every curve and every sentence is made here.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from isogap._version import __version__
from isogap.figures.explorer.record import SORTS, TONES, Case, System
from isogap.figures.explorer.tour import TOUR
from isogap.figures.product import Settings

__all__ = ["FORMAT", "explorer_tables", "explorer_text"]

FORMAT = "isogap-explorer/2"


def systems() -> tuple[System, ...]:
    """All systems, in the order of the page."""
    from isogap.figures.explorer import chain, mean_field, products, residual, variants

    return chain.SYSTEM, variants.SYSTEM, mean_field.SYSTEM, residual.SYSTEM, products.SYSTEM


def explorer_tables(settings: Settings, keep: Callable[[Case], bool] = lambda case: True) -> dict[str, object]:
    """Run every case of every system, and return plain data.

    Parameters
    ----------
    settings : Settings
        Seed, threads, progress.
    keep : callable
        Which cases to run; all by default.
    """
    chosen = [(system, [case for case in system.cases() if keep(case)]) for system in systems()]
    if settings.progress is not None:
        settings.progress.start(sum(len(cases) for _, cases in chosen))
    done, found = 0, []
    for system, cases in chosen:
        rows = []
        for case in cases:
            rows.append(system.run(case, settings))
            done += 1
            if settings.progress is not None:
                settings.progress.update(done)
        if rows:
            found.append(system.as_data(rows))
    about = {"format": FORMAT, "version": __version__, "seed": settings.seed}
    words = {"sorts": SORTS, "tones": TONES, "tour": TOUR}
    return {**about, **words, "systems": found}


def explorer_text(tables: dict[str, object]) -> str:
    """The tables as JSON, one case a line, so that a change is seen in a comparison of versions."""
    text = json.dumps(tables, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.replace('{"at":', '\n{"at":') + "\n"
