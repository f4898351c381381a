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
GROUP_HELP = "O, U, Sp, SO, SU, COE or CSE (default O)"
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


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line on standard error and exit status 2."""

    def error(self, message: str) -> NoReturn:
        """Print ``message`` without the usage block and exit with status 2."""
        self.exit(EXIT_BAD_INPUT, f"{PROGRAM}: error: {message} (see {self.prog} --help)\n")


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
            epilog=f"example:\n  {example}\n\n{_STATUS}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_argument(argument, help=text)
        command.add_argument("--d", metavar="D", help="integer size of the matrices (even for Sp and CSE)")
        command.add_argument("--group", default="O", metavar="G", help=GROUP_HELP)
        command.add_argument(
            "--format",
            choices=("text", "latex", "json"),
            default="text",
            metavar="F",
            help="text (default), latex or json",
        )
        command.add_argument("--json", metavar="FILE", help="write the answer as JSON; - for standard output")
        if name in ("moment", "expect"):
            command.add_argument("--haar", metavar="NAMES", help="names of the random matrices, such as W,V")
        if name == "expect":
            command.add_argument("--limit", type=int, metavar="N", help="most pairs of pairings (default 1000000)")
        command.add_argument("--quiet", action="store_true", help="no sign of life while it computes")
    return parser


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
    from weingarten.errors import WeingartenError

    digits = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(0)  # exact answers may be longer than Python's limit of 4300 digits
        with _Waiting(enabled=not options.quiet):
            text = run(options)
        _write(text, options)
    except (WeingartenError, OSError) as error:
        if isinstance(error, OSError) and options.json in (None, "-"):
            # Keep the interpreter from flushing into the closed pipe or full device at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return EXIT_OK
        said = f"cannot write the result: {error.strerror}" if isinstance(error, OSError) else str(error)
        print(f"{PROGRAM}: error: {said}", file=sys.stderr)
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        print(f"{PROGRAM}: stopped; no file was written", file=sys.stderr)
        return EXIT_INTERRUPTED
    finally:
        sys.set_int_max_str_digits(digits)
    return EXIT_OK


def _write(text: str, options: argparse.Namespace) -> None:
    """Print the answer, or put it into the file completely or not at all."""
    if options.json in (None, "-"):
        print(text, flush=True)
        return
    temporary = f"{options.json}.{os.getpid()}.part"
    try:
        with open(temporary, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
        os.replace(temporary, options.json)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


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
    d = _dimension(options.d)
    if options.command == "wg":
        return _render([(None, _function(_numbers(options.partition), d, options.group))], options)
    if options.command == "table":
        return _table(options, d)
    return _render([(None, _expectation(options, d))], options)


def _dimension(text: str | None) -> Any:
    import sympy as sp

    from weingarten.errors import WeingartenError

    if text is None:
        return sp.Symbol("d", integer=True, positive=True)
    try:
        return int(text)
    except ValueError as error:
        raise WeingartenError(f"--d {text}: give a positive integer, or leave --d out for a function of d") from error


def _numbers(text: str) -> tuple[int, ...]:
    from weingarten.errors import WeingartenError

    body = text.strip()
    if body[:1] + body[-1:] in ("()", "[]"):
        body = body[1:-1].strip()
    if not re.fullmatch(r"(?:[0-9]{1,9}(?:(?:\s*,\s*|\s+)[0-9]{1,9})*,?)?", body):
        raise WeingartenError(f"partition {text!r}: give positive integers with commas, such as 2,1")
    return tuple(int(part) for part in re.findall(r"[0-9]+", body))


def _function(mu: tuple[int, ...], d: Any, group: str) -> Any:
    from weingarten.answers import Answer
    from weingarten.functions import function_group, weingarten_function

    value = weingarten_function(mu, d, group)
    minimum = function_group(group).threshold(sum(mu))
    if isinstance(d, int):
        return Answer(value, d, "given", exact_at=d)
    return Answer(value, max(1, minimum), f"degree {sum(mu)}")


def _table(options: argparse.Namespace, d: Any) -> str:
    from weingarten.answers import Answer
    from weingarten.errors import WeingartenError
    from weingarten.functions import function_group, weingarten_table

    try:
        n = int(options.n)
    except ValueError as error:
        raise WeingartenError(f"n {options.n!r}: give an integer that is at least 0") from error
    table = weingarten_table(n, d, options.group)
    minimum = max(1, function_group(options.group).threshold(n))
    exact = d if isinstance(d, int) else None
    answers = [(mu, Answer(value, minimum, f"degree {n}", exact_at=exact)) for mu, value in table.items()]
    return _render(answers, options)


def _expectation(options: argparse.Namespace, d: Any) -> Any:
    import sympy as sp

    from weingarten.arguments import as_dimension
    from weingarten.errors import WeingartenError
    from weingarten.expressions import expectation
    from weingarten.integration.contraction import PAIR_LIMIT
    from weingarten.notation.parsing import Parser

    as_dimension(d, options.group)
    names = tuple(part.strip() for part in (options.haar or "").split(",") if part.strip())
    text = options.monomial if options.command == "moment" else options.expression
    expression = Parser(text, d, options.group, names).parse()
    if options.command == "moment" and expression.has(sp.Trace):
        raise WeingartenError(f"{text!r} has a trace: use 'weingarten expect'")
    limit = getattr(options, "limit", None)
    return expectation(expression, with_range=True, limit=PAIR_LIMIT if limit is None else limit)


def _render(answers: Sequence[tuple[tuple[int, ...] | None, Any]], options: argparse.Namespace) -> str:
    if options.format == "json" or options.json is not None:
        return _json(answers, options)
    import sympy as sp

    lines = []
    for mu, answer in answers:
        body = sp.latex(answer.value) if options.format == "latex" else str(answer.value)
        label = "" if mu is None else "[" + ",".join(map(str, mu)) + "]"
        if mu is not None:
            body = f"\\mathrm{{Wg}}({label}) &= {body} \\\\" if options.format == "latex" else f"{label:<12} {body}"
        lines.append(body)
    if answers and answers[0][1].exact_at is None:
        lines.append(f"{'%' if options.format == 'latex' else '#'} valid for {answers[0][1].validity}")
    return "\n".join(lines)


def _json(answers: Sequence[tuple[tuple[int, ...] | None, Any]], options: argparse.Namespace) -> str:
    import json

    records = []
    for mu, answer in answers:
        record: dict[str, Any] = {} if mu is None else {"partition": list(mu)}
        record["value"] = str(answer.value)
        records.append(record)
    first = answers[0][1] if answers else None
    document: dict[str, Any] = {"command": options.command, "group": options.group}
    if first is not None:
        document["d"] = first.exact_at
        document["valid_from"] = first.minimum if first.exact_at is None else first.exact_at
        document["validity"] = first.validity
    document |= {"table": records} if options.command == "table" else records[0]
    return json.dumps(document, indent=2)


if __name__ == "__main__":
    sys.exit(main())
