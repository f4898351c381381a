"""``isogap-mc``: run the chain, print what it shows, check it against the exact law."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from isogap.cli import shrinking
from isogap.cli.common import (
    EXIT_CHECK_FAILED,
    EXIT_OK,
    BarProgress,
    Parser,
    add_common,
    complain,
    prepare_streams,
    seconds,
    whole,
)
from isogap.cli.input import add_input, read_input, reading
from isogap.cli.writing import prints, run_writing
from isogap.model.choices import CHAIN_WEIGHTS, DEFAULT_REPLICAS, LOSSES

if TYPE_CHECKING:
    import argparse

    from isogap.run.gradients import GradientOptions


PROGRAM = "isogap-mc"
SAVE_SECONDS = 60.0
_EPILOG = """\
examples:
  isogap-mc --width 32 --depth 1000
  isogap-mc --width 32 --depth 1000 --input digits --batch 64 --plot a.png
  isogap-mc --width 8 --depth 200 --input near-isometry:0.01 --gradients
  isogap-mc --widths 64x5,32x5,16

exit status: 0 done, 1 a self-check failed, 2 bad input, 130 interrupted"""


def parser() -> Parser:
    """Build the argument parser."""
    p = Parser(
        PROGRAM,
        required="--width D --depth L | --widths D0,D1,...",
        description="Monte Carlo of deep batch-normalised linear networks with random weights: isometry gap per layer, "
        "the paper's and the sharp bounds, and self-checks against the exact one-step law.",
        epilog=_EPILOG,
    )
    p.add_argument("--width", type=whole(1), metavar="D", help="width d of every layer")
    p.add_argument("--depth", type=whole(0), metavar="L", help="number of layers")
    p.add_argument("--widths", type=shrinking.sizes, metavar="D0,D1,...",
                   help="widths that shrink: of the batch, then of every layer; 64x3 is three times 64")  # fmt: skip
    p.add_argument("--replicas", type=whole(1), default=DEFAULT_REPLICAS, metavar="R",
                   help=f"independent networks (default {DEFAULT_REPLICAS})")  # fmt: skip
    p.add_argument("--batch", type=whole(1), metavar="N", help="samples n (default: the width; of a file all)")
    add_input(p, "gaussian (default), near-isometry:F, digits, spectrum:l1,l2,...")
    p.add_argument("--weights", choices=CHAIN_WEIGHTS, default=CHAIN_WEIGHTS[0], metavar="LAW",
                   help="orthogonal (default), gaussian, hadamard or dct")  # fmt: skip
    p.add_argument("--precision", default="double", metavar="P", help="double (default), double-double, mp:DIGITS")
    p.add_argument("--checkpoint", metavar="FILE", help="save now and then, and go on from it (needs --seed)")
    p.add_argument("--checkpoint-seconds", type=seconds, metavar="S",
                   help=f"seconds between two saves (default {SAVE_SECONDS:g})")  # fmt: skip
    p.add_argument("--dask", metavar="ADDRESS", help="scheduler of a dask cluster, or local; same bits")
    p.add_argument(
        "--gradients",
        nargs="?",
        const=LOSSES[0],
        choices=LOSSES,
        metavar="LOSS",
        help="log norms too, of cross-entropy or squared-error",
    )
    p.add_argument("--labels", metavar="WHAT", help="with --gradients: random, or a .npy/.csv file")
    p.add_argument("--classes", type=whole(1), metavar="K", help="with --gradients: logits per sample, at most d")
    p.add_argument("--csv", metavar="FILE", help="write the per-layer table as CSV")
    p.add_argument("--save", metavar="FILE", help="write .npz, which ChainResult.load reads")
    p.add_argument("--plot", metavar="FILE", help="draw φ against depth (.png, .svg or .pdf)")
    add_common(p)
    return p


# The report and the quantiles of the self-checks.
_AFTER = ("scipy.special", "isogap.cli.output.chain")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    prepare_streams()
    options = parser().parse_args(argv)
    run = _run if options.widths is None else shrinking.run
    left = (lambda: f"go on with the same command ({options.checkpoint})") if options.checkpoint else None
    return run_writing(PROGRAM, options, run, problem=shrinking.problem(options) or _label_problem(options), left=left)


def _run(options: argparse.Namespace, written: list[str]) -> int:
    from isogap.batch.spec import KNOWN_STARTS
    from isogap.engine.chain.checkpoint import Checkpoint
    from isogap.run.chain import simulate
    from isogap.run.options import Where

    spec = read_input(options, KNOWN_STARTS)

    with (
        _cluster(options) as client,
        BarProgress(f"{options.replicas} networks", not options.quiet, after=_AFTER) as progress,
    ):
        result = simulate(
            options.width,
            options.depth,
            replicas=options.replicas,
            batch=options.batch,
            input=spec,
            weights=options.weights,
            rng=options.seed,
            precision=options.precision,
            gradients=_gradient_options(options),
            where=Where(
                threads=options.threads,
                client=client,
                checkpoint=None
                if options.checkpoint is None
                else Checkpoint(options.checkpoint, _save_seconds(options)),
                progress=progress,
            ),
        )
    from isogap.cli.output import chain as output

    output.write_files(result, options, written)
    if prints(options):
        output.print_report(result, reading(spec, options.width, result.parameters.batch, result.rank))
    problem = output.failed_check(result)
    if problem:
        complain(f"{PROGRAM}: self-check failed: {problem}")
        return EXIT_CHECK_FAILED
    return EXIT_OK


def _cluster(options: argparse.Namespace) -> AbstractContextManager[Any]:
    if options.dask is None:
        return nullcontext()
    from isogap.base.threads import default_threads
    from isogap.engine.chain.cluster import connected

    return connected(options.dask, options.threads or default_threads())


def _gradient_options(options: argparse.Namespace) -> GradientOptions | None:
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


def _save_seconds(options: argparse.Namespace) -> float:
    return SAVE_SECONDS if options.checkpoint_seconds is None else float(options.checkpoint_seconds)


def _label_problem(options: argparse.Namespace) -> str | None:
    if options.checkpoint is None and options.checkpoint_seconds is not None:
        return "--checkpoint-seconds needs --checkpoint"
    if options.gradients is None and (options.labels is not None or options.classes is not None):
        return "--labels and --classes need --gradients"
    return None


if __name__ == "__main__":
    sys.exit(main())
