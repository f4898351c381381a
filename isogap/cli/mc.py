"""``isogap-mc``: run the chain, print what it shows, check it against the exact law."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from isogap._version import __version__
from isogap.cli.common import (
    EXIT_CHECK_FAILED,
    EXIT_INTERRUPTED,
    EXIT_OK,
    BarProgress,
    Parser,
    check_output,
    fail,
    prepare_streams,
    same_file,
    seconds,
    whole,
)

if TYPE_CHECKING:
    import argparse


PROGRAM = "isogap-mc"
PLOT_SUFFIXES = (".png", ".svg", ".pdf")
_EPILOG = """\
examples:
  isogap-mc --width 32 --depth 1000
  isogap-mc --width 32 --depth 1000 --input digits --batch 64 --plot a.png
  isogap-mc --width 32 --depth 1000 --replicas 100 --gradients
  isogap-mc --width 8 --depth 200 --input near-isometry:0.005 --json -

exit status: 0 done, 1 a self-check failed, 2 bad input, 130 interrupted"""


def parser() -> Parser:
    """Build the argument parser."""
    p = Parser(
        PROGRAM,
        required="--width D --depth L",
        description="Monte Carlo of deep batch-normalised linear networks with random weights: isometry gap per layer, "
        "the paper's and the sharp bounds, and self-checks against the exact one-step law.",
        epilog=_EPILOG,
    )
    p.add_argument("--width", type=whole(1), required=True, metavar="D", help="width d of every layer")
    p.add_argument("--depth", type=whole(0), required=True, metavar="L", help="number of layers")
    p.add_argument("--replicas", type=whole(1), default=1000, metavar="R", help="independent networks (default 1000)")
    p.add_argument("--batch", type=whole(1), metavar="N", help="samples n (default: the width; of a file all)")
    p.add_argument(
        "--input",
        default="gaussian",
        metavar="WHAT",
        help="gaussian (default), near-isometry:F, digits, spectrum:l1,l2,..., or a .npy/.csv file (features x samples)",
    )
    p.add_argument("--weights", choices=("orthogonal", "gaussian"), default="orthogonal", metavar="LAW",
                   help="orthogonal (default) or gaussian")  # fmt: skip
    p.add_argument("--seed", type=whole(0, None), metavar="S", help="for a repeatable run (default: fresh, and shown)")
    p.add_argument("--threads", type=whole(1), metavar="T", help="default: all processors; same numbers for any T")
    p.add_argument("--precision", default="double", metavar="P", help="double (default), double-double, mp:DIGITS")
    p.add_argument("--checkpoint", metavar="FILE", help="save now and then, and go on from it (needs --seed)")
    p.add_argument("--checkpoint-seconds", type=seconds, default=60.0, metavar="S",
                   help="seconds between two saves (default 60)")  # fmt: skip
    p.add_argument("--dask", metavar="ADDRESS", help="scheduler of a dask cluster, or local; same bits")
    p.add_argument(
        "--gradients",
        nargs="?",
        const="cross-entropy",
        choices=("cross-entropy", "squared-error"),
        metavar="LOSS",
        help="log norms too, of cross-entropy or squared-error",
    )
    p.add_argument("--labels", metavar="WHAT", help="with --gradients: random, or a .npy/.csv file")
    p.add_argument("--classes", type=whole(1), metavar="K", help="with --gradients: logits per sample, at most d")
    p.add_argument("--json", metavar="FILE", help="write the run as JSON; - for standard output")
    p.add_argument("--csv", metavar="FILE", help="write the per-layer table as CSV")
    p.add_argument("--save", metavar="FILE", help="write .npz, which ChainResult.load reads")
    p.add_argument("--plot", metavar="FILE", help="draw φ against depth (.png, .svg or .pdf)")
    p.add_argument("--quiet", action="store_true", help="no progress bar, no table")
    p.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}", help="show it and stop")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    prepare_streams()
    options = parser().parse_args(argv)
    problem = _output_problem(options) or _label_problem(options)
    if problem:
        return fail(PROGRAM, problem)
    written: list[str] = []
    try:
        return _run(options, written)
    except KeyboardInterrupt as stop:
        files = ", ".join(written)
        left = f"wrote {files}" if files else "no file was written"
        if options.checkpoint:
            left = f"go on with the same command ({options.checkpoint})"
        print(f"{PROGRAM}: {str(stop) or 'stopped'}; {left}", file=sys.stderr)
        return EXIT_INTERRUPTED
    except (ValueError, TypeError, OSError, MemoryError, ArithmeticError) as error:
        return fail(PROGRAM, str(error) or type(error).__name__)


def _run(options: argparse.Namespace, written: list[str]) -> int:
    from isogap.engine.chain.checkpoint import Checkpoint
    from isogap.run.chain import simulate

    with (
        _cluster(options) as client,
        BarProgress(f"{options.replicas} networks", enabled=not options.quiet) as progress,
    ):
        result = simulate(
            options.width,
            options.depth,
            replicas=options.replicas,
            batch=options.batch,
            input=options.input,
            weights=options.weights,
            rng=options.seed,
            threads=options.threads,
            precision=options.precision,
            checkpoint=None
            if options.checkpoint is None
            else Checkpoint(options.checkpoint, options.checkpoint_seconds),
            client=client,
            gradients=_gradient_options(options),
            progress=progress,
        )
    from isogap.cli.output import chain as output

    output.write_files(result, options, written)
    if not options.quiet and options.json != "-":
        output.print_report(result)
    problem = output.failed_check(result)
    if problem:
        print(f"{PROGRAM}: self-check failed: {problem}", file=sys.stderr)
        return EXIT_CHECK_FAILED
    return EXIT_OK


def _cluster(options: argparse.Namespace) -> AbstractContextManager[Any]:
    if options.dask is None:
        return nullcontext()
    from isogap.engine.chain.cluster import connected
    from isogap.run.chain import default_threads

    return connected(options.dask, options.threads or default_threads())


def _gradient_options(options: argparse.Namespace) -> object:
    """What ``--gradients``, ``--labels`` and ``--classes`` ask for."""
    if options.gradients is None:
        return None
    from isogap.run.gradients import GradientOptions

    labels = options.labels
    if labels not in (None, "random"):
        from pathlib import Path

        from isogap.model.losses import load_labels

        labels = load_labels(Path(labels))
    return GradientOptions(loss=options.gradients, labels=labels, classes=options.classes)


def _label_problem(options: argparse.Namespace) -> str | None:
    if options.gradients is None and (options.labels is not None or options.classes is not None):
        return "--labels and --classes need --gradients"
    return None


def _output_problem(options: argparse.Namespace) -> str | None:
    asked = [
        ("--json", options.json if options.json != "-" else None, ()),
        ("--csv", options.csv, ()),
        ("--save", options.save, (".npz",)),
        ("--plot", options.plot, PLOT_SUFFIXES),
        ("--checkpoint", options.checkpoint, ()),
    ]
    for option, path, suffixes in asked:
        if path is not None:
            problem = check_output(option, path, suffixes)
            if problem:
                return problem
    paths = [path for _, path, _ in asked if path is not None]
    for i, path in enumerate(paths):
        if same_file(path, options.input):
            return f"output {path} would overwrite the input"
        if any(same_file(path, other) for other in paths[:i]):
            return f"two outputs share the file name {path}"
    return None


if __name__ == "__main__":
    sys.exit(main())
