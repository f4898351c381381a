"""Theorem F2b: which random orthogonal weights contract, and how fast: the factor of ``E tr G⁻¹ - d`` per layer."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.base.arguments import integer

__all__ = ["WEIGHTS", "contraction_factor", "fourth_moment", "cosine_matrix"]

WEIGHTS = (
    "orthogonal",
    "special_orthogonal",
    "unitary",
    "symplectic",
    "hadamard",
    "dct",
    "dft",
    "block_orthogonal",
    "block_hadamard",
    "householder",
    "signed_permutation",
)
"""Laws of weights that `contraction_factor` knows by name."""


def contraction_factor(weights: str | npt.ArrayLike, d: int, *, block: int | None = None) -> float:
    """Factor a layer of ``E tr G⁻¹ - d``, so the exact order ``q_W^l`` of the mean gap (Theorems A, F2a, F2b).

    Parameters
    ----------
    weights : str or array_like, shape (d, d)
        A name from `WEIGHTS`, or an orthogonal matrix O. Names: Haar on O(d) and SO(d) (``d/(d+2)``), on U(d)
        (``d/(d+1)``) and on Sp(d), d x d quaternions (``2d/(2d+1)``); "hadamard" times random signs (``1 - 2/d``);
        "dct" (DCT-II), "block_orthogonal" (independent Haar blocks), "block_hadamard" and "householder" (``I - 2vvᵀ``, v
        uniform), each times a random signed permutation; "dft" times random phases, on complex batches; and the signed
        permutation alone, which does not contract. A matrix O stands for O times a random signed permutation, drawn
        afresh at every layer.
    d : int
        Width, at least 2.
    block : int, optional
        Size of the blocks, for the two block laws: a divisor of d (a power of two, or 1, for Hadamard blocks).

    Returns
    -------
    float
        ``q_W = 1 - 2(1-K)/(d-1)``, ``K = (1/d) Σ_jk O_jk⁴`` in [1/d, 1]; 0 for Hadamard at d = 2: orthogonal after one
        layer.

    Raises
    ------
    ValueError
        An unknown name, a matrix that is not orthogonal to rounding, a width for which no such matrix is known.

    Notes
    -----
    For rows ``s ∘ o`` with random signs s: ``E_s[(wᵀGw)(wᵀG⁻¹w)]`` needs ``Σ_j O_ji² O_jk²`` only, because the diagonal of
    the state is 1; a random permutation makes that ``c = (1-K)/(d-1)`` for all ``i ≠ k``, and the factor is ``1 - 2c``. For
    Hadamard matrices it is ``1/d`` without any permutation, the largest there is.

    Examples
    --------
    >>> contraction_factor("orthogonal", 8), contraction_factor("hadamard", 8)
    (0.8, 0.75)
    >>> print(f"{contraction_factor('dct', 8):.6f} {contraction_factor(np.eye(4), 4)}")
    0.763393 1.0
    """
    width = integer("d", d, 2)
    if isinstance(weights, str):
        return float(_named(weights, width, block))
    if block is not None:
        raise ValueError("block belongs to the laws block_orthogonal and block_hadamard; leave it out for a matrix")
    return float(_from_fourth_moment(fourth_moment(weights, width), width))


def fourth_moment(matrix: npt.ArrayLike, d: int) -> float:
    """``K = (1/d) Σ_jk O_jk⁴`` of an orthogonal matrix, in [1/d, 1].

    Parameters
    ----------
    matrix : array_like, shape (d, d)
        Orthogonal, to rounding.
    d : int
        Width.

    Returns
    -------
    float
        1/d for Hadamard matrices, 1 for signed permutations.

    Raises
    ------
    ValueError
        Another shape, or a matrix that is not orthogonal.

    Examples
    --------
    >>> fourth_moment(np.array([[3.0, 4.0], [-4.0, 3.0]]) / 5, 2)  # (81 + 256)/625
    0.5392
    """
    array = np.asarray(matrix)
    if array.dtype.kind not in "iuf" or array.shape != (d, d):
        raise ValueError(f"weights must be a name or a real matrix of shape ({d}, {d}); got shape {array.shape}")
    off = float(np.abs(array @ array.T - np.eye(d)).max())
    if not off <= 64 * d * np.finfo(float).eps:
        raise ValueError(f"weights must be orthogonal; O Oᵀ differs from the identity by {off:.3g}")
    return float(np.sum(array.astype(np.float64) ** 4) / d)


def cosine_matrix(d: int) -> npt.NDArray[np.float64]:
    """Orthogonal matrix of the DCT-II, ``O_0k = 1/√d``, ``O_jk = √(2/d) cos(π j (2k+1)/(2d))``.

    Examples
    --------
    >>> np.abs(cosine_matrix(5) @ cosine_matrix(5).T - np.eye(5)).max() < 1e-15
    np.True_
    """
    width = integer("d", d, 1)
    j, k = np.arange(width)[:, None], np.arange(width)[None, :]
    # the argument modulo a full turn, exact in integers
    matrix: npt.NDArray[np.float64] = math.sqrt(2.0 / width) * np.cos(
        math.pi / (2 * width) * (j * (2 * k + 1) % (4 * width))
    )
    matrix[0] = 1.0 / math.sqrt(width)
    return matrix


def _named(name: str, d: int, block: int | None) -> Fraction | float:
    size = _block(name, d, block)
    exact: dict[str, Any] = {
        "orthogonal": lambda: Fraction(d, d + 2),
        "special_orthogonal": lambda: Fraction(d, d + 2),
        "unitary": lambda: Fraction(d, d + 1),
        "symplectic": lambda: Fraction(2 * d, 2 * d + 1),
        "hadamard": lambda: 1 - Fraction(2, _hadamard_order(d)),
        "dft": lambda: 1 - Fraction(1, d),
        "dct": lambda: _from_fourth_moment(_cosine_fourth_moment(d), d),
        "block_orthogonal": lambda: 1 - Fraction(2 * (size - 1), (size + 2) * (d - 1)),
        "block_hadamard": lambda: 1 - 2 * (1 - Fraction(1, _hadamard_order(size))) / (d - 1),
        "householder": lambda: _from_fourth_moment(_householder_fourth_moment(d), d),
        "signed_permutation": lambda: Fraction(1),
    }
    if name not in exact:
        raise ValueError(f"weights must be one of {', '.join(WEIGHTS)}, or an orthogonal matrix; got {name!r}")
    result: Fraction | float = exact[name]()
    return result


def _from_fourth_moment(k: Any, d: int) -> Any:
    return 1 - 2 * (1 - k) / (d - 1)


def _block(name: str, d: int, block: int | None) -> int:
    if not name.startswith("block_"):
        if block is not None:
            raise ValueError(
                f"block belongs to the laws block_orthogonal and block_hadamard; leave it out for {name!r}"
            )
        return 1
    if block is None:
        raise ValueError(f"{name} needs block, the size of the blocks")
    size = integer("block", block, 1)
    if d % size:
        raise ValueError(f"block must divide the width {d}; got {size}")
    return size


def _hadamard_order(d: int) -> int:
    """Powers of two: the Sylvester matrices, the ones that this package builds."""
    if d & (d - 1):
        raise ValueError(f"a Hadamard matrix of order {d} is not built here: d must be a power of two")
    return d


def _cosine_fourth_moment(d: int) -> Fraction:
    """``(1/d) Σ O_jk⁴`` of the DCT-II.

    Row 0 has ``Σ_k O⁴ = 1/d``; row j >= 1 has ``(4/d²) Σ_k cos⁴θ``, ``cos⁴θ = 3/8 + cos(2θ)/2 + cos(4θ)/8``,
    ``θ = πj(2k+1)/(2d)``. Both cosines sum to 0 over k, except that ``cos 4θ = -1`` throughout at ``j = d/2``.
    """
    rows = Fraction(3, 2) * (d - 1)
    if d % 2 == 0:
        rows -= Fraction(1, 2)  # (4/d²)(d/8), in units of 1/d
    return (1 + rows) / (d * d)


def _householder_fourth_moment(d: int) -> Fraction:
    """Mean of ``Σ_k (I - 2vvᵀ)_1k⁴`` for v uniform on the sphere, from ``E v_1^2a v_2^2b = (1/2)_a (1/2)_b/(d/2)_{a+b}``."""

    def moment(a: int, b: int = 0) -> Fraction:
        value = Fraction(1)
        for count in (a, b):
            for i in range(count):
                value *= Fraction(2 * i + 1, 2)
        for i in range(a + b):
            value /= Fraction(d + 2 * i, 2)
        return value

    diagonal = sum(Fraction(math.comb(4, i) * (-2) ** i) * moment(i) for i in range(5))
    return diagonal + (d - 1) * 16 * moment(2, 2)
