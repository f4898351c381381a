"""What a long tape needs: lines of an array brought near before they are used, and slices that are not counted.

A tape of many layers lives in outer caches or main memory. Each layer's work asks, a few lines at a time, for what the next
layer will touch, so that the transfer runs beside the arithmetic. Slices of an array that numba owns cost two atomic
instructions each, at width 8 together as much as a pass over the state; those of a borrowed array cost nothing.
"""

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.vectors import borrowed, touch

__all__ = ["borrowed", "prefetch"]


@kernel(forceinline=True)
def prefetch(array, first, last):
    """Ask for the rows ``first .. last - 1`` of an array."""
    for row in range(first, last):
        touch(array, row)
