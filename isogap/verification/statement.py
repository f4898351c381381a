"""A statement of a registry as data, and the head of its registry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from isogap.base.remedies import RemedyError

REGISTRY = "statements.toml"

ORIGINS = {
    "printed": "stands in the paper of the system, or in another paper or textbooks, which the entry names",
    "ours": "derived by this project, in this form; the result or a part of it may stand in the literature too",
    "conjecture": "of this project, without a proof: samples agree, and no more is known",
}
"""Where a statement comes from, and whether it is more than a conjecture."""


class RegistryError(RemedyError):
    """The registry and the checks do not belong together; the message says where."""


@dataclass(frozen=True)
class About:
    """Head of a registry: what the report is called, by whom and what the statements are, the order of their groups."""

    title: str = ""
    authors: str = ""
    source: str = ""
    text: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    """One numbered statement.

    Attributes
    ----------
    label : str
        As in the paper, or E1.., S1.., C1 for the identities, sharper statements and the conjecture.
    name, formula, hypotheses, range, source : str
        A name in words, the formula in LaTeX, assumptions, what is covered, where it stands in the paper.
    claim : tuple of str
        What is claimed, in plain letters (`isogap.verification.claims`); the formula is typeset from it.
    words : str
        Why there is no claim: what it says is words, without a number or a relation.
    frame : str
        Formula and correction with ``@1``, ``@2`` where the claims stand.
    origin : str
        One of `ORIGINS`; empty in a registry that does not say.
    ours : str
        Of a printed statement: which constants are not printed in the source, but this project's own.
    kind : str
        The expected verdict, see `isogap.verification.outcome.MEANING`.
    depends : tuple of str
        Keys of the statements that the decision rests on.
    corrected : str
        For a refuted statement: its correct form, in LaTeX.
    group : str
        Heading in the report.
    system : str
        Name of the folder of systems that it belongs to; empty for a registry that stands alone.
    where : Path
        Folder of its registry.
    about : About
        Head of its registry.
    """

    label: str
    name: str
    formula: str
    hypotheses: str
    kind: str
    range: str
    group: str
    source: str = ""
    depends: tuple[str, ...] = ()
    corrected: str = ""
    claim: tuple[str, ...] = ()
    origin: str = ""
    ours: str = ""
    words: str = ""
    frame: str = ""
    system: str = ""
    where: Path = field(default=Path(), compare=False)
    about: About = field(default=About(), compare=False)

    @property
    def key(self) -> str:
        """``chain/E1``; the label alone in a registry that stands alone."""
        return f"{self.system}/{self.label}" if self.system else self.label

    @property
    def full(self) -> str:
        """``chain: E1``, for people."""
        return f"{self.system}: {self.label}" if self.system else self.label

    @property
    def file(self) -> str:
        """Name of the file that holds the check: ``Corollary A.3`` is in ``test_corollary_a_3.py``."""
        return f"test_{slug(self.label)}.py"

    @property
    def path(self) -> Path:
        """File that holds the check."""
        return self.where / self.file


def slug(label: str) -> str:
    """Label or key as part of a file name or an anchor.

    Examples
    --------
    >>> slug("Corollary A.3"), slug("chain/E1")
    ('corollary_a_3', 'chain_e1')
    """
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def systems(statements: Mapping[str, Statement]) -> dict[str, About]:
    """System -> head of its registry, in the order of the statements."""
    return {s.system: s.about for s in statements.values()}


def by_group(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    """Group -> statements of one system, groups in the order of the head, those that it does not name in the order of use."""
    members: dict[str, list[Statement]] = {}
    order: tuple[str, ...] = ()
    for s in statements:
        members.setdefault(s.group, []).append(s)
        order = s.about.groups
    rank = {group: i for i, group in enumerate(dict.fromkeys((*order, *members)))}
    return dict(sorted(members.items(), key=lambda item: rank[item[0]]))
