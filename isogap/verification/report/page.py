"""The report: one HTML page without scripts or network, statements typeset in MathML, plots and graph drawn inside."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from pathlib import Path

from isogap.verification.outcome import Table, Verdict
from isogap.verification.registry import Statement, load, slug
from isogap.verification.report.figures import data_uris
from isogap.verification.report.graph import svg
from isogap.verification.report.mathml import mathml
from isogap.verification.report.result import provenance
from isogap.verification.report.style import STYLE
from isogap.verification.sampling import FAMILY_LEVEL, MAX_COMPARISONS
from isogap.verification.witnesses import load_witnesses

_MEANING = {
    "proved": "an exact identity or inequality for all parameters: computer algebra on the reduction, Sturm sequences or ball "
    "arithmetic for the scalar inequalities on their whole intervals",
    "certified": "rigorous enclosures in ball arithmetic for the stated finite set of parameters",
    "consistent": "Monte Carlo, at a stated confidence",
    "refuted": "false, with a witness",
}
_ROUTE = {
    "algebra": "computer algebra",
    "sign": "sign on the whole interval",
    "interval": "ball arithmetic on the whole interval",
    "enclosure": "enclosures",
    "sample": "samples",
    "known": "textbook fact",
}


def page(verdicts: list[Verdict], *, deep: bool, seed: int, seconds: float, where: Path | None = None) -> str:
    """Return the page."""
    statements = load(where)
    shown = {v.label: v for v in verdicts}
    listed = [s for s in _in_file_order(statements) if s.label in shown]
    good = sum(v.passed for v in verdicts)
    status = "all as expected" if good == len(verdicts) else f"{len(verdicts) - good} NOT as expected"
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width,initial-scale=1'>",
        f"<title>Proof check: {len(verdicts)} statements</title><style>{STYLE}</style></head><body><main>",
        "<h1>Proof check of <i>Towards Training Without Depth Limits</i></h1>",
        "<p class='lead'>Batch-normalised deep linear networks with random orthogonal weights: every numbered statement of "
        "Meterez, Joudaki, Orabona, Immer, Rätsch, Daneshmand (arXiv:2310.02012), the identities behind them, and sharper "
        "and wider forms, each decided by a route that shares no code with what it judges.</p>",
        f"<p class='status {'ok' if good == len(verdicts) else 'bad'}'>{good} of {len(verdicts)} verdicts: {status}. "
        f"{_count(verdicts)}.</p>",
        _legend(verdicts, seconds),
        "<h2 id='verdicts'>Verdicts</h2>",
        _summary(listed, shown),
        "<h2 id='graph'>What rests on what</h2><p>Identities above, theorems below; an edge leads from a statement to those "
        "whose proof uses it. A proof counts only if all it rests on is proved.</p>",
        f"<div class='scroll'>{svg(statements, {k: _class(v) for k, v in shown.items()})}</div>",
    ]
    for group, members in groupby(listed, key=lambda s: s.group):
        parts.append(f"<h2>{escape(group)}</h2>")
        parts += [_statement(s, shown[s.label]) for s in members]
    parts += [_witnesses(), _colophon(deep, seed, seconds), "</main></body></html>"]
    return "\n".join(parts)


def _in_file_order(statements: dict[str, Statement]) -> list[Statement]:
    """By group, in the order in which a reader wants them."""
    order = ["Paper: isometry", "Paper: gradients", "As printed, not true", "Sharper and wider", "Exact identities"]
    return sorted(
        statements.values(), key=lambda s: (order.index(s.group) if s.group in order else 9, _natural(s.label))
    )


def _natural(label: str) -> tuple[int, str, list[int]]:
    rank = 0 if label.startswith(("Theorem", "Corollary 4", "Lemma 2")) else 1
    letters = re.sub(r"[0-9.]+", "", label)
    letters = letters.replace("Corollary", "Lemma") if rank else ""
    return rank, letters, [int(n) for n in re.findall(r"[0-9]+", label)]


def _count(verdicts: list[Verdict]) -> str:
    kinds = ("proved", "certified", "consistent", "refuted")
    counts = [(sum(v.kind == kind for v in verdicts), kind) for kind in kinds]
    return ", ".join(f"{n} {kind}" for n, kind in counts if n)


def _legend(verdicts: list[Verdict], seconds: float) -> str:
    items = "".join(
        f"<dt><span class='kind {k}'>{k}</span></dt><dd>{escape(text)}</dd>" for k, text in _MEANING.items()
    )
    controls = sum(len(v.controls) for v in verdicts)
    refuted = sum(c.refuted for v in verdicts for c in v.controls)
    compared = sum(v.comparisons for v in verdicts)
    return (
        f"<dl class='legend'>{items}</dl><p>Every check must also tell false neighbours of its statement (a constant improved "
        f"past the truth, a hypothesis dropped, a sign turned) from the statement: {refuted} of {controls} told apart. "
        f"{compared} sample means were compared with exact values; each comparison has the share "
        f"{FAMILY_LEVEL / MAX_COMPARISONS:g} of a family-wise false-alarm level of {FAMILY_LEVEL:g} for the whole suite. "
        f"Run time {seconds:.0f} s.</p>"
    )


def _summary(listed: list[Statement], shown: dict[str, Verdict]) -> str:
    rows = []
    for s in listed:
        v = shown[s.label]
        margin = (
            ""
            if v.margin is None
            else f"<span title='{escape(v.margin.meaning, quote=True)}'>{_number(v.margin.value)}</span>"
        )
        told = f"{sum(c.refuted for c in v.controls)}/{len(v.controls)}"
        rows.append(
            f"<tr><td><a href='#{slug(s.label)}'>{escape(s.label)}</a></td><td class='wide'>{_prose(s.name)}</td>"
            f"<td>{_badge(v)}</td><td class='num'>{margin}</td><td class='num'>{told}</td>"
            f"<td class='num wide'>{v.seconds:.1f}</td></tr>"
        )
    head = "<tr><th>label</th><th class='wide'>statement</th><th>verdict</th><th class='num'>margin</th>"
    head += "<th class='num'>controls</th><th class='wide num'>s</th></tr>"
    return f"<table class='summary'><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _prose(text: str) -> str:
    """Escaped text with ``X_0`` and ``λ_max`` as subscripts."""
    return re.sub(r"([A-Za-zφλτεσ])_(min|max|op|[0-9]+|[ℓτA-Za-z*](?![A-Za-z]))", r"\1<sub>\2</sub>", escape(text))


def _class(v: Verdict) -> str:
    return v.kind if v.passed else "bad"


def _badge(v: Verdict) -> str:
    text = v.kind if v.passed else f"{v.kind} ✗"
    return f"<span class='kind {_class(v)}'>{escape(text)}</span>"


def _number(x: float) -> str:
    return "0" if x == 0 else f"{x:.3g}"


def _statement(s: Statement, v: Verdict) -> str:
    parts = [
        f"<section id='{slug(s.label)}'><h3>{escape(s.label)} <small>{_prose(s.name)}</small> {_badge(v)}</h3>",
        f"<div class='formula scroll'>{mathml(s.formula)}</div>",
        f"<p class='hypotheses'>{_prose(s.hypotheses)}{' · ' + escape(s.source) if s.source else ''}</p>",
    ]
    if s.corrected:
        parts.append(f"<p>Corrected:</p><div class='formula corrected scroll'>{mathml(s.corrected)}</div>")
    if v.witness:
        shown = "".join(f"<dt>{escape(k)}</dt><dd><code>{escape(x)}</code></dd>" for k, x in v.witness.items())
        parts.append(
            f"<div class='witness'><b>Witness.</b> {_prose(v.message.split(' = ')[0].rsplit(':', 1)[0])}.<dl>{shown}</dl></div>"
        )
    elif v.message:
        parts.append(f"<p class='bad'>{escape(v.message)}</p>")
    parts += [_facts(s, v), _steps(v), _controls(s, v)]
    parts += [_table(t) for t in v.tables]
    for plot, uri in zip(v.plots, data_uris(v.plots), strict=True):
        parts.append(f"<figure><img alt='{escape(plot.title, quote=True)}' src='{uri}'></figure>")
    parts.append("</section>")
    return "".join(parts)


def _facts(s: Statement, v: Verdict) -> str:
    margin = (
        "" if v.margin is None else f"<dt>margin</dt><dd>{_number(v.margin.value)} ({_prose(v.margin.meaning)})</dd>"
    )
    needs = ", ".join(f"<a href='#{slug(x)}'>{escape(x)}</a>" for x in s.depends)
    rests = f"<dt>rests on</dt><dd>{needs}</dd>" if needs else ""
    return (
        f"<dl class='facts'><dt>range</dt><dd>{_prose(v.range)}</dd>{margin}<dt>hypotheses held</dt>"
        f"<dd>in {v.held} of {v.tried} instances</dd>{rests}<dt>time</dt><dd>{v.seconds:.1f} s</dd></dl>"
    )


def _steps(v: Verdict) -> str:
    rows = []
    for step in v.steps:
        many = f" <span class='count'>{step.count} instances</span>" if step.count > 1 else ""
        slack = "" if step.closest is None else f" <span class='count'>closest {_number(step.closest)}</span>"
        detail = f" <span class='detail'>{_prose(step.detail)}</span>" if step.detail else ""
        rows.append(
            f"<li class='{step.route}'><b>{_ROUTE[step.route]}</b> {_prose(step.what)}{many}{slack}{detail}</li>"
        )
    if not rows:
        return ""
    title = f"Route: {len(v.steps)} step{'s' * (len(v.steps) > 1)}"
    return f"<details><summary>{title}</summary><ul class='steps'>{''.join(rows)}</ul></details>"


def _controls(s: Statement, v: Verdict) -> str:
    name = "True forms that the same check must not refute" if s.kind == "refuted" else "False neighbours"
    said = ("survived, as it must", "refuted too") if s.kind == "refuted" else ("refuted", "SURVIVED")
    rows = "".join(
        f"<li>{_prose(c.what)}: <b class='{'' if c.refuted else 'bad'}'>{said[0] if c.refuted else said[1]}</b>"
        f"<span class='detail'> {escape(c.witness[:300])}</span></li>"
        for c in v.controls
    )
    told = f"{sum(c.refuted for c in v.controls)} of {len(v.controls)}"
    return f"<details><summary>{name}: {told}</summary><ul class='steps'>{rows}</ul></details>"


def _table(t: Table) -> str:
    head = "".join(f"<th>{_prose(h)}</th>" for h in t.head)
    body = "".join("<tr>" + "".join(f"<td>{_prose(c)}</td>" for c in row) + "</tr>" for row in t.rows)
    table = f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    if len(t.rows) > 20:
        return f"<details><summary>{_prose(t.title)} ({len(t.rows)} rows)</summary>{table}</details>"
    return f"<p class='caption'>{_prose(t.title)}</p>{table}"


def _witnesses() -> str:
    items = []
    for name, entry in load_witnesses().items():
        rows = "; ".join(", ".join(row) for row in entry["rows"])
        items.append(
            f"<li><code>{escape(name)}</code>: [{escape(rows)}] <span class='detail'>{escape(entry['what'])}</span></li>"
        )
    head = "<h2 id='witnesses'>Witness matrices</h2><p>As data in <code>witnesses.toml</code>, exact rationals.</p>"
    return f"{head}<ul>{''.join(items)}</ul>"


def _colophon(deep: bool, seed: int, seconds: float) -> str:
    versions = ", ".join(f"{k} {v}" for k, v in provenance().items())
    level = "deep" if deep else "quick"
    return f"<footer><p>{level} run, seed {seed}, {seconds:.0f} s. {escape(versions)}.</p></footer>"
