"""Slow, obvious versions, written from the definitions and sharing no formula with the package."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from math import factorial, prod

import numpy as np
import sympy as sp


def pairings(points: Sequence[int]) -> list[list[tuple[int, int]]]:
    if not points:
        return [[]]
    return [
        [(points[0], points[k]), *rest]
        for k in range(1, len(points))
        for rest in pairings([*points[1:k], *points[k + 1 :]])
    ]


def loops(p: list[tuple[int, int]], q: list[tuple[int, int]]) -> int:
    parent = list(range(2 * len(p)))

    def find(x: int) -> int:
        while parent[x] != x:
            x = parent[x]
        return x

    for a, b in [*p, *q]:
        parent[find(a)] = find(b)
    return len({find(x) for x in parent})


def gram(n: int, d: int, group: str) -> sp.Matrix:
    """Gram matrix by literally contracting tensors (d small) for Sp, by loops for O, by cycles for U."""
    if group == "O":
        family = pairings(list(range(2 * n)))
        return sp.Matrix([[d ** loops(p, q) for q in family] for p in family])
    if group == "U":
        return sp.Matrix([[d ** cycles([s.index(x) for x in t]) for t in permutations(range(n))]
                          for s in permutations(range(n))])  # fmt: skip
    return sp.Matrix([[int(np.sum(a * b)) for b in symplectic_tensors(n, d)] for a in symplectic_tensors(n, d)])


def cycles(images: list[int]) -> int:
    seen: set[int] = set()
    count = 0
    for x in range(len(images)):
        count += x not in seen
        while x not in seen:
            seen.add(x)
            x = images[x]
    return count


def symplectic_form(d: int) -> np.ndarray:
    return np.kron(np.eye(d // 2, dtype=int), np.array([[0, 1], [-1, 0]]))


def symplectic_tensors(n: int, d: int) -> list[np.ndarray]:
    """The tensors Π J[i_a, i_b] over the pairs (a, b), a < b, of every pairing, as arrays of shape (d,) * 2n."""
    J = symplectic_form(d)
    result = []
    for p in pairings(list(range(2 * n))):
        operands = [x for a, b in p for x in (J, [a, b])]
        result.append(np.einsum(*operands, list(range(2 * n))))
    return result


def pseudo_inverse(G: sp.Matrix) -> sp.Matrix:
    """Moore-Penrose inverse of a symmetric rational matrix by a full-rank factorisation G = C F."""
    rref, pivots = G.rref()
    C, F = G[:, list(pivots)], rref[: len(pivots), :]
    return F.T * (F * F.T).inv() * (C.T * C).inv() * C.T


def haar(rng: np.random.Generator, size: int, d: int, group: str) -> np.ndarray:
    """`size` samples by QR with the phases of R's diagonal taken out (Mezzadri 2007); Sp by quaternionic columns."""
    if group in ("O", "SO"):
        Q, R = np.linalg.qr(rng.standard_normal((size, d, d)))
        Q = Q * np.sign(np.einsum("sii->si", R))[:, None, :]
        if group == "SO":
            Q[:, :, 0] *= np.sign(np.linalg.det(Q))[:, None]
        return Q
    if group in ("U", "SU", "COE", "CSE"):
        Q, R = np.linalg.qr(rng.standard_normal((size, d, d)) + 1j * rng.standard_normal((size, d, d)))
        diagonal = np.einsum("sii->si", R)
        Q = Q * (diagonal / abs(diagonal))[:, None, :]
        if group == "SU":
            Q[:, :, 0] /= np.linalg.det(Q)[:, None]
        if group == "COE":
            return Q @ Q.transpose(0, 2, 1)
        if group == "CSE":
            J = symplectic_form(d)
            return Q @ J @ Q.transpose(0, 2, 1) @ J.T
        return Q
    return _symplectic(rng, size, d)


def _symplectic(rng: np.random.Generator, size: int, d: int) -> np.ndarray:
    J = symplectic_form(d)
    S = np.zeros((size, d, d), dtype=complex)
    for k in range(0, d, 2):
        v = rng.standard_normal((size, d)) + 1j * rng.standard_normal((size, d))
        for _ in range(2):
            v = v - np.einsum("sim,sjm,sj->si", S, S.conj(), v)
        v /= np.linalg.norm(v, axis=1, keepdims=True)
        S[:, :, k] = v
        S[:, :, k + 1] = -np.einsum("ij,sj->si", J, v.conj())  # J conj(S) J^-1 = S fixes the partner column
    return S


def hook_product(lam: Sequence[int]) -> int:
    columns = [sum(part > j for part in lam) for j in range(lam[0])]
    return prod(lam[i] - j + columns[j] - i - 1 for i in range(len(lam)) for j in range(lam[i]))


def standard_tableaux(lam: tuple[int, ...]) -> int:
    """Number of ways to take the boxes off one by one."""
    if not lam:
        return 1
    ends = [i for i in range(len(lam)) if i + 1 == len(lam) or lam[i + 1] < lam[i]]
    return sum(standard_tableaux(tuple(p - (k == i) for k, p in enumerate(lam) if p > 1 or k != i)) for i in ends)


def dirichlet(exponents: Sequence[int], d: int) -> Fraction:
    """E Π x_i^{c_i} on the unit sphere of R^d, c_i even, by the Gamma function's recurrence."""
    top = prod(prod(range(1, c, 2)) for c in exponents)
    return Fraction(top, prod(d + 2 * s for s in range(sum(exponents) // 2)))


def complex_dirichlet(exponents: Sequence[int], d: int) -> Fraction:
    """E Π |x_i|^{2 c_i} on the unit sphere of C^d."""
    return Fraction(prod(factorial(c) for c in exponents), prod(d + s for s in range(sum(exponents))))


def as_entries(rows: list[int], cols: list[int], rows_bar: list[int] = (), cols_bar: list[int] = ()) -> dict:
    entries: dict[tuple[int, int], tuple[int, int]] = {}
    for which, left, right in ((0, rows, cols), (1, rows_bar, cols_bar)):
        for place in zip(left, right, strict=True):
            a, b = entries.get(place, (0, 0))
            entries[place] = (a, b + 1) if which else (a + 1, b)
    return entries


def dense(entries: dict, size: int = 4) -> tuple:
    return tuple(tuple(entries.get((i, j), (0, 0)) for j in range(1, size + 1)) for i in range(1, size + 1))
