r"""The machinery of the proof check: registries, decisions, false neighbours, report.

A *system* is a folder with a registry, ``statements.toml``, and one check a statement, ``test_<label>.py``. The systems of
this package are in ``verify/`` of the source tree and in ``isogap/verification/statements`` of an installed package::

    [about]                                   # statements.toml
    title = "Theory of something"
    authors = "A. Author"
    source = "where it is printed"
    groups = ["Identities", "Theorems"]       # in the order of the report

    [[statement]]
    label = "Theorem 2"
    name = "..."
    group = "Theorems"
    formula = "LaTeX"
    hypotheses = "..."
    kind = "reduced by hand"                  # the verdict that is expected
    range = "every d"
    depends = ["Lemma 1", "chain/E1"]         # this system's, or another's by its name

A check is ``decide(case, **claim)``, which returns nothing, and ``FALSE_NEIGHBOURS``; see `isogap.verification.case.Case`.
Every step of it is a link, which the verdict needs, unless it stands in ``with case.illustrations():``. The verdict is the
weakest link:

=====================  =================================================  =====================================
kind of link           methods of `Case`                                  verdict at best
=====================  =================================================  =====================================
algebra                identity, words, constant, rises, nonnegative,     machine-decided
                       follows
interval               interval                                           machine-decided
argument               argument                                           reduced by hand
finite list            exact, at_most, agree                              certified
sampling               mean_equals, mean_at_most, pathwise                consistent
=====================  =================================================  =====================================

A formula that the check evaluates is better written as ``claim``, in plain letters, than as LaTeX::

    [symbols]                                 # LaTeX of names
    mean_next = '''\mathbb{E}[\varphi_{\ell+1}\mid X_\ell]'''

    [[statement]]                             # in place of formula
    claim = ["mean_next <= phi + log(1 - p2/(2*d^2*(d+2)))"]

It is typeset for the page, and ``case.claim.right`` gives it to the check: ``.ball(d=4, phi=..., p2=...)``, ``.sympy()``,
``.float(...)``; ``case.below("Lemma 1")`` are the claims of a statement that it rests on. ``case.decides("<=")`` says
which relations it decides. A check that does not evaluate all of its claims decides nothing. A statement without numbers and
relations has a ``formula`` alone, and says so: ``words = "why"``. Neighbours are edits of the same text:
``FALSE_NEIGHBOURS = {"twice as fast": replace("2*d^2", "d^2")}``.

``library`` is always an illustration. A verdict is never stronger than the statements that it rests on, which are judged in
the same run. Steps whose two sides are the same as written are refused.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isogap.verification.case import Case
    from isogap.verification.choice import closure, folder
    from isogap.verification.claims import replace
    from isogap.verification.outcome import (
        MissingError,
        RefutedError,
        TrivialError,
        UndecidedError,
        VacuousError,
        Verdict,
    )
    from isogap.verification.registry import check_module, load
    from isogap.verification.runner import judge, judge_all
    from isogap.verification.statement import RegistryError, Statement

# Loaded on first use (PEP 562): computer algebra and ball arithmetic take seconds.
_HOME = {
    "Case": "case",
    "replace": "claims",
    "Verdict": "outcome",
    "Statement": "statement",
    "judge": "runner",
    "judge_all": "runner",
    "load": "registry",
    "folder": "choice",
    "closure": "choice",
    "check_module": "registry",
    "RefutedError": "outcome",
    "MissingError": "outcome",
    "UndecidedError": "outcome",
    "VacuousError": "outcome",
    "TrivialError": "outcome",
    "RegistryError": "statement",
}

__all__ = [
    "Case",
    "replace",
    "Verdict",
    "Statement",
    "judge",
    "judge_all",
    "load",
    "folder",
    "closure",
    "check_module",
    "MissingError",
    "RefutedError",
    "UndecidedError",
    "VacuousError",
    "TrivialError",
    "RegistryError",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
