"""What a long tape needs: lines of an array brought near before they are used, and slices that are not counted.

A tape of many layers lives in outer caches or main memory. Each layer's work asks, a few lines at a time, for what the next
layer will touch, so that the transfer runs beside the arithmetic. Slices of an array that numba owns cost two atomic
instructions each, at width 8 together as much as a pass over the state; those of a borrowed array cost nothing.
"""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def touch(typingctx: Any, array: Any, line: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0]).data
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        place = builder.gep(builder.bitcast(data, byte), [builder.shl(arguments[1], ir.Constant(arguments[1].type, 6))])
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        # For writing (which serves reading as well), into the second cache, data.
        builder.call(function, [place, number(1), number(2), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), codegen


@njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
def prefetch(array, first, last):  # type: ignore[no-untyped-def]
    """Ask for the 64-byte lines ``first .. last - 1`` of a contiguous array, as far as it has them."""
    for line in range(first, min(last, array.size // 8)):
        touch(array, line)


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def borrowed(typingctx: Any, array: Any) -> Any:
    """The same array without an owner, so that slices of it are not counted; the caller keeps it alive."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        view.parent = cgutils.get_null_value(view.parent.type)
        return view._getvalue()

    return array(array), codegen
