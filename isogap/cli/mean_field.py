"""``isogap-mean-field``: what mean-field theory says of an activation at a batch size, and what networks of finite width do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from isogap.cli.common import (
    EXIT_OK,
    BarProgress,
    Parser,
    add_common,
    centred_samples,
    prepare_streams,
    whole,
)
from isogap.cli.writing import idle, prints, run_writing
from isogap.model.choices import WEIGHTS

PROGRAM = "isogap-mean-field"
REPLICAS = 10
BATCH, GAIN = 64, 1.0
# Where a sweep looks if it is not told.
BATCHES = (4, 5, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256)
GAINS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_EPILOG = """\
A layer is x' = act(A BN(W x)), BN centred, W with N x N iid entries. Theory is
for N = infinity; networks of width D are measured beside it.

examples:
  isogap-mean-field --activation relu --batch 8
  isogap-mean-field --activation leaky-relu:0.2 --batch 64 --width 4000
  isogap-mean-field --activation gelu --sweep batch --csv rates.csv
  isogap-mean-field --activation tanh --batch 16 --sweep gain:0.1,0.2,0.5,1

exit status: 0 done, 2 bad input, 130 interrupted"""


def _batch(text: str) -> float:
    """Argument type: a whole number of at least 2, or ``inf``."""
    number: float = float("inf") if text == "inf" else centred_samples(text)
    return number


def _sweep(text: str) -> tuple[str, tuple[float, ...]]:
    """Argument type: ``batch`` or ``gain``, with or without values behind a colon."""
    name, colon, values = text.partition(":")
    if name not in ("batch", "gain"):
        raise argparse.ArgumentTypeError(f"must be batch or gain, or with values batch:4,8,16, got {text!r}")
    if not colon:
        return name, BATCHES if name == "batch" else GAINS
    try:
        found = tuple(_batch(v) if name == "batch" else float(v) for v in values.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{values!r} is no list of numbers") from None
    if len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"{values!r} must be different values between commas")
    return name, found


def parser() -> Parser:
    """Build the argument parser."""
    p = Parser(
        PROGRAM,
        description="Gradients of wide batch-normalised networks by mean-field theory: fixed point, rate, stability, and "
        "the rate measured at finite width.",
        epilog=_EPILOG,
    )
    p.add_argument("--activation", default="relu", metavar="NAME",
                   help="relu (default), tanh, leaky-relu:0.2, relu:+0.7, ..., or "
                   "MODULE:FUNCTION[:MODULE:DERIVATIVE]")  # fmt: skip
    p.add_argument("--batch", type=_batch, metavar="N", help="samples, at least 2, or inf (default 64)")
    p.add_argument("--width", type=whole(1), default=1000, metavar="D", help="neurons of a layer (default 1000)")
    p.add_argument("--depth", type=whole(2), default=40, metavar="L", help="layers, at least 2 (default 40)")
    p.add_argument("--weights", choices=WEIGHTS, default="gaussian", metavar="LAW",
                   help="gaussian (default) or orthogonal")  # fmt: skip
    p.add_argument("--gain", type=float, metavar="A", help="default 1")
    p.add_argument("--sweep", type=_sweep, metavar="WHAT",
                   help="batch or gain, one row a value; values: batch:4,8,16")  # fmt: skip
    p.add_argument("--replicas", type=whole(0), metavar="R",
                   help=f"networks measured; 0: theory alone (default {REPLICAS}, in a sweep 0)")  # fmt: skip
    p.add_argument("--csv", metavar="FILE", help="write the layers, or the rows of the sweep, as CSV")
    p.add_argument("--plot", metavar="FILE", help="draw them (.png, .svg or .pdf)")
    add_common(p)
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    prepare_streams()
    asked = parser()
    options = asked.parse_args(argv)
    contradiction = _contradiction(options)
    options.batch = BATCH if options.batch is None else options.batch
    options.gain = GAIN if options.gain is None else options.gain
    return run_writing(
        PROGRAM, options, _run, problem=contradiction or _problem(options) or _unmeasured(options, asked)
    )


def _replicas(options: argparse.Namespace) -> int:
    if options.replicas is not None:
        return int(options.replicas)
    return 0 if options.sweep or options.batch == float("inf") else REPLICAS


def _contradiction(options: argparse.Namespace) -> str | None:
    """Say which option a sweep would silently replace."""
    over = options.sweep[0] if options.sweep else None
    given = None if over is None else getattr(options, over)
    if given is None:
        return None
    return f"--{over} {given:g} and --sweep {over}: the sweep says which to take; leave --{over} out"


def _problem(options: argparse.Namespace) -> str | None:
    """Say what cannot be asked for together."""
    batches = options.sweep[1] if options.sweep and options.sweep[0] == "batch" else (options.batch,)
    if _replicas(options) and float("inf") in batches:
        return "a batch of inf cannot be measured; take --replicas 0"
    if options.weights != "gaussian" and not _replicas(options):
        return (
            f"--weights {options.weights} needs measured networks: the theory is for Gaussian weights; "
            "take --replicas 1 or more, or leave --weights out"
        )
    if not options.sweep and not _replicas(options) and (options.csv or options.plot):
        return "--csv and --plot show the layers of measured networks; take --replicas 1 or more, or --sweep"
    return None


def _unmeasured(options: argparse.Namespace, asked: Parser) -> str | None:
    """Say which options of measured networks theory alone would pass over; a seed changes no answer of it, and may be said."""
    if _replicas(options):
        return None
    needs = "only measured networks need that; take --replicas 1 or more, or leave it out"
    return idle(asked, ("width", "depth"), needs)


def _run(options: argparse.Namespace, written: list[str]) -> int:
    from isogap.cli.activation import activation_of
    from isogap.cli.output import mean_field as output
    from isogap.theory.mean_field.summary import theory_of

    activation, replicas = activation_of(options.activation), _replicas(options)
    if options.sweep is None and not replicas:
        found: Any = theory_of(activation, options.batch, gain=options.gain)
    elif options.sweep is None:
        with BarProgress(f"{replicas} networks", enabled=not options.quiet) as progress:
            found = _measured(options, activation, options.batch, options.gain, progress)
    else:
        found = _swept(options, activation)
    output.write_files(found, options, written)
    if prints(options):
        output.print_report(found, activation)
    return EXIT_OK


def _measured(options: argparse.Namespace, activation: Any, batch: int, gain: float, progress: Any) -> Any:
    from isogap.run.mean_field import simulate_mean_field

    return simulate_mean_field(
        activation,
        batch,
        width=options.width,
        depth=options.depth,
        weights=options.weights,
        gain=gain,
        replicas=_replicas(options),
        rng=options.seed,
        threads=options.threads,
        progress=progress,
    )


def _swept(options: argparse.Namespace, activation: Any) -> Any:
    """One theory, or one run, for each value."""
    from isogap.run.mean_field_sweep import Sweep
    from isogap.theory.mean_field.summary import theory_of

    over, values = options.sweep
    points = [(value, options.gain) if over == "batch" else (options.batch, value) for value in values]
    theories = tuple(theory_of(activation, batch, gain=gain) for batch, gain in points)
    if not _replicas(options):
        return Sweep(over, theories, None)
    runs = []
    for batch, gain in points:
        with BarProgress(f"{over} {batch if over == 'batch' else gain}", enabled=not options.quiet) as progress:
            runs.append(_measured(options, activation, batch, gain, progress))
    return Sweep(over, theories, tuple(runs))


if __name__ == "__main__":
    sys.exit(main())
