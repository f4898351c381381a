"""The report: one HTML page without scripts or network, statements typeset in MathML, plots and graph drawn inside."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from isogap.verification.outcome import KINDS, LINK, Table, Verdict
from isogap.verification.registry import load
from isogap.verification.report.figures import data_uris
from isogap.verification.report.graph import svg
from isogap.verification.report.head import TERMS, judged, legend, origin, prose
from isogap.verification.report.mathml import flowing
from isogap.verification.report.provenance import provenance
from isogap.verification.report.style import STYLE
from isogap.verification.statement import ORIGINS, About, Statement, by_group, slug, systems
from isogap.verification.witnesses import load_witnesses

MOST_TITLES = 3
_KIND = {
    "algebra": "computer algebra",
    "interval": "ball arithmetic on the whole region",
    "finite list": "finite list",
    "sampling": "samples",
    "argument": "argument",
}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def page(verdicts: list[Verdict], *, deep: bool, seed: int, seconds: float, where: Path | None = None) -> str:
    """Return the page; title, authors, groups and witnesses are those of the registries judged."""
    statements = load(where)
    shown = {v.key: v for v in verdicts}
    parts = systems({key: s for key, s in statements.items() if key in shown})
    good = sum(v.passed for v in verdicts)
    left = sum(v.missing for v in verdicts)
    wrong = len(verdicts) - good - left
    status = f"{wrong} NOT as expected" if wrong else "all as expected" if good else "nothing judged"
    if left:
        status += f"; {left} not judged, for want of what the entry names"
    title = escape(_title(parts))
    text = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY, quote=True)}">',
        "<meta name='viewport' content='width=device-width,initial-scale=1'>",
        "<meta name='color-scheme' content='light dark'>",
        f"<title>Proof check: {title}</title><style>{STYLE}</style></head><body><main>",
        f"<h1>Proof check of <i>{title}</i></h1>" if title else "<h1>Proof check</h1>",
        origin(verdicts, deep=deep, seed=seed, seconds=seconds),
        f"<p class='status {'ok' if good and not wrong else 'bad'}'>{good} of {len(verdicts) - left} verdicts: {status}. "
        f"{_count(verdicts)}.</p>",
        judged(parts),
        legend(verdicts, seconds),
    ]
    for system, about in parts.items():
        members = {k: s for k, s in statements.items() if s.system == system}
        text += _system(system, about, members, shown, alone=len(parts) == 1)
    text += [_colophon(), "</main></body></html>"]
    return "\n".join(text)


def _title(parts: dict[str, About]) -> str:
    """Titles of what was judged; their number alone where they would not fit: each stands further down."""
    titles = dict.fromkeys(about.title or system for system, about in parts.items() if about.title or system)
    return "; ".join(titles) if len(titles) <= MOST_TITLES else f"{len(titles)} systems"


def _system(
    system: str, about: About, statements: dict[str, Statement], shown: dict[str, Verdict], *, alone: bool
) -> list[str]:
    """Summary, graph, statements by group and witnesses of one system."""
    own = slug(system) + "_" if system else ""
    name = "" if alone else f": {escape(about.title or system)}"
    groups = {
        g: sorted(members, key=lambda s: _natural(s.label)) for g, members in by_group(statements.values()).items()
    }
    listed = [s for members in groups.values() for s in members if s.key in shown]
    parts = [
        f"<h2 id='{own}verdicts'>Verdicts{name}</h2>",
        TERMS,
        f"<div class='scroll'>{_summary(listed, shown)}</div>",
        *_graph(own, name, statements, shown),
    ]
    for group, members in groups.items():
        inside = [s for s in members if s.key in shown]
        if inside:
            parts.append(f"<h2>{escape(group)}{name}</h2>")
            parts += [_statement(s, shown[s.key]) for s in inside]
    where = next((s.where for s in statements.values()), None)
    return [*parts, _witnesses(where)]


def _graph(own: str, name: str, statements: dict[str, Statement], shown: dict[str, Verdict]) -> list[str]:
    drawn = svg(statements, {k: _class(v) for k, v in shown.items()})
    if not drawn:
        return []
    kinds = dict.fromkeys(
        (_class(v), v.kind if v.passed or v.missing else "not as expected")
        for v in shown.values()
        if v.key in statements
    )
    if any(key not in shown for key in statements):
        kinds["missing", "not judged in this run"] = None
    printed = any(s.label.startswith("Printed: ") for s in statements.values())
    quoted = " In quotation marks: on what is printed." if printed else ""
    key = "".join(f"<li><span class='swatch {k}'></span>{escape(text)}</li>" for k, text in kinds)
    return [
        f"<h2 id='{own}graph'>What rests on what{name}</h2><p>An arrow leads from a statement to one whose check uses it; "
        "a verdict is no stronger than those that it rests on. Statements that rest on nothing here, and on which nothing rests, "
        f"are left out.{quoted}</p>",
        f"<ul class='key'>{key}</ul>",
        f"<div class='scroll' tabindex='0' role='region' aria-label='What rests on what{name}'>{drawn}</div>",
    ]


def _natural(label: str) -> tuple[int, str, list[int]]:
    rank = 0 if label.startswith(("Theorem", "Corollary 4", "Lemma 2")) else 1
    letters = re.sub(r"[0-9.]+", "", label)
    letters = letters.replace("Corollary", "Lemma") if rank else ""
    return rank, letters, [int(n) for n in re.findall(r"[0-9]+", label)]


def _count(verdicts: list[Verdict]) -> str:
    counts = [(sum(v.kind == kind for v in verdicts), kind) for kind in KINDS]
    return ", ".join(f"{n} {kind}" for n, kind in counts if n)


def _summary(listed: list[Statement], shown: dict[str, Verdict]) -> str:
    rows = []
    for s in listed:
        v = shown[s.key]
        margin = (
            ""
            if v.margin is None
            else f"<span title='{escape(v.margin.meaning, quote=True)}'>{_number(v.margin.value)}</span>"
        )
        told = f"{sum(c.refuted for c in v.controls)}/{len(v.controls)}"
        rows.append(
            f"<tr><td><a href='#{slug(s.key)}'>{escape(s.label)}</a></td><td class='wide'>{prose(s.name)}</td>"
            f"<td>{_badge(v)}</td><td>{_origin(s)}</td><td class='num'>{_hand(v)}</td><td class='num'>{margin}</td>"
            f"<td class='num'>{told}</td><td class='num wide'>{v.seconds:.1f}</td></tr>"
        )
    head = "<tr><th>label</th><th class='wide'>statement</th><th>verdict</th><th>origin</th>"
    head += "<th class='num'>by hand</th>"
    head += "<th class='num'>margin</th>"
    head += "<th class='num'>controls</th><th class='wide num'>s</th></tr>"
    return f"<table class='summary'><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _origin(s: Statement) -> str:
    """Origin; of a printed statement with constants of this project, with their mark."""
    said = escape(f"constants of this project: {s.ours}", quote=True)
    return f"<span title='{said}'>{s.origin}*</span>" if s.origin and s.ours else s.origin


def _hand(v: Verdict) -> str:
    """Number of facts applied by hand, here and below."""
    below = f" + {len(v.inherited)}" if v.inherited else ""
    return f"{len(v.arguments)}{below}"


def _class(v: Verdict) -> str:
    return slug(v.kind) if v.passed else "missing" if v.missing else "bad"


def _badge(v: Verdict) -> str:
    text = v.kind if v.passed or v.missing else f"{v.kind} ✗"
    return f"<span class='kind {_class(v)}'>{escape(text)}</span>"


def _number(x: float) -> str:
    return "0" if x == 0 else f"{x:.3g}"


def _statement(s: Statement, v: Verdict) -> str:
    parts = [
        f"<section id='{slug(s.key)}'><h3>{escape(s.label)} <small>{prose(s.name)}</small> {_badge(v)}</h3>",
        f"<div class='formula scroll' tabindex='0'>{flowing(s.formula)}</div>",
        f"<p class='hypotheses'>{prose(s.hypotheses)}{' · ' + escape(s.source) if s.source else ''}</p>",
    ]
    if s.corrected:
        parts.append(
            f"<p>Corrected:</p><div class='formula corrected scroll' tabindex='0'>{flowing(s.corrected)}</div>"
        )
    if v.witness:
        shown = "".join(f"<dt>{escape(k)}</dt><dd><code>{escape(x)}</code></dd>" for k, x in v.witness.items())
        parts.append(
            f"<div class='witness'><b>Witness.</b> {prose(v.message.split(' = ')[0].rsplit(':', 1)[0])}.<dl>{shown}</dl></div>"
        )
    elif v.message:
        parts.append(f"<p class='{'hypotheses' if v.passed or v.missing else 'bad'}'>{escape(v.message)}</p>")
    parts += [_facts(s, v), _steps(v), _controls(s, v)]
    parts += [_table(t) for t in v.tables]
    for plot, uri in zip(v.plots, data_uris(v.plots), strict=True):
        parts.append(f"<figure><img alt='{escape(plot.title, quote=True)}' src='{uri}'></figure>")
    parts.append("</section>")
    return "".join(parts)


def _facts(s: Statement, v: Verdict) -> str:
    margin = "" if v.margin is None else f"<dt>margin</dt><dd>{_number(v.margin.value)}: {prose(v.margin.meaning)}</dd>"
    needs = ", ".join(f"<a href='#{slug(x)}'>{escape(x.removeprefix(f'{s.system}/'))}</a>" for x in s.depends)
    rests = f"<dt>origin</dt><dd>{s.origin}: {ORIGINS[s.origin]}</dd>" if s.origin else ""
    rests += f"<dt>rests on</dt><dd>{needs}</dd>" if needs else ""
    if s.ours:
        rests += f"<dt>constants of this project</dt><dd>{prose(s.ours)}</dd>"
    if v.arguments:
        rests += f"<dt>by hand</dt><dd>{prose('; '.join(v.arguments))} <span class='count'>(arguments)</span></dd>"
    if v.inherited:
        rests += f"<dt>by hand below</dt><dd>{prose('; '.join(v.inherited))}</dd>"
    return (
        f"<dl class='facts'><dt>range</dt><dd>{prose(v.range)}</dd>{margin}<dt>hypotheses held</dt>"
        f"<dd>in {v.held} of {v.tried} instances{_held(v)}</dd>{rests}<dt>time</dt><dd>{v.seconds:.1f} s</dd></dl>"
    )


def _held(v: Verdict) -> str:
    return "" if v.held == v.tried else "; of the others the statement says nothing"


def _steps(v: Verdict) -> str:
    rows = []
    for step in sorted(v.steps, key=lambda step: step.role != LINK):
        many = f" <span class='count'>{step.count} instances</span>" if step.count > 1 else ""
        slack = "" if step.closest is None else f" <span class='count'>closest {_number(step.closest)}</span>"
        detail = f" <span class='detail'>{prose(step.detail)}</span>" if step.detail else ""
        role = "" if step.role == LINK else f" <span class='count'>{step.role}</span>"
        rows.append(f"<li><b>{_KIND[step.kind]}</b> {prose(step.what)}{role}{many}{slack}{detail}</li>")
    if not rows:
        return ""
    links = sum(step.role == LINK for step in v.steps)
    title = f"{links} link{'s' * (links != 1)}, {len(rows) - links} illustration{'s' * (len(rows) - links != 1)}"
    return f"<details><summary>{title}</summary><ul class='steps'>{''.join(rows)}</ul></details>"


def _controls(s: Statement, v: Verdict) -> str:
    name = "True forms that the same check must not refute" if s.kind == "refuted" else "False neighbours"
    said = ("survived, as it must", "refuted too") if s.kind == "refuted" else ("refuted", "SURVIVED")
    rows = "".join(
        f"<li>{prose(c.what)}: <b class='{'' if c.refuted else 'bad'}'>{said[0] if c.refuted else said[1]}</b>"
        f"<span class='detail'> {escape(c.witness[:300])}</span></li>"
        for c in v.controls
    )
    told = f"{sum(c.refuted for c in v.controls)} of {len(v.controls)}"
    return f"<details><summary>{name}: {told}</summary><ul class='steps'>{rows}</ul></details>"


def _table(t: Table) -> str:
    head = "".join(f"<th>{prose(h)}</th>" for h in t.head)
    body = "".join("<tr>" + "".join(f"<td>{prose(c)}</td>" for c in row) + "</tr>" for row in t.rows)
    table = f"<div class='scroll' tabindex='0'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    if len(t.rows) > 20:
        return f"<details><summary>{prose(t.title)} ({len(t.rows)} rows)</summary>{table}</details>"
    return f"<p class='caption'>{prose(t.title)}</p>{table}"


def _witnesses(where: Path | None) -> str:
    items = []
    for name, entry in (load_witnesses(where) if where is not None else {}).items():
        rows = "; ".join(", ".join(row) for row in entry["rows"])
        items.append(
            f"<li><code>{escape(name)}</code>: [{escape(rows)}] <span class='detail'>{escape(entry['what'])}</span></li>"
        )
    if not items:
        return ""
    head = "<h2>Witness matrices</h2><p>As data in <code>witnesses.toml</code>, exact rationals.</p>"
    return f"{head}<ul>{''.join(items)}</ul>"


def _colophon() -> str:
    versions = ", ".join(f"{k} {v}" for k, v in provenance().items())
    return f"<footer><p>Made with {escape(versions)}.</p></footer>"
