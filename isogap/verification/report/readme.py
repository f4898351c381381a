"""``README.md`` of the folder of systems and of every system, written from the registries."""

from __future__ import annotations

from isogap.verification.outcome import MEANING
from isogap.verification.registry import folder, load
from isogap.verification.sampling import FAMILY_LEVEL, MAX_COMPARISONS
from isogap.verification.statement import ORIGINS, About, Statement, by_group, systems

_HEAD = """\
# Proof check

Generated from the registries by `python -m isogap.verification.report.readme`; do not edit.

    pytest verify/                      # every system; verify/NAME for one
    pytest verify/ --deep               # all widths, all starts, long runs
    isogap-verify --html report.html    # the same checks as a report; works from an installed package too

A check consists of steps. A *link* is needed for the verdict: computer algebra, an interval over the whole region, a finite
list, samples, or an *argument*, a named textbook fact that is applied by hand. An *illustration* is shown beside it: it can
refute, and counts for nothing. The verdict is the weakest link, and never stronger than the statements that it rests on,
which are judged in the same run:

{meaning}

A statement has an origin, which says whose it is and, where it is a conjecture, that nothing proves it:

{origins}

Samples: at most {comparisons} comparisons of sample means, each at {share:g} by the empirical Bernstein inequality, raise a false
alarm with probability at most {level:g}. Where a variable has no known range Student's t stands in, which is no bound: such
comparisons are counted apart. A sampled step says what departure it would notice; departures built for the purpose have to be.

Every check must also tell false neighbours of its statement from the statement: they are the `FALSE_NEIGHBOURS` of each
file. For a refuted statement these are true forms, which the same check must not refute. A check whose hypotheses never
held fails.
"""


_NOTE = (
    "Generated from `statements.toml` by `python -m isogap.verification.report.readme`; do not edit. "
    "What verdicts and origins mean: [proof check](../README.md)."
)


def head() -> str:
    """What the labels and the checks are."""
    meaning = "\n".join(f"* **{kind}**: {text}." for kind, text in MEANING.items())
    origins = "\n".join(f"* **{origin}**: {text}." for origin, text in ORIGINS.items())
    share = FAMILY_LEVEL / MAX_COMPARISONS
    return _HEAD.format(meaning=meaning, origins=origins, level=FAMILY_LEVEL, comparisons=MAX_COMPARISONS, share=share)


def overview(statements: dict[str, Statement]) -> str:
    """Text about a folder of systems: what labels and checks are, and which systems there are."""
    rows = [f"| [{name}]({name}/README.md) | {about.title} | {about.source} |" for name, about in _found(statements)]
    return "\n".join([head(), "## Systems\n", "| system | title | source |", "|---|---|---|", *rows]) + "\n"


def _found(statements: dict[str, Statement]) -> list[tuple[str, About]]:
    return sorted(systems(statements).items())


def readme(statements: dict[str, Statement], system: str = "") -> str:
    """Text about one registry: what it is, and its statements by group.

    Examples
    --------
    >>> from isogap.verification import load
    >>> readme(load(), "chain").splitlines()[0]
    '# Towards Training Without Depth Limits'
    """
    members = [s for s in statements.values() if s.system == system]
    about = members[0].about if members else About()
    parts = [f"# {about.title or system or 'Statements'}\n", f"{_NOTE}\n"]
    parts += [f"{x}\n" for x in (about.text, about.authors, about.source) if x]
    for group, inside in by_group(members).items():
        parts += [
            f"\n## {group}\n",
            "| statement | what it says | origin | verdict | range | rests on |",
            "|---|---|---|---|---|---|",
        ]
        parts += [_row(s, f"{system}/" if system else "") for s in inside]
    return "\n".join(parts) + "\n"


def _row(s: Statement, own: str) -> str:
    formula = f"{s.name}: ${s.formula}$".replace("|", "\\vert ")
    formula += f" (this project's constants, not the paper's: {s.ours})".replace("|", "\\|") if s.ours else ""
    rests = ", ".join(x.removeprefix(own) for x in s.depends)
    cells = (f"[{s.label}]({s.file})", formula, s.origin, s.kind, s.range.replace("|", "\\|"), rests)
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write ``README.md`` beside the registries."""
    statements = load()
    (folder() / "README.md").write_text(overview(statements), encoding="utf-8")
    for system in systems(statements):
        (folder() / system / "README.md").write_text(readme(statements, system), encoding="utf-8")


if __name__ == "__main__":
    main()
