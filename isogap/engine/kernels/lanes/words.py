"""What `bits` means to numba: the LLVM instructions of every operation on words."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from isogap.engine.kernels.lanes.emitting import (
    WordLanes,
    _LaneType,
    _plain,
    _widened,
    float_lanes,
    lane_pairs,
    word_lanes,
)
from isogap.engine.kernels.lanes.vectors import LANES


def _word_operation(operation: Any) -> Any:
    """An operation on words that takes words and whole-number literals."""

    @intrinsic  # type: ignore[untyped-decorator, unused-ignore]
    def function(typingctx: Any, a: Any, b: Any) -> Any:
        result = word_lanes if isinstance(a, WordLanes) or isinstance(b, WordLanes) else types.uint64

        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return operation(builder, *_widened(context, builder, result, signature.args, arguments))

        return result(a, b), codegen

    return function


def _rotate(builder: Any, a: Any, k: Any) -> Any:
    bits = 64 if a.type == ir.IntType(64) else [64] * LANES
    return builder.or_(builder.shl(a, k), builder.lshr(a, builder.sub(ir.Constant(a.type, bits), k)))


plus = _word_operation(lambda builder, a, b: builder.add(a, b))
minus = _word_operation(lambda builder, a, b: builder.sub(a, b))
xor = _word_operation(lambda builder, a, b: builder.xor(a, b))
left = _word_operation(lambda builder, a, k: builder.shl(a, k))
right = _word_operation(lambda builder, a, k: builder.lshr(a, k))
right_signed = _word_operation(lambda builder, a, k: builder.ashr(a, k))
rotate = _word_operation(_rotate)


def _convert(operation: Any, source: Any, target: Any) -> Any:
    @intrinsic  # type: ignore[untyped-decorator, unused-ignore]
    def function(typingctx: Any, a: Any) -> Any:
        lanes = isinstance(a, _LaneType) or a == lane_pairs
        result = target if lanes else target.scalar

        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            value = _plain(context, builder, source if lanes else source.scalar, signature.args[0], arguments[0])
            return operation(builder, value, target.vector if lanes else target.vector.element)

        return result(a), codegen

    return function


# Words as signed integers to floats; the bits of floats as words, and back.
to_floats = _convert(lambda builder, a, kind: builder.sitofp(a, kind), word_lanes, float_lanes)
bits_of = _convert(lambda builder, a, kind: builder.bitcast(a, kind), float_lanes, word_lanes)
from_bits = _convert(lambda builder, a, kind: builder.bitcast(a, kind), word_lanes, float_lanes)


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def where_odd(typingctx: Any, word: Any, x: Any, y: Any) -> Any:
    """``x`` where the lowest bit of ``word`` is set, else ``y``."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word, x, y = arguments
        kind = word.type
        ones = 1 if kind == ir.IntType(64) else [1] * LANES
        zeros = 0 if kind == ir.IntType(64) else [0] * LANES
        odd = builder.icmp_unsigned("!=", builder.and_(word, ir.Constant(kind, ones)), ir.Constant(kind, zeros))
        return builder.select(odd, x, y)

    return x(word, x, y), codegen
