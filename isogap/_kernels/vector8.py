"""Eight float64 (or uint64) lanes as one value inside numba: explicit SIMD, one lane per replica.

A plain loop over eight lanes is slow, because LLVM cannot prove that the arrays do not overlap. Here every load, store and
fused multiply-add is written down, so sums are in registers and the order of every operation is fixed. An array is flat and
contiguous; vector ``i`` is ``array[8 i : 8 i + 8]``. On machines with narrower registers LLVM splits the vectors; the bits stay.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

LANES = 8


class Float8(types.Type):  # type: ignore[misc]
    """Type of eight doubles."""

    def __init__(self) -> None:
        super().__init__(name="float64x8")


class Word8(types.Type):  # type: ignore[misc]
    """Type of eight unsigned 64-bit words."""

    def __init__(self) -> None:
        super().__init__(name="uint64x8")


float8, word8 = Float8(), Word8()
_DOUBLES = ir.VectorType(ir.DoubleType(), LANES)
_WORDS = ir.VectorType(ir.IntType(64), LANES)


@register_model(Float8)
class _Float8Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, _DOUBLES)


@register_model(Word8)
class _Word8Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, _WORDS)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any, vector: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    first = builder.gep(data, [builder.mul(index, ir.Constant(index.type, LANES))])
    return builder.bitcast(first, ir.PointerType(vector))


def _splat(builder: Any, value: Any, vector: Any) -> Any:
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), mask)


def _loader(result: Any, vector: Any) -> Any:
    def load(typingctx: Any, array: Any, index: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            value = builder.load(_pointer(context, builder, signature.args[0], args[0], args[1], vector))
            value.align = 8
            return value

        return result(array, types.intp), codegen

    return load


def _storer(vector: Any, kind: Any) -> Any:
    def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            done = builder.store(args[2], _pointer(context, builder, signature.args[0], args[0], args[1], vector))
            done.align = 8
            return context.get_dummy_value()

        return types.void(array, types.intp, kind), codegen

    return store


def _binary(kind: Any, operation: str) -> Any:
    def apply(typingctx: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, operation)(*args)

        return kind(kind, kind), codegen

    return apply


def _llvm_function(name: str, arity: int) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function_type = ir.FunctionType(_DOUBLES, [_DOUBLES] * arity)
        return builder.call(cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.v8f64"), args)

    return codegen


load = intrinsic(_loader(float8, _DOUBLES))
store = intrinsic(_storer(_DOUBLES, float8))
add, sub, mul, div = (intrinsic(_binary(float8, name)) for name in ("fadd", "fsub", "fmul", "fdiv"))
load_words = intrinsic(_loader(word8, _WORDS))
store_words = intrinsic(_storer(_WORDS, word8))
add_words, xor_words = (intrinsic(_binary(word8, name)) for name in ("add", "xor"))


@intrinsic
def splat(typingctx: Any, value: Any) -> Any:
    """Return eight copies of a double."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _splat(builder, args[0], _DOUBLES)

    return float8(types.float64), codegen


@intrinsic
def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """``a b + c`` with one rounding."""
    return float8(float8, float8, float8), _llvm_function("fma", 3)


@intrinsic
def sqrt(typingctx: Any, a: Any) -> Any:
    """Square root."""
    return float8(float8), _llvm_function("sqrt", 1)


@intrinsic
def absolute(typingctx: Any, a: Any) -> Any:
    """Absolute value."""
    return float8(float8), _llvm_function("fabs", 1)


@intrinsic
def copysign(typingctx: Any, a: Any, b: Any) -> Any:
    """Magnitude of ``a``, sign of ``b``."""
    return float8(float8, float8), _llvm_function("copysign", 2)


@intrinsic
def shift_left(typingctx: Any, a: Any, count: Any) -> Any:
    """``a << count`` in every lane."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.shl(args[0], _splat(builder, args[1], _WORDS))

    return word8(word8, types.int64), codegen


@intrinsic
def rotate_left(typingctx: Any, a: Any, count: Any) -> Any:
    """Rotate every lane left by ``count`` bits, ``0 < count < 64``."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        up = _splat(builder, args[1], _WORDS)
        down = builder.sub(ir.Constant(_WORDS, [64] * LANES), up)
        return builder.or_(builder.shl(args[0], up), builder.lshr(args[0], down))

    return word8(word8, types.int64), codegen
