"""What `vectors` means to numba: the types of lanes and pairs, and the LLVM instructions of every operation.

Loaded when a kernel is compiled and not before: it needs numba, which shipped code does without. The language itself, what a
kernel may write and what it means, is described in `vectors`.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, lower_builtin, models, register_model, type_callable

from isogap.engine.kernels.lanes import pairs
from isogap.engine.kernels.lanes.pairs import Pair
from isogap.engine.kernels.lanes.vectors import ALIGNMENT, LANES


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


class PairType(types.Type):  # type: ignore[misc]
    """Numba type of a double-double number, of floats or of lanes."""

    def __init__(self, part: Any) -> None:
        self.part = part
        super().__init__(name=f"PairType({part})")


class RowsType(types.Type):  # type: ignore[misc]
    """Numba type of the address of an array that `load` and `store` take."""

    def __init__(self, dtype: Any, ndim: int) -> None:
        self.dtype, self.ndim = dtype, ndim
        super().__init__(name=f"RowsType({dtype}, {ndim})")


float_lanes, word_lanes = FloatLanes(), WordLanes()
lane_pairs, float_pair = PairType(float_lanes), PairType(types.float64)
_VECTOR = {types.float64: float_lanes, types.uint64: word_lanes}


@register_model(FloatLanes)
@register_model(WordLanes)
class _LaneModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: _LaneType) -> None:
        super().__init__(dmm, fe_type, fe_type.vector)


@register_model(PairType)
class _PairModel(models.StructModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: PairType) -> None:
        super().__init__(dmm, fe_type, [("hi", fe_type.part), ("lo", fe_type.part)])


@register_model(RowsType)
class _RowsModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm: Any, fe_type: RowsType) -> None:
        super().__init__(dmm, fe_type, ir.IntType(8).as_pointer())


def _splat(builder: Any, value: Any, vector: ir.VectorType) -> Any:
    index = ir.IntType(32)
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, index(0))
    mask = ir.Constant(ir.VectorType(index, LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), mask)


def _plain(context: Any, builder: Any, result: Any, kind: Any, value: Any) -> Any:
    """One argument as floats or lanes: scalars are spread over the lanes, pairs give their high part."""
    if isinstance(kind, PairType):
        kind, value = kind.part, _unpacked(context, builder, kind, value).hi
    if isinstance(result, _LaneType) and not isinstance(kind, _LaneType):
        return _splat(builder, context.cast(builder, value, kind, result.scalar), result.vector)
    return value if isinstance(result, _LaneType) else context.cast(builder, value, kind, result)


def _widened(context: Any, builder: Any, result: Any, kinds: Any, values: Any) -> list[Any]:
    """Arguments of one elementwise operation in the kind of its result: LLVM values, or `Pair` of them."""
    if not isinstance(result, PairType):
        return [_plain(context, builder, result, kind, value) for kind, value in zip(kinds, values, strict=True)]
    out = []
    for kind, value in zip(kinds, values, strict=True):
        if isinstance(kind, PairType):
            out.append(_unpacked(context, builder, kind, value))
        else:
            hi = _plain(context, builder, result.part, kind, value)
            out.append(Pair(hi, pairs.constant(hi.type, 0.0)))
    return out


def _unpacked(context: Any, builder: Any, kind: PairType, value: Any) -> Pair:
    proxy = cgutils.create_struct_proxy(kind)(context, builder, value)
    return Pair(proxy.hi, proxy.lo)


def _packed(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """What numba keeps for an LLVM value or a `Pair`."""
    if not isinstance(value, Pair):
        return value
    proxy = cgutils.create_struct_proxy(kind)(context, builder)
    proxy.hi, proxy.lo = value.hi, value.lo
    return proxy._getvalue()


def _floats(*kinds: Any) -> Any:
    """Common type of float arguments: with lanes if one has lanes, a pair if one is a pair, else float64."""
    lanes = any(isinstance(k, FloatLanes) or k == lane_pairs for k in kinds)
    if any(isinstance(k, PairType) for k in kinds):
        return lane_pairs if lanes else float_pair
    return float_lanes if lanes else types.float64


def _elementwise(plain: Any, pair: Any) -> Any:
    """Code of an operation whose arguments and result are of one kind."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        result = signature.return_type
        values = _widened(context, builder, result, signature.args, arguments)
        operation = pair if isinstance(result, PairType) else plain
        return _packed(context, builder, result, operation(builder, *values))

    return codegen


def _operator(function: Any, method: str, pair: Any) -> None:
    @type_callable(function)  # type: ignore[untyped-decorator, unused-ignore]
    def _typer(context: Any) -> Any:
        def typer(a: Any, b: Any) -> Any:
            ours = (FloatLanes, PairType)
            others = (*ours, types.Float, types.Integer)
            if (isinstance(a, ours) and isinstance(b, others)) or (isinstance(b, ours) and isinstance(a, others)):
                return _floats(a, b)
            return None

        return typer

    lower = _elementwise(lambda builder, a, b: getattr(builder, method)(a, b), pair)
    for one in (FloatLanes, PairType):
        for other in (FloatLanes, PairType):
            lower_builtin(function, one, other)(lower)
        for number in (types.Float, types.Integer):
            lower_builtin(function, one, number)(lower)
            lower_builtin(function, number, one)(lower)


for _function, _method, _pair in (
    (operator.add, "fadd", pairs.add),
    (operator.sub, "fsub", pairs.subtract),
    (operator.mul, "fmul", pairs.multiply),
    (operator.truediv, "fdiv", pairs.divide),
):
    _operator(_function, _method, _pair)


def _data(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    if isinstance(array_type, RowsType):
        return array
    return cgutils.create_struct_proxy(array_type)(context, builder, array).data


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def rows(typingctx: Any, array: Any) -> Any:
    """``array`` without its length and its reference count."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(_data(context, builder, array, arguments[0]), ir.IntType(8).as_pointer())

    return RowsType(array.dtype, array.ndim)(array), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def rows_from(typingctx: Any, array: Any, first: Any) -> Any:
    """`rows` of ``array[first:]``."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _addresses(context, builder, array, *arguments)[0][0]
        return builder.bitcast(place, ir.IntType(8).as_pointer())

    return RowsType(array.dtype, array.ndim)(array, types.intp), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def touch(typingctx: Any, array: Any, index: Any) -> Any:
    """Ask for the line of memory that holds ``array[index]``, without waiting for it; any index is allowed."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        place = builder.bitcast(_addresses(context, builder, array, *arguments)[0][0], byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        # For writing (which serves reading as well), into the second cache, data.
        builder.call(function, [place, number(1), number(2), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def holds_pairs(typingctx: Any, array: Any) -> Any:
    """Whether ``array`` holds double-double numbers; known when the kernel is compiled."""
    answer = ir.Constant(ir.IntType(1), int(array.ndim > 2))
    return types.boolean(array), lambda context, builder, signature, arguments: answer


def _addresses(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> tuple[list[Any], int]:
    """Where the parts of an element are (one, or two of a pair), and their alignment."""
    kind = _VECTOR[array_type.dtype].vector
    kind = kind if array_type.ndim in (2, 3) else kind.element
    data = builder.bitcast(_data(context, builder, array_type, array), kind.as_pointer())
    if array_type.ndim < 3:
        places = [index]
    else:
        low = builder.shl(index, ir.Constant(index.type, 1))
        places = [low, builder.add(low, ir.Constant(index.type, 1))]
    return [builder.gep(data, [place]) for place in places], ALIGNMENT if array_type.ndim in (2, 3) else 8


def _element(array_type: Any) -> Any:
    if array_type.ndim > 2:
        return lane_pairs if array_type.ndim == 3 else float_pair
    return array_type.dtype if array_type.ndim == 1 else _VECTOR[array_type.dtype]


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def load(typingctx: Any, array: Any, index: Any) -> Any:
    """``array[index]``: eight lanes of a ``(n, 8)`` array, one number of a ``(n,)`` array. The index is not checked."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places, align = _addresses(context, builder, signature.args[0], *arguments)
        parts = [builder.load(place, align=align) for place in places]
        return _packed(context, builder, signature.return_type, parts[0] if len(parts) == 1 else Pair(*parts))

    return _element(array)(array, types.intp), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """``array[index] = value`` for what `load` reads; a float is spread over the lanes."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        places, align = _addresses(context, builder, kind, *arguments[:2])
        (value,) = _widened(context, builder, _element(kind), signature.args[2:], arguments[2:])
        for place, part in zip(places, value if isinstance(value, Pair) else (value,), strict=True):
            builder.store(part, place, align=align)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def transpose(typingctx: Any, source: Any, at: Any, step: Any, target: Any, to: Any, stride: Any) -> Any:
    """Rows ``to, to + stride, ...`` of ``target`` become the columns of rows ``at, at + step, ...`` of ``source``, eight each."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def places(kind: Any, array: Any, first: Any, apart: Any) -> list[Any]:
            numbers = [builder.add(first, builder.mul(apart, ir.Constant(apart.type, k))) for k in range(LANES)]
            return [_addresses(context, builder, kind, array, number)[0][0] for number in numbers]

        a = [builder.load(p, align=ALIGNMENT) for p in places(source, *arguments[:3])]
        for bit in (1, 2, 4):
            # Element l of the new row i is a[i][l], or comes from the partner row where bits of i and l differ.
            low = [k if not k & bit else LANES + (k ^ bit) for k in range(LANES)]
            high = [k ^ bit if not k & bit else LANES + k for k in range(LANES)]
            for i in range(LANES):
                if not i & bit:
                    x, y = a[i], a[i | bit]
                    a[i], a[i | bit] = (
                        builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(ir.IntType(32), LANES), mask))
                        for mask in (low, high)
                    )
        for place, row in zip(places(target, *arguments[3:]), a, strict=True):
            builder.store(row, place, align=ALIGNMENT)
        return context.get_dummy_value()

    if source.ndim != 2 or target.ndim != 2:
        return None
    return types.void(source, types.intp, types.intp, target, types.intp, types.intp), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def lift(typingctx: Any, value: Any, array: Any) -> Any:
    """``value`` as an element of ``array``: a float becomes a pair there where the array holds pairs."""
    return _element(array)(value, array), lambda context, builder, signature, arguments: _packed(
        context,
        builder,
        signature.return_type,
        _widened(context, builder, signature.return_type, signature.args[:1], arguments[:1])[0],
    )


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """``a b + c`` with one rounding."""
    plain = _elementwise(lambda builder, *values: pairs.call(builder, "fma", values), pairs.multiply_add)
    return _floats(a, b, c)(a, b, c), plain


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def root(typingctx: Any, a: Any) -> Any:
    """Square root."""
    return _floats(a)(a), _elementwise(lambda builder, x: pairs.call(builder, "sqrt", [x]), pairs.square_root)


def _less(builder: Any, a: Any, b: Any) -> Any:
    return pairs.less(builder, a, b) if isinstance(a, Pair) else builder.fcmp_ordered("<", a, b)


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def where_less(typingctx: Any, a: Any, b: Any, x: Any, y: Any) -> Any:
    """``x`` where ``a < b``, else ``y`` (also where one of them is NaN)."""
    code = _elementwise(
        lambda builder, a, b, x, y: builder.select(_less(builder, a, b), x, y),
        lambda builder, a, b, x, y: pairs.select(builder, _less(builder, a, b), x, y),
    )
    return _floats(a, b, x, y)(a, b, x, y), code


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def any_less(typingctx: Any, a: Any, b: Any) -> Any:
    """Whether ``a < b`` in any lane."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        less = _less(builder, *_widened(context, builder, _floats(a, b), signature.args, arguments))
        if less.type == ir.IntType(1):
            return less
        mask = builder.bitcast(less, ir.IntType(LANES))
        return builder.icmp_unsigned("!=", mask, ir.Constant(ir.IntType(LANES), 0))

    return types.boolean(a, b), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def spread(typingctx: Any, value: Any, like: Any) -> Any:
    """``value`` in every lane if ``like`` has lanes, else ``value``; a pair if ``like`` is one."""
    kind = _floats(value, like)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (wide,) = _widened(context, builder, kind, signature.args[:1], arguments[:1])
        return _packed(context, builder, kind, wide)

    return kind(value, like), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def borrowed(typingctx: Any, array: Any) -> Any:
    """The same array without an owner, so that slices of it are not counted; the caller keeps it alive."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        view.parent = cgutils.get_null_value(view.parent.type)
        return view._getvalue()

    return array(array), codegen


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def flat(typingctx: Any, array: Any) -> Any:
    """The entries of a C-ordered array in one row, without an owner; the caller keeps it alive."""
    row = types.Array(array.dtype, 1, "C", readonly=not array.mutable)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = cgutils.create_struct_proxy(array)(context, builder, arguments[0])
        view = cgutils.create_struct_proxy(row)(context, builder)
        view.data, view.nitems, view.itemsize = source.data, source.nitems, source.itemsize
        view.shape = cgutils.pack_array(builder, [source.nitems])
        view.strides = cgutils.pack_array(builder, [source.itemsize])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        view.parent = cgutils.get_null_value(view.parent.type)
        return view._getvalue()

    return row(array), codegen
