"""Averages of random products of traces and entries by routes that know nothing of words.

Small sizes: a quadrature that is exact for the degrees used. Others: the projector on the invariant tensors (the
pseudo-inverse of their numerical Gram matrix), summed over all indices of all factors.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product
from typing import Any

import numpy as np
import sympy as sp

import weingarten as wg

MAKERS: dict[str, Callable[..., Any]] = {
    "O": wg.orthogonal,
    "SO": wg.special_orthogonal,
    "U": wg.unitary,
    "SU": wg.special_unitary,
    "Sp": wg.symplectic,
    "COE": wg.circular_orthogonal,
    "CSE": wg.circular_symplectic,
}
DEGREE = 8  # of a polynomial in the entries that the quadratures integrate exactly
QUADRATURES = {"O": (1, 2, 3), "SO": (1, 2, 3), "U": (1, 2), "SU": (1, 2), "Sp": (2,), "COE": (1, 2), "CSE": (2,)}
TENSORS = {"O": {2: 6, 3: 4, 4: 4}, "U": {2: 6, 3: 4}, "Sp": {2: 6, 4: 4}}  # group: size: most factors


@cache
def nodes(group: str, size: int) -> tuple[Any, Any]:
    """Matrices and weights of a quadrature on the group."""
    if group == "COE":
        X, w = nodes("U", size)
        return X @ np.swapaxes(X, 1, 2), w
    if group == "CSE":
        X, w = nodes("U", size)
        J = np.array([[0.0, 1], [-1, 0]])
        return X @ J @ np.swapaxes(X, 1, 2) @ J.T, w
    if group in ("O", "U"):
        return _with_determinants(group, size)
    if size == 1:
        return np.ones((1, 1, 1)), np.ones(1)
    if group == "SO":
        return _rotations_2() if size == 2 else _rotations_3()
    return _special_unitary_2()


def _with_determinants(group: str, size: int) -> tuple[Any, Any]:
    X, w = nodes("S" + group, size)
    if group == "O":
        flip = np.diag([-1.0] + [1.0] * (size - 1))
        return np.concatenate([X, X @ flip]), np.concatenate([w, w]) / 2
    count = 2 * DEGREE + 1
    phases = np.exp(2j * np.pi * np.arange(count) / count)
    return (phases[:, None, None, None] * X).reshape(-1, size, size), np.tile(w, count) / count


def _rotations_2() -> tuple[Any, Any]:
    t = 2 * np.pi * np.arange(2 * DEGREE + 1) / (2 * DEGREE + 1)
    X = np.stack([np.stack([np.cos(t), -np.sin(t)], -1), np.stack([np.sin(t), np.cos(t)], -1)], 1)
    return X, np.full(len(t), 1 / len(t))


def _rotations_3() -> tuple[Any, Any]:
    t = 2 * np.pi * np.arange(DEGREE + 1) / (DEGREE + 1)
    z, g = np.polynomial.legendre.leggauss(DEGREE // 2 + 1)
    a, k, c = (x.ravel() for x in np.meshgrid(t, np.arange(len(z)), t, indexing="ij"))
    return _about_z(a) @ _about_y(z[k]) @ _about_z(c), g[k] / 2 / len(t) ** 2


def _about_z(t: Any) -> Any:
    X = np.zeros((len(t), 3, 3))
    X[:, 0, 0] = X[:, 1, 1] = np.cos(t)
    X[:, 1, 0], X[:, 0, 1], X[:, 2, 2] = np.sin(t), -np.sin(t), 1
    return X


def _about_y(z: Any) -> Any:
    X = np.zeros((len(z), 3, 3))
    X[:, 0, 0] = X[:, 2, 2] = z
    X[:, 0, 2], X[:, 2, 0], X[:, 1, 1] = np.sqrt(1 - z**2), -np.sqrt(1 - z**2), 1
    return X


def _special_unitary_2() -> tuple[Any, Any]:
    """`[[a, -b̄], [b, ā]]`, `|a|² = x` uniform on [0, 1], both phases uniform."""
    t = 2 * np.pi * np.arange(DEGREE + 1) / (DEGREE + 1)
    x, g = np.polynomial.legendre.leggauss(DEGREE // 2 + 1)
    s, k, u = (y.ravel() for y in np.meshgrid(t, np.arange(len(x)), t, indexing="ij"))
    a, b = np.sqrt((1 + x[k]) / 2) * np.exp(1j * s), np.sqrt((1 - x[k]) / 2) * np.exp(1j * u)
    X = np.stack([np.stack([a, -b.conj()], -1), np.stack([b, a.conj()], -1)], 1)
    return X, g[k] / 2 / len(t) ** 2


@cache
def projector(group: str, size: int, plain: int, bars: int) -> Any:
    """The average of `X ⊗ ... ⊗ X̄ ⊗ ...` as a matrix from column to row indices, from its invariant tensors."""
    n = plain + bars
    if (group == "U" and plain != bars) or n % 2:
        return np.zeros((size**n, size**n))
    form = np.eye(size) if group != "Sp" else np.kron(np.eye(size // 2), np.array([[0.0, 1], [-1, 0]]))
    if group == "U":
        matchings = [[(k, plain + s[k]) for k in range(plain)] for s in permutations(range(plain))]
    else:
        matchings = list(_matchings(list(range(n))))
    vectors = []
    for matching in matchings:
        legs = [x for pair in matching for x in pair]
        tensor = np.array(1.0)
        for _ in matching:
            tensor = np.multiply.outer(tensor, form)
        vectors.append(np.transpose(tensor, np.argsort(legs)).ravel() if legs else np.ones(1))
    basis = np.array(vectors)
    return basis.T @ np.linalg.pinv(basis @ basis.T, rcond=1e-10) @ basis


def _matchings(points: list[int]) -> Any:
    if not points:
        yield []
        return
    first, *rest = points
    for k, other in enumerate(rest):
        for more in _matchings(rest[:k] + rest[k + 1 :]):
            yield [(first, other), *more]


@dataclass(frozen=True)
class Factor:
    """A trace, or an entry if `place` is given, of a word in X and constants; a mark is one of "", "T", "H", "C"."""

    word: tuple[tuple[str, str], ...]
    place: tuple[int, int] | None = None

    def symbolic(self, matrices: dict[str, Any]) -> Any:
        """The factor as a sympy expression."""
        letters = [_marked(matrices[name], mark) for name, mark in self.word]
        value = letters[0]
        for letter in letters[1:]:
            value = value * letter
        return wg.tr(value) if self.place is None else value[self.place[0] + 1, self.place[1] + 1]

    def numeric(self, take: Callable[[str], Any], arrays: dict[str, Any]) -> Any:
        """The factor for arrays; `take` gives the next X with its mark applied."""
        value: Any = None
        for name, mark in self.word:
            letter = take(mark) if name == "X" else _turned(arrays[name], mark)
            value = letter if value is None else value @ letter
        return np.trace(value, axis1=-2, axis2=-1) if self.place is None else value[..., self.place[0], self.place[1]]


def _marked(matrix: Any, mark: str) -> Any:
    if mark == "":
        return matrix
    if mark == "T":
        return matrix.T
    return (
        matrix.conjugate()
        if mark == "C"
        else matrix.T.conjugate()
        if isinstance(matrix, sp.MatrixBase)
        else matrix.adjoint()
    )


def _turned(array: Any, mark: str) -> Any:
    array = np.swapaxes(array, -1, -2) if mark in ("T", "H") else array
    return array.conj() if mark in ("C", "H") else array


def random_product(rng: random.Random, group: str, size: int, most: int) -> list[Factor]:
    """Return factors with at most `most` matrices X in all."""
    count = rng.randint(1, most)
    marks = _marks(rng, group, count if rng.random() < 0.1 else count + count % 2 if count < most else count)
    count = len(marks)
    factors: list[Factor] = []
    while count > 0:
        used = rng.randint(1, min(3, count))
        count -= used
        word: list[tuple[str, str]] = []
        for _ in range(used):
            word.append(("X", marks.pop()))
            if rng.random() < 0.7:
                word.append((rng.choice("AB"), rng.choice(["", "", "T"])))
        place = (rng.randrange(size), rng.randrange(size)) if rng.random() < 0.4 else None
        factors.append(Factor(tuple(word), place))
    return factors


def _marks(rng: random.Random, group: str, count: int) -> list[str]:
    """Return the marks of so many X: for U and COE mostly as many conjugated ones as others, so that little vanishes."""
    if group in ("U", "COE", "CSE") and rng.random() < 0.9:
        half = count // 2
        marks = [rng.choice(["", "T"]) for _ in range(count - half)] + [rng.choice(["H", "C"]) for _ in range(half)]
    else:
        marks = [rng.choice(["", "T"] if group in ("O", "SO") else ["", "T", "H", "C"]) for _ in range(count)]
    rng.shuffle(marks)
    return marks


def by_quadrature(factors: list[Factor], group: str, size: int, arrays: dict[str, Any]) -> tuple[complex, float]:
    """The average, and the average modulus as the scale of its rounding."""
    X, w = nodes(group, size)
    values = np.ones(len(w), dtype=complex)
    for factor in factors:
        values = values * factor.numeric(lambda mark: _turned(X, mark), arrays)
    return complex(w @ values), float(w @ np.abs(values))


def by_tensors(factors: list[Factor], group: str, size: int, arrays: dict[str, Any]) -> tuple[complex, float]:
    """The average by the projector: every X is a matrix unit of its own, all of them at once."""
    marks = [mark for factor in factors for name, mark in factor.word if name == "X"]
    n = len(marks)
    bars = [k for k, mark in enumerate(marks) if mark in ("C", "H") and group == "U"]
    order = [k for k in range(n) if k not in bars] + bars
    P = projector(group, size, n - len(bars), len(bars))
    index = np.array(list(product(range(size), repeat=n))).reshape(size**n, n)
    form = np.kron(np.eye(max(1, size // 2)), np.array([[0.0, 1], [-1, 0]])) if group == "Sp" else None
    total, scale = 0.0 + 0.0j, 0.0
    for row, weights in zip(index, P, strict=True):
        used = np.flatnonzero(np.abs(weights) > 1e-13)
        if not len(used):
            continue
        units = np.zeros((n, len(used), size, size))
        for place, k in enumerate(order):
            units[k, np.arange(len(used)), row[place], index[used, place]] = 1.0
        supply = iter(units)

        def take(mark: str, supply: Any = supply) -> Any:
            unit = next(supply)
            if form is not None and mark in ("C", "H"):
                unit = form @ unit @ form.T
            return np.swapaxes(unit, -1, -2) if mark in ("T", "H") else unit

        values = np.ones(len(used), dtype=complex)
        for factor in factors:
            values = values * factor.numeric(take, arrays)
        total += weights[used] @ values
        scale += float(np.abs(weights[used]) @ np.abs(values))
    return complex(total), scale


def comparison(rng: random.Random) -> tuple[str, complex, complex, float]:
    """Draw a question, answer it by the package and by brute force; return a description, both values, the scale."""
    tensors = rng.random() < 0.3
    group = rng.choice(list(TENSORS if tensors else QUADRATURES))
    size = rng.choice(list(TENSORS[group] if tensors else QUADRATURES[group]))
    most = TENSORS[group][size] if tensors else {"COE": 3, "CSE": 3}.get(group, 5 if group in ("SO", "SU") else 6)
    factors = random_product(rng, group, size, rng.randint(1, most))
    integers = {name: [[rng.randint(-2, 3) for _ in range(size)] for _ in range(size)] for name in "AB"}
    arrays = {name: np.array(rows, dtype=float) for name, rows in integers.items()}
    exact = (by_tensors if tensors else by_quadrature)(factors, group, size, arrays)
    way = rng.choice(["explicit", "named", "symbolic"])
    if way == "symbolic" and any(factor.place is not None and max(factor.place) >= size for factor in factors):
        way = "named"
    d = sp.Symbol("d", integer=True, positive=True) if way == "symbolic" else size
    matrices: dict[str, Any] = {"X": MAKERS[group]("X", d)}
    for name, rows in integers.items():
        matrices[name] = sp.ImmutableMatrix(rows) if way == "explicit" else wg.constant(name, d)
    expression = sp.Mul(*[factor.symbolic(matrices) for factor in factors])
    answer = wg.expectation(expression, with_range=True)
    value = wg.evaluate(answer, arrays) if way != "explicit" else complex(answer.value)
    return f"{way} {group}({size}): {expression} {integers}", complex(value), exact[0], exact[1]


def agree(value: complex, exact: complex, scale: float) -> bool:
    """Tell whether two values agree within 1e5 roundings of the average modulus (the pseudo-inverse costs most)."""
    return abs(value - exact) <= 1e5 * float(np.finfo(float).eps) * max(scale, abs(value), 1e-3)
