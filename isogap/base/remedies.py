"""Errors whose remedy has other words in Python than on a command line."""

from __future__ import annotations

ONE_SAMPLE = "of one sample, from which batch normalisation subtracts the mean, nothing is left"


class RemedyError(ValueError):
    """Bad input that both a function and a command may be given: what is wrong, and what to do in the words of either.

    The text of the error is that for Python; a command prints `on_command_line`.

    Examples
    --------
    >>> error = RemedyError("3 features at width 2: take ", "map='random'", "--map random")
    >>> str(error), on_command_line(error)
    ("3 features at width 2: take map='random'", '3 features at width 2: take --map random')
    """

    def __init__(self, wrong: str, python: str = "", command: str = "") -> None:
        super().__init__(wrong + python)
        self.wrong, self.python, self.command = wrong, python, command


def on_command_line(error: BaseException) -> str:
    """Text of an error for the user of a command."""
    return error.wrong + error.command if isinstance(error, RemedyError) else str(error)
