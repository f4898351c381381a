"""Haar matrices on one matrix of large width, whose columns are the lanes (layout: `chain_columns`).

The operations on an entry are those of `reflectors.rotate_rows`, in the same order; what differs is the order in which entries
have their turn. All reflectors pass over some strips, which stay in the second cache meanwhile, before the next strips are
touched: a whole matrix of width 512 would leave that cache with every block of four reflectors.
"""

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.vectors import fma, load, rows_from, store
from isogap.engine.kernels.layout import height
from isogap.engine.kernels.reflectors import _reflect_panel

# Rows of strips that stay near: of 32 columns, half a megabyte.
NEAR = 2048


@kernel()
def rotate_strips(A, first, last, V, tau, d, g):
    """``H_{d-2} ... H_0`` on the strips ``first .. last - 1`` of ``A``, in place; ``g``: see `reflectors.inner_products`."""
    rows = height(d)
    for k in range(0, d - 1, 4):
        for strip in range(first, last):
            _reflect_panel(A, 4 * rows * strip, V, rows * k, k, rows, tau, k, rows_from(g, 6 * (k // 4)))


@kernel()
def rotate_columns(A, strips, V, tau, d, g, P, slots, measured):
    """``A <- H_{d-2} ... H_0 A`` in place; if ``measured``, `add_squares` of all strips while they are near."""
    step = max(1, NEAR // height(d))
    for first in range(0, strips, step):
        last = min(first + step, strips)
        rotate_strips(A, first, last, V, tau, d, g)
        if measured:
            add_squares(A, first, last, P, slots, d)


@kernel()
def add_squares(A, first, last, P, slots, d):
    """Add the squares in the strips ``first .. last - 1`` of row ``i`` to the ``slots`` rows of ``P`` from ``slots i`` on.

    Strip 0 starts them anew. Column ``j`` belongs to part ``j % 32`` of its row, whatever the lanes.
    """
    rows = height(d)
    for strip in range(first, last):
        if strip == 0:
            for s in range(slots * d):
                store(P, s, 0.0)
        for i in range(d):
            at, to = 4 * (rows * strip + i), slots * i + (4 * strip) % slots
            for c in range(4):
                x = load(A, at + c)
                store(P, to + c, fma(x, x, load(P, to + c)))


@kernel()
def scale_strips(A, strips, a, d):
    """Multiply row ``i`` by ``a[i]``."""
    rows = height(d)
    for strip in range(strips):
        for i in range(d):
            at, factor = 4 * (rows * strip + i), a[i]
            for c in range(at, at + 4):
                store(A, c, factor * load(A, c))
