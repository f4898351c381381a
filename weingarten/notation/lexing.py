"""Text into tokens: plain, Unicode and LaTeX spellings of one thing become one token that remembers its place."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from weingarten.errors import WeingartenError

NUMBER_DIGITS = 1000  # longest number that is read
TEXT_LIMIT = 100_000  # longest expression
SHOWN = 70  # characters of a long expression that an error shows

SUPERSCRIPTS = {
    "⁰": "0",
    "¹": "1",
    "²": "2",
    "³": "3",
    "⁴": "4",
    "⁵": "5",
    "⁶": "6",
    "⁷": "7",
    "⁸": "8",
    "⁹": "9",
    "⁻": "-",
}
SUBSCRIPTS = {chr(0x2080 + k): str(k) for k in range(10)} | {"₋": "-", "‚": ","}
SAME = {  # one character for another
    **dict.fromkeys("·⋅×∗∙•", "*"),
    **dict.fromkeys("−–", "-"),
    **dict.fromkeys("′’ʹ", "'"),
    **dict.fromkeys("∕÷", "/"),
    **dict.fromkeys("∣", "|"),
    **dict.fromkeys("ᵀ⊤⊺", "ᵀ"),
    **dict.fromkeys("†ᴴ", "†"),
    "⁺": "⁺",
}
SPACES = ("left", "right", "big", "Big", "bigl", "bigr", "Bigl", "Bigr", "quad", "qquad", "displaystyle", "limits")
FONTS = ("mathrm", "operatorname", "text", "mathbf", "mathsf", "mathcal", "mathit", "boldsymbol", "textrm", "rm", "bf")
COMMANDS = {
    "cdot": "*",
    "times": "*",
    "ast": "*",
    "dagger": "†",
    "dag": "†",
    "top": "ᵀ",
    "intercal": "ᵀ",
    "prime": "'",
    "lvert": "|",
    "rvert": "|",
    "vert": "|",
    "mid": "|",
    "lbrace": "{",
    "rbrace": "}",
    "lbrack": "[",
    "rbrack": "]",
}
_GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi omicron pi rho varrho "
    "sigma tau upsilon phi varphi chi psi omega"
)
GREEK = tuple(_GREEK.split())
LETTERS = {
    unicodedata.lookup(f"GREEK {case} LETTER {name.upper() if name != 'lambda' else 'LAMDA'}"): write(name)
    for name in GREEK
    if not name.startswith("var")
    for case, write in (("SMALL", str), ("CAPITAL", str.capitalize))
}

_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MACRONS = ("\N{COMBINING MACRON}", "\N{COMBINING OVERLINE}")


class NotationError(WeingartenError):
    """A text that is not understood: the message shows it with a caret under the place."""

    def __init__(self, text: str, start: int, message: str) -> None:
        left = max(0, start - SHOWN // 2) if len(text) > SHOWN else 0
        shown = "".join(" " if c.isspace() else c for c in text[left : left + SHOWN])
        dots = "..." if left else ""
        width = sum(not unicodedata.combining(c) for c in text[left:start]) + len(dots)
        tail = "..." if left + SHOWN < len(text) else ""
        super().__init__(f"expression: {message}\n  {dots}{shown}{tail}\n  {' ' * width}^")
        self.place = start


@dataclass(frozen=True)
class Token:
    """A piece of the text.

    Attributes
    ----------
    kind : str
        "number", "name", "digits" (touching a name), "power" (superscript digits), "sub" (subscript digits), "mark" (an
        operator, a bracket, a decoration) or "end".
    value : str
        The piece in its plain spelling.
    start, end : int
        Where it stands.
    touches : bool
        Whether no space stands before it.
    """

    kind: str
    value: str
    start: int
    end: int
    touches: bool = True


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text, the last one being its end.

    Examples
    --------
    >>> from weingarten.notation.lexing import tokens
    >>> [token.value for token in tokens("W₁₁² − 1.5e3·ρ")]
    ['W', '11', '2', '-', '1.5e3', '*', 'rho', '']
    """
    if len(text) > TEXT_LIMIT:
        raise WeingartenError(f"the expression has {len(text)} characters; at most {TEXT_LIMIT} are read")
    found: list[Token] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        touches = bool(found) and found[-1].end == position
        new, position = _next(text, position, found, touches)
        found += [Token(t.kind, t.value, t.start, t.end, touches) for t in new]
    return [*found, Token("end", "", len(text.rstrip()), len(text), False)]


def _next(text: str, start: int, before: list[Token], touches: bool) -> tuple[list[Token], int]:
    """Return the tokens that begin at a place (none for a space of LaTeX), and where they end."""
    c = text[start]
    number = _NUMBER.match(text, start)
    if number is not None:
        return _number(
            text, start, number, bool(before) and touches and (before[-1].kind == "name" or before[-1].value == "bar")
        )
    name = re.compile(r"[A-Za-z]+").match(text, start)
    if name is not None:
        return [Token("name", name[0], start, name.end())], name.end()
    for kind, table in (("power", SUPERSCRIPTS), ("sub", SUBSCRIPTS)):
        if c in table:
            end = start
            while end < len(text) and text[end] in table:
                end += 1
            return [Token(kind, "".join(table[x] for x in text[start:end]), start, end)], end
    if c == "\\":
        return _command(text, start)
    if c in LETTERS:
        return [Token("name", LETTERS[c], start, start + 1)], start + 1
    if c in _MACRONS:
        return [Token("mark", "bar", start, start + 1)], start + 1
    base, accents = unicodedata.normalize("NFD", c)[:1], unicodedata.normalize("NFD", c)[1:]
    if accents in _MACRONS and base.isascii():
        return [Token("name", base, start, start + 1), Token("mark", "bar", start, start + 1)], start + 1
    if text.startswith("**", start):
        return [Token("mark", "^", start, start + 2)], start + 2
    value = SAME.get(c, c)
    if value in "-+*/()[]{}|,;~_^'.†ᵀ⁺":
        return [Token("mark", value, start, start + 1)], start + 1
    raise NotationError(text, start, f"the character {c!r} has no meaning here")


def _number(text: str, start: int, number: re.Match[str], touching: bool) -> tuple[list[Token], int]:
    """Return a number, or the digits that touch a name; a letter right behind a leading zero is a typing error."""
    digits = re.compile(r"[0-9]+").match(text, start)
    end = digits.end() if touching and digits is not None else number.end()
    if end - start > NUMBER_DIGITS:
        raise NotationError(text, start, f"a number of {end - start} characters; at most {NUMBER_DIGITS} are read")
    if not touching and re.compile(r"0[0-9]*[A-Za-z_]").match(text, start) and end - start == 1:
        raise NotationError(text, start, f"{text[start : end + 1]!r} is no number; write a product as 0*{text[end]}")
    return [Token("digits" if touching else "number", text[start:end], start, end)], end


def _command(text: str, start: int) -> tuple[list[Token], int]:
    """Read a command of LaTeX."""
    match = re.compile(r"\\(?:([A-Za-z]+)\*?|([,;:! {}|]))").match(text, start)
    if match is None:
        raise NotationError(text, start, "a backslash without a command")
    word, end = match[1], match.end()
    if word is None:
        return ([] if match[2] in ",;:! " else [Token("mark", match[2], start, end)]), end
    if word in SPACES:
        return [], end
    if word in FONTS:
        inner = re.compile(r"\s*(?:\{\s*(?:\\rm\s+)?([A-Za-z]+)\s*\}|([A-Za-z]))").match(text, end)
        if inner is None:
            raise NotationError(text, start, f"\\{word} needs a name in braces")
        return [Token("name", inner[1] or inner[2], start, inner.end())], inner.end()
    if word in ("bar", "overline", "frac"):
        return [Token("mark", "\\frac" if word == "frac" else "\\bar", start, end)], end
    if word in COMMANDS:
        return [Token("mark", COMMANDS[word], start, end)], end
    lowered = word[0].lower() + word[1:]
    if lowered in GREEK:
        return [Token("name", word, start, end)], end
    if word.lower() in ("tr", "trace", "det", "re", "im", "conj", "abs"):
        return [Token("name", word, start, end)], end
    raise NotationError(text, start, f"the command \\{word} has no meaning here")
