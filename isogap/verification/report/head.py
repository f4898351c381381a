"""Head of the report: where it comes from, what was judged, what its words mean."""

from __future__ import annotations

import re
from html import escape

from isogap._version import __version__
from isogap.verification.outcome import MEANING, Verdict
from isogap.verification.report.provenance import commit, date, identifier, machine
from isogap.verification.sampling import FAMILY_LEVEL, MAX_COMPARISONS
from isogap.verification.statement import ORIGINS, About, slug

TERMS = (
    "<p class='terms'><b>By hand</b>: named textbook facts that the check applies without deciding them, plus those of the "
    "statements below it; each is named at the statement. <b>Origin</b>: whose the statement is, and whether it is a "
    "conjecture; * where constants of a printed statement are this project's. <b>Margin</b>: how far the statement is from "
    "failing in what was looked at, 0 where it holds with equality; what the number measures stands at the statement. "
    "<b>Controls</b>: false neighbours of the statement that the same check refuted, of all that it was given.</p>"
)


def origin(verdicts: list[Verdict], *, deep: bool, seed: int, seconds: float) -> str:
    """What a reader who cites the page needs, or one who repeats the run."""
    facts = {
        "date": date(),
        "version": f"isogap {__version__}",
        "commit": commit() or "not known (installed without one)",
        "identifier": identifier(verdicts, deep=deep, seed=seed),
        "run": f"{'deep' if deep else 'quick'}, seed {seed}, {seconds:.0f} s",
        "machine": machine(),
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    return f"<dl class='facts origin'>{rows}</dl>"


def judged(parts: dict[str, About]) -> str:
    """Title, authors and source of every system judged, and what it is about."""
    entries = []
    for about in parts.values():
        by = ", ".join(escape(x) for x in (about.authors, about.source) if x)
        title = f"<cite>{escape(about.title)}</cite>" if about.title and len(parts) > 1 else ""
        text = f"{prose(about.text)}." if about.text else ""
        head = ": ".join(x for x in (title, by) if x)
        if head or text:
            entries.append(f"<p class='lead'>{head}{'. ' if head else ''}{text}</p>")
    return "".join(entries)


def legend(verdicts: list[Verdict], seconds: float) -> str:
    """What the verdicts say, and at what level samples were compared."""
    items = "".join(
        f"<dt><span class='kind {slug(k)}'>{k}</span></dt><dd>{escape(text)}</dd>" for k, text in MEANING.items()
    )
    items += "".join(
        f"<dt>{origin}</dt><dd>origin: {escape(text)}</dd>"
        for origin, text in ORIGINS.items()
        if any(v.origin == origin for v in verdicts)
    )
    controls = sum(len(v.controls) for v in verdicts)
    refuted = sum(c.refuted for v in verdicts for c in v.controls)
    compared = sum(v.comparisons for v in verdicts)
    return (
        f"<dl class='legend'>{items}</dl><p>A verdict is the weakest of the links that it needs, and of the statements that it "
        "rests on; illustrations may refute, and count for nothing. Every check must also tell false neighbours of its "
        "statement (a constant improved past the truth, a hypothesis dropped, a sign turned) from the statement: "
        f"{refuted} of {controls} told apart. "
        f"{compared} sample means were compared with exact values; each comparison has the share "
        f"{FAMILY_LEVEL / MAX_COMPARISONS:g} of a family-wise false-alarm level of {FAMILY_LEVEL:g} for the whole suite, by the "
        f"empirical Bernstein inequality; {sum(v.approximate for v in verdicts)} of them by Student's t, which is no bound. "
        f"Run time {seconds:.0f} s.</p>"
    )


_SCRIPT = re.compile(
    r"(?<![a-z]{2})([A-Za-zα-ωΑ-Ω‖)])_(?:\{([^{}]+)\}|(min|max|op|ij|jj|kl|[0-9]+|[ℓτωA-Za-z*](?![a-z])))"
)


def prose(text: str) -> str:
    """Escaped text with ``X_0``, ``λ_max`` and ``φ_{k+1}`` as subscripts.

    Examples
    --------
    >>> prose("φ_{k+1} < bounds.theorem_3")
    'φ<sub>k+1</sub> &lt; bounds.theorem_3'
    """
    return _SCRIPT.sub(lambda m: f"{m[1]}<sub>{m[2] or m[3]}</sub>", escape(text))
