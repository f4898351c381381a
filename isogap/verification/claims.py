"""Claims: one text that is printed, decided and held against the library.

A claim is written in ``statements.toml`` as a comparison in plain letters, ``"mean_next <= phi + log(1 - p2/(2*d^2*(d+2)))"``.
The same syntax tree is typeset for the page (`isogap.verification.typeset`), evaluated in balls, and turned into a sympy
expression for a proof; a changed constant changes all three.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from isogap.verification.balls import ball

COMPARISONS: dict[type[ast.cmpop], str] = {ast.LtE: "<=", ast.GtE: ">=", ast.Lt: "<", ast.Gt: ">", ast.Eq: "=="}
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda x, y: x + y,
    ast.Sub: lambda x, y: x - y,
    ast.Mult: lambda x, y: x * y,
    ast.Div: lambda x, y: x / y,
    ast.Pow: lambda x, y: x**y,
}
_MAX_LENGTH = 2000
_MAX_DEPTH = 60


class ClaimError(ValueError):
    """A text that is no claim; the message says where."""


@dataclass(frozen=True, eq=False)
class Expression:
    """One side of a claim.

    Examples
    --------
    >>> bound = Claim.of("step <= -p2/(d*(d+2))").right
    >>> bound.names
    ('d', 'p2')
    >>> bound.sympy(), bound.ball(p2=2, d=2)
    (-p2/(d*(d + 2)), -0.250000000000000)
    """

    node: ast.expr
    seen: set[str] = field(default_factory=set)

    @property
    def names(self) -> tuple[str, ...]:
        """Symbols and functions in it, sorted."""
        return tuple(sorted({n.id for n in ast.walk(self.node) if isinstance(n, ast.Name)}))

    @property
    def terms(self) -> list[Expression]:
        """Terms of the sum that it is, signs included; evaluating one is evaluating this."""
        found, todo = [], [(self.node, 1)]
        while todo:
            node, sign = todo.pop()
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
                turned = -sign if isinstance(node.op, ast.Sub) else sign
                todo += [(node.right, turned), (node.left, sign)]
            else:
                found.append(Expression(node if sign > 0 else ast.UnaryOp(ast.USub(), node), self.seen))
        return found

    def evaluate(self, values: Mapping[str, Any], number: Callable[[Fraction], Any]) -> Any:
        """Value with the operators of ``values``; constants by ``number``."""
        self.seen.add("evaluated")
        return _value(self.node, values, number)

    def ball(self, **values: Any) -> Any:
        """Ball around the value at exact numbers or balls; functions that are not log, exp, sqrt, abs by name."""
        lifted = {k: v if callable(v) else ball(v) for k, v in values.items()}
        return self.evaluate({**_BALL_FUNCTIONS, **lifted}, ball)

    def exact(self, **values: Any) -> Fraction:
        """Value at rational numbers, without rounding; no functions."""
        return Fraction(self.evaluate({k: Fraction(v) for k, v in values.items()}, Fraction))

    def sympy(self, **values: Any) -> Any:
        """Sympy expression; symbols that are not given are positive."""
        import sympy as sp

        known = {"log": sp.log, "exp": sp.exp, "sqrt": sp.sqrt, "abs": sp.Abs, "pi": sp.pi}
        free = {name: sp.Symbol(name, positive=True) for name in self.names if name not in known}
        return self.evaluate({**known, **free, **values}, lambda q: sp.Rational(q.numerator, q.denominator))

    def float(self, **values: Any) -> float:
        """Value in floating point, for plots and sampled bounds."""
        known = {"log": math.log, "exp": math.exp, "sqrt": math.sqrt, "abs": abs, "pi": math.pi}
        return float(self.evaluate({**known, **values}, float))

    @property
    def constants(self) -> tuple[Fraction, ...]:
        """The numbers in it, as written."""
        return tuple(Fraction(str(n.value)) for n in ast.walk(self.node) if isinstance(n, ast.Constant))


_BALL_FUNCTIONS: dict[str, Any] = {
    "log": lambda x: x.log(),
    "exp": lambda x: x.exp(),
    "sqrt": lambda x: x.sqrt(),
    "abs": abs,
    "pi": ball(0).pi(),
}


@dataclass(frozen=True, eq=False)
class Claim:
    """A comparison, or a chain of them, and the condition under which it is claimed.

    Examples
    --------
    >>> claim = Claim.of("sum <= 32*d <= 27*d^2 if d >= 2")
    >>> claim.ops, len(claim.sides), claim.condition.text
    (('<=', '<='), 3, 'd >= 2')
    """

    text: str
    sides: tuple[Expression, ...]
    ops: tuple[str, ...]
    condition: Claim | None = None

    @classmethod
    def of(cls, text: str) -> Claim:
        """Read a claim.

        Raises
        ------
        ClaimError
            Not a comparison, or something in it that is no number, name, call or one of ``+ - * / ^``.
        """
        if not isinstance(text, str) or len(text) > _MAX_LENGTH:
            raise ClaimError(f"a claim is a text of up to {_MAX_LENGTH} characters")
        body, _, condition = text.partition(" if ")
        try:
            tree = ast.parse(body.strip().replace("^", "**"), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise ClaimError(f"{body!r} cannot be read: {error}") from None
        if not isinstance(tree, ast.Compare):
            raise ClaimError(f"{body!r} is no comparison (<=, >=, <, >, ==)")
        sides = (tree.left, *tree.comparators)
        for side in sides:
            _check(side, body)
        unknown = [op for op in tree.ops if type(op) not in COMPARISONS]
        if unknown:
            raise ClaimError(f"{body!r}: the comparisons are <=, >=, <, >, ==")
        ops = tuple(COMPARISONS[type(op)] for op in tree.ops)
        return cls(text, tuple(map(Expression, sides)), ops, cls.of(condition) if condition else None)

    @property
    def left(self) -> Expression:
        """First side."""
        return self.sides[0]

    @property
    def right(self) -> Expression:
        """Last side."""
        return self.sides[-1]

    @property
    def used(self) -> bool:
        """Whether every side that holds a number or an operation was evaluated since it was read, the condition's too."""
        own = all(s.seen or isinstance(s.node, ast.Name | ast.Call) for s in self.sides)
        return own and (self.condition is None or self.condition.used)


@dataclass(frozen=True)
class Replacement:
    """A false neighbour as an edit of the claims: one piece of their text in place of another."""

    old: str
    new: str

    def __call__(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """The edited claims; the old text must be in one of them."""
        if not any(self.old in text for text in texts):
            raise ClaimError(f"no claim contains {self.old!r}")
        return tuple(text.replace(self.old, self.new) for text in texts)


def replace(old: str, new: str) -> Replacement:
    """Neighbour that says ``new`` where the claims say ``old``.

    Examples
    --------
    >>> replace("2*d", "d")(("x <= 2*d",))
    ('x <= d',)
    """
    return Replacement(old, new)


def variations(text: str) -> list[tuple[str, str]]:
    """The claim with one number changed, each with a description: what a check has to notice.

    Examples
    --------
    >>> [new for _, new in variations("x <= 2*d^3")]
    ['x <= 3*d^3', 'x <= 2*d^4']
    """
    found = []
    for match in re.finditer(r"(?<![\w.])\d+(?:\.\d+)?", text):
        old = match.group()
        new = str(int(old) + 1) if "." not in old else str(round(float(old) * 1.25, 6))
        changed = text[: match.start()] + new + text[match.end() :]
        found.append((f"{new} in place of {old} at {match.start()}", changed))
    return found


def _check(node: ast.expr, text: str) -> None:
    """Refuse everything that is no arithmetic; without recursion into deep trees."""
    todo: list[tuple[Any, int]] = [(node, 0)]
    while todo:
        x, depth = todo.pop()
        if depth > _MAX_DEPTH:
            raise ClaimError(f"{text[:40]!r}: nested deeper than {_MAX_DEPTH}")
        if isinstance(x, ast.BinOp) and type(x.op) in _OPERATORS:
            todo += [(x.left, depth + 1), (x.right, depth + 1)]
        elif isinstance(x, ast.UnaryOp) and isinstance(x.op, ast.USub):
            todo.append((x.operand, depth + 1))
        elif isinstance(x, ast.Call) and isinstance(x.func, ast.Name) and not x.keywords and x.args:
            todo += [(y, depth + 1) for y in x.args]
        elif isinstance(x, ast.Constant) and isinstance(x.value, int | float) and not isinstance(x.value, bool):
            if not math.isfinite(x.value):
                raise ClaimError(f"{text!r}: a number is not finite")
        elif not isinstance(x, ast.Name):
            raise ClaimError(
                f"{text!r}: {ast.unparse(x)[:40]!r} is no number, name, call or sum, product, power of such"
            )


def _value(node: Any, values: Mapping[str, Any], number: Callable[[Fraction], Any]) -> Any:
    if isinstance(node, ast.Constant):
        return number(Fraction(str(node.value)))
    if isinstance(node, ast.Name):
        if node.id not in values:
            raise ClaimError(f"the check gives no value for {node.id}")
        return values[node.id]
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, values, number)
    if isinstance(node, ast.Call):
        return _value(node.func, values, number)(*(_value(x, values, number) for x in node.args))
    base = _value(node.left, values, number)
    if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and isinstance(node.right.value, int):
        return base**node.right.value
    return _OPERATORS[type(node.op)](base, _value(node.right, values, number))
