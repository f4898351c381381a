"""``isogap-figures``: the figures and tables of the paper, by name."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from isogap._version import __version__
from isogap.cli._common import EXIT_INTERRUPTED, EXIT_OK, BarProgress, Parser, fail, whole

if TYPE_CHECKING:
    import argparse

PROGRAM = "isogap-figures"
_EPILOG = """\
examples:
  isogap-figures --list
  isogap-figures fig1 fig2 --out figures
  isogap-figures --scale paper --data ~/data --out figures

Without a name all figures are made. Each is written as NAME.png, NAME.svg and NAME.csv, and README.md shows them.
Training (fig4, fig6, f1, f2, g1-g4) needs torch and can be interrupted: the next call goes on from DIR/training.

exit status: 0 done, 2 bad input, 130 interrupted"""


def parser() -> Parser:
    """Build the argument parser."""
    import argparse

    p = Parser(
        prog=PROGRAM,
        description="Figures and tables of the paper and of the sharper statements, with their data.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("names", nargs="*", metavar="NAME", help="which figures (default: all; --list shows them)")
    p.add_argument(
        "--out", default="figures", metavar="DIR", help="folder to write to, made if need be (default figures)"
    )
    p.add_argument("--scale", choices=("quick", "paper"), default="quick", help="paper: width 100, depth to 1000")
    p.add_argument(
        "--data", metavar="DIR", help="folder of MNIST, Fashion-MNIST, CIFAR (default: scikit-learn's digits)"
    )
    p.add_argument("--seed", type=whole(0), default=0, metavar="S", help="default 0")
    p.add_argument(
        "--threads", type=whole(1), metavar="T", help="default: all processors; the numbers do not depend on it"
    )
    p.add_argument("--list", action="store_true", help="say what there is and stop")
    p.add_argument("--quiet", action="store_true", help="no progress bar, no report")
    p.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    options = parser().parse_args(argv)
    try:
        return _run(options)
    except KeyboardInterrupt:
        print(
            f"{PROGRAM}: stopped; finished figures are complete, training goes on from its checkpoint", file=sys.stderr
        )
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        sys.stdout = None
        return EXIT_OK
    except (ValueError, TypeError, OSError, MemoryError, ImportError) as error:
        return fail(PROGRAM, str(error) or type(error).__name__)


def _run(options: argparse.Namespace) -> int:
    from isogap.figures import FIGURES

    if options.list:
        for name, (_, _, what) in FIGURES.items():
            print(f"{name:10} {what}")
        return EXIT_OK
    unknown = [name for name in options.names if name not in FIGURES]
    if unknown:
        return fail(PROGRAM, f"no figure {', '.join(unknown)}; --list shows what there is")
    problem = _folder_problem(options)
    if problem:
        return fail(PROGRAM, problem)
    from isogap.figures import Settings, make
    from isogap.figures.output import write, write_gallery
    from isogap.simulation import default_threads

    out = Path(options.out)
    out.mkdir(exist_ok=True)
    for name in dict.fromkeys(options.names or FIGURES):
        with BarProgress(name, enabled=not options.quiet) as progress:
            settings = Settings(
                scale=options.scale,
                data=None if options.data is None else Path(options.data),
                seed=options.seed,
                threads=options.threads or default_threads(),
                work=out / "training",
                progress=progress,
            )
            product = make(name, settings)
            write(product, out)
        write_gallery(out, {name: product.line})
        if not options.quiet:
            print(f"{name}: {product.line}", flush=True)
    return EXIT_OK


def _folder_problem(options: argparse.Namespace) -> str | None:
    out = Path(options.out)
    if out.exists() and not out.is_dir():
        return f"--out {out}: is a file"
    if not out.exists() and not out.parent.is_dir():
        return f"--out {out}: folder {out.parent} does not exist"
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        return f"--out {out}: not writable"
    if options.data is not None and not Path(options.data).is_dir():
        return f"--data {options.data}: no such folder"
    return None


if __name__ == "__main__":
    sys.exit(main())
