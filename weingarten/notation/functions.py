"""The functions of the notation: modulus, real and imaginary part, determinant, variance, covariance."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any, NoReturn

import sympy as sp

from weingarten.combinatorics.permutations import sign
from weingarten.errors import WeingartenError
from weingarten.notation.entries import block
from weingarten.notation.random_words import plain
from weingarten.notation.symbols import HaarMatrix

DETERMINANT_LIMIT = 6  # largest determinant that is written out
SIMPLE = 100  # operations up to which sympy may look for a simpler modulus


def modulus(value: Any) -> Any:
    """Return `|value|`."""
    value = sp.sympify(value)
    return sp.Abs(value, evaluate=value.count_ops() <= SIMPLE)


def star(value: Any) -> Any:
    """Return the conjugate; of factors that do not commute the adjoint, in reverse order."""
    return sp.conjugate(value) if value.is_commutative else sp.adjoint(value)


def real_part(value: Any) -> Any:
    """Return `(x + conj(x)) / 2`."""
    return (value + star(value)) / 2


def imaginary_part(value: Any) -> Any:
    """Return `(x - conj(x)) / (2 i)`."""
    return (value - star(value)) / (2 * sp.I)


def value(name: str, first: Any, second: Any, parser: Any) -> Any:
    """Return the value of a function of scalars."""
    simple = {"conj": star, "abs": modulus, "re": real_part, "im": imaginary_part}
    if name in simple:
        return simple[name](first)
    if name == "sqrt":
        if first.has(HaarMatrix):
            parser.fail("the square root of a random quantity is no polynomial")
        return sp.sqrt(first)
    if name == "var":
        parser.note("var(x) is E|x|^2 - |E x|^2")
        return _covariance(first, first, parser)
    parser.note("cov(x, y) is E x conj(y) - E x conj(E y)")
    return _covariance(first, second, parser)


def _covariance(x: Any, y: Any, parser: Any) -> Any:
    both, left, right = (parser.average(part) for part in (x * star(y), x, y))
    parser.averaged = True
    return both - left * sp.conjugate(right)


def without_random(factor: Any) -> Any:
    """Return a factor without random matrices; 1/tr(BA) with the trace as results write it, so that it cancels."""
    base, power = factor.as_base_exp()
    bare = base.args[0] if isinstance(base, sp.conjugate) else base
    if not (isinstance(bare, sp.Trace) and power.is_Integer):
        return factor
    from weingarten.expressions import expectation

    return expectation(base) ** power


def refuse_power(factor: Any) -> NoReturn:
    """Refuse a random factor that is no polynomial, and say what there is instead."""
    _, power = factor.as_base_exp()
    if isinstance(factor, sp.exp):
        what = "no polynomial; expected_exponential(x, t) is E exp(t x), in closed form or as a series in t"
    elif power.is_Integer and power < 0:
        what = (
            "the expectation of 1/x of a random x is in general no rational function (on O(2), E 1/(x'Bx) = 1/√det B), so "
            "negative powers have no exact answer here; for numbers average samples (isogap.sample), for large sizes expand 1/x "
            "about E x into positive powers of x - E x"
        )
    else:
        what = "powers of random factors must be positive integers (even for a modulus)"
    raise WeingartenError(f"{factor}: {what}")


def determinant(matrix: Any, fail: Callable[[str], NoReturn]) -> Any:
    """Return a determinant as a polynomial in entries: of a block, or of a product at an integer size."""
    if isinstance(matrix, sp.MatrixBase):
        return _leibniz(matrix, fail)
    matrix = plain(matrix)
    size, columns = matrix.shape
    if size != columns:
        fail(f"the determinant of a matrix of {size} rows and {columns} columns does not exist")
    factor, factors = matrix.as_coeff_matrices() if isinstance(matrix, sp.MatMul) else (sp.S.One, [])
    if factors and all(part.shape[0] == part.shape[1] for part in factors):
        return sp.Mul(factor**size, *[determinant(part, fail) for part in factors])
    if isinstance(matrix, sp.Transpose):
        return determinant(matrix.arg, fail)
    if isinstance(matrix, sp.Adjoint):
        return sp.conjugate(determinant(matrix.arg, fail))
    if isinstance(matrix, sp.Identity) or getattr(matrix, "group", "") in ("SO", "SU", "Sp"):
        return sp.S.One
    if not size.is_Integer:
        fail("a determinant needs an integer size: give --d, or a block as in minor(W, [1,2], [1,2])")
    rows = range(1, int(size) + 1)
    if int(size) > DETERMINANT_LIMIT:
        fail(f"a determinant of size {size}; at most {DETERMINANT_LIMIT} are written out")
    return _leibniz(block(matrix, rows, rows), fail)


def _leibniz(matrix: Any, fail: Callable[[str], NoReturn]) -> Any:
    if matrix.rows != matrix.cols:
        fail(f"the determinant of a block of {matrix.rows} rows and {matrix.cols} columns does not exist")
    if matrix.rows > DETERMINANT_LIMIT:
        fail(f"a determinant of size {matrix.rows}; at most {DETERMINANT_LIMIT} are written out")
    terms = [
        sp.Mul(sign(s), *[matrix[i, image] for i, image in enumerate(s)]) for s in permutations(range(matrix.rows))
    ]
    return sp.Add(*terms)
