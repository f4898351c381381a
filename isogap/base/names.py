"""Names that are not known: which known one was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return ``"; did you mean X?"``, or nothing where no known name is close.

    Examples
    --------
    >>> did_you_mean("orthognal", ["orthogonal", "gaussian"])
    '; did you mean orthogonal?'
    >>> did_you_mean("svhn", ["digits", "mnist"])
    ''
    """
    spelled = {choice.lower(): choice for choice in known}
    near = difflib.get_close_matches(str(name).lower(), spelled, 1, cutoff=0.6)
    return f"; did you mean {spelled[near[0]]}?" if near else ""
