"""Files that a command writes: what would keep them from being written, said before anything runs, and what was written."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from isogap.cli.common import command, fail, write_stdout

if TYPE_CHECKING:
    import argparse

    from isogap.cli.common import Parser

# What file systems in common use allow.
LONGEST_NAME = 255
# Options that name a file to be written, and how its name must end.
SUFFIXES: dict[str, tuple[str, ...]] = {
    "json": (),
    "csv": (),
    "save": (".npz",),
    "plot": (".png", ".svg", ".pdf"),
    "html": (".html", ".htm"),
    "checkpoint": (),
}
# Options that may name a file to be read.
_READ = ("input", "labels")


class Output(NamedTuple):
    """A file that a command was asked to write: the option, the path if it was given, and how its name must end."""

    option: str
    path: str | None
    suffixes: tuple[str, ...] = ()


def run_writing(
    program: str,
    options: argparse.Namespace,
    run: Callable[[argparse.Namespace, list[str]], int],
    *,
    problem: str | None = None,
    left: Callable[[], str] | None = None,
) -> int:
    """Refuse a ``problem`` and outputs that cannot be written; else run: it adds to a list what it has written.

    ``left`` says what a run that was stopped leaves behind, where that is more than the files written.
    """
    problem = problem or output_problem(outputs_of(options), [getattr(options, name, None) for name in _READ])
    if problem:
        return fail(program, problem)
    written: list[str] = []

    def files() -> str:
        return f"wrote {', '.join(written)}" if written else "no file was written"

    return command(program, lambda: run(options, written), left or files)


def idle(parser: Parser, names: Sequence[str], needs: str) -> str | None:
    """Say which of the options that were given would be passed over, and what they need."""
    given = [f"--{name}" for name in names if name in parser.given]
    return f"{' and '.join(given)} would be passed over: {needs}" if given else None


def outputs_of(options: argparse.Namespace) -> list[Output]:
    """The files that the options of a command name."""
    return [Output(f"--{name}", getattr(options, name), SUFFIXES[name]) for name in SUFFIXES if hasattr(options, name)]


def prints(options: argparse.Namespace) -> bool:
    """Whether the command prints its report: not if it was told to be quiet, or prints JSON."""
    return not options.quiet and options.json != "-"


def output_problem(outputs: Sequence[Output], inputs: Sequence[str | None] = ()) -> str | None:
    """Say what would keep the outputs from being written, or what one would overwrite; ``None`` if nothing."""
    files = [
        output for output in outputs if output.path is not None and (output.path, output.option) != ("-", "--json")
    ]
    for option, path, suffixes in files:
        problem = check_output(option, str(path), suffixes)
        if problem:
            return problem
    for i, output in enumerate(files):
        if any(source is not None and same_file(str(output.path), source) for source in inputs):
            return f"output {output.path} would overwrite the input"
        if any(same_file(str(output.path), str(other.path)) for other in files[:i]):
            return f"two outputs share the file name {output.path}"
    return None


def check_output(option: str, path: str, suffixes: tuple[str, ...] = ()) -> str | None:
    """Say what would keep ``path`` from being written, before any work is done; ``None`` if nothing would."""
    if path == "-":
        return f"{option} -: only --json writes to standard output"
    if "\0" in path:
        return f"{option} {path!r}: a file name cannot hold a zero byte"
    if len(os.fsencode(os.path.basename(path))) > LONGEST_NAME:
        return f"{option} {path[:40]}...: a file name has at most {LONGEST_NAME} bytes"
    target = Path(os.path.realpath(path))
    if suffixes and Path(path).suffix.lower() not in suffixes:
        return f"{option} {path}: the name must end in {' or '.join(suffixes)}"
    if target.is_dir():
        return f"{option} {path}: is a folder"
    if not target.parent.is_dir():
        return f"{option} {path}: folder {target.parent} does not exist"
    if target.exists() and not target.is_file():
        return None  # a pipe or a device, written to directly
    if not os.access(target.parent, os.W_OK):
        return f"{option} {path}: folder {target.parent} is not writable"
    return None


def same_file(first: str, second: str) -> bool:
    """Whether two names lead to one file, which need not exist."""
    if "\0" in first + second:
        return False
    return os.path.normcase(os.path.realpath(first)) == os.path.normcase(os.path.realpath(second))


def write_asked(
    options: argparse.Namespace,
    written: list[str],
    *,
    data: Callable[[], Any],
    table: Callable[[], str],
    **draw: Callable[[str], Any],
) -> None:
    """Write what ``--json``, ``--csv`` and the options in ``draw`` ask for; standard output last.

    Each file is complete or absent, and its name goes to ``written``. ``data`` makes what JSON holds, ``table`` the text of CSV;
    the others write to the path that they are given.
    """
    text = json.dumps(data(), indent=1, allow_nan=False) + "\n" if options.json is not None else ""
    rows = table() if options.csv is not None else ""  # all texts first: what fails here leaves no file behind
    jobs: list[tuple[str | None, Callable[[str], Any]]] = [
        (options.json if options.json != "-" else None, lambda path: _write_text(path, text)),
        (options.csv, lambda path: _write_text(path, rows)),
        *((getattr(options, name), write) for name, write in draw.items()),
    ]
    write_each(jobs, written)
    if options.json == "-":
        write_stdout(text)


def csv_text(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    r"""Rows of texts and numbers as CSV: numbers with all their digits; ``None`` and what is not finite are left out.

    Examples
    --------
    >>> csv_text(["layer", "mean"], [[0, 0.1], [1, float("nan")]])
    'layer,mean\n0,0.1\n1,\n'
    >>> import numpy as np
    >>> csv_text(["mean", "stable"], [[np.float64(1.5), None]])
    'mean,stable\n1.5,\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow(_cell(x) for x in row)
    return out.getvalue()


def _cell(value: Any) -> str:
    """A text as it is, a number with all its digits, NumPy's scalars as Python's; what there is not, empty."""
    if value is None or isinstance(value, str):
        return value or ""
    number = value.item() if hasattr(value, "item") else value
    return repr(number) if isinstance(number, int) or math.isfinite(number) else ""


def _write_text(path: str, text: str) -> None:
    from isogap.base.files import write_atomically

    write_atomically(path, lambda stream: stream.write(text.encode()))


def write_each(jobs: Sequence[tuple[str | None, Callable[[str], Any]]], written: list[str]) -> None:
    """Write every file that was asked for, completely or not at all, and add its name to ``written``."""
    for path, write in jobs:
        if path is not None:
            write(path)
            written.append(path)
