"""``isogap-variants``: one network of the family that the experiments vary, its gradient, its rate, and what theory says."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from isogap.base.names import did_you_mean
from isogap.cli.common import (
    EXIT_OK,
    BarProgress,
    Parser,
    add_common,
    prepare_streams,
    whole,
    write_stdout,
)
from isogap.cli.input import add_input, read_input, reading
from isogap.cli.writing import prints, run_writing
from isogap.model.choices import CHAIN_WEIGHTS, LOSSES, ORDERS, VARIANT_REPLICAS

PROGRAM = "isogap-variants"
_EPILOG = """\
A layer is X' = act(A l^-P N(W X)), or with act-norm X' = N(act(A l^-P W X));
N divides every row by sqrt(norm² + eps), with --root-n by sqrt(norm²/n + eps).
Weights, activation, gain, exponent, order: several with commas, side by side.

examples:
  isogap-variants --width 16 --depth 400 --activation tanh --batch-norm-1d
  isogap-variants --width 32 --depth 99 --activation relu,tanh --plot a.png

exit status: 0 done, 2 bad input, 130 interrupted"""


def parser() -> Parser:
    """Build the argument parser."""
    p = Parser(
        PROGRAM,
        required="--width D --depth L",
        description="Gradients of a batch-normalised network at initialisation, for the variants of the paper's "
        "experiments: rate of growth with its error, and what theory says.",
        epilog=_EPILOG,
    )
    p.add_argument("--width", type=whole(1), required=True, metavar="D", help="width d of every layer")
    p.add_argument("--depth", type=whole(2), required=True, metavar="L", help="number of layers, at least 2")
    p.add_argument("--replicas", type=whole(1), default=VARIANT_REPLICAS, metavar="R",
                   help=f"independent networks (default {VARIANT_REPLICAS})")  # fmt: skip
    p.add_argument("--batch", type=whole(1), metavar="N", help="samples n (default: K D; of a file K times all)")
    p.add_argument("--repeats", type=whole(1), default=1, metavar="K", help="how often each sample occurs (default 1)")
    add_input(p, "gaussian (default), near-isometry:F, digits")
    p.add_argument("--weights", type=_names(CHAIN_WEIGHTS), default=(CHAIN_WEIGHTS[0],), metavar="LAW",
                   help="orthogonal (default), gaussian, hadamard or dct")  # fmt: skip
    p.add_argument("--mean-removal", action="store_true", help="take the mean of every row away first")
    p.add_argument("--root-n", action="store_true", help="variance instead of squared norm")
    p.add_argument("--eps", type=float, metavar="E", help="under the root (default 0)")
    p.add_argument("--batch-norm-1d", action="store_true", help="--mean-removal --root-n --eps 1e-5")
    p.add_argument("--activation", type=_list(str), default=("identity",), metavar="NAME",
                   help="tanh, relu:0.7, ... or MODULE:FUNCTION[:MODULE:DERIVATIVE]")  # fmt: skip
    p.add_argument("--gain", type=_list(float), default=(1.0,), metavar="A", help="default 1")
    p.add_argument("--exponent", type=_list(float), default=(0.0,), metavar="P",
                   help="gains are A l^-P, l from 1 (default 0)")  # fmt: skip
    p.add_argument("--order", type=_names(ORDERS), default=(ORDERS[0],), metavar="ORDER",
                   help="norm-act (default) or act-norm")  # fmt: skip
    p.add_argument("--loss", choices=LOSSES, default=LOSSES[0], metavar="LOSS",
                   help="cross-entropy (default) or squared-error")  # fmt: skip
    p.add_argument("--labels", metavar="WHAT", help="random, or a .npy/.csv file of classes")
    p.add_argument("--csv", metavar="FILE", help="write the per-layer table as CSV")
    p.add_argument("--save", metavar="FILE", help="write .npz, which load_variants reads")
    p.add_argument("--plot", metavar="FILE", help="draw log‖∂L/∂W‖ by layer (.png, .svg or .pdf)")
    add_common(p)
    return p


def _list(kind: Callable[[str], Any]) -> Callable[[str], tuple[Any, ...]]:
    """Argument type: one value, or several between commas."""

    def read(text: str) -> tuple[Any, ...]:
        try:
            values = tuple(kind(part.strip()) for part in text.split(","))
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers") from None
        if len(set(values)) < len(values) or "" in values:
            raise argparse.ArgumentTypeError(f"{text!r} must be different values between commas")
        return values

    return read


def _names(known: Sequence[str]) -> Callable[[str], tuple[Any, ...]]:
    """Argument type: one of the names, or several between commas."""

    def read(text: str) -> tuple[Any, ...]:
        names = _list(str)(text)
        for name in names:
            if name not in known:
                near = did_you_mean(name, known)
                raise argparse.ArgumentTypeError(f"must be one of {', '.join(known)}, got {name!r}{near}")
        return names

    return read


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    prepare_streams()
    options = parser().parse_args(argv)
    return run_writing(PROGRAM, options, _run)


def _run(options: argparse.Namespace, written: list[str]) -> int:
    from isogap.base.streams import input_generator, seed_sequence
    from isogap.batch.samples import repeated_batch
    from isogap.batch.spec import KNOWN_BATCHES
    from isogap.cli.output import variants as output
    from isogap.run.variant import simulate_variant

    root, spec, labels = seed_sequence(options.seed), read_input(options, KNOWN_BATCHES), _labels(options.labels)
    batch = repeated_batch(spec, options.width, options.batch, options.repeats, input_generator(root))
    results = []
    for variant in _variants(options, batch.data.shape[1]):
        with BarProgress(f"{options.replicas} networks", enabled=not options.quiet) as progress:
            results.append(
                simulate_variant(
                    variant,
                    replicas=options.replicas,
                    input=batch,
                    labels=labels,
                    loss=options.loss,
                    rng=root,
                    threads=options.threads,
                    progress=progress,
                )
            )
    output.write_files(results, options, written)
    if prints(options):
        line = reading(spec, options.width, -(-batch.data.shape[1] // options.repeats), results[0].rank)
        write_stdout("" if line is None else f"{line}\n")
        write_stdout(output.report(results[0]) if len(results) == 1 else output.side_by_side(results))
    return EXIT_OK


def _labels(text: str | None) -> Any:
    if text in (None, "random"):
        return text
    from pathlib import Path

    from isogap.model.losses import load_labels

    return load_labels(Path(str(text)))


def _variants(options: argparse.Namespace, batch: int) -> list[Any]:
    """Every combination of the values that were given, the last option fastest."""
    from itertools import product

    from isogap.cli.activation import activation_of
    from isogap.model.variant import Variant

    torch_like = options.batch_norm_1d
    activations = [activation_of(text) for text in options.activation]
    names = [what for what in activations if isinstance(what, str)]
    if len(set(names)) < len(names):
        raise ValueError(
            f"--activation {','.join(options.activation)}: two of these are the same function, {', '.join(names)}"
        )
    lists = (options.weights, activations, options.gain, options.exponent)
    return [
        Variant(
            options.width,
            options.depth,
            batch=batch,
            weights=weights,
            repeats=options.repeats,
            mean_removal=options.mean_removal or torch_like,
            root_n=options.root_n or torch_like,
            eps=(1e-5 if torch_like else 0.0) if options.eps is None else options.eps,
            activation=activation,
            gain=gain,
            exponent=exponent,
            order=order,
        )
        for weights, activation, gain, exponent, order in product(*lists, options.order)
    ]


if __name__ == "__main__":
    sys.exit(main())
