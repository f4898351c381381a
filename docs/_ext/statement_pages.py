"""The theory as implemented: one section per statement of the registry, one page per check, written before the build."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from isogap import bounds
from isogap.verification import load
from isogap.verification.outcome import MEANING
from isogap.verification.report.head import prose
from isogap.verification.statement import Statement, by_group, slug, systems

_HEAD = """\
# The theory as implemented

Every statement that is checked, as the registries in `verify/` have it; this page is generated from them. A check consists of
links, which its verdict needs, and illustrations, which count for nothing; a verdict is the weakest link, and never stronger
than the statements that it rests on. Each check also has to refute false neighbours of its statement.

{meaning}

"""

_REPORT = """\
# The report

What a check saw, statement by statement: the formula, the verdict and what it rests on, every step with its route, the margin,
how often the hypotheses held, the false neighbours and the witnesses against them, and a graph of what rests on what.

{door}

```console
$ isogap-verify --html report.html
```

writes one for the statements as they are; `--statements FOLDER` for [statements of your own](../howto/verify.md). Date, version,
commit, machine and seed stand at its head, with an identifier to cite.
"""


def write(app: Any) -> None:
    """Write ``_generated/theory.md`` and ``_generated/checks/*.md``."""
    target = Path(app.srcdir) / "_generated"
    (target / "checks").mkdir(parents=True, exist_ok=True)
    statements = load()
    report = (Path(app.srcdir) / "_report" / "report.html").is_file()
    parts = [_HEAD.format(meaning="\n".join(f"* *{kind}*: {text}." for kind, text in MEANING.items()))]
    if report:
        parts.append(
            "<p><a href='../report.html'>The report of a run</a> shows the evidence: steps, margins, false neighbours.</p>\n"
        )
    for system, about in systems(statements).items():
        by = ", ".join(x for x in (about.authors, about.source) if x)
        parts += [f"## {about.title or system}\n", *(f"{x}.\n" for x in (by, about.text) if x)]
        for group, members in by_group(s for s in statements.values() if s.system == system).items():
            parts.append(f"### {group}\n")
            parts += [_section(s, report) for s in sorted(members, key=lambda s: _natural(s.label))]
    _update(target / "theory.md", "\n".join(parts))
    _update(target / "report.md", _report_page(report))
    for s in statements.values():
        _update(target / "checks" / f"{slug(s.key)}.md", _check_page(s))


def _report_page(there: bool) -> str:
    """The way to the report of a run, which is a page of its own make; without one, how to make it."""
    door = (
        '<p><a class="door" href="../report.html">Open the report of a run</a></p>'
        if there
        else "These pages were built without one: it is put into `docs/_report` before the build."
    )
    return _REPORT.format(door=door)


def _natural(label: str) -> tuple[str, list[int]]:
    return re.sub(r"\d+", "", label), [int(n) for n in re.findall(r"\d+", label)]


def _section(s: Statement, report: bool) -> str:
    lines = [f"({_anchor(s.key)})=", f"#### {s.label}: {s.name}", "", f"$$\n{s.formula}\n$$", ""]
    if s.corrected:
        lines += ["Correct is", "", f"$$\n{s.corrected}\n$$", ""]
    facts = {
        "Hypotheses": prose(s.hypotheses),
        "Verdict": f"**{s.kind}**, {prose(s.range)}",
        "Origin": s.origin,
        "Source": prose(s.source),
        "Constants of this project": prose(s.ours),
        "Rests on": ", ".join(f"[{key.removeprefix(s.system + '/')}](#{_anchor(key)})" for key in s.depends),
        "Code": ", ".join(f"{{py:func}}`~{name}`" for name in _functions(s)),
        "Check": f"[`verify/{s.system}/{s.file}`](checks/{slug(s.key)}.md)"
        + (f", <a href='../report.html#{slug(s.key)}'>in the report</a>" if report else ""),
    }
    lines += [f":{name}: {text}" for name, text in facts.items() if text]
    return "\n".join(lines) + "\n"


def _anchor(key: str) -> str:
    return "statement-" + slug(key).replace("_", "-")


def _functions(s: Statement) -> list[str]:
    """Functions of the library that the check holds against the statement."""
    text = s.path.read_text(encoding="utf-8")
    names = dict.fromkeys(re.findall(r"\bbounds\.(\w+)", text))
    return [f"isogap.bounds.{n}" for n in names if callable(getattr(bounds, n, None))]


def _check_page(s: Statement) -> str:
    lines = [
        "---\norphan: true\n---",
        f"# Check of {s.label}\n",
        f'{s.name}; see [the statement](#{_anchor(s.key)}). `isogap-verify --only "{s.key}"` runs it.\n',
        f"```{{literalinclude}} ../../../verify/{s.system}/{s.file}\n:language: python\n```\n",
    ]
    return "\n".join(lines)


def _update(path: Path, text: str) -> None:
    """Write only what changed, so that a second build is quick."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Write the pages before the sources are read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
