"""What a mistyped word may have been meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def meant(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean X?` for the nearest of the known words, or nothing if none is near.

    Examples
    --------
    >>> meant("--grup", ["--group", "--format"]), meant("nothing", ["wg"])
    ('; did you mean --group?', '')
    """
    from difflib import get_close_matches

    spelled = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), spelled, n=1)
    return f"; did you mean {spelled[near[0]]}?" if near else ""
