"""Averages of determinants and characteristic polynomials, which need no expansion into moments.

    E det(A + W B)           O, U, signed permutations: det A;  SO, SU: det A + det B;  permutations: det(A + J B / d)
    E det(z - H)             GOE and GUE: the Hermite polynomial He_d(z);  Wishart: Σ (-1)^k C(p,k) (n)_k z^{p-k}
    E det(1 + UB) det(1 + U*C) = Σ_k e_k(BC) / C(d,k);   O: the same with B C'
    E e_k(A + W B W*) = Σ_{i+j=k} (d-i)! (d-j)! / (d! (d-k)!) e_i(A) e_j(B)     O, U and signed permutations

J is the all-ones matrix, e_k the elementary symmetric polynomial of the eigenvalues: the coefficients of det(1 + tX).
`E 1/(x'Bx)` and `E 1/tr(W A W' B)` are no rational functions (on O(2) the first is 1/√det B), so there is no such average.

Sources: Marcus, Spielman & Srivastava, Probab. Theory Relat. Fields 182 (2022) 807 (finite free convolution); Diaconis &
Gamburd, Electron. J. Combin. 11 (2004) R2.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from weingarten.errors import WeingartenError
from weingarten.functions import as_degree
from weingarten.legs.symbols import checked_size

FIXED_DETERMINANT = ("SO", "SU")
KEEPS_FIRST = ("O", "U", "signed permutation")


def expected_determinant(A: Any, B: Any, group: str = "O") -> Any:
    """Return `E det(A + W B)` for a random matrix W of a group.

    Parameters
    ----------
    A, B : square sympy matrices of one size, explicit or symbols
    group : str
        "O", "U", "SO", "SU", "signed permutation", "permutation", or "Sp" (A = 1 and explicit B alone).

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expected_determinant
    >>> A, B = sympy.Matrix([[2, 1], [0, 3]]), sympy.Matrix([[1, 1], [1, 4]])
    >>> [expected_determinant(A, B, g) for g in ("O", "SO", "permutation")]
    [6, 9, 13]
    """
    d = _common_size(A, B)
    if group in KEEPS_FIRST:
        return _det(A)
    if group in FIXED_DETERMINANT:
        if d == 1:
            return _det(A + B)
        return _det(A) + _det(B)
    if group == "permutation":
        ones = sp.ones(int(d), int(d)) if isinstance(B, sp.MatrixBase) else sp.OneMatrix(d, d)
        return _det(A + ones * B / d)
    if group == "Sp":
        return _symplectic_determinant(A, B)
    raise WeingartenError(
        f"group={group!r}: choose {', '.join((*KEEPS_FIRST, *FIXED_DETERMINANT, 'permutation', 'Sp'))}"
    )


def _common_size(A: Any, B: Any) -> Any:
    for name, matrix in (("A", A), ("B", B)):
        if not isinstance(matrix, (sp.MatrixBase, sp.MatrixExpr)) or matrix.shape[0] != matrix.shape[1]:
            raise WeingartenError(f"{name}={matrix!r}: give a square sympy matrix")
    if A.shape != B.shape:
        raise WeingartenError(f"A has the shape {A.shape} and B {B.shape}; both must be of one size")
    return A.shape[0]


def _det(matrix: Any) -> Any:
    return sp.expand(matrix.det(method="berkowitz")) if isinstance(matrix, sp.MatrixBase) else sp.Determinant(matrix)


def _symplectic_determinant(A: Any, B: Any) -> Any:
    """Return `Σ_j c_j / C(M, j)` with `√det(1 + t B B^D) = Σ c_j t^j`, `B^D = J' B' J`."""
    if not isinstance(B, sp.MatrixBase) or sp.eye(A.shape[0]) != A:
        raise WeingartenError("group='Sp': the formula is for E det(1 + S B) with an explicit B; give A = sympy.eye(d)")
    d = int(B.shape[0])
    if d % 2:
        raise WeingartenError(f"B has size {d}; Sp needs an even one")
    J = sp.diag(*[sp.Matrix([[0, 1], [-1, 0]])] * (d // 2))
    t = sp.Dummy("t")
    characteristic = sp.Poly(_det(sp.eye(d) + t * B * J.T * B.T * J), t).all_coeffs()[::-1]
    characteristic += [sp.S.Zero] * (d + 1 - len(characteristic))
    root = [sp.S.One]  # the square root of a power series with constant term one
    for k in range(1, d // 2 + 1):
        inner = sum((root[i] * root[k - i] for i in range(1, k)), sp.S.Zero)
        root.append(sp.expand((characteristic[k] - inner) / 2))
    return sp.Add(*[c / sp.binomial(d // 2, j) for j, c in enumerate(root)])


def expected_characteristic_polynomial(ensemble: str, z: Any, d: Any, n: Any = None) -> Any:
    """Return `E det(z - X)` as a polynomial in z.

    Parameters
    ----------
    ensemble : str
        "GOE", "GUE", "Wishart", "complex Wishart" (size d, n degrees of freedom), "O", "U", "SO", "SU", "Sp", "permutation",
        "signed permutation".
    z : symbol or number
    d : int
        Size of the matrix.
    n : int or sympy expression
        Degrees of freedom of a Wishart matrix.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expected_characteristic_polynomial
    >>> z, n = sympy.symbols("z n")
    >>> expected_characteristic_polynomial("GUE", z, 4)
    z**4 - 6*z**2 + 3
    >>> sympy.expand(expected_characteristic_polynomial("Wishart", z, 2, n))
    n**2 - 2*n*z - n + z**2
    """
    size, z = as_degree(d, "d", "a size"), sp.sympify(z)
    if size < 1:
        raise WeingartenError("d=0: give a size that is at least 1")
    if ensemble in ("GOE", "GUE"):
        return sp.Add(
            *[
                (-1) ** k
                * sp.factorial(size)
                / (sp.factorial(k) * sp.factorial(size - 2 * k) * 2**k)
                * z ** (size - 2 * k)
                for k in range(size // 2 + 1)
            ]
        )
    if ensemble in ("Wishart", "complex Wishart"):
        if n is None:
            raise WeingartenError("n=None: a Wishart matrix needs its degrees of freedom")
        freedom = checked_size("n", n)
        falling = [sp.Mul(*[freedom - s for s in range(k)]) for k in range(size + 1)]
        return sp.Add(*[(-1) ** k * sp.binomial(size, k) * falling[k] * z ** (size - k) for k in range(size + 1)])
    if ensemble == "Sp":
        if size % 2:
            raise WeingartenError(f"d={size} is odd; Sp needs an even size")
        return sp.Add(*[z ** (2 * j) for j in range(size // 2 + 1)])
    if ensemble in KEEPS_FIRST:
        return z**size
    if ensemble in FIXED_DETERMINANT:
        return z - 1 if size == 1 else z**size + (-1) ** size
    if ensemble == "permutation":
        return z**size - z ** (size - 1)
    raise WeingartenError(f"ensemble={ensemble!r} has no formula here; expand the determinant with expectation instead")


def expected_determinant_product(B: Any, C: Any, group: str = "U") -> Any:
    """Return `E det(1 + U B) det(1 + U* C)` over U(d), or `E det(1 + W B) det(1 + W C)` over O(d).

    Examples
    --------
    >>> import sympy
    >>> from weingarten import expected_determinant_product
    >>> expected_determinant_product(sympy.eye(2), sympy.eye(2))
    3
    """
    d = int(_common_size(B, C))
    if group not in ("U", "O"):
        raise WeingartenError(f"group={group!r}: choose U or O (over SO there are more terms)")
    coefficients = elementary(B * (C if group == "U" else C.T))
    return sp.Add(*[e / sp.binomial(d, k) for k, e in enumerate(coefficients)])


def elementary(matrix: Any) -> list[Any]:
    """Return `e_0, ..., e_d` of the eigenvalues: the coefficients of `det(1 + t X)`.

    Examples
    --------
    >>> import sympy
    >>> elementary(sympy.diag(2, 3))
    [1, 5, 6]
    """
    t = sp.Dummy("t")
    d = int(matrix.shape[0])
    found = sp.Poly(_det(sp.eye(d) + t * matrix), t).all_coeffs()[::-1]
    return [*found, *[sp.S.Zero] * (d + 1 - len(found))]


def finite_free_sum(A: Any, B: Any) -> list[Any]:
    """Return `E e_k(A + W B W*)`, k = 0..d, over O, U or signed permutations alike (not over permutations).

    Examples
    --------
    >>> import sympy
    >>> from weingarten import finite_free_sum
    >>> finite_free_sum(sympy.diag(1, -1), sympy.diag(1, -1))
    [1, 0, -2]
    """
    d = int(_common_size(A, B))
    a, b = elementary(A), elementary(B)
    f = sp.factorial
    return [
        sp.expand(sp.Add(*[f(d - i) * f(d - k + i) / (f(d) * f(d - k)) * a[i] * b[k - i] for i in range(k + 1)]))
        for k in range(d + 1)
    ]


def finite_free_product(A: Any, B: Any) -> list[Any]:
    """Return `e_k(A) e_k(B) / C(d, k)`, k = 0..d, the averages `E e_k(A W B W*)` over O or U.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import finite_free_product
    >>> finite_free_product(sympy.diag(1, 2), sympy.diag(1, 3))
    [1, 6, 6]
    """
    d = int(_common_size(A, B))
    return [
        sp.expand(x * y / sp.binomial(d, k)) for k, (x, y) in enumerate(zip(elementary(A), elementary(B), strict=True))
    ]
