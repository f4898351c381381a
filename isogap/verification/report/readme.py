"""``verify/README.md``, written from the registry."""

from __future__ import annotations

from isogap.verification.registry import Statement
from isogap.verification.sampling import FAMILY_LEVEL, MAX_COMPARISONS

_HEAD = """\
# Proof check

Generated from `statements.toml` by `python -m isogap.verification.report.readme`; do not edit.

Every numbered statement of Meterez et al., arXiv:2310.02012, the identities behind them, sharper and wider forms, and the
statements that are not true as printed. One file each, the statement on its first line.

    pytest verify/                      # about a minute and a half on two cores
    pytest verify/ --deep               # all widths, all starts, long runs: five minutes of processor time or more
    isogap-verify --html report.html    # the same checks as a report; works from an installed package too

* **proved**: an exact identity or inequality for all parameters: computer algebra on the reduction, Sturm sequences or ball
  arithmetic for the scalar inequality on its whole interval. It counts only if everything that it rests on is proved.
* **certified**: rigorous enclosures in ball arithmetic for the stated finite set of parameters.
* **consistent**: Monte Carlo. The whole suite raises a false alarm with probability at most {level:g}: at most {comparisons}
  comparisons of sample means, each at {share:g}; by the empirical Bernstein inequality where the variable has a known range
  (no approximation), by Student's t where it has none.
* **refuted**: false, with a witness (matrices in `witnesses.toml`).

Every check must also tell false neighbours of its statement from the statement: they are the `FALSE_NEIGHBOURS` of each
file. For a refuted statement these are true forms, which the same check must not refute. A check whose hypotheses never
held fails.
"""


def readme(statements: dict[str, Statement]) -> str:
    """Return the text.

    Examples
    --------
    >>> from isogap.verification import load
    >>> readme(load()).splitlines()[0]
    '# Proof check'
    """
    parts = [
        _HEAD.format(level=FAMILY_LEVEL, comparisons=MAX_COMPARISONS, share=FAMILY_LEVEL / MAX_COMPARISONS),
    ]
    groups: dict[str, list[Statement]] = {}
    for statement in statements.values():
        groups.setdefault(statement.group, []).append(statement)
    for group, members in sorted(groups.items(), key=lambda item: _ORDER.index(item[0])):
        parts += [f"\n## {group}\n", "| statement | what it says | kind | range | rests on |", "|---|---|---|---|---|"]
        for s in members:
            formula = f"{s.name}: ${s.formula}$".replace("|", "\\vert ")
            parts.append(f"| [{s.label}]({s.file}) | {formula} | {s.kind} | {s.range} | {', '.join(s.depends)} |")
    return "\n".join(parts) + "\n"


_ORDER = ["Paper: isometry", "Paper: gradients", "As printed, not true", "Sharper and wider", "Exact identities"]


def main() -> None:
    """Write ``README.md`` beside the registry."""
    from isogap.verification.registry import folder, load

    (folder() / "README.md").write_text(readme(load()), encoding="utf-8")


if __name__ == "__main__":
    main()
