"""What an input says, read once: a name with its numbers, a file of samples, or an array."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from isogap.base.arguments import finite_array, one_of
from isogap.base.arrays import FloatArray
from isogap.base.names import did_you_mean
from isogap.base.remedies import RemedyError
from isogap.batch.tables import SUFFIXES, TableError, read_table

# Names of inputs, and whether numbers follow after a colon.
NAMES = {"gaussian": False, "near-isometry": True, "spectrum": True, "digits": False}
# What to use instead of an input that is not known: where only the Gram matrix matters, and where the samples do.
KNOWN_STARTS = "gaussian, near-isometry:F, spectrum:l1,l2,..., digits, or a file of samples (.csv, .npy, ...)"
KNOWN_BATCHES = "gaussian, near-isometry:F, digits, or a file of samples (.csv, .npy, ...)"


ORIENTATIONS = ("features-first", "samples-first")
MAPS = ("random", "none", "pca")


class InputError(RemedyError):
    """An input that cannot be used; the message is one line for a person."""


@dataclass(frozen=True)
class Spec:
    """An input as it was read.

    Attributes
    ----------
    kind : str
        A name of `NAMES`, ``"file"``, ``"array"``, or ``"frame"``: a data frame or torch tensor, which mostly have samples first.
    label : str
        What was asked for, fit to be printed: file names may hold bytes that no text file takes.
    argument : str
        What follows the colon of a name.
    table : Path, ndarray, or None
        The file or the array.
    orientation : {"features-first", "samples-first"}, optional
        Which way the table lies; ``None`` is features first, refused where the shape makes the other way likelier.
    map : {"random", "none", "pca"}, optional
        How features get to the width: a random semi-orthogonal matrix (the default where their numbers differ), not at all, or
        the leading principal components.
    notes : tuple of str
        What was understood when the file was read.

    Examples
    --------
    >>> spec = Spec.of("near-isometry:0.1")
    >>> spec.kind, spec.numbers(1)
    ('near-isometry', [0.1])
    """

    kind: str
    label: str
    argument: str = ""
    table: Path | FloatArray | None = None
    orientation: str | None = None
    map: str | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, what: Any, known: str = KNOWN_BATCHES, *, orientation: str | None = None, map: str | None = None
    ) -> Spec:
        """Read an input; ``known`` is said of one that is not known."""
        read = what if isinstance(what, Spec) else cls._read(what, known)
        for name, value, choices in (("orientation", orientation, ORIENTATIONS), ("map", map, MAPS)):
            if value is None:
                continue
            one_of(name, value, choices)
            if read.named and (name == "orientation" or read.kind != "digits"):
                rest = f" is of a table of samples, input {read.label!r} is none; leave it out"
                option = f"--{value}" if name == "orientation" else f"--{name} {value}"
                raise InputError("", f"{name}={value!r}{rest}", f"{option}{rest}")
            if getattr(read, name) not in (None, value):
                raise InputError(
                    f"input {read.label} was said to have {name} {getattr(read, name)}, now {value}: say one"
                )
        return replace(read, orientation=orientation or read.orientation, map=map or read.map)

    def read_now(self) -> Spec:
        """Return the input with its file, if it is one, read: what lies there now is what is used and told of."""
        if not isinstance(self.table, Path):
            return self
        try:
            table = read_table(self.table)
        except TableError as error:
            raise InputError(f"input {error}") from None
        return replace(self, table=table.values, notes=table.notes)

    @classmethod
    def _read(cls, what: Any, known: str) -> Spec:
        if not isinstance(what, str | Path):
            package = type(what).__module__.partition(".")[0]
            kind = "frame" if package in ("torch", "pandas", "polars") else "array"
            return cls(kind, "array", table=finite_array("input", as_numbers(what), 2))
        text = str(what)
        label = text.encode("utf-8", "replace").decode()
        name, colon, argument = text.partition(":")
        if NAMES.get(name) == bool(colon):
            return cls(name, label, argument)
        if Path(text).suffix.lower() in SUFFIXES:
            return cls("file", label, table=Path(text))
        if f"{name}{':' if NAMES.get(name) else ''}" in known and name in NAMES:
            what = "needs numbers behind a colon" if NAMES[name] else "takes nothing behind a colon"
            raise InputError(f"input {text!r}: {name} {what}: use {known}")
        raise InputError(f"input {text!r} is not known: use {known}{did_you_mean(name, NAMES)}")

    @property
    def named(self) -> bool:
        """Whether the input is a name, not a table of samples."""
        return self.kind in NAMES

    def numbers(self, count: int) -> list[float]:
        """Return the ``count`` finite numbers after the colon."""
        try:
            values = [float(part) for part in self.argument.split(",")]
        except ValueError:
            raise InputError(
                f"input {self.label!r}: {self.argument!r} is not a list of numbers separated by commas"
            ) from None
        if len(values) != count:
            raise InputError(f"input {self.label!r}: {count} number{'s' * (count != 1)} expected, got {len(values)}")
        if not all(math.isfinite(v) for v in values):
            raise InputError(f"input {self.label!r}: NaN and infinity are not allowed")
        return values

    def square_only(self, d: int, batch: int | None) -> None:
        """Refuse another batch than the width."""
        if batch is not None and batch != d:
            raise InputError(f"input {self.label!r} is a square start: batch must equal the width {d}, got {batch}")


def array_of(spec: Spec) -> FloatArray:
    """Return the array of a spec that is a table, read."""
    assert isinstance(spec.table, np.ndarray)
    return spec.table


def as_numbers(value: Any) -> Any:
    """Return what NumPy can read of a torch tensor (any type, gradients or not); anything else as it is."""
    if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        return value.detach().cpu().double().numpy()
    return value
