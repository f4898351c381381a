"""From the LaTeX of the registry to MathML: the part of LaTeX that the statements use, and an error for the rest."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

_TOKEN = re.compile(r"\\text\{[^}]*\}|\\[a-zA-Z]+|\\.|[{}^_&]|[0-9]+(?:\.[0-9]+)?|\s+|.", re.S)

_SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "varrho": "ϱ",
    "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ",
    "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
    "ell": "ℓ", "infty": "∞", "prime": "′", "circ": "∘",
}  # fmt: skip
_OPERATORS = {
    "le": "≤", "ge": "≥", "neq": "≠", "approx": "≈", "in": "∈", "to": "→", "Rightarrow": "⇒", "mid": "∣", "cdot": "⋅",
    "cdots": "⋯", "dots": "…", "partial": "∂", "nabla": "∇", "lVert": "‖", "rVert": "‖", "{": "{", "}": "}", "times": "×",
    "lbrace": "{", "rbrace": "}", "top": "⊤", "ne": "≠", "pm": "±", "mapsto": "↦", "sim": "∼", "lceil": "⌈", "rceil": "⌉",
    "iff": "⇔", "langle": "⟨", "rangle": "⟩", "lvert": "|", "rvert": "|", "ldots": "…",
}  # fmt: skip
_BIG = {"sum": "∑", "prod": "∏", "int": "∫"}
_ALPHABETS = {"mathbb": {"E": "𝔼", "R": "ℝ", "P": "ℙ", "N": "ℕ", "Z": "ℤ"}, "mathcal": {"L": "ℒ", "N": "𝒩", "O": "𝒪"}}
_FUNCTIONS = ("log", "det", "exp", "cos", "sin", "min", "max", "lim", "sup")
_MAX_TOKENS, _MAX_DEPTH = 5000, 60
_ENDS = ("}", "\\right", "&", "\\\\", "\\end")
_SPACES = {",": "0.17em", ";": "0.28em", " ": "0.33em", "quad": "1em", "qquad": "2em", "!": "0"}


class LatexError(ValueError):
    """LaTeX outside of what the converter knows; the message names it."""


# Where a long formula may be broken: before a relation or a sum at its top level, after a comma or a wide space.
_BEFORE = ("=", "≤", "≥", "&lt;", "&gt;", "≈", "→", "⇒", "⇔", "≠", "+", "−")
_PART = re.compile(r'<mo>([^<]+)</mo>$|<mspace width="[12]em"/>$')
_WIDE = re.compile(r'<mspace width="[12]em"/>$')


def flowing(latex: str) -> str:
    r"""Convert a displayed formula into pieces between which a line may end: browsers do not break MathML by themselves.

    What wide spaces part is kept together, as the class ``claim``, where the line has room for it.

    Examples
    --------
    >>> flowing(r"a\le b,\quad c").count("<math"), flowing("a+b").count("<wbr>")
    (3, 1)
    """
    pieces: list[list[str]] = [[]]
    inside = 0
    for part in _whole(_checked(latex), latex):
        mark, operator = _PART.match(part), bool(pieces[-1]) and pieces[-1][-1].startswith(("<mo>", "<mo form"))
        if part.startswith("<mtext>"):
            pieces += [[part], []]
        elif inside == 0 and mark and mark[1] in _BEFORE and pieces[-1] and not operator:
            pieces.append([part.replace("<mo>", '<mo form="infix">', 1)])
        elif inside == 0 and mark and mark[1] in (",", None):
            (pieces[-1] or pieces[-2 if len(pieces) > 1 else -1]).append(part)
            pieces.append([])
        else:
            pieces[-1].append(part)
        inside += sum(part.count(f">{c}<") for c in "([{") - sum(part.count(f">{c}<") for c in ")]}")
    claims: list[list[str]] = [[]]
    for piece in filter(None, pieces):
        claims[-1].append(_piece(piece))
        if _WIDE.match(piece[-1]):
            claims.append([])
    whole = ["<wbr>".join(claim) for claim in claims if claim]
    return whole[0] if len(whole) == 1 else "<wbr>".join(f'<span class="claim">{claim}</span>' for claim in whole)


def _piece(parts: list[str]) -> str:
    """Words alone are text, whose lines end where they may."""
    body = _grouped(parts)
    if body.startswith("<mtext>") and len(parts) == 1:
        return body.replace("<mtext>", "<span>").replace("</mtext>", "</span>").replace("&#160;", " ")
    return f'<math displaystyle="true">{body}</math>'


@lru_cache(maxsize=2000)
def mathml(latex: str, *, display: bool = True) -> str:
    r"""Convert a formula.

    Examples
    --------
    >>> mathml(r"\frac{a}{2}", display=False)
    '<math><mfrac><mrow><mi>a</mi></mrow><mrow><mn>2</mn></mrow></mfrac></math>'
    """
    body = _grouped(_whole(_checked(latex), latex))
    return f'<math display="block">{body}</math>' if display else f"<math>{body}</math>"


def _checked(latex: str) -> list[str]:
    """Tokens of a formula that is not too large."""
    tokens = [t for t in _TOKEN.findall(latex) if not t.isspace()]
    if len(tokens) > _MAX_TOKENS:
        raise LatexError(f"more than {_MAX_TOKENS} symbols in one formula")
    deep = 0
    for token in tokens:
        deep += (token in ("{", "\\left")) - (token in ("}", "\\right"))
        if deep > _MAX_DEPTH:
            raise LatexError(f"groups nested deeper than {_MAX_DEPTH}")
    return tokens


def _row(tokens: list[str], at: int) -> tuple[str, int]:
    r"""Everything up to a closing brace or ``\right``, scripts attached."""
    parts, at = _parts(tokens, at)
    return _grouped(parts), at


def _whole(tokens: list[str], latex: str) -> list[str]:
    """Parts of a whole formula."""
    try:
        parts, rest = _parts(tokens, 0)
    except RecursionError:
        raise LatexError("commands nested too deeply") from None
    if rest != len(tokens):
        raise LatexError(f"unexpected {tokens[rest]!r} in {latex!r}")
    return parts


def _parts(tokens: list[str], at: int) -> tuple[list[str], int]:
    parts: list[str] = []
    while at < len(tokens) and tokens[at] not in _ENDS:
        limits = tokens[at][1:] in ("sum", "prod", "lim", "min", "max", "sup")
        atom, at = _atom(tokens, at)
        scripts: dict[str, str] = {}
        while at < len(tokens) and tokens[at] in ("^", "_", "'"):
            if tokens[at] == "'":
                scripts["^"] = "<mo>′</mo>" + scripts.get("^", "")
                at += 1
                continue
            kind = tokens[at]
            script, at = _argument(tokens, at + 1)
            scripts[kind] = scripts.get(kind, "") + script
        parts.append(_scripted(atom, scripts, limits))
    return parts, at


def _grouped(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"


def _scripted(atom: str, scripts: dict[str, str], limits: bool) -> str:
    low, high = (f"<mrow>{scripts[k]}</mrow>" if k in scripts else "" for k in ("_", "^"))
    if low and high:
        tag = "munderover" if limits else "msubsup"
        return f"<{tag}>{atom}{low}{high}</{tag}>"
    if low:
        tag = "munder" if limits else "msub"
        return f"<{tag}>{atom}{low}</{tag}>"
    if high:
        tag = "mover" if limits else "msup"
        return f"<{tag}>{atom}{high}</{tag}>"
    return atom


def _atom(tokens: list[str], at: int) -> tuple[str, int]:
    """One token or group."""
    if at >= len(tokens):
        raise LatexError("the formula ends too early")
    token = tokens[at]
    if token == "{":
        body, at = _row(tokens, at + 1)
        return _expect(tokens, at, "}", f"<mrow>{body}</mrow>")
    if token.startswith("\\"):
        return _command(tokens, at, token[1:])
    if token[0].isdigit():
        return f"<mn>{token}</mn>", at + 1
    if token.isalpha():
        return f"<mi>{token}</mi>", at + 1
    fence = ' stretchy="false"' if token in "()[]|" else ""
    return f"<mo{fence}>{escape('−' if token == '-' else token)}</mo>", at + 1


def _argument(tokens: list[str], at: int) -> tuple[str, int]:
    r"""A group, or one token; of a number its first digit alone, as in ``\frac12``."""
    if at < len(tokens) and len(tokens[at]) > 1 and tokens[at][0].isdigit():
        tokens[at : at + 1] = [tokens[at][0], tokens[at][1:]]
    return _atom(tokens, at)


def _command(tokens: list[str], at: int, name: str) -> tuple[str, int]:
    if name.startswith("text{"):
        return f"<mtext>{escape(name[5:-1]).replace(' ', '&#160;')}</mtext>", at + 1
    if name in _SYMBOLS:
        return f"<mi>{_SYMBOLS[name]}</mi>", at + 1
    if name in _BIG:
        return f'<mo style="font-size:1.35em">{_BIG[name]}</mo>', at + 1
    if name in _FUNCTIONS:
        return _function(name, tokens, at + 1), at + 1
    if name in _OPERATORS:
        fence = (
            ' stretchy="false"' if name in ("lVert", "rVert", "lvert", "rvert", "langle", "rangle", "{", "}") else ""
        )
        return f"<mo{fence}>{_OPERATORS[name]}</mo>", at + 1
    if name in _SPACES:
        return f'<mspace width="{_SPACES[name]}"/>', at + 1
    if name in ("frac", "tfrac"):
        top, at = _argument(tokens, at + 1)
        bottom, at = _argument(tokens, at)
        return f"<mfrac>{top}{bottom}</mfrac>", at
    if name == "sqrt":
        inside, at = _argument(tokens, at + 1)
        return f"<msqrt>{inside}</msqrt>", at
    if name in ("operatorname", "mathrm", "mathbb", "mathcal", "mathbf"):
        return _styled(tokens, at + 1, name)
    if name == "left":
        return _fenced(tokens, at + 1)
    if name == "begin":
        return _matrix(tokens, at + 1)
    raise LatexError(f"unknown command \\{name}")


def _styled(tokens: list[str], at: int, name: str) -> tuple[str, int]:
    if at >= len(tokens) or tokens[at] != "{" or "}" not in tokens[at:]:
        raise LatexError(f"\\{name} needs braces")
    end = tokens.index("}", at)
    word = "".join(tokens[at + 1 : end])
    if name in _ALPHABETS:
        if word not in _ALPHABETS[name]:
            raise LatexError(f"\\{name}{{{word}}} is not known")
        return f"<mi>{_ALPHABETS[name][word]}</mi>", end + 1
    if name == "mathbf":
        return f'<mi style="font-weight:bold">{escape(word)}</mi>', end + 1
    if name == "mathrm":
        return f'<mi mathvariant="normal">{escape(word)}</mi>', end + 1
    return _function(word, tokens, end + 1), end + 1


def _function(word: str, tokens: list[str], after: int) -> str:
    """A function's name: a little room on both sides, none before a bracket or a script."""
    tight = after < len(tokens) and tokens[after] in ("(", "_", "^", "\\left", "}")
    return f'<mo lspace="0.12em" rspace="{"0" if tight else "0.16em"}">{escape(word)}</mo>'


def _fenced(tokens: list[str], at: int) -> tuple[str, int]:
    if at >= len(tokens):
        raise LatexError("\\left without a bracket")
    opening = tokens[at].lstrip("\\")
    body, at = _row(tokens, at + 1)
    if at + 1 >= len(tokens) or tokens[at] != "\\right":
        raise LatexError("\\left without \\right")
    closing = tokens[at + 1].lstrip("\\")
    marks = {"lVert": "‖", "rVert": "‖", "{": "{", "}": "}", ".": ""}
    left, right = (marks.get(x, x) for x in (opening, closing))
    return f"<mrow>{_fence(left, body)}{body}{_fence(right, body)}</mrow>", at + 2


def _matrix(tokens: list[str], at: int) -> tuple[str, int]:
    r"""A ``matrix``: cells end with ``&``, rows with two backslashes."""
    word = [*"{matrix}"]
    if tokens[at : at + len(word)] != word:
        raise LatexError("\\begin is known for {matrix} alone")
    rows: list[list[str]] = [[]]
    at += len(word)
    while True:
        cell, at = _row(tokens, at)
        rows[-1].append(f"<mtd>{cell}</mtd>")
        if at >= len(tokens) or tokens[at] not in ("&", "\\\\", "\\end"):
            raise LatexError("\\begin{matrix} without \\end{matrix}")
        if tokens[at] == "\\end":
            break
        if tokens[at] == "\\\\":
            rows.append([])
        at += 1
    if tokens[at + 1 : at + 1 + len(word)] != word:
        raise LatexError("\\begin{matrix} without \\end{matrix}")
    body = "".join(f"<mtr>{''.join(row)}</mtr>" for row in rows)
    return f"<mtable>{body}</mtable>", at + 1 + len(word)


def _fence(mark: str, body: str) -> str:
    """A bracket as tall as what it holds. Set by hand: browsers stretch one only if a mathematical font is installed."""
    if not mark:
        return ""
    if not any(tall in body for tall in ("<mfrac", "<mtable", "∑", "∏", "∫")):
        return f'<mo stretchy="false">{escape(mark)}</mo>'
    return f'<mpadded voffset="-0.28em"><mo stretchy="false" style="font-size:2em">{escape(mark)}</mo></mpadded>'


def _expect(tokens: list[str], at: int, token: str, body: str) -> tuple[str, int]:
    if at >= len(tokens) or tokens[at] != token:
        raise LatexError(f"{token!r} is missing")
    return body, at + 1
