"""``isogap-verify``: decide every statement of the registry, print the verdicts, write the report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from isogap._version import __version__
from isogap.cli.common import (
    EXIT_CHECK_FAILED,
    EXIT_OK,
    BarProgress,
    Output,
    Parser,
    command,
    fail,
    output_problem,
    prepare_streams,
    whole,
    write_stdout,
)

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from isogap.verification.outcome import Verdict

PROGRAM = "isogap-verify"
_EPILOG = """\
examples:
  isogap-verify --html report.html
  isogap-verify --only "Corollary 4" --only chain/S1
  isogap-verify --system chain
  isogap-verify --deep --json verdicts.json
  isogap-verify --statements my-claims

exit status: 0 all verdicts as expected, 1 not, 2 bad input, 130 interrupted"""


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
    p.add_argument("--seed", type=whole(0), default=0, metavar="S", help="of the Monte Carlo parts (default 0)")
    p.add_argument("--html", metavar="FILE", help="write the report, one page")
    p.add_argument("--json", metavar="FILE", help="write the verdicts as JSON; - for standard output")
    p.add_argument("--quiet", action="store_true", help="no progress bar, no table")
    p.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}", help="show it and stop")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    prepare_streams()
    options = parser().parse_args(argv)
    outputs = (Output("--html", options.html, (".html", ".htm")), Output("--json", options.json))
    problem = output_problem(outputs)
    if problem:
        return fail(PROGRAM, problem)
    return command(PROGRAM, lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    import time
    from pathlib import Path

    from isogap.verification import load
    from isogap.verification.runner import chosen, comparisons_within_level, judge_all

    where = None if options.statements is None else Path(options.statements)
    statements = load(where)
    if options.list:
        for key in chosen(statements, None, options.system):
            print(f"{statements[key].full:30} {statements[key].kind:16} {statements[key].name}")
        return EXIT_OK
    begin = time.perf_counter()
    with _Interruption() as interruption, BarProgress("statements", enabled=not options.quiet) as bar:

        def show(done: int, total: int, label: str) -> None:
            interruption.check()
            if done == 0:
                bar.start(total)
            bar.update(done)
            del label

        verdicts = judge_all(
            options.only, system=options.system, deep=options.deep, seed=options.seed, where=where, progress=show
        )
        interruption.check()
    seconds = time.perf_counter() - begin
    _write(options, verdicts, seconds)
    if not options.quiet and options.json != "-":
        _print(verdicts, seconds)
    within = comparisons_within_level(verdicts)
    if not within:
        print(f"{PROGRAM}: more comparisons of sample means than the stated level allows", file=sys.stderr)
    return EXIT_OK if within and all(v.passed for v in verdicts) else EXIT_CHECK_FAILED


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


def _print(verdicts: list[Verdict], seconds: float) -> None:
    from rich.console import Console

    terminal = sys.stdout is not None and sys.stdout.isatty()
    console = Console(highlight=False) if terminal else Console(highlight=False, width=110)
    with console.capture() as captured:  # written below: a reader who goes away is no failure
        _tell(console, verdicts, seconds)
    write_stdout(captured.get())


def _tell(console: Console, verdicts: list[Verdict], seconds: float) -> None:
    from rich.markup import escape
    from rich.table import Table

    from isogap.verification.outcome import MEANING

    several = len({v.system for v in verdicts}) > 1
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("statement", "verdict"):
        table.add_column(name)
    for name in ("by hand", "hypotheses held", "margin"):
        table.add_column(name, justify="right")
    table.add_column("false neighbours", justify="right")
    table.add_column("s", justify="right")
    for v in verdicts:
        kind = (
            v.kind if v.passed else f"{v.kind}, expected {v.expected}" if v.kind != v.expected else "neighbour SURVIVED"
        )
        refuted = f"{sum(c.refuted for c in v.controls)} of {len(v.controls)}"
        margin = "" if v.margin is None else f"{v.margin.value:.3g}"
        below = f" + {len(v.inherited)}" if v.inherited else ""
        name = f"{v.system}: {v.label}" if several else v.label
        held = f"{v.held} of {v.tried}"
        table.add_row(escape(name), kind, f"{len(v.arguments)}{below}", held, margin, refuted, f"{v.seconds:.1f}")
    console.print(table)
    for v in verdicts:
        if not v.passed:
            console.print(escape(f"{v.key}: {v.message or 'see the false neighbours'}"), soft_wrap=True)
            for c in v.controls:
                if not c.refuted:
                    console.print(escape(f"  survived: {c.what} ({c.witness})"), soft_wrap=True)
    for kind in dict.fromkeys(v.kind for v in verdicts if v.kind in MEANING):
        console.print(f"{kind}: {MEANING[kind]}")
    if any(v.arguments or v.inherited for v in verdicts):
        console.print("by hand: facts applied by hand in the check + in those of the statements that it rests on")
    good = sum(v.passed for v in verdicts)
    compared = sum(v.comparisons for v in verdicts)
    console.print(
        f"{good} of {len(verdicts)} verdicts as expected in {seconds:.0f} s; {compared} comparisons of sample means, "
        "false alarms of the whole suite at most 1e-6",
        soft_wrap=True,
    )


if __name__ == "__main__":
    sys.exit(main())
