"""Double-double numbers: a value is ``hi + lo`` of two floats (or of two sets of lanes), some 106 bits.

Error-free sums and products after Knuth and Dekker, the product's error by one fused multiply-add; quotient and root by
Newton's correction. These functions emit LLVM instructions for `vectors`, which makes the kernels' own source run on pairs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba.core import cgutils


class Pair(NamedTuple):
    """LLVM values of both parts."""

    hi: Any
    lo: Any


def call(builder: Any, name: str, values: Any) -> Any:
    """An LLVM intrinsic on doubles or vectors of doubles."""
    kind = values[0].type
    suffix = "f64" if kind == ir.DoubleType() else f"v{kind.count}f64"
    function_type = ir.FunctionType(kind, [kind] * len(values))
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.{suffix}")
    return builder.call(function, values)


def constant(kind: Any, value: float) -> Any:
    """A float in every lane of an LLVM type."""
    return ir.Constant(kind, value if kind == ir.DoubleType() else [value] * kind.count)


def two_sum(b: Any, x: Any, y: Any) -> Pair:
    """``x + y`` exactly."""
    s = b.fadd(x, y)
    part = b.fsub(s, x)
    return Pair(s, b.fadd(b.fsub(x, b.fsub(s, part)), b.fsub(y, part)))


def quick_two_sum(b: Any, x: Any, y: Any) -> Pair:
    """``x + y`` exactly for ``|x| ≥ |y|``."""
    s = b.fadd(x, y)
    return Pair(s, b.fsub(y, b.fsub(s, x)))


def two_product(b: Any, x: Any, y: Any) -> Pair:
    """``x y`` exactly."""
    p = b.fmul(x, y)
    return Pair(p, call(b, "fma", [x, y, b.fneg(p)]))


def add(b: Any, x: Pair, y: Pair) -> Pair:
    """Sum with a relative error of some ``2^-104``."""
    s, t = two_sum(b, x.hi, y.hi), two_sum(b, x.lo, y.lo)
    s = quick_two_sum(b, s.hi, b.fadd(s.lo, t.hi))
    return quick_two_sum(b, s.hi, b.fadd(s.lo, t.lo))


def negative(b: Any, x: Pair) -> Pair:
    """``-x``."""
    return Pair(b.fneg(x.hi), b.fneg(x.lo))


def subtract(b: Any, x: Pair, y: Pair) -> Pair:
    """Difference."""
    return add(b, x, negative(b, y))


def multiply(b: Any, x: Pair, y: Pair) -> Pair:
    """Product with a relative error of some ``2^-103``."""
    p = two_product(b, x.hi, y.hi)
    lo = call(b, "fma", [x.hi, y.lo, p.lo])
    return quick_two_sum(b, p.hi, call(b, "fma", [x.lo, y.hi, lo]))


def multiply_add(b: Any, x: Pair, y: Pair, z: Pair) -> Pair:
    """``x y + z``."""
    return add(b, multiply(b, x, y), z)


def divide(b: Any, x: Pair, y: Pair) -> Pair:
    """Quotient: three digits of base 2^53 by long division."""
    zero = constant(x.hi.type, 0.0)
    first = b.fdiv(x.hi, y.hi)
    left = subtract(b, x, multiply(b, Pair(first, zero), y))
    second = b.fdiv(left.hi, y.hi)
    left = subtract(b, left, multiply(b, Pair(second, zero), y))
    third = b.fdiv(left.hi, y.hi)
    return add(b, quick_two_sum(b, first, second), Pair(third, zero))


def square_root(b: Any, x: Pair) -> Pair:
    """Root: Newton's correction of the float's root, which doubles its digits."""
    root = call(b, "sqrt", [x.hi])
    left = subtract(b, x, two_product(b, root, root))
    correction = b.fdiv(left.hi, b.fadd(root, root))
    zero = constant(root.type, 0.0)
    correction = b.select(b.fcmp_ordered("==", root, zero), zero, correction)
    return quick_two_sum(b, root, correction)


def less(b: Any, x: Pair, y: Pair) -> Any:
    """Whether ``x < y``."""
    equal = b.fcmp_ordered("==", x.hi, y.hi)
    return b.or_(b.fcmp_ordered("<", x.hi, y.hi), b.and_(equal, b.fcmp_ordered("<", x.lo, y.lo)))


def select(b: Any, condition: Any, x: Pair, y: Pair) -> Pair:
    """``x`` where the condition holds, else ``y``."""
    return Pair(b.select(condition, x.hi, y.hi), b.select(condition, x.lo, y.lo))
