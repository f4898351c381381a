"""``isogap-verify``: decide every statement of the registry, print the verdicts, write the report."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from isogap._version import __version__
from isogap.cli.common import (
    EXIT_CHECK_FAILED,
    EXIT_OK,
    BarProgress,
    Parser,
    command,
    complain,
    fail,
    prepare_streams,
    whole,
    write_stdout,
)
from isogap.cli.writing import output_problem, outputs_of, prints

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from isogap.verification.outcome import Verdict

PROGRAM = "isogap-verify"
_EPILOG = """\
examples:
  isogap-verify --html report.html
  isogap-verify --only "Corollary 4" --only chain/S1
  isogap-verify --system chain
  isogap-verify --deep --json verdicts.json
  isogap-verify --statements my-claims

exit status: 0 all judged are as expected, 1 not, 2 bad input, 130 interrupted"""


def parser() -> Parser:
    """Build the argument parser."""
    p = Parser(
        PROGRAM,
        description="Decide every numbered statement of the paper and of this toolkit by a route of its own: computer "
        "algebra, ball arithmetic, Monte Carlo at a stated level. Every check must also refute false neighbours.",
        epilog=_EPILOG,
    )
    p.add_argument("--deep", action="store_true", help="all widths, all starts, long runs")
    p.add_argument("--only", metavar="LABEL", action="append", help="this one, and what it rests on; may be repeated")
    p.add_argument("--system", metavar="NAME", help="the statements of one system, and what they rest on")
    p.add_argument("--list", action="store_true", help="say what there is and stop")
    p.add_argument("--statements", metavar="DIR", help="a registry of your own, with its checks")
    p.add_argument("--seed", type=whole(0), metavar="S", help="of the Monte Carlo parts (default 0)")
    p.add_argument("--threads", type=whole(1), metavar="T", help="processes (default: all processors); same verdicts")
    p.add_argument("--html", metavar="FILE", help="write the report, one page")
    p.add_argument("--json", metavar="FILE", help="write the verdicts as JSON; - for standard output")
    p.add_argument("--quiet", action="store_true", help="no progress bar, no table")
    p.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}", help="show it and stop")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    prepare_streams()
    asked = parser()
    options = asked.parse_args(argv)
    problem = _contradiction(options, asked)
    options.seed = options.seed or 0
    registry = None if options.statements is None else os.path.join(options.statements, "statements.toml")
    problem = problem or output_problem(outputs_of(options), (registry,))
    return fail(PROGRAM, problem) if problem else command(PROGRAM, lambda: _run(options))


def _contradiction(options: argparse.Namespace, asked: Parser) -> str | None:
    """Say which option would be passed over."""
    if options.html == "-":
        return "--html needs a file name"
    if not options.list:
        return None
    judging = ("deep", "seed", "threads", "html", "json", "quiet")
    idle = [f"--{name}" for name in judging if name in asked.given or getattr(options, name) is True]
    return f"{idle[0]} and --list: the list judges nothing; leave {' and '.join(idle)} out" if idle else None


def _run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from isogap.verification.choice import chosen, glance

    where = None if options.statements is None else Path(options.statements)
    chosen(glance(where), options.only, options.system)  # a name that is not known is refused before anything is loaded
    if not options.list:
        return _judge(options, where)
    from isogap.verification import load

    statements = load(where)
    listed = [statements[key] for key in chosen(statements, options.only, options.system)]
    write_stdout("".join(f"{s.full:30} {s.kind:16} {s.name}\n" for s in listed))
    return EXIT_OK


def _judge(options: argparse.Namespace, where: Path | None) -> int:
    import time

    from isogap.cli.output.verify import table
    from isogap.verification.outcome import held
    from isogap.verification.runner import comparisons_within_level, judge_all

    begin, told = time.perf_counter(), _Lines(enabled=not options.quiet)
    with _Interruption() as interruption, BarProgress("statements", enabled=not options.quiet) as bar:

        def show(done: int, total: int, label: str) -> None:
            interruption.check()
            if done == 0:
                bar.start(total)
            bar.update(done)
            told.tell(done, total, label)

        verdicts = judge_all(
            options.only,
            system=options.system,
            deep=options.deep,
            seed=options.seed,
            where=where,
            progress=show,
            processes=options.threads,
        )
        interruption.check()
    seconds = time.perf_counter() - begin
    _write(options, verdicts, seconds)
    if prints(options):
        write_stdout(table(verdicts, seconds))
    within = comparisons_within_level(verdicts)
    if not within:
        complain(f"{PROGRAM}: more comparisons of sample means than the stated level allows")
    return EXIT_OK if within and held(verdicts) else EXIT_CHECK_FAILED


class _Lines:
    """Progress where there is no terminal: a line a statement on standard error."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled and sys.stderr is not None and not sys.stderr.isatty()
        self._done = -1

    def tell(self, done: int, total: int, label: str) -> None:
        """Say what is judged next, or how many are."""
        if self._enabled and done != self._done:
            complain(f"{PROGRAM}: {done} of {total} judged{f', now {label}' if label else ''}")
        self._done = done


class _Interruption:
    """Remembers a Ctrl-C: one that falls into a callback of compiled code is lost there, and is raised again by `check`."""

    def __init__(self) -> None:
        self._asked = False
        self._before: Any = None

    def __enter__(self) -> _Interruption:
        import signal
        import threading

        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        import signal

        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _stop(self, *_: object) -> None:
        self._asked = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raise the interruption that was asked for."""
        if self._asked:
            raise KeyboardInterrupt


def _write(options: argparse.Namespace, verdicts: list[Verdict], seconds: float) -> None:
    import json
    from pathlib import Path

    from isogap.base.files import write_atomically
    from isogap.verification.report.result import html_page, json_result

    if options.json is not None:
        result = json_result(verdicts, deep=options.deep, seed=options.seed, seconds=seconds)
        text = json.dumps(result, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
        if options.json == "-":
            write_stdout(text)
        else:
            write_atomically(options.json, lambda stream: stream.write(text.encode()))
    if options.html is not None:
        where = None if options.statements is None else Path(options.statements)
        page = html_page(verdicts, deep=options.deep, seed=options.seed, seconds=seconds, where=where)
        write_atomically(options.html, lambda stream: stream.write(page.encode()))


if __name__ == "__main__":
    sys.exit(main())
