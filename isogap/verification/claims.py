r"""Claims: one text that is printed, decided and held against the library.

A claim is written in ``statements.toml`` as a comparison in plain letters, ``"mean_next <= phi + log(1 - p2/(2*d^2*(d+2)))"``.
The same syntax tree is typeset for the page (`isogap.verification.typeset`), evaluated in balls, and turned into a sympy
expression for a proof; a changed constant changes all three. How a claim is written:

* numbers and names with ``+ - * / ^``, and calls of functions: ``log exp sqrt abs asinh pi`` have their meaning, every other
  name gets one from the check, ``claim.right.ball(d=4, delta=confinement_ball, ...)``;
* ``sum(k, 1, d, lam(k)^2)``, ``prod(k, 1, d, ...)``, ``integral(t, 0, inf, ...)``, ``lim(ell, inf, ...)``: the first argument
  is bound. Finite sums and products of whole numbers evaluate by themselves, the others by a function of the check, called
  with the ends and the body: ``claim.right.sympy(integral=lambda low, high, body: ...)``;
* matrices: ``T(X)`` is the transpose; ``claim.right.words(X=matrix("X"), D=powers("D", {Fraction(-1, 2): R}))`` is the value
  in matrix words (`isogap.verification.words`), numbers being multiples of the unit matrix;
* relations ``<= >= < > ==``, ``->`` for "tends to", ``~=`` for "about"; several in a chain; a condition behind ``if``.

Statements in words put their claims where the formula of the registry says ``@1``, ``@2``: ``@1\ \text{ almost surely}``. What
stands around them carries no number and no relation (`isogap.verification.printed`). A check says which relations it decides,
``case.decides("<=", "== if >=")``, and evaluates every side that holds a number or an operation.
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

COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.LtE: "<=", ast.GtE: ">=", ast.Lt: "<", ast.Gt: ">", ast.Eq: "==", ast.In: "->", ast.NotIn: "~=",
}  # fmt: skip
BINDERS = ("sum", "prod", "integral", "lim")
"""Functions whose first argument is bound: of the ends and the body, ``lim`` of the end and the body."""
DEFINITIONS = {"p2": "sum(k, 1, d, (lam_at(k) - 1)^2)"}
"""Names that every registry may use for a longer text: printed from it; the statement E5 of the chain decides it."""
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
        try:
            return _value(self.node, values, number)
        except ArithmeticError as error:  # division by 0, a power that has no meaning
            raise ClaimError(f"{ast.unparse(self.node)}: {error}") from None

    def ball(self, **values: Any) -> Any:
        """Ball around the value at exact numbers or balls; functions that are not log, exp, sqrt, abs by name."""
        lifted = {k: v if callable(v) else ball(v) for k, v in values.items()}
        return self.evaluate({**_BALL_FUNCTIONS, **lifted}, ball)

    def words(self, **values: Any) -> Any:
        """Value in matrix words; numbers are multiples of the unit matrix, ``T`` is the transpose."""
        return self.evaluate({"T": lambda x: x.T, **values}, lambda q: q)

    def exact(self, **values: Any) -> Fraction:
        """Value at rational numbers, without rounding; no functions."""
        return Fraction(self.evaluate({k: v if callable(v) else Fraction(v) for k, v in values.items()}, Fraction))

    def sympy(self, **values: Any) -> Any:
        """Sympy expression; symbols that are not given are positive."""
        import sympy as sp

        known = {
            "log": sp.log,
            "exp": sp.exp,
            "sqrt": sp.sqrt,
            "abs": sp.Abs,
            "pi": sp.pi,
            "asinh": sp.asinh,
            "inf": sp.oo,
        }
        free = {name: sp.Symbol(name, positive=True) for name in self.names if name not in (*known, *BINDERS)}
        return self.evaluate({**known, **free, **values}, lambda q: sp.Rational(q.numerator, q.denominator))

    def float(self, **values: Any) -> float:
        """Value in floating point, for plots and sampled bounds."""
        known = {
            "log": math.log,
            "exp": math.exp,
            "sqrt": math.sqrt,
            "abs": abs,
            "pi": math.pi,
            "asinh": math.asinh,
            "inf": math.inf,
        }
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
    "asinh": lambda x: x.asinh(),
    "inf": ball(float("inf")),
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
            tree = ast.parse(_as_python(body), mode="eval").body
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
    def shape(self) -> str:
        """Its relations: ``"<="``, ``"<= <="`` of a chain, ``"<= if >"`` with a condition."""
        own = " ".join(self.ops)
        return own if self.condition is None else f"{own} if {self.condition.shape}"

    @property
    def used(self) -> bool:
        """Whether every side that holds a number or an operation was evaluated since it was read, the condition's too."""
        own = all(s.seen or _plain(s.node) for s in self.sides)
        return own and (self.condition is None or self.condition.used)


def definition(name: str) -> Expression:
    """What a name of `DEFINITIONS` stands for.

    Examples
    --------
    >>> definition("p2").exact(d=2, lam_at=lambda k: k)
    Fraction(1, 1)
    """
    return Claim.of(f"{name} == {DEFINITIONS[name]}").right


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


def flips(text: str) -> list[tuple[str, str]]:
    """The claim with one inequality turned round, each with a description.

    Examples
    --------
    >>> [new for _, new in flips("x <= 2*d < y if n > 1")]
    ['x >= 2*d < y if n > 1', 'x <= 2*d > y if n > 1', 'x <= 2*d < y if n < 1']
    """
    turned = {"<=": ">=", ">=": "<=", "<": ">", ">": "<"}
    found = []
    for match in re.finditer(r"->|~=|==|<=|>=|<|>", text):
        if match.group() in turned:
            new = turned[match.group()]
            changed = text[: match.start()] + new + text[match.end() :]
            found.append((f"{new} in place of {match.group()} at {match.start()}", changed))
    return found


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


def _as_python(text: str) -> str:
    """The text with the relations and operators of Python's grammar; words of that grammar are none of ours."""
    if re.search(r"\b(in|is|not|and|or|lambda)\b", text):
        raise ClaimError(f"{text!r}: in, is, not, and, or are no part of a claim")
    return text.strip().replace("^", "**").replace("->", " in ").replace("~=", " not in ")


def _plain(node: ast.expr) -> bool:
    """Whether a side is a name, or a call without a number in it: nothing that a check could leave out."""
    held = any(isinstance(x, ast.Constant) for x in ast.walk(node))
    return isinstance(node, ast.Name) or (isinstance(node, ast.Call) and not held)


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
            if x.func.id in BINDERS and len(x.args) != (3 if x.func.id == "lim" else 4):
                raise ClaimError(f"{text!r}: {x.func.id} takes a letter, its ends and a body")
            if x.func.id in BINDERS and not isinstance(x.args[0], ast.Name):
                raise ClaimError(f"{text!r}: the first argument of {x.func.id} is a letter")
            todo += [(y, depth + 1) for y in x.args]
        elif isinstance(x, ast.Constant) and isinstance(x.value, int | float) and not isinstance(x.value, bool):
            if not math.isfinite(x.value):
                raise ClaimError(f"{text!r}: a number is not finite")
        elif not isinstance(x, ast.Name):
            raise ClaimError(
                f"{text!r}: {ast.unparse(x)[:40]!r} is no number, name, call or sum, product, power of such"
            )


def _bound(node: ast.Call, values: Mapping[str, Any], number: Callable[[Fraction], Any]) -> Any:
    """Value of ``sum(k, low, high, body)`` and its like: by the check's function, or term by term."""
    name, variable = node.func.id, node.args[0].id  # type: ignore[attr-defined]  # _check has seen to both
    ends = [_value(x, values, number) for x in node.args[1:-1]]

    def body(at: Any) -> Any:
        return _value(node.args[-1], {**values, variable: at}, number)

    if name in values:
        return values[name](*ends, body)
    if name not in ("sum", "prod"):
        raise ClaimError(f"the check gives no meaning to {name}")
    low, high = (_whole(x) for x in ends)
    terms = (body(number(Fraction(k))) for k in range(low, high + 1))
    total = number(Fraction(0 if name == "sum" else 1))
    for term in terms:
        total = total + term if name == "sum" else total * term
    return total


def _whole(x: Any) -> int:
    """End of a sum as a whole number; a ball that holds exactly one is one."""
    value = x.unique_fmpz() if hasattr(x, "unique_fmpz") else x
    try:
        if value is not None and value == int(value):
            return int(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ClaimError(f"the check gives no meaning to a sum up to {x}")


def _value(node: Any, values: Mapping[str, Any], number: Callable[[Fraction], Any]) -> Any:
    if isinstance(node, ast.Constant):
        return number(Fraction(str(node.value)))
    if isinstance(node, ast.Name):
        if node.id not in values:
            raise ClaimError(f"the check gives no value for {node.id}")
        return values[node.id]
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, values, number)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BINDERS:
        return _bound(node, values, number)
    if isinstance(node, ast.Call):
        return _value(node.func, values, number)(*(_value(x, values, number) for x in node.args))
    base = _value(node.left, values, number)
    if isinstance(node.op, ast.Pow):
        negative = isinstance(node.right, ast.UnaryOp)
        exponent = node.right.operand if negative else node.right
        if isinstance(exponent, ast.Constant) and isinstance(exponent.value, int):
            return base ** (-exponent.value if negative else exponent.value)
    return _OPERATORS[type(node.op)](base, _value(node.right, values, number))
