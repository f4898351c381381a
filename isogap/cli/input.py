"""The options that say what goes in, and the line that says how it was read; shared by the commands that take ``--input``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isogap.batch.spec import Spec


def add_input(p: argparse.ArgumentParser, known: str) -> None:
    """Add ``--input``, the orientation of a table, and ``--map``; ``known`` names the inputs that are no file."""
    p.add_argument("--input", default="gaussian", metavar="WHAT", help=f"{known}, or a file")
    way = p.add_mutually_exclusive_group()
    way.add_argument("--samples-first", dest="orientation", action="store_const", const="samples-first",
                     help="a row of the file is a sample")  # fmt: skip
    way.add_argument("--features-first", dest="orientation", action="store_const", const="features-first",
                     help="a column of the file is a sample")  # fmt: skip
    p.add_argument(
        "--map", choices=("random", "none", "pca"), metavar="HOW", help="features to width: random, none or pca"
    )


def read_input(options: argparse.Namespace, known: str) -> Spec:
    """Read what ``--input`` and its companions say."""
    from isogap.batch.spec import Spec

    return Spec.of(options.input, known, orientation=options.orientation, map=options.map).read_now()


def reading(spec: Spec, width: int, drawn: int, rank: int) -> str | None:
    """Say how a table was read: its shape, which way, the map, and why its rank is below the width; ``None`` for a name.

    ``drawn`` is how many different samples the batch has.
    """
    from isogap.batch.spec import array_of

    if spec.named:
        return None
    rows, columns = array_of(spec).shape
    first = spec.orientation == "samples-first"
    features, samples = (columns, rows) if first else (rows, columns)
    said = "as said" if spec.orientation else "the default"
    parts = [f"{spec.label}: {rows} x {columns}, {'samples x features' if first else 'features x samples'} ({said})"]
    parts += spec.notes
    parts.append(
        f"{samples} samples of {features} features" + (f", {drawn} of them at random" if drawn < samples else "")
    )
    how = spec.map or ("random" if features != width else "none")
    if how != "none":
        kind = {"random": "a random semi-orthogonal matrix", "pca": "principal components"}[how]
        parts.append(f"mapped to width {width} by {kind}")
    if rank < width:
        few = f"only {drawn} samples" if drawn < width else f"only {features} features" if features < width else ""
        parts.append(f"rank {rank} of {width}: {few or 'dependent rows'}")
    return "input " + "; ".join(parts)
