"""``isogap-products``: products of random matrices against theory: singular values, condition number, Lyapunov exponents."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from isogap.cli.common import (
    EXIT_CHECK_FAILED,
    EXIT_OK,
    BarProgress,
    Parser,
    add_common,
    prepare_streams,
    whole,
)
from isogap.cli.writing import prints, run_writing
from isogap.model.choices import FACTOR_WEIGHTS, PRODUCT_REPLICAS

if TYPE_CHECKING:
    import argparse

PROGRAM = "isogap-products"
_EPILOG = """\
The law is that of the squared singular values as N grows at fixed M; with more
factors than N/4 its distance decides nothing. With M = 0 the product is the
identity, with --sigma 0 the zero matrix.

examples:
  isogap-products --factors 3 --size 200
  isogap-products --factors 1000 --size 100 --csv exponents.csv
  isogap-products --factors 2 --size 64 --weights truncated --ambient 96

exit status: 0 consistent, 1 inconsistent, 2 bad input, 130 interrupted"""


def parser() -> Parser:
    """Build the argument parser."""
    p = Parser(
        PROGRAM,
        required="--factors M --size N",
        description="Products of M random N x N matrices: their singular values against the limit law (distance and its "
        "error), condition number, Lyapunov exponents, and whether all of it is consistent with theory.",
        epilog=_EPILOG,
    )
    p.add_argument("--factors", type=whole(0), required=True, metavar="M", help="number of factors, 0 or more")
    p.add_argument("--size", type=whole(1), required=True, metavar="N", help="rows and columns of every factor")
    p.add_argument("--replicas", type=whole(1), default=PRODUCT_REPLICAS, metavar="R",
                   help=f"independent products (default {PRODUCT_REPLICAS})")  # fmt: skip
    p.add_argument("--weights", choices=FACTOR_WEIGHTS, default=FACTOR_WEIGHTS[0], metavar="LAW",
                   help="gaussian (default, variance 1/N), orthogonal or truncated")  # fmt: skip
    p.add_argument("--ambient", type=whole(1), metavar="K", help="size that truncated factors are cut from")
    p.add_argument("--sigma", type=float, default=1.0, metavar="S", help="multiplies every factor (default 1)")
    p.add_argument("--csv", metavar="FILE", help="write the exponents as CSV")
    p.add_argument("--plot", metavar="FILE", help="draw spectrum and exponents (.png, .svg or .pdf)")
    add_common(p)
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    prepare_streams()
    options = parser().parse_args(argv)
    return run_writing(PROGRAM, options, _run)


def _run(options: argparse.Namespace, written: list[str]) -> int:
    from isogap.cli.output import products as output
    from isogap.run.products import simulate_products

    with BarProgress(f"{options.replicas} products", enabled=not options.quiet) as progress:
        result = simulate_products(
            options.size,
            options.factors,
            replicas=options.replicas,
            weights=options.weights,
            sigma=options.sigma,
            ambient=options.ambient,
            rng=options.seed,
            threads=options.threads,
            progress=progress,
        )
    output.write_files(result, options, written)
    if prints(options):
        output.print_report(result)
    return EXIT_OK if result.verdict == "consistent" else EXIT_CHECK_FAILED


if __name__ == "__main__":
    sys.exit(main())
