"""``isogap-residual``: what each block of a residual network counts, how its gradient grows, and which initialisation to take."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from isogap.cli.common import (
    EXIT_OK,
    BarProgress,
    Parser,
    add_common,
    centred_samples,
    fail,
    prepare_streams,
    whole,
)
from isogap.cli.writing import idle, prints, run_writing

if TYPE_CHECKING:
    import argparse

    from isogap.model.residual import ResidualChain

PROGRAM = "isogap-residual"
KINDS = ("batch-norm", "unnormalised", "scaled", "skipinit", "norm-after-sum")
_EPILOG = """\
A block is x + A W act(BN x); unnormalised x + A W act(x); scaled that over
sqrt(1 + A²); skipinit with trained A; norm-after-sum BN(x + A W act(x)).

examples:
  isogap-residual --depth 100 --batch 64 --activation relu
  isogap-residual --depth 1000 --kind skipinit
  isogap-residual --depth 60 --batch 16 --width 600 --replicas 20 --seed 1
  isogap-residual --depth 50 --kind unnormalised --json - --quiet

exit status: 0 done, 2 bad input, 130 interrupted"""


def parser() -> Parser:
    """Build the argument parser."""
    p = Parser(
        PROGRAM,
        required="--depth L",
        description="Residual networks at initialisation: share of every branch, path lengths, growth of the gradient, "
        "cost in isometry, and a recommendation; with --replicas measured beside the laws.",
        epilog=_EPILOG,
    )
    p.add_argument("--depth", type=whole(0, 10**5), required=True, metavar="L", help="number of blocks")
    p.add_argument("--kind", choices=KINDS, default="batch-norm", metavar="KIND",
                   help=f"{', '.join(KINDS[:3])},\n{', '.join(KINDS[3:])} (default batch-norm)")  # fmt: skip
    p.add_argument("--batch", type=centred_samples, default=64, metavar="N", help="samples (default 64)")
    p.add_argument("--activation", default="identity", metavar="NAME", help="default identity; relu, tanh, gelu, ...")
    p.add_argument("--alpha", type=float, metavar="A", help="default 1, or 1/sqrt(L) for skipinit")
    p.add_argument("--zero-weights", action="store_true", help="the branches end in layers of zeros")
    p.add_argument(
        "--width",
        type=whole(1),
        default=500,
        metavar="D",
        help="of measured networks, and in the isometry (default 500)",
    )
    p.add_argument(
        "--replicas", type=whole(0), default=0, metavar="R", help="networks to measure (default 0: laws alone)"
    )
    p.add_argument("--weights", choices=("gaussian", "orthogonal"), default="gaussian", metavar="LAW",
                   help="of measured networks: gaussian (default) or orthogonal")  # fmt: skip
    p.add_argument("--csv", metavar="FILE", help="write the per-layer table as CSV")
    p.add_argument("--plot", metavar="FILE", help="draw shares, paths and gradient (.png, .svg or .pdf)")
    add_common(p)
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    prepare_streams()
    asked = parser()
    options = asked.parse_args(argv)
    problem, unused = None, None
    if not options.replicas:  # --seed and --threads, which change no answer of theory, may be said always
        problem = idle(
            asked, ("weights",), "only measured networks need that; take --replicas 1 or more, or leave it out"
        )
        unused = idle(
            asked, ("width",), "no law of this network depends on it; take --replicas 1 or more, or leave it out"
        )
    return run_writing(PROGRAM, options, functools.partial(_run, unused), problem=problem)


def _run(unused: str | None, options: argparse.Namespace, written: list[str]) -> int:
    """Run and write; ``unused`` says what is wrong with the options if the isometry, where the width enters, has no formula."""
    from isogap.base.streams import seed_sequence
    from isogap.base.threads import default_threads
    from isogap.cli.output import residual as output
    from isogap.run import residual_summary

    with BarProgress(f"{options.replicas} networks", enabled=not options.quiet and options.replicas > 0) as progress:
        summary = residual_summary.summarise(
            _chain(options),
            replicas=options.replicas,
            zero_weights=options.zero_weights,
            rng=seed_sequence(options.seed),
            threads=options.threads or default_threads(),
            progress=progress,
        )
    if unused and summary.diagnosis.isometry_cost is None:
        return fail(PROGRAM, unused)
    output.write_files(summary, options, written)
    if prints(options):
        output.print_report(summary)
    return EXIT_OK


def _chain(options: argparse.Namespace) -> ResidualChain:
    from isogap.model.residual import ResidualChain

    return ResidualChain(
        options.width,
        options.depth,
        options.batch,
        kind=options.kind,
        activation=options.activation,
        alpha=options.alpha,
        weights=options.weights,
    )


if __name__ == "__main__":
    sys.exit(main())
