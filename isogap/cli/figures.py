"""``isogap-figures``: the figures and tables of the paper, by name."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from isogap._version import __version__
from isogap.base.names import did_you_mean
from isogap.cli.common import (
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

if TYPE_CHECKING:
    import argparse

PROGRAM = "isogap-figures"
DOWNLOADS = ("mnist", "fashion-mnist", "cifar10", "cifar100")  # isogap.batch.datasets.download.SOURCES
EXPLORER = "explorer"
_EPILOG = """\
examples:
  isogap-figures --list
  isogap-figures fig1 fig2 --out figures
  isogap-figures --scale paper --data ~/data --out figures
  isogap-figures explorer --out tables
  isogap-figures table-d1 fig4 --data /usr/share/datasets

The last one uses Fashion-MNIST as Debian's dataset-fashion-mnist installs it;
data sets are known by the checksums of their files, not by their names.

Each is written as NAME.png, NAME.svg and NAME.csv, and README.md shows them.
Training (fig4, fig6, f1, f2, g1-g4) needs torch. A run may be stopped or
killed at any time: the same call goes on from DIR/work. Remove that folder to
compute everything afresh. "explorer" writes explorer.json, the tables of the
explorer in the documentation; it is no part of "all".

exit status: 0 done, 2 bad input, 130 interrupted"""


def parser() -> Parser:
    """Build the argument parser."""
    p = Parser(
        PROGRAM,
        required="[NAME ...]",
        description="Figures and tables of the paper and of the sharper statements, with their data.",
        epilog=_EPILOG,
    )
    p.add_argument("names", nargs="*", metavar="NAME", help="which figures (default: all)")
    p.add_argument("--out", default="figures", metavar="DIR", help="folder to write to (default figures)")
    p.add_argument("--scale", choices=("quick", "paper"), default="quick", metavar="SIZE",
                   help="quick (default), or paper: width 100, depth 1000, 10 runs; all "
                        "that was timed takes 12800 s on two cores (--list: each)")  # fmt: skip
    p.add_argument("--data", metavar="DIR", help="MNIST, Fashion-MNIST, CIFAR (default: digits)")
    p.add_argument("--download", choices=DOWNLOADS, metavar="SET",
                   help=f"get it into DIR first: {', '.join(DOWNLOADS)}")  # fmt: skip
    p.add_argument("--seed", type=whole(0), default=0, metavar="S", help="default 0")
    p.add_argument("--threads", type=whole(1), metavar="T", help="default: all processors; same numbers for any T")
    p.add_argument("--list", action="store_true", help="say what there is, or what the NAMEs are, and stop")
    p.add_argument("--quiet", action="store_true", help="no progress bar, no report")
    p.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}", help="show it and stop")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    prepare_streams()
    asked = parser()
    options = asked.parse_args(argv)
    passed_over = _passed_over(options, asked)
    if passed_over:
        return fail(PROGRAM, passed_over)
    left = "finished figures are complete, the same call goes on with the rest"
    return command(PROGRAM, lambda: _run(options), lambda: left)


def _passed_over(options: argparse.Namespace, asked: Parser) -> str | None:
    """Say which options a list would pass over."""
    making = ("out", "scale", "data", "download", "seed", "threads", "quiet")
    given = [f"--{name}" for name in making if name in asked.given or getattr(options, name) is True]
    if not options.list or not given:
        return None
    return f"{given[0]} and --list: the list makes and fetches nothing; leave {' and '.join(given)} out"


def _run(options: argparse.Namespace) -> int:
    from isogap.figures import FIGURES

    unknown = [name for name in options.names if name not in (*FIGURES, EXPLORER)]
    if unknown:
        near = did_you_mean(unknown[0], (*FIGURES, EXPLORER)) or "; --list shows what there is"
        return fail(PROGRAM, f"no figure {', '.join(unknown)}{near}")
    if options.list:
        _list(options.names)
        return EXIT_OK
    problem = _folder_problem(options)
    if problem:
        return fail(PROGRAM, problem)
    if options.download is not None:
        from isogap.batch.datasets import download

        download(options.download, options.data)
    from isogap.base.threads import default_threads
    from isogap.figures import Settings, make
    from isogap.figures.output import write, write_gallery

    out = Path(options.out)
    out.mkdir(exist_ok=True)
    names = list(dict.fromkeys(options.names or FIGURES))
    for number, name in enumerate(names):
        if name == EXPLORER:
            _write_explorer(out, options)
            continue
        begin = time.perf_counter()
        with BarProgress(name, enabled=not options.quiet) as progress:
            settings = Settings(
                scale=options.scale,
                data=None if options.data is None else Path(options.data),
                seed=options.seed,
                threads=options.threads or default_threads(),
                work=out / "work",
                progress=progress,
            )
            product = make(name, settings)
            write(product, out)
        seconds = max(sum(settings.spent), time.perf_counter() - begin)
        made = f"Scale {options.scale}, seed {options.seed}, {seconds:.0f} s."
        write_gallery(out, {name: (product.line, made)})
        if not options.quiet:
            print(f"{name}: {product.line}", flush=True)
            if options.scale == "paper":
                _tell_time_left(names, number)
    return EXIT_OK


def _list(names: Sequence[str]) -> None:
    """Say what the figures that are named show, or all of them, and how long they take."""
    from isogap.figures import FIGURES
    from isogap.figures.cost import PAPER_SECONDS, paper_seconds

    shown = [name for name in (*FIGURES, EXPLORER) if not names or name in names]
    lines = [f"{'name':17} {'s':>5}  what it shows (s: seconds at --scale paper, two cores; ? not timed)"]
    for name in shown:
        seconds = 80 if name == EXPLORER else PAPER_SECONDS[name]
        what = "the tables of the explorer, as JSON; only if named" if name == EXPLORER else FIGURES[name][2]
        lines.append(f"{name:17} {'?' if seconds is None else seconds:>5}  {what}")
    timed = [name for name in shown if name != EXPLORER]
    if timed:
        total = paper_seconds(timed)[0]
        which = ("these" if names else "all") + (" but the explorer" if EXPLORER in shown else "")
        lines.append(f"{which}: {total} s at --scale paper; figures of one training are counted once")
    write_stdout("\n".join(lines) + "\n")


def _tell_time_left(names: list[str], number: int) -> None:
    """Say on standard error how long the rest takes, by the times of `isogap.figures.cost`."""
    from isogap.figures.cost import paper_seconds

    figures = [name for name in names if name != EXPLORER]
    later = [name for name in names[number + 1 :] if name != EXPLORER]
    if later:
        seconds = paper_seconds(figures)[0] - paper_seconds(figures[: len(figures) - len(later)])[0]
        unknown = paper_seconds(later)[1]
        more = f" and {', '.join(unknown)}, not timed" if unknown else ""
        complain(f"{names[number]} done; {len(later)} to go, some {seconds} s{more}")


def _write_explorer(out: Path, options: argparse.Namespace) -> None:
    from isogap.base.files import write_atomically
    from isogap.base.threads import default_threads
    from isogap.figures import Settings
    from isogap.figures.explorer import explorer_tables, explorer_text

    with BarProgress(EXPLORER, enabled=not options.quiet) as progress:
        threads = options.threads or default_threads()
        text = explorer_text(explorer_tables(Settings(seed=options.seed, threads=threads, progress=progress)))
    write_atomically(out / f"{EXPLORER}.json", lambda stream: stream.write(text.encode()))
    if not options.quiet:
        print(f"{EXPLORER}: {out / EXPLORER}.json", flush=True)


def _folder_problem(options: argparse.Namespace) -> str | None:
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        return f"--out {out}: is a file"
    if not out.exists() and not out.parent.is_dir():
        return f"--out {out}: folder {out.parent} does not exist"
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        return f"--out {out}: not writable"
    if options.download is not None and options.data is None:
        return "--download needs --data DIR, the folder to put it into"
    if options.data is not None and not Path(options.data).is_dir():
        return f"--data {options.data}: no such folder"
    return None


if __name__ == "__main__":
    sys.exit(main())
