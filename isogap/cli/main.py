"""``isogap``: one front door; ``isogap NAME ...`` is the command ``isogap-NAME ...``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from isogap._version import __version__
from isogap.base.names import did_you_mean
from isogap.cli.common import EXIT_OK, Parser, fail, prepare_streams, write_stdout

PROGRAM = "isogap"
# name: (module, what it does)
COMMANDS = {
    "mc": ("isogap.cli.mc", "the chain with random weights: isometry gap, bounds, gradients, self-checks"),
    "variants": ("isogap.cli.variants", "one network of the experiments: its gradient and what theory says"),
    "mean-field": (
        "isogap.cli.mean_field",
        "batch-normalised networks of any activation: rate, fixed point, stability",
    ),
    "residual": ("isogap.cli.residual", "residual networks: branches, paths, gradients, what to take"),
    "products": ("isogap.cli.products", "products of random matrices: singular values, condition, exponents"),
    "verify": ("isogap.cli.verify", "decide every numbered statement, and claims of your own"),
    "figures": ("isogap.cli.figures", "the figures and tables, by name"),
}


def usage() -> str:
    """Return the help: what there is, and how to go on."""
    width = max(map(len, COMMANDS))
    lines = [f"usage: {PROGRAM} NAME [options]", "", "Each is a command of its own as well, isogap-NAME.", ""]
    lines += [f"  {name:{width}}  {what}" for name, (_, what) in COMMANDS.items()]
    lines += ["", "Exact averages over Haar measure: the command weingarten.", "", "examples:"]
    lines += [f"  {PROGRAM} mc --width 32 --depth 1000", f"  {PROGRAM} verify --help", ""]
    lines += [f"Completion: {PROGRAM} --print-completion bash (or zsh, tcsh), and each command likewise.", ""]
    lines += ["exit status: 0 done, that of the command, 2 bad input, 130 interrupted"]
    return "\n".join(lines) + "\n"


def complete() -> Parser:
    """Build a parser of all commands; it is for `--print-completion` alone."""
    p = Parser(PROGRAM, description="", epilog="")
    below = p.add_subparsers(parser_class=argparse.ArgumentParser)
    for name, (module, what) in COMMANDS.items():
        own = importlib.import_module(module).parser()
        below.add_parser(name, help=what, parents=[own], conflict_handler="resolve")
    return p


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the first argument names; return its exit status."""
    prepare_streams()
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments else "--help"
    if name in ("--help", "-h"):
        write_stdout(usage())
        return EXIT_OK
    if name.startswith("--print-completion"):
        complete().parse_args(arguments)
    if name == "--version":
        write_stdout(f"{PROGRAM} {__version__}\n")
        return EXIT_OK
    name = name.removeprefix("isogap-")
    if name not in COMMANDS:
        hint = did_you_mean(name, COMMANDS) or f"; there are {', '.join(COMMANDS)}"
        return fail(PROGRAM, f"no command {arguments[0]!r}{hint} (see {PROGRAM} --help)")
    status: int = importlib.import_module(COMMANDS[name][0]).main(arguments[1:])
    return status


if __name__ == "__main__":
    sys.exit(main())
