"""Random matrices under another name than here: what to write instead, for the refusal to end with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

USUAL = ("W", "U", "S", "V", "O", "Q")  # usual names of random matrices: as constants they are mentioned
_OWN = {"U": "U", "S": "Sp"}  # letter -> the group whose matrix is called so, where it is not the default one


def remedy(word: str, text: str, haar: Sequence[str], group: str = "") -> str:
    """Return how to write a matrix or an entry that is meant to be random and is called something else here.

    Parameters
    ----------
    word : str
        The name, with the indices of an entry behind it.
    text : str
        The whole expression: the names of `haar` that are in it stay random.
    haar : sequence of str
        The names of the random matrices.
    group : str
        The group; under the default one, O, the letter of another group points to it.

    Examples
    --------
    >>> remedy("W11", "W11^4", ["U"], "U")
    'write U11, or name the matrix by --haar W'
    >>> remedy("U11", "|U11|^4", ["W"], "O")
    'write W11, or name the matrix by --haar U, or give its group: --group U'
    """
    letter = re.sub(r"[0-9_\[{].*", "", word)
    kept = [name for name in haar if re.search(rf"(?<![A-Za-z]){re.escape(name)}", text)]
    ways = [f"write {haar[0]}{word[len(letter) :]}", f"name the matrix by --haar {','.join([*kept, letter])}"]
    if group == "O" and letter in _OWN and not kept:
        ways.append(f"give its group: --group {_OWN[letter]}")
    return ", or ".join(ways)


def likely(names: Iterable[str]) -> str | None:
    """Return which constant of an expression without a random factor was meant to be random: a usual name, or the first.

    Examples
    --------
    >>> likely(["A", "W", "B"]), likely(["X", "A"]), likely([])
    ('W', 'X', None)
    """
    found = list(names)
    return next((name for name in found if name in USUAL), found[0] if found else None)
