"""Matrix words: identities between products of matrices of any size, decided by rewriting.

A word is a product of letters, each plain or transposed; an expression is a sum of words with coefficients. Relations
such as ``W Wᵀ = 1`` are rules that shorten words; two expressions are equal if their normal forms are. The sizes never
enter, so a decision holds for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

Letter = tuple[str, bool]
Word = tuple[Letter, ...]


class Words:
    """An expression in matrix words.

    Examples
    --------
    >>> X, W = matrix("X"), matrix("W")
    >>> rules = orthogonal("W")
    >>> (W * X).T * (W * X) == X.T * X, equal((W * X).T * (W * X), X.T * X, rules)
    (False, True)
    """

    def __init__(self, terms: dict[Word, Any]) -> None:
        self.terms = {word: c for word, c in terms.items() if c != 0}

    @property
    def T(self) -> Words:
        """The transpose."""
        return Words({tuple((n, not t) for n, t in reversed(word)): c for word, c in self.terms.items()})

    def __add__(self, other: Words | int | Fraction) -> Words:
        terms = dict(self.terms)
        for word, c in (other if isinstance(other, Words) else ONE * other).terms.items():
            terms[word] = terms.get(word, 0) + c
        return Words(terms)

    __radd__ = __add__

    def __sub__(self, other: Words | int | Fraction) -> Words:
        return self + other * -1

    def __rsub__(self, other: int | Fraction) -> Words:
        return self * -1 + other

    def __neg__(self) -> Words:
        return self * -1

    def __rmul__(self, other: int | Fraction) -> Words:
        return self * other

    def __truediv__(self, other: int | Fraction) -> Words:
        return self * (Fraction(1) / other)

    def __pow__(self, exponent: int | Fraction) -> Words:
        if exponent != int(exponent) or exponent < 1:
            raise ArithmeticError(f"no meaning is given to the power {exponent} of {self}")
        return self if exponent == 1 else self * self ** (exponent - 1)

    def __mul__(self, other: Words | int | Fraction) -> Words:
        if not isinstance(other, Words):
            return Words({word: c * other for word, c in self.terms.items()})
        terms: dict[Word, Any] = {}
        for a, x in self.terms.items():
            for b, y in other.terms.items():
                terms[a + b] = terms.get(a + b, 0) + x * y
        return Words(terms)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Words) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __repr__(self) -> str:
        def spell(word: Word) -> str:
            return "".join(n + ("ᵀ" if t else "") for n, t in word) or "1"

        return " + ".join(f"{c}·{spell(w)}" for w, c in sorted(self.terms.items())) or "0"


Rule = tuple[Word, Words]
ONE = Words({(): Fraction(1)})
ZERO = Words({})


def matrix(name: str) -> Words:
    """Return the word of one letter."""
    return Words({((name, False),): Fraction(1)})


class _Powers(Words):
    """One letter with named powers."""

    def __init__(self, name: str, known: dict[Fraction, Words]) -> None:
        super().__init__(matrix(name).terms)
        self.known = known

    def __pow__(self, exponent: int | Fraction) -> Words:
        return self.known[Fraction(exponent)] if exponent in self.known else super().__pow__(exponent)


def powers(name: str, known: dict[Fraction, Words]) -> Words:
    """Return the word of one letter that has these powers, such as an inverse root.

    Examples
    --------
    >>> D = powers("D", {Fraction(-1, 2): matrix("R")})
    >>> D ** Fraction(-1, 2) * D
    1·RD
    """
    return _Powers(name, known)


def orthogonal(name: str) -> list[Rule]:
    """Rules ``W Wᵀ = Wᵀ W = 1``."""
    return [(((name, False), (name, True)), ONE), (((name, True), (name, False)), ONE)]


def orthonormal_rows(name: str) -> list[Rule]:
    """Rule ``Q Qᵀ = 1`` alone."""
    return [(((name, False), (name, True)), ONE)]


def symmetric(name: str) -> list[Rule]:
    """Rule ``Dᵀ = D``."""
    return [(((name, True),), matrix(name))]


def inverse(name: str, other: str) -> list[Rule]:
    """Rules ``A B = B A = 1``."""
    return [(((name, False), (other, False)), ONE), (((other, False), (name, False)), ONE)]


def rule(left: Words, right: Words) -> list[Rule]:
    """The rule that replaces one word by an expression, and its transpose."""
    (word,) = left.terms
    (mirrored,) = left.T.terms
    return [(word, right), (mirrored, right.T)]


def normal_form(expression: Words, rules: Iterable[Rule]) -> Words:
    """Rewrite until no rule applies."""
    rules = list(rules)
    done: dict[Word, Any] = {}
    todo = list(expression.terms.items())
    for _ in range(100_000):
        if not todo:
            return Words(done)
        word, c = todo.pop()
        for pattern, replacement in rules:
            at = _find(word, pattern)
            if at >= 0:
                head, tail = word[:at], word[at + len(pattern) :]
                todo += [(head + middle + tail, c * k) for middle, k in replacement.terms.items()]
                break
        else:
            done[word] = done.get(word, 0) + c
    raise ArithmeticError("the rules do not come to an end")


def equal(left: Words, right: Words, rules: Iterable[Rule] = ()) -> bool:
    """Whether both have the same normal form."""
    rules = list(rules)
    return normal_form(left, rules) == normal_form(right, rules)


def _find(word: Word, pattern: Word) -> int:
    size = len(pattern)
    return next((i for i in range(len(word) - size + 1) if word[i : i + size] == pattern), -1)
