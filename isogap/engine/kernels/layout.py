"""Where the entries of the kernels' arrays lie: matrices are cut into panels of four rows or columns.

Every function of indices is compiled into the kernels; its plain form ``.py_func`` takes arrays of indices as well.
The records group the arrays and numbers of one run of a kernel.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from isogap.engine.kernels.compiling import kernel

# Laws of weights, as the kernels know them.
ORTHOGONAL, GAUSSIAN, HADAMARD, COSINE = 0, 1, 2, 3


@kernel(forceinline=True)
def height(d):
    """Rows of a panel: ``d`` rounded up to whole groups of four."""
    return 4 * ((d + 3) // 4)


@kernel(forceinline=True)
def place_in_x(i, j, rows):
    """Place of ``X_ij`` in panels of four columns, each of ``rows = height(d)`` rows."""
    return 4 * (rows * (j // 4) + i) + j % 4


@kernel(forceinline=True)
def place_in_e(i, j):
    """Place of ``E_ij``, ``j ≤ i``, in panels of four rows of the lower half; the corner of a panel is a whole 4 x 4."""
    return 8 * (i // 4) * (i // 4 + 1) + 4 * j + i % 4


@kernel(forceinline=True)
def place_in_strip(i, j, rows, strip):
    """Place of ``A_ij`` in strips of ``strip`` columns, each of ``rows = height(d)`` rows."""
    return ((j // strip) * rows + i) * strip + j % strip


class Run(NamedTuple):
    """What runs: law of the weights, rank of the start, columns of ``X``, layers, width.

    ``sweep``: in the form in X, the columns of ``X`` are made orthogonal again every so many layers (`graded`); 0 for never.
    """

    weights: int
    rank: int
    columns: int
    depth: int
    d: int
    sweep: int


class State(NamedTuple):
    """The state of a group of lanes: random words, ``X``, ``E``, and the numbers of every lane."""

    random: Any
    X: Any
    E: Any
    lane: Any


class Origin(NamedTuple):
    """Where a block begins: the state of a group at the start, and the generator of every replica, four words in a row."""

    X: Any
    E: Any
    lane: Any
    words: Any


class Scratch(NamedTuple):
    """Reflectors of a layer with what belongs to them, and room to work in."""

    V: Any
    place: Any
    tau: Any
    sign: Any
    norm: Any
    z: Any
    P: Any
    y: Any


class Columns(NamedTuple):
    """State and room of one replica whose lanes are columns: ``A`` is the state in either form, ``B`` as large."""

    random: Any
    A: Any
    B: Any
    lane: Any
    V: Any
    tau: Any
    sign: Any
    norm: Any
    z: Any
    words: Any
    parts: Any
    g: Any
    y: Any
    turns: Any
    jump: Any
    room: Any


class Kept(NamedTuple):
    """Snapshots at the layers ``marks``: states, forms, shifts, sums of all decreases before, decreases over the layer."""

    marks: Any
    snaps: Any
    form: Any
    shift: Any
    total: Any
    step: Any


class Curves(NamedTuple):
    """φ, log φ, log Jacobian norm of every layer; layer ``l`` is at ``l stride + group``."""

    phi: Any
    log_phi: Any
    log_jacobian: Any
    stride: int
    group: int
