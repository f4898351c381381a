"""Eight float64 lanes as one value inside numba functions, with ordinary floats as the plain form of the same code.

A kernel is written once, as if for one float: ``x = load(a, i)``, ``y = fma(x, x, 1.0)``, ``store(out, i, y)`` and the usual
``+ - * /``. If ``a`` is a C-ordered array of shape ``(n, 8)``, ``x`` is its row ``i``, an LLVM value ``<8 x double>`` (one
register with AVX-512; LLVM splits it on any other processor). If ``a`` is one-dimensional, ``x`` is the float ``a[i]``.
Every operation is IEEE and works lane by lane, and ``fma`` is a fused multiply-add on every processor, so lane ``r`` of the
first form has the bits of the second form run on replica ``r`` alone. Words (``uint64``) work in the same way.

Arrays of lanes start on a 64-byte boundary: make them with `aligned`. `lanes_available` says whether this numba can do it;
where it cannot, or where ``ISOGAP_LANES=1`` is set, the callers use the plain form.
"""

from __future__ import annotations

import functools
import operator
import os
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

LANES = 8
ALIGNMENT = 64


class _LaneType(types.Type):  # type: ignore[misc]
    def __init__(self, name: str, scalar: Any, element: ir.Type) -> None:
        self.scalar = scalar
        self.vector = ir.VectorType(element, LANES)
        super().__init__(name=name)


class FloatLanes(_LaneType):
    """Numba type of eight float64 lanes."""

    def __init__(self) -> None:
        super().__init__("FloatLanes", types.float64, ir.DoubleType())


class WordLanes(_LaneType):
    """Numba type of eight uint64 lanes."""

    def __init__(self) -> None:
        super().__init__("WordLanes", types.uint64, ir.IntType(64))


float_lanes, word_lanes = FloatLanes(), WordLanes()
_VECTOR = {types.float64: float_lanes, types.uint64: word_lanes}


@register_model(FloatLanes)
@register_model(WordLanes)
class _LaneModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: _LaneType) -> None:
        super().__init__(dmm, fe_type, fe_type.vector)


def aligned(rows: int, lanes: int, dtype: Any = np.float64) -> np.ndarray[Any, Any]:
    """Return zeros of shape ``(rows, 8)`` on a 64-byte boundary for ``lanes = 8``, of shape ``(rows,)`` for ``lanes = 1``."""
    size = rows * lanes
    raw = np.zeros(8 * size + ALIGNMENT, np.uint8)
    skip = -raw.ctypes.data % ALIGNMENT
    flat: np.ndarray[Any, Any] = raw[skip : skip + 8 * size].view(dtype)
    return flat.reshape(rows, lanes) if lanes > 1 else flat


def _splat(builder: Any, value: Any, vector: ir.VectorType) -> Any:
    index = ir.IntType(32)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, index(0))
    mask = ir.Constant(ir.VectorType(index, LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), mask)


def _widened(context: Any, builder: Any, result: Any, kinds: Any, values: Any) -> list[Any]:
    """Arguments of one elementwise operation, scalars spread over the lanes where the result has lanes."""
    if not isinstance(result, _LaneType):
        return [context.cast(builder, v, k, result) for v, k in zip(values, kinds, strict=True)]
    out = []
    for value, kind in zip(values, kinds, strict=True):
        if not isinstance(kind, _LaneType):
            value = _splat(builder, context.cast(builder, value, kind, result.scalar), result.vector)
        out.append(value)
    return out


def _floats(*kinds: Any) -> Any:
    """Common type of float arguments: lanes if one has lanes, else float64."""
    return float_lanes if any(isinstance(k, FloatLanes) for k in kinds) else types.float64


def _operator(function: Any, method: str) -> None:
    @type_callable(function)  # type: ignore[untyped-decorator, unused-ignore]
    def _typer(context: Any) -> Any:
        def typer(a: Any, b: Any) -> Any:
            for x, y in ((a, b), (b, a)):
                if isinstance(x, FloatLanes) and isinstance(y, FloatLanes | types.Float | types.Integer):
                    return float_lanes
            return None

        return typer

    def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b = _widened(context, builder, signature.return_type, signature.args, arguments)
        return getattr(builder, method)(a, b)

    lower_builtin(function, FloatLanes, FloatLanes)(lower)
    for number in (types.Float, types.Integer):
        lower_builtin(function, FloatLanes, number)(lower)
        lower_builtin(function, number, FloatLanes)(lower)


for _function, _method in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _operator(_function, _method)


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = cgutils.create_struct_proxy(array_type)(context, builder, array).data
    if array_type.ndim == 1:
        return builder.gep(data, [index])
    vector = _VECTOR[array_type.dtype].vector
    base = builder.bitcast(data, vector.as_pointer())
    return builder.gep(base, [index])


def _element(array_type: Any) -> Any:
    return array_type.dtype if array_type.ndim == 1 else _VECTOR[array_type.dtype]


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def load(typingctx: Any, array: Any, index: Any) -> Any:
    """``array[index]``: eight lanes of a ``(n, 8)`` array, one number of a ``(n,)`` array. The index is not checked."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        address = _address(context, builder, kind, *arguments)
        return builder.load(address, align=8 if kind.ndim == 1 else ALIGNMENT)

    return _element(array)(array, types.intp), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """``array[index] = value`` for what `load` reads; a float is spread over the lanes."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        address = _address(context, builder, kind, *arguments[:2])
        (value,) = _widened(context, builder, _element(kind), signature.args[2:], arguments[2:])
        builder.store(value, address, align=8 if kind.ndim == 1 else ALIGNMENT)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), codegen


def _llvm_function(builder: Any, name: str, values: Any) -> Any:
    kind = values[0].type
    suffix = "f64" if kind == ir.DoubleType() else f"v{LANES}f64"
    function_type = ir.FunctionType(kind, [kind] * len(values))
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.{suffix}")
    return builder.call(function, values)


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """``a b + c`` with one rounding."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values = _widened(context, builder, signature.return_type, signature.args, arguments)
        return _llvm_function(builder, "fma", values)

    return _floats(a, b, c)(a, b, c), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def root(typingctx: Any, a: Any) -> Any:
    """Square root."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _llvm_function(builder, "sqrt", arguments)

    return a(a), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def where_less(typingctx: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    """``x`` where ``a < b``, else ``y`` (also where one of them is NaN)."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        a, b, x, y = _widened(context, builder, signature.return_type, signature.args, arguments)
        return builder.select(builder.fcmp_ordered("<", a, b), x, y)

    return _floats(a, b, x, y)(a, b, x, y), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def any_less(typingctx: Any, a: Any, b: Any) -> Any:
    """Whether ``a < b`` in any lane."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        less = builder.fcmp_ordered("<", *_widened(context, builder, _floats(a, b), signature.args, arguments))
        if not isinstance(_floats(a, b), FloatLanes):
            return less
        mask = builder.bitcast(less, ir.IntType(LANES))
        return builder.icmp_unsigned("!=", mask, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(a, b), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def spread(typingctx: Any, value: Any, like: Any) -> Any:
    """``value`` in every lane if ``like`` has lanes, else ``value``."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _widened(context, builder, signature.return_type, signature.args[:1], arguments[:1])[0]

    return _floats(value, like)(value, like), codegen


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
        result = target if isinstance(a, _LaneType) else target.scalar

        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = target.vector if isinstance(result, _LaneType) else target.vector.element
            return operation(builder, arguments[0], kind)

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


@njit(cache=True, error_model="numpy")
def _probe(a, words):  # type: ignore[no-untyped-def]
    x = load(a, 0)
    y = root(fma(x, x, 3.0 * x) / (x + 1.0) - 0.5)
    store(a, 1, where_odd(load(words, 0), where_less(y, 2.0, x, y), from_bits(xor(bits_of(y), left(rotate(3, 1), 2)))))


@functools.cache
def lanes_available() -> int:
    """Return 8 if this numba handles lanes and gives the bits of the plain form, else 1; ``ISOGAP_LANES=1`` asks for plain."""
    if os.environ.get("ISOGAP_LANES") == "1":
        return 1
    try:
        wide, words = aligned(2, LANES), aligned(1, LANES, np.uint64)
        wide[0], words[0] = np.arange(LANES) + 0.7, np.arange(LANES)
        _probe(wide, words)
        for lane in range(LANES):
            one, word = wide[:, lane].copy(), words[:, lane].copy()
            _probe(one, word)
            if one[1] != wide[1, lane]:
                return 1
    except Exception:  # whatever another numba or LLVM may raise: the plain form is the answer to all of it
        return 1
    return LANES
