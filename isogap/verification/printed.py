r"""What is printed beside the claims of a statement: words, names and brackets, no numbers and no relations.

A number or a relation that stands in the LaTeX of a formula outside of its claims is a second text: the check does not read it,
and an edit of it would go unnoticed. `loose` finds such. A statement without any claim says so with a reason,
``words = "what it says is ..."``, and its formula must then be free of them altogether.
"""

from __future__ import annotations

import re

_RELATION = re.compile(r"=|<|>|\\(?:le|ge|leq|geq|ne|neq|in|to|approx|sim|subset|propto|equiv|ll|gg|iff)(?![A-Za-z])")
_INDEX = re.compile(r"_(?:\d|\{[A-Za-z]?\d?\})")


def loose(latex: str) -> list[str]:
    r"""Numbers and relations in a formula with ``@1``, ``@2`` for its claims; digits of an index are part of a name.

    Examples
    --------
    >>> loose(r"@1\ \text{ almost surely},\qquad @2"), loose(r"\varphi_0\ \Rightarrow\ @1")
    ([], [])
    >>> loose(r"@1\quad(2^4=16\text{ within a factor } 2)")
    ['2', '4', '16', '2', '=']
    """
    text = _INDEX.sub("", re.sub(r"@\d+", "", latex))
    return re.findall(r"\d+", text) + [m.group() for m in _RELATION.finditer(text)]
