"""Names that are not known: which known one was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_DIGITS = re.compile(r"\d+")


def did_you_mean(name: object, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return ``"; did you mean X?"``, or nothing where no known name is close; another number is another name.

    Examples
    --------
    >>> did_you_mean("orthognal", ["orthogonal", "gaussian"])
    '; did you mean orthogonal?'
    >>> did_you_mean("svhn", ["digits", "mnist"]), did_you_mean("fig9", ["fig6"])
    ('', '')
    """
    asked = str(name).lower()
    spelled = {choice.lower(): choice for choice in known if not _only_numbers_differ(asked, choice.lower())}
    near = difflib.get_close_matches(asked, spelled, 1, cutoff=cutoff)
    return f"; did you mean {spelled[near[0]]}?" if near else ""


def _only_numbers_differ(name: str, other: str) -> bool:
    return name != other and bool(_DIGITS.search(name)) and _DIGITS.sub("0", name) == _DIGITS.sub("0", other)
