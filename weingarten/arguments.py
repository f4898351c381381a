"""What users pass in, brought to one normal form before any cache or formula sees it."""

from __future__ import annotations

import operator
from typing import Any, TypeGuard

from weingarten.algebra.groups import Group
from weingarten.combinatorics.pairings import as_pairing, coset_type, image_pairing, orientation_sign
from weingarten.combinatorics.partitions import Partition, as_partition
from weingarten.combinatorics.permutations import as_permutation, cycle_type
from weingarten.errors import WeingartenError
from weingarten.spaces import as_group


def as_dimension(d: object, group: Group | str = "O") -> Any:
    """Return the dimension as a Python int or as a sympy expression with a free symbol.

    `5`, `numpy.int64(5)` and `sympy.Integer(5)` give `5`. The dimension is the size of the matrix, also for Sp and CSE,
    where it must be even.

    Raises
    ------
    WeingartenError
        For floats, for integers below 1, for odd sizes of Sp and CSE, for symbols that cannot be a positive integer.

    Examples
    --------
    >>> import sympy
    >>> from weingarten.arguments import as_dimension
    >>> as_dimension(sympy.Integer(5)), as_dimension(sympy.Symbol("d"))
    (5, d)
    """
    kind = as_group(group)
    if isinstance(d, bool):
        raise WeingartenError(f"d={d!r} is not a dimension; give a positive integer or a sympy Symbol")
    if type(d) is not int and _is_symbolic(d):
        if d.is_integer is False or d.is_positive is False:
            raise WeingartenError(f"d={d!r} cannot be a positive integer; give a Symbol without that assumption")
        if kind.paired and d.is_odd:
            raise WeingartenError(f"d={d!r} is odd, but {kind.name} needs an even matrix size d = 2M")
        return d
    try:
        size = operator.index(d)  # type: ignore[arg-type]
    except TypeError as error:
        raise WeingartenError(
            f"d={d!r} is not a dimension; give a positive integer (no float) or a sympy Symbol"
        ) from error
    if size < 1:
        raise WeingartenError(f"d={size} is not a dimension; it must be at least 1")
    if kind.paired and size % 2:
        raise WeingartenError(f"d={size} is odd, but {kind.name} needs an even matrix size d = 2M; use {size + 1}")
    return size


def is_whole(value: Any, least: int) -> bool:
    """Tell a single integer from `least` on from everything else, booleans and arrays among it.

    Examples
    --------
    >>> is_whole(2, 1), is_whole(True, 1), is_whole(2.0, 1), is_whole(0, 1)
    (True, False, False, False)
    """
    if isinstance(value, bool) or getattr(value, "ndim", False):
        return False
    try:
        return operator.index(value) >= least
    except TypeError:
        return False


def _is_symbolic(d: object) -> TypeGuard[Any]:
    """Tell a sympy expression with a symbol."""
    import sympy as sp

    return isinstance(d, sp.Expr) and bool(d.free_symbols)


def refuse_masked(value: Any, name: str) -> None:
    """Refuse an array with masked entries: what is masked has no value, and an integral needs all of them."""
    if hasattr(value, "mask"):
        import numpy as np

        if np.ma.is_masked(value):
            raise WeingartenError(f"{name} has masked entries; fill them first, for instance with {name}.filled(0)")


def as_expression(value: Any) -> Any:
    """Return a sympy expression, refusing a text: sympy would make plain symbols of it, and no random matrix.

    Examples
    --------
    >>> as_expression(3)
    3
    """
    import sympy as sp

    if isinstance(value, str):
        raise WeingartenError(
            f"expression={value!r} is a text; build it from orthogonal(...), tr(...), or ask the command weingarten expect"
        )
    return sp.sympify(value)


def as_array(value: Any, name: str) -> Any:
    """Return a NumPy array, refusing a masked one and lists of different lengths."""
    import numpy as np

    refuse_masked(value, name)
    try:
        return np.asarray(value)
    except ValueError as error:
        raise WeingartenError(f"{name}: rows of different lengths; give lists of one length, or an array") from error


def as_given(value: Any, name: str) -> Any:
    """Return an array of finite floats, real or complex, for a matrix; a single number as it is.

    Integers and booleans become floats, whose products do not wrap around. Refused are entries that are masked, NaN,
    infinite or no numbers.

    Examples
    --------
    >>> as_given([[1, 2], [3, 4]], "A").dtype
    dtype('float64')
    """
    array = as_array(value, name)
    if not array.ndim:
        return array
    if array.dtype.kind == "O":
        array = _numbers_of_objects(array, name)
    elif array.dtype.kind not in "biufc":
        raise WeingartenError(f"{name}: the array has entries of type {array.dtype}; give numbers")
    array = array.astype("complex128" if array.dtype.kind == "c" else "float64")
    if not (abs(array) < float("inf")).all():
        raise WeingartenError(f"{name}: the array has an entry that is NaN or infinite; give finite numbers")
    return array


def _numbers_of_objects(array: Any, name: str) -> Any:
    """Return an array of Python's, sympy's or other exact numbers as floats."""
    for entry in array.flat:
        try:
            complex(entry)
            known = not isinstance(entry, (str, bytes))
        except (TypeError, ValueError, OverflowError):
            known = False
        if not known:
            raise WeingartenError(f"{name}: the array has the entry {entry!r}; give finite numbers")
    found = array.astype("complex128")
    return found if found.imag.any() else found.real


def as_value(symbol: Any, value: Any) -> Any:
    """Return a number for a symbol, refusing one that the symbol cannot be.

    Examples
    --------
    >>> import sympy
    >>> as_value(sympy.Symbol("n", integer=True), 3)
    3
    """
    import sympy as sp

    plain = value.item() if getattr(value, "ndim", None) == 0 else value
    try:
        number = None if isinstance(plain, (bool, str, bytes)) else sp.sympify(plain)
    except (sp.SympifyError, TypeError, ValueError):
        number = None
    if not isinstance(number, sp.Expr) or number.is_finite is False or number is sp.nan:
        raise WeingartenError(f"{symbol}={value!r}: give a finite number for this symbol")
    if not number.is_number:
        return number
    signs = ("positive", "negative", "nonnegative", "nonpositive", "nonzero", "real")
    kinds = [word for word in signs if getattr(symbol, f"is_{word}")][:1]  # the first says most
    wrong = any(getattr(number, f"is_{word}") is False for word in kinds)
    if symbol.is_integer:
        kinds = [word for word in kinds if word != "real"] + ["integer"]
        wrong = wrong or number.is_real is False or number - sp.floor(number) != 0
    if wrong:
        raise WeingartenError(f"{symbol}={value}: the symbol was declared {' '.join(kinds)}; give such a number")
    if symbol.is_integer:
        return sp.Integer(number)
    return number


def as_class(argument: Any, group: Group) -> tuple[Partition, int]:
    """Return the coset type (cycle type for U) of `argument`, and the orientation sign that Sp and CSE need.

    `argument` is a partition (tuple or list), a sympy `Permutation` of the 2n points (of n points for U), or a pair of
    pairings of `0..2n-1` (of permutations of `0..n-1` for U). A partition stands for consistently oriented loops.
    """
    if hasattr(argument, "array_form"):
        return _class_of_permutation(tuple(argument.array_form), group)
    if isinstance(argument, (tuple, list)) and len(argument) == 2 and all(_is_nested(side) for side in argument):
        return _class_of_pair(argument[0], argument[1], group)
    if isinstance(argument, (int, str)) or not hasattr(argument, "__iter__"):
        raise WeingartenError(
            f"coset_type={argument!r} is neither a partition such as (2, 1), a sympy Permutation nor a pair of pairings"
        )
    return as_partition(argument, name="coset_type"), 1


def _is_nested(side: Any) -> bool:
    """Tell a pairing, or a permutation of a pair, from a part of a partition."""
    return hasattr(side, "array_form") or isinstance(side, (tuple, list))


def _class_of_permutation(images: tuple[int, ...], group: Group) -> tuple[Partition, int]:
    if group.alpha == 1:
        return cycle_type(images), 1
    if len(images) % 2:
        raise WeingartenError(
            f"the permutation moves {len(images)} points, but {group.name} needs an even number 2n; "
            f"give its size, for instance Permutation(..., size={len(images) + 1})"
        )
    straight = image_pairing(tuple(range(len(images))))
    twisted = image_pairing(images)
    return coset_type(straight, twisted), (orientation_sign(straight, twisted) if group.paired else 1)


def _class_of_pair(first: Any, second: Any, group: Group) -> tuple[Partition, int]:
    if group.alpha == 1:
        s, t = (as_permutation(getattr(side, "array_form", side)) for side in (first, second))
        if len(s) != len(t):
            raise WeingartenError(f"the permutations have {len(s)} and {len(t)} points; both need the same number")
        quotient = [0] * len(s)
        for x in range(len(s)):
            quotient[t[x]] = s[x]
        return cycle_type(tuple(quotient)), 1
    p, q = as_pairing(first), as_pairing(second)
    if len(p) != len(q):
        raise WeingartenError(f"the pairings have {len(p)} and {len(q)} pairs; both need the same number")
    return coset_type(p, q), (orientation_sign(p, q) if group.paired else 1)
