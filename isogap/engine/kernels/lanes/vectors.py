"""Eight float64 lanes as one value inside numba functions, with ordinary floats as the plain form of the same code.

A kernel is written once, as if for one float: ``x = load(a, i)``, ``y = fma(x, x, 1.0)``, ``store(out, i, y)`` and the usual
``+ - * /``. If ``a`` is a C-ordered array of shape ``(n, 8)``, ``x`` is its row ``i``, an LLVM value ``<8 x double>`` (one
register with AVX-512; LLVM splits it on any other processor). If ``a`` is one-dimensional, ``x`` is the float ``a[i]``.
Every operation is IEEE and works lane by lane, and ``fma`` is a fused multiply-add on every processor, so lane ``r`` of the
first form has the bits of the second form run on replica ``r`` alone. Words (``uint64``) work in the same way (`bits`).

A third form has two floats for each float: arrays of shape ``(n, 2, 8)`` hold double-double numbers (`pairs`),
``(n, 2, 1, 1)`` the same without lanes. They mix with floats, are rounded to floats where they are stored in an array of
floats, and let the kernels run in twice the precision.

Inside a kernel, ``rows(a)`` stands for an array ``a``: one address, for which numba counts no references. A call with twenty
arrays costs more than the arithmetic at width 8. The array must outlive it.

Arrays of lanes start on a 64-byte boundary: make them with `aligned`. `probe.lanes_available` says whether this numba can do it;
where it cannot, or where ``ISOGAP_LANES=1`` is set, the callers use the plain form.

The operations are names here, which load no numba; what they mean to it is in `emitting`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isogap.engine.kernels.compiling import Operation

LANES = 8
ALIGNMENT = 64
_CODE = "isogap.engine.kernels.lanes.emitting"


def aligned(
    count: int, lanes: int, dtype: Any = np.float64, parts: int = 1, *, zero: bool = True
) -> np.ndarray[Any, Any]:
    """Zeros on a 64-byte boundary, ``(count, 8)`` for 8 lanes, ``(count,)`` for 1; ``parts = 2`` for double-double.

    Without ``zero`` the entries are whatever was there.
    """
    size = count * lanes * parts
    raw = (np.zeros if zero else np.empty)(8 * size + ALIGNMENT, np.uint8)
    skip = -raw.ctypes.data % ALIGNMENT
    flat: np.ndarray[Any, Any] = raw[skip : skip + 8 * size].view(dtype)
    if parts == 2:
        return flat.reshape((count, 2, lanes) if lanes > 1 else (count, 2, 1, 1))
    return flat.reshape(count, lanes) if lanes > 1 else flat


# Elements of arrays: load(a, i), store(a, i, x); rows(a), rows_from(a, i) are addresses; touch(a, i) asks for a line of memory.
load, store = Operation(_CODE, "load"), Operation(_CODE, "store")
rows, rows_from, touch = Operation(_CODE, "rows"), Operation(_CODE, "rows_from"), Operation(_CODE, "touch")
# Eight rows of lanes become eight columns, from an array into another: transpose(a, at, step, b, to, stride).
transpose = Operation(_CODE, "transpose")
# Arithmetic: fma(a, b, c) = a b + c rounded once, root(a).
fma, root = Operation(_CODE, "fma"), Operation(_CODE, "root")
# Choices: where_less(a, b, x, y) lane by lane, any_less(a, b) in any lane.
where_less, any_less = Operation(_CODE, "where_less"), Operation(_CODE, "any_less")
# Forms: spread(x, like) to lanes or pairs, lift(x, a) to an element of a, holds_pairs(a).
spread, lift, holds_pairs = Operation(_CODE, "spread"), Operation(_CODE, "lift"), Operation(_CODE, "holds_pairs")
# Arrays without an owner, which numba does not count: borrowed(a) the same array, flat(a) its entries in one row.
borrowed, flat = Operation(_CODE, "borrowed"), Operation(_CODE, "flat")
