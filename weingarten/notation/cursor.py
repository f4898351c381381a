"""A place in a list of tokens: what every rule of the notation stands on."""

from __future__ import annotations

from typing import Any, NoReturn

from weingarten.notation.lexing import NotationError, Token, tokens

DEPTH_LIMIT = 60  # brackets inside of brackets


class Cursor:
    """Reads tokens one after the other, and says where something is not understood."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.position = 0
        self.depth = 0
        self.bars = [0]  # open moduli in each open bracket
        self.notes: list[str] = []
        self.divisors: list[Any] = []  # what has stood below a fraction bar; sympy may have cancelled it since

    def peek(self, ahead: int = 0) -> Token:
        """Return a token without taking it; the last one is the end."""
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    def last(self) -> Token:
        """Return the token that was taken last."""
        return self.tokens[max(0, self.position - 1)]

    def next(self) -> Token:
        """Take a token."""
        token = self.peek()
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token

    def at(self, *values: str) -> bool:
        """Tell whether a mark with one of these values comes next."""
        token = self.peek()
        return token.kind == "mark" and token.value in values

    def expect(self, value: str) -> None:
        """Take the mark that must come next."""
        if not self.at(value):
            found = "the end" if self.peek().kind == "end" else repr(self.peek().value)
            self.fail(f"expected {value!r} but found {found}")
        self.next()

    def fail(self, message: str, place: int | None = None) -> NoReturn:
        """Refuse the text at a place, by default at the next token."""
        raise NotationError(self.text, self.peek().start if place is None else place, message)

    def note(self, message: str) -> None:
        """Remember how a doubtful place was read."""
        if message not in self.notes:
            self.notes.append(message)

    def enter(self) -> None:
        """Go one bracket deeper."""
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            self.fail(f"more than {DEPTH_LIMIT} brackets inside of each other")

    def leave(self) -> None:
        """Come back from a bracket."""
        self.depth -= 1

    def closing(self, start: int) -> int:
        """Return the position behind the bracket that closes the one opened just before `start`."""
        depth = 1
        for k in range(start, len(self.tokens)):
            token = self.tokens[k]
            if token.kind == "mark":
                depth += (token.value in "([{") - (token.value in ")]}")
            if depth == 0:
                return k + 1
        return len(self.tokens) - 1
