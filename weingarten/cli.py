"""The command `weingarten`: functions, moments, expectations and tables, as text, LaTeX or JSON."""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, NoReturn

PROGRAM = "weingarten"
GROUP_HELP = (
    "O, U, Sp, SO, SU, COE or CSE (default O); or an ensemble by name: GUE, wishart, permutation, AIII, O+, ..."
)
EXIT_OK, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 0, 2, 130
_STATUS = "exit status: 0 done, 2 bad input, 130 interrupted"
# name: title, argument, its help, an example
_COMMANDS = {
    "wg": (
        "Weingarten function of a partition",
        "partition",
        "coset type (cycle type for U), such as 2,1",
        "weingarten wg 2,1 --d 7 --group U",
    ),
    "moment": (
        "moment of matrix entries",
        "monomial",
        "such as 'W11^2 W22^2', 'W[1,12]^2', '|U11|^4'",
        'weingarten moment "W11^2 W22^2"',
    ),
    "expect": (
        "expectation of entries and traces",
        "expression",
        "such as \"tr(W A W' B)^2\", 'tr(U A U† B)'",
        'weingarten expect "tr(W A W\' B)^2"',
    ),
    "table": ("Weingarten functions of all partitions of n", "n", "degree", "weingarten table 3 --format latex"),
}


_KIND_HELP = {
    "symmetric": "symmetric",
    "hermitian": "Hermitian",
    "projector": "projectors",
    "rank-one": "of rank one",
}
_NAMES_HELP = """names:
  outside of tr(...)  small letters are scalars, d is the size, W11 or W[1,2] an
                      entry of a random matrix (W; U, S, V by group, or --haar)
  inside of tr(...)   every name is a matrix, I the identity; random as above,
                      any other one constant; ' transposes, ^H is the adjoint

"""


def _alike(option: str, text: str) -> str:
    """Return the text of an option in one spelling: a size without zeros in front, a group in small letters."""
    plain = text.strip()
    if option == "d" and re.fullmatch(r"[0-9]{1,4000}", plain):
        return plain.lstrip("0") or "0"
    return plain.lower() if option == "group" else text


class _Once(argparse._StoreAction):
    """Keep the value of an option; another value for the same one is refused, not put in its place."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        if option_string is not None:
            first = parser.given.setdefault(self.dest, str(values))
            if _alike(self.dest, first) != _alike(self.dest, str(values)):
                parser.error(f"{option_string} is given twice, as {first} and {values}: say one")
        super().__call__(parser, namespace, values, option_string)


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line on standard error and exit status 2."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.given: dict[str, Any] = {}
        for action in (None, "store"):
            self.register("action", action, _Once)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Read the arguments of this parser anew."""
        self.given = {}
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Print ``message`` without the usage block, with what a mistyped word may mean, and exit with status 2."""
        self.exit(EXIT_BAD_INPUT, f"{PROGRAM}: error: {message}{self._meant(message)} (see {self.prog} --help)\n")

    def _meant(self, message: str) -> str:
        """Return the question whether a known option, command or format was meant, or nothing."""
        mistyped = re.match(r"unrecognized arguments: (?:.* )?(--?[A-Za-z][^\s=]*)", message)
        if mistyped:
            word, options = mistyped[1], (action.option_strings for action in self._every_action())
            known = [option for own in options for option in own]
            if word in known:
                homes = [name for name, parser in self._commands().items() if word in parser._option_string_actions]
                return f"; {word} is an option of {', '.join(f'{PROGRAM} {name}' for name in homes)}"
        else:
            mistyped = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
            if not mistyped:
                return ""
            word, known = mistyped[1], re.findall(r"[\w-]+", mistyped[2])
        from weingarten.suggestions import meant

        return meant(word, known)

    def _commands(self) -> dict[str, argparse.ArgumentParser]:
        """Return the parsers of the commands."""
        found: dict[str, argparse.ArgumentParser] = {}
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                found |= action.choices
        return found

    def _every_action(self) -> list[argparse.Action]:
        """Return the options and arguments of this parser and of its commands."""
        return [*self._actions, *(inner for parser in self._commands().values() for inner in parser._actions)]


class _Version(argparse.Action):
    """``--version``, with the version looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        from pathlib import Path

        # Read as text beside this package, where every command has it from: importing it would import all of that package.
        file = Path(__file__).parents[1] / "isogap" / "_version.py"
        try:
            found = re.search(r'^__version__ = "(.+)"$', file.read_text(encoding="utf-8"), re.M)
        except OSError:  # this package alone
            found = None
        version = found[1] if found else "unknown"
        print(f"{PROGRAM} {version}")
        parser.exit(EXIT_OK)


def build_parser() -> Parser:
    """Return the argument parser; nothing heavy is imported for `--help`."""
    parser = Parser(
        prog=PROGRAM,
        description="Exact integrals over Haar measure on O(d), U(d), Sp(d), SO(d), SU(d), COE\nand CSE.",
        epilog="Without --d the answer is a function of d, printed with the dimensions for\nwhich it holds.\n\nexamples:\n"
        + "".join(f"  {example}\n" for *_, example in _COMMANDS.values())
        + f"\n{_STATUS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show it and stop")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (title, argument, text, example) in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=title,
            description=title[0].upper() + title[1:] + ".",
            epilog=f"example:\n  {example}\n\n{_NAMES_HELP if name == 'expect' else ''}{_STATUS}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_argument(argument, help=text)
        _add_options(command, name)
    return parser


def _add_options(command: argparse.ArgumentParser, name: str) -> None:
    """Add the options of a command."""
    formats = "text, latex, json, csv" if name == "table" else "text, latex or json"
    command.add_argument("--d", metavar="D", help="size of the matrices: an integer (even for Sp and CSE)")
    command.add_argument("--group", default="O", metavar="G", help=GROUP_HELP)
    choices = ("text", "latex", "json", *(("csv",) if name == "table" else ()))
    command.add_argument("--format", choices=choices, metavar="F", help=formats)
    command.add_argument("--json", metavar="FILE", help="write the answer as JSON; - for standard output")
    command.add_argument("--series", metavar="K", help="for large d: K powers from the leading one on")
    command.add_argument("--declare", metavar="NAMES", help="symbols for sizes, as in --declare M --d 2*M")
    if name in ("moment", "expect"):
        command.add_argument("--haar", metavar="NAMES", help="names of the random matrices, such as W,V")
    if name == "expect":
        for kind in ("symmetric", "hermitian", "projector", "rank-one"):
            command.add_argument(f"--{kind}", metavar="NAMES", help=f"constants that are {_KIND_HELP[kind]}")
        command.add_argument("--limit", type=_pairs, metavar="N", help="most pairs of pairings (default 1000000)")
    command.add_argument("--quiet", action="store_true", help="no sign of life while it computes")


def _pairs(text: str) -> int:
    """Argument type: a whole number of pairs."""
    if not re.fullmatch(r"\s*[0-9]{1,18}\s*", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, got {text.strip()!r}")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its status.

    0; 2 after one line on standard error for input that has no answer; 1 if the output could not be written. A reader
    that closes the pipe early is no error.

    Examples
    --------
    >>> from weingarten.cli import main
    >>> main(["wg", "2,1", "--d", "7"])
    -1/2310
    0
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    given = sys.argv[1:] if arguments is None else arguments
    # a space in front tells argparse that an expression such as -W11^2 is no option
    options = build_parser().parse_args([f" {x}" if re.match(r"-[^-h]", x) else x for x in given])
    WeingartenError = _loaded(own_process=arguments is None)
    digits = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(0)  # exact answers may be longer than Python's limit of 4300 digits
        if options.json not in (None, "-"):
            from weingarten.files import check_target

            check_target(options.json)
        with _Waiting(enabled=not options.quiet):
            text = run(options)
        _write(text, options)
    except (WeingartenError, OSError) as error:
        if isinstance(error, OSError) and options.json in (None, "-"):
            # Keep the interpreter from flushing into the closed pipe or full device at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return EXIT_OK
        where = "the result" if options.json in (None, "-") else f"--json {options.json}"
        said = f"cannot write {where}: {error.strerror}" if isinstance(error, OSError) else str(error)
        print(f"{PROGRAM}: error: {said}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print(f"{PROGRAM}: stopped; no file was written", file=sys.stderr)
        return EXIT_INTERRUPTED
    finally:
        sys.set_int_max_str_digits(digits)
    return EXIT_OK


def _loaded(*, own_process: bool) -> type[Exception]:
    """Import what every command needs; the collector of cycles finds nothing among modules and only costs time.

    In a process of its own the modules are also taken out of the collections at the end.
    """
    import gc

    enabled = gc.isenabled()
    gc.disable()
    try:
        from weingarten import questions
        from weingarten.errors import WeingartenError

        del questions
        if own_process:
            gc.freeze()
    finally:
        if enabled:
            gc.enable()
    return WeingartenError


def _write(text: str, options: argparse.Namespace) -> None:
    """Print the answer, or put it into the file completely or not at all."""
    if options.json in (None, "-"):
        print(text, flush=True)
        return
    from weingarten.files import write_text

    write_text(options.json, text + "\n")


class _Waiting:
    """A line on a terminal that counts the seconds of a long computation, and is gone when that is done."""

    def __init__(self, *, enabled: bool, after: int = 2) -> None:
        self._done = threading.Event()
        self._after = after
        shown = enabled and sys.stderr is not None and sys.stderr.isatty()
        self._thread = threading.Thread(target=self._count, daemon=True) if shown else None

    def __enter__(self) -> None:
        if self._thread is not None:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _count(self) -> None:
        begin = time.monotonic()
        if self._done.wait(self._after):
            return
        while not self._done.wait(1):
            print(f"\rcomputing, {int(time.monotonic() - begin)} s (Ctrl-C stops)", end="", file=sys.stderr, flush=True)
        print("\r" + " " * 40 + "\r", end="", file=sys.stderr, flush=True)


def run(options: argparse.Namespace) -> str:
    """Return the output of one command."""
    from weingarten.questions import answer_text

    return answer_text(options)


if __name__ == "__main__":
    sys.exit(main())
