"""``isogap-variants``: one network of the family that the experiments vary, its gradient, its rate, and what theory says."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from isogap.cli.common import (
    EXIT_OK,
    BarProgress,
    Output,
    Parser,
    add_common,
    command,
    fail,
    output_problem,
    prepare_streams,
    whole,
    write_stdout,
)
from isogap.cli.input import add_input, read_input, reading
from isogap.model.choices import (
    ACTIVATION_FAMILIES,
    CHAIN_WEIGHTS,
    LOSSES,
    ORDERS,
    VARIANT_REPLICAS,
)

if TYPE_CHECKING:
    import argparse


PROGRAM = "isogap-variants"
_EPILOG = """\
A layer is X' = act(A l^-P N(W X)), or with act-norm X' = N(act(A l^-P W X));
N divides every row by sqrt(norm² + eps), with --root-n by sqrt(norm²/n + eps).

examples:
  isogap-variants --width 32 --depth 300 --weights gaussian
  isogap-variants --width 16 --depth 400 --activation tanh --batch-norm-1d

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
    p.add_argument("--weights", choices=CHAIN_WEIGHTS, default=CHAIN_WEIGHTS[0], metavar="LAW",
                   help="orthogonal (default), gaussian, hadamard or dct")  # fmt: skip
    p.add_argument("--mean-removal", action="store_true", help="take the mean of every row away first")
    p.add_argument("--root-n", action="store_true", help="variance instead of squared norm")
    p.add_argument("--eps", type=float, metavar="E", help="under the root (default 0)")
    p.add_argument("--batch-norm-1d", action="store_true", help="--mean-removal --root-n --eps 1e-5")
    p.add_argument("--activation", default="identity", metavar="NAME",
                   help="tanh, relu:0.7, ... or MODULE:FUNCTION:MODULE:DERIVATIVE")  # fmt: skip
    p.add_argument("--gain", type=float, default=1.0, metavar="A", help="default 1")
    p.add_argument("--exponent", type=float, default=0.0, metavar="P", help="gains are A l^-P, l from 1 (default 0)")
    p.add_argument("--order", choices=ORDERS, default=ORDERS[0], metavar="ORDER",
                   help="norm-act (default) or act-norm")  # fmt: skip
    p.add_argument("--loss", choices=LOSSES, default=LOSSES[0], metavar="LOSS",
                   help="cross-entropy (default) or squared-error")  # fmt: skip
    add_common(p)
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    prepare_streams()
    options = parser().parse_args(argv)
    problem = output_problem([Output("--json", options.json)], [options.input])
    if problem:
        return fail(PROGRAM, problem)
    return command(PROGRAM, lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    import json

    from isogap.base.files import write_atomically
    from isogap.base.streams import input_generator, seed_sequence
    from isogap.batch.samples import repeated_batch
    from isogap.batch.spec import KNOWN_BATCHES
    from isogap.cli.output.variants import as_data, report
    from isogap.run.variant import simulate_variant

    root, spec = seed_sequence(options.seed), read_input(options, KNOWN_BATCHES)
    batch = repeated_batch(spec, options.width, options.batch, options.repeats, input_generator(root))
    variant = _variant(options, batch.data.shape[1])
    with BarProgress(f"{options.replicas} networks", enabled=not options.quiet) as progress:
        result = simulate_variant(
            variant,
            replicas=options.replicas,
            input=batch,
            loss=options.loss,
            rng=root,
            threads=options.threads,
            progress=progress,
        )
    if options.json is not None:
        text = json.dumps(as_data(result), indent=1, allow_nan=False) + "\n"
        if options.json == "-":
            write_stdout(text)
        else:
            write_atomically(options.json, lambda stream: stream.write(text.encode()))
    if not options.quiet and options.json != "-":
        line = reading(spec, options.width, -(-batch.data.shape[1] // options.repeats), result.rank)
        write_stdout(report(result) if line is None else f"{line}\n{report(result)}")
    return EXIT_OK


def _variant(options: argparse.Namespace, batch: int) -> Any:
    from isogap.model.variant import Variant

    torch_like = options.batch_norm_1d
    return Variant(
        options.width,
        options.depth,
        batch=batch,
        weights=options.weights,
        repeats=options.repeats,
        mean_removal=options.mean_removal or torch_like,
        root_n=options.root_n or torch_like,
        eps=(1e-5 if torch_like else 0.0) if options.eps is None else options.eps,
        activation=_activation(options.activation),
        gain=options.gain,
        exponent=options.exponent,
        order=options.order,
    )


def _activation(text: str) -> Any:
    from isogap.model.activations import Activation

    parts = text.split(":")
    if len(parts) == 1 or (len(parts) == 2 and parts[0] in ACTIVATION_FAMILIES):
        return text
    if len(parts) != 4:
        raise ValueError(f"--activation {text}: a name, or MODULE:FUNCTION:MODULE:DERIVATIVE")
    import importlib

    functions = []
    for module, name in (parts[:2], parts[2:]):
        function = getattr(importlib.import_module(module), name, None)
        if not callable(function):
            raise ValueError(f"--activation {text}: {module} has no function {name}")
        functions.append(function)
    return Activation(parts[1], *functions)


if __name__ == "__main__":
    sys.exit(main())
