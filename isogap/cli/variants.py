"""``isogap-variants``: one network of the family that the experiments vary, its gradient, its rate, and what theory says."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from isogap._version import __version__
from isogap.cli.common import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    BarProgress,
    Parser,
    check_output,
    fail,
    prepare_streams,
    same_file,
    whole,
    write_stdout,
)

if TYPE_CHECKING:
    import argparse

    from isogap.engine.networks.passes import VariantResult

PROGRAM = "isogap-variants"
NAMED = ("identity", "sin", "tanh", "relu", "selu", "leaky-relu")
_EPILOG = """\
A layer is X' = act(A l^-P N(W X)), or with act-norm X' = N(act(A l^-P W X));
N divides every row by sqrt(norm² + eps), with --root-n by sqrt(norm²/n + eps).

examples:
  isogap-variants --width 32 --depth 300 --weights gaussian
  isogap-variants --width 16 --depth 400 --batch 16 --batch-norm-1d
  isogap-variants --width 32 --depth 300 --activation tanh --exponent 0.4

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
    p.add_argument("--replicas", type=whole(1), default=20, metavar="R", help="independent networks (default 20)")
    p.add_argument("--batch", type=whole(1), metavar="N", help="samples n (default: K D; of a file K times all)")
    p.add_argument("--repeats", type=whole(1), default=1, metavar="K", help="how often each sample occurs (default 1)")
    p.add_argument(
        "--input",
        default="gaussian",
        metavar="WHAT",
        help="gaussian (default), near-isometry:F, digits, or a .npy/.csv file (features x samples)",
    )
    p.add_argument("--weights", choices=("orthogonal", "gaussian"), default="orthogonal", metavar="LAW",
                   help="orthogonal (default) or gaussian")  # fmt: skip
    p.add_argument("--mean-removal", action="store_true", help="take the mean of every row away first")
    p.add_argument("--root-n", action="store_true", help="variance instead of squared norm")
    p.add_argument("--eps", type=float, default=0.0, metavar="E", help="under the root (default 0)")
    p.add_argument("--batch-norm-1d", action="store_true", help="--mean-removal --root-n --eps 1e-5")
    p.add_argument("--activation", default="identity", metavar="NAME",
                   help=f"{', '.join(NAMED)}, or MODULE:FUNCTION:MODULE:DERIVATIVE")  # fmt: skip
    p.add_argument("--gain", type=float, default=1.0, metavar="A", help="default 1")
    p.add_argument("--exponent", type=float, default=0.0, metavar="P", help="gains are A l^-P, l from 1 (default 0)")
    p.add_argument("--order", choices=("norm-act", "act-norm"), default="norm-act", metavar="ORDER",
                   help="norm-act (default) or act-norm")  # fmt: skip
    p.add_argument("--loss", choices=("cross-entropy", "squared-error"), default="cross-entropy", metavar="LOSS",
                   help="cross-entropy (default) or squared-error")  # fmt: skip
    p.add_argument("--seed", type=whole(0, None), metavar="S", help="for a repeatable run (default: fresh, and shown)")
    p.add_argument("--threads", type=whole(1), metavar="T", help="default: all processors; same numbers for any T")
    p.add_argument("--json", metavar="FILE", help="write the run as JSON; - for standard output")
    p.add_argument("--quiet", action="store_true", help="no progress bar, no table")
    p.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}", help="show it and stop")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    prepare_streams()
    options = parser().parse_args(argv)
    problem = _output_problem(options)
    if problem:
        return fail(PROGRAM, problem)
    try:
        return _run(options)
    except KeyboardInterrupt:
        print(f"{PROGRAM}: stopped; no file was written", file=sys.stderr)
        return EXIT_INTERRUPTED
    except (ValueError, TypeError, OSError, MemoryError, ArithmeticError, ImportError) as error:
        return fail(PROGRAM, str(error) or type(error).__name__)


def _output_problem(options: argparse.Namespace) -> str | None:
    if options.json in (None, "-"):
        return None
    if same_file(options.json, options.input):
        return f"output {options.json} would overwrite the input"
    return check_output("--json", options.json)


def _run(options: argparse.Namespace) -> int:
    import json

    from isogap.base.files import write_atomically
    from isogap.base.streams import input_generator, seed_sequence
    from isogap.batch.samples import repeated_batch
    from isogap.engine.networks.passes import simulate_variant

    root = seed_sequence(options.seed)
    batch = repeated_batch(options.input, options.width, options.batch, options.repeats, input_generator(root))
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
        text = json.dumps(_plain(result), indent=1, allow_nan=False) + "\n"
        if options.json == "-":
            write_stdout(text)
        else:
            write_atomically(options.json, lambda stream: stream.write(text.encode()))
    if not options.quiet and options.json != "-":
        write_stdout(_report(result))
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
        eps=1e-5 if torch_like and options.eps == 0 else options.eps,
        activation=_activation(options.activation),
        gain=options.gain,
        exponent=options.exponent,
        order=options.order,
    )


def _activation(text: str) -> Any:
    from isogap.model.activations import Activation

    parts = text.split(":")
    if len(parts) == 1:
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


def _plain(result: VariantResult) -> dict[str, Any]:
    import dataclasses
    import math

    import numpy as np

    variant = {f.name: getattr(result.variant, f.name) for f in dataclasses.fields(result.variant)}
    variant["activation"] = result.variant.activation.name
    slope = _slope(result)
    norms = [[x if math.isfinite(x) else None for x in row] for row in result.log_norm.tolist()]
    return {
        "format": "isogap-variant/1",
        "variant": variant,
        "input": result.input,
        "loss": result.loss,
        "seed": result.seed if isinstance(result.seed, int) else np.asarray(result.seed).tolist(),
        "rank": result.rank,
        "phi_0": result.phi0 if math.isfinite(result.phi0) else None,
        "theorem": result.theorem,
        "gradient_bounds": None
        if result.bounds is None
        else dict(zip(("theorem_5", "sharp"), result.bounds, strict=True)),
        "rate": None
        if slope is None
        else {"value": slope.value, "stderr": _finite(slope.stderr), "window": slope.window},
        "log_norm": norms,
    }


def _finite(value: float) -> float | None:
    import math

    return value if math.isfinite(value) else None


def _slope(result: VariantResult) -> Any:
    """Rate over the middle of the network; ``None`` where a gradient vanishes or there are too few layers."""
    import numpy as np

    from isogap.run.rates import gradient_slope

    depth = result.variant.depth
    window = (depth // 4, max(depth - 1 - depth // 4, depth // 4 + 1))
    if depth < 2 or window[1] > depth - 1 or not np.isfinite(result.log_norm).all():
        return None
    return gradient_slope(result.log_norm, window)


def _report(result: VariantResult) -> str:
    import math

    import numpy as np

    v, norms = result.variant, result.log_norm
    lines = [
        f"width {v.width}, depth {v.depth}, batch {v.batch}, input {result.input}, rank {result.rank}, "
        f"{norms.shape[0]} networks, seed {result.seed}"
    ]
    lines.append(f"{'weight of layer':>15}  {'E log‖∂L/∂W‖':>13}  {'error':>8}")
    for layer in sorted({round(x) for x in np.linspace(0, v.depth, 9)}):
        column = norms[:, layer]
        if not np.isfinite(column).all():
            lines.append(f"{layer:>15}  {'-∞':>13}")
            continue
        error = f"{column.std(ddof=1) / math.sqrt(column.size):8.4f}" if column.size > 1 else ""
        lines.append(f"{layer:>15}  {column.mean():13.4f}  {error}")
    slope = _slope(result)
    if slope is not None:
        error = f" ± {slope.stderr:.2g}" if math.isfinite(slope.stderr) else ""
        lines.append(
            f"growth per layer on the way back: {slope.value:.6f}{error} (layers {slope.window[0]}..{slope.window[1]})"
        )
    if result.bounds is None:
        lines.append("no theorem of the paper applies to this network")
    else:
        paper, sharp = result.bounds
        lines.append(
            f"covered by {result.theorem}: E log‖∂L/∂W‖ ≤ {paper:.4g}, sharp S5 ≤ {sharp:.4g} at every layer and depth"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
