"""Claims as LaTeX: the syntax tree as it is written, symbols by a table."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from isogap.verification.claims import BINDERS, DEFINITIONS, Claim

SYMBOLS = {
    "phi": r"\varphi", "phi0": r"\varphi_0", "phi_l": r"\varphi_\ell", "phi_next": r"\varphi_{\ell+1}", "ell": r"\ell",
    "lam": r"\lambda", "lam_max": r"\lambda_{\max}", "lam_min": r"\lambda_{\min}", "eps": r"\varepsilon",
    "alpha": r"\alpha", "gamma": r"\gamma", "sigma": r"\sigma", "tau": r"\tau", "theta": r"\theta", "delta": r"\delta",
    "pi": r"\pi", "inf": r"\infty", "kappa": r"\kappa", "mu": r"\mu", "rho": r"\rho",
    "omega": r"\omega", "Theta": r"\Theta", "beta": r"\beta", "asinh": r"\operatorname{arcsinh}",
    "T": r"#1^{\top}", "poch": r"\left(#1\right)_{#2}",
}  # fmt: skip
"""LaTeX of the letters that every registry may use; a registry adds its own in the table ``[symbols]``.

``#1``, ``#2`` stand for the arguments of a call: ``lam_at = "\\lambda_{#1}"`` sets ``lam_at(k)``.
"""

_INDEXED = {"lam_at": r"\lambda_{#1}"}
_RELATIONS = {"<=": r"\le", ">=": r"\ge", "<": "<", ">": ">", "==": "=", "->": r"\to", "~=": r"\approx"}
# What a power may stand at without brackets: a letter or command with an index, or a norm.
_SIMPLE = re.compile(
    r"\\?[A-Za-z]+('|_(\w|\{[^{}]*\}|\\[A-Za-z]+))?|\\lVert [A-Za-z][-A-Za-z']*(_\{[^{}]*\})?\\rVert(_\w)?"
)
_SUM, _PRODUCT, _POWER, _ATOM = 1, 2, 3, 4


def latex(claim: Claim, symbols: Mapping[str, str] | None = None) -> str:
    r"""LaTeX of a claim.

    Examples
    --------
    >>> latex(Claim.of("x <= mean^2"), {"mean": r"\operatorname{mean}_j r_j"})
    'x\\le(\\operatorname{mean}_j r_j)^2'
    >>> latex(Claim.of("mean <= phi - p2/(d*(d+2)) if phi > 1/(16*d)"), {"mean": r"\mathbb{E}\varphi"})
    '\\mathbb{E}\\varphi\\le\\varphi-\\frac{\\sum_{k=1}^d(\\lambda_{k}-1)^2}{d(d+2)}\\ \\text{ if }\\varphi>\\frac{1}{16d}'
    """
    table = {**SYMBOLS, **(symbols or {})}
    parts = [_typeset(claim.sides[0].node, table)[0]]
    for op, side in zip(claim.ops, claim.sides[1:], strict=True):
        parts += [_RELATIONS[op], _typeset(side.node, table)[0]]
    if claim.condition is not None:
        parts += [r"\ \text{ if }", latex(claim.condition, symbols)]
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    """Side by side, with a blank where a command would swallow the next letter."""
    text = ""
    for part in parts:
        if text and re.search(r"\\[A-Za-z]+$", text) and part[:1].isalpha():
            text += " "
        text += part
    return text


def _typeset(node: Any, table: Mapping[str, str]) -> tuple[str, int]:
    """LaTeX and how tightly it holds together."""
    if isinstance(node, ast.Constant):
        return str(node.value), _ATOM
    if isinstance(node, ast.Name):
        return _name(node.id, table), _ATOM
    if isinstance(node, ast.UnaryOp):
        return "-" + _inside(node.operand, table, _PRODUCT), _SUM
    positive = _without_sign(node)
    if positive is not None:
        return "-" + _typeset(positive, table)[0], _SUM
    if isinstance(node, ast.Call):
        return _call(node, table)
    if isinstance(node.op, ast.Add | ast.Sub):
        left, right = _typeset(node.left, table)[0], _inside(node.right, table, _PRODUCT)
        return _joined([left, "+" if isinstance(node.op, ast.Add) else "-", right]), _SUM
    if isinstance(node.op, ast.Mult):
        return _product(node, table), _PRODUCT
    if isinstance(node.op, ast.Div):
        return rf"\frac{{{_typeset(node.left, table)[0]}}}{{{_typeset(node.right, table)[0]}}}", _ATOM
    base = _inside(node.left, table, _ATOM)
    if isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Div):
        base = rf"\left({base}\right)"
    if isinstance(node.left, ast.Name) and not _SIMPLE.fullmatch(base):
        base = _bracketed(base)
    return f"{base}^{_braced(_exponent(node.right, table))}", _POWER


def _exponent(node: Any, table: Mapping[str, str]) -> str:
    """An exponent; a fraction in one line."""
    positive = _without_sign(node)
    if positive is not None:
        return "-" + _exponent(positive, table)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return f"{_inside(node.left, table, _PRODUCT)}/{_inside(node.right, table, _ATOM)}"
    return _typeset(node, table)[0]


def _braced(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"


def _without_sign(node: Any) -> Any:
    """``a*b/c`` of ``-a*b/c``, which the grammar reads as a product with ``-a``; None without a sign in front."""
    if isinstance(node, ast.UnaryOp):
        return node.operand
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        left = _without_sign(node.left)
        return None if left is None else ast.BinOp(left, node.op, node.right)
    return None


def _name(name: str, table: Mapping[str, str]) -> str:
    table = {letter: shown for letter, shown in table.items() if "#" not in shown}
    if name in table:
        return table[name]
    if name in DEFINITIONS:
        return _typeset(Claim.of(f"{name} == {DEFINITIONS[name]}").right.node, {**table, **_INDEXED})[0]
    head, _, index = name.partition("_")
    return f"{table.get(head, head)}_{_braced(table.get(index, index))}" if index else name


def _inside(node: Any, table: Mapping[str, str], least: int) -> str:
    """In brackets if it does not hold together tightly enough."""
    text, tight = _typeset(node, table)
    if tight >= least:
        return text
    return _bracketed(text)


def _bracketed(text: str) -> str:
    tall = any(command in text for command in (r"\frac", r"\sum", r"\prod"))
    return rf"\left({text}\right)" if tall else f"({text})"


def _product(node: Any, table: Mapping[str, str]) -> str:
    left = _inside(node.left, table, _PRODUCT)
    right = _inside(node.right, table, _PRODUCT)
    if isinstance(node.left, ast.Call) and isinstance(node.left.func, ast.Name) and node.left.func.id in BINDERS:
        left = _bracketed(left)  # a factor behind a sum would be read as part of it
    if isinstance(node.right, ast.BinOp) and isinstance(node.right.op, ast.Mult):
        right = _bracketed(right)
    return _joined([left, r"\cdot ", right]) if right[:1].isdigit() else _joined([left, right])


def _call(node: Any, table: Mapping[str, str]) -> tuple[str, int]:
    name, inside = node.func.id, ",".join(_typeset(x, table)[0] for x in node.args)
    if name in BINDERS:
        return _binder(node, table), _PRODUCT
    if "#" in table.get(name, ""):
        return _filled(table[name], node, table)
    if name == "sqrt":
        return rf"\sqrt{{{inside}}}", _ATOM
    if name == "abs":
        return f"|{inside}|", _ATOM
    if name == "exp":
        return (rf"\exp{_bracketed(inside)}", _PRODUCT) if r"\frac" in inside else (f"e^{{{inside}}}", _POWER)
    if name in ("log", "min", "max"):
        atom = isinstance(node.args[0], ast.Name | ast.Constant) and len(node.args) == 1
        return (_joined([rf"\{name}", " " + inside if atom else _bracketed(inside)])), _PRODUCT
    return _name(name, table) + _bracketed(inside), _ATOM


def _filled(pattern: str, node: Any, table: Mapping[str, str]) -> tuple[str, int]:
    """A pattern with its arguments; what stands before a script is bracketed where it must be."""
    for place, argument in enumerate(node.args, 1):
        scripted = f"#{place}^" in pattern or f"#{place}!" in pattern
        shown = _inside(argument, table, _ATOM) if scripted else _typeset(argument, table)[0]
        pattern = pattern.replace(f"#{place}", shown)
    indexed = re.fullmatch(r"\\?[A-Za-z]+_\{[^{}]*\}", pattern)
    return pattern, _POWER if pattern.endswith("}") and not indexed else _ATOM


def _binder(node: Any, table: Mapping[str, str]) -> str:
    """Sum, product, integral or limit over a letter."""
    name, letter, body = node.func.id, _typeset(node.args[0], table)[0], _inside(node.args[-1], table, _PRODUCT)
    ends = [_typeset(x, table)[0] for x in node.args[1:-1]]
    if name == "lim":
        under = _joined([letter, r"\to", ends[0]])
        return _joined([rf"\lim_{{{under}}}", body])
    if name == "integral":
        return _joined([rf"\int_{_braced(ends[0])}^{_braced(ends[1])}", body, r"\,", "d" + letter])
    return _joined([rf"\{name}_{{{letter}={ends[0]}}}^{_braced(ends[1])}", body])
