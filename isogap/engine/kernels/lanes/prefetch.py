"""What a long tape needs: lines of an array brought near before they are used, and slices that are not counted.

A tape of many layers lives in outer caches or main memory. Each layer's work asks, a few lines at a time, for what the next
layer will touch, so that the transfer runs beside the arithmetic. Slices of an array that numba owns cost two atomic
instructions each, at width 8 together as much as a pass over the state; those of a borrowed array cost nothing.
"""

from typing import Any

from numba.core import cgutils
from numba.extending import intrinsic

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.vectors import touch


@kernel(forceinline=True)
def prefetch(array, first, last):  # type: ignore[no-untyped-def]
    """Ask for the rows ``first .. last - 1`` of an array."""
    for row in range(first, last):
        touch(array, row)


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def borrowed(typingctx: Any, array: Any) -> Any:
    """The same array without an owner, so that slices of it are not counted; the caller keeps it alive."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        view.parent = cgutils.get_null_value(view.parent.type)
        return view._getvalue()

    return array(array), codegen
