"""What ``isogap-verify`` prints."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isogap.verification.outcome import Verdict


def table(verdicts: list[Verdict], seconds: float) -> str:
    """Table of the verdicts, what failed and why, and what the labels say."""
    import io

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    several = len({v.system for v in verdicts}) > 1
    terminal = sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else 110
    text = io.StringIO()
    console = Console(file=text, highlight=False, width=width, force_terminal=terminal)
    rows = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("statement", "origin", "verdict"):
        rows.add_column(name)
    for name in ("by hand", "held", "margin", "neighbours", "s"):
        rows.add_column(name, justify="right")
    for v in verdicts:
        rows.add_row(*map(escape, _row(v, several=several)))
    console.print(rows)
    for v in verdicts:
        if not v.passed:
            console.print(escape(f"{v.key}: {v.message or 'see the false neighbours'}"), soft_wrap=True)
            for c in v.controls:
                if not c.refuted:
                    console.print(escape(f"  survived: {c.what} ({c.witness})"), soft_wrap=True)
    for line in _legend(verdicts):
        console.print(line)
    good, left = sum(v.passed for v in verdicts), sum(v.missing for v in verdicts)
    compared, approximate = sum(v.comparisons for v in verdicts), sum(v.approximate for v in verdicts)
    unjudged = f", {left} not judged" if left else ""
    console.print(
        f"{good} of {len(verdicts) - left} verdicts as expected{unjudged} in {seconds:.0f} s; "
        f"{compared} comparisons of sample means, "
        f"false alarms of the whole suite at most 1e-6 ({approximate} by Student's t, which is no bound)",
        soft_wrap=True,
    )
    return text.getvalue()


def _row(v: Verdict, *, several: bool) -> list[str]:
    """Cells of one statement."""
    kind = (
        v.kind
        if v.passed or v.missing
        else f"{v.kind}, expected {v.expected}"
        if v.kind != v.expected
        else "neighbour SURVIVED"
    )
    below = f" + {len(v.inherited)}" if v.inherited else ""
    return [
        f"{v.system}: {v.label}" if several else v.label,
        f"{v.origin}*" if v.origin and v.ours else v.origin,
        kind,
        f"{len(v.arguments)}{below}",
        f"{v.held} of {v.tried}",
        "" if v.margin is None else f"{v.margin.value:.3g}",
        f"{sum(c.refuted for c in v.controls)} of {len(v.controls)}",
        f"{v.seconds:.1f}",
    ]


def _legend(verdicts: list[Verdict]) -> list[str]:
    """What the words of the table mean, those that are in it."""
    from isogap.verification.outcome import MEANING
    from isogap.verification.statement import ORIGINS

    found = {v.origin for v in verdicts}
    lines = [f"{origin}: {text}" for origin, text in ORIGINS.items() if origin in found]
    if any(v.origin and v.ours for v in verdicts):
        lines.append("*: with constants of this project, which the report names")
    lines += [f"{kind}: {MEANING[kind]}" for kind in dict.fromkeys(v.kind for v in verdicts) if kind in MEANING]
    if any(v.arguments or v.inherited for v in verdicts):
        lines.append("by hand: facts applied by hand in the check + in those of the statements that it rests on")
    return [*lines, "held: instances in which the hypotheses held; neighbours: false ones that were refuted"]
