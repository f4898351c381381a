"""What skip connections cost in isometry: the mean isometry gap of linear residual networks (D8).

Square case: width = batch = d, BN uncentred, start ``x_0`` with rows of norm ``sqrt(B)``. The gap of ``x_l`` is the log of
the arithmetic less that of the geometric mean of the spectrum of ``x_lᵀ x_l``.

One block multiplies by ``I + α W D``, D the scales of BN. The arithmetic mean grows by ``1 + α²`` on average (BN: from l to
l + 1, D1) and the geometric mean by ``2/d E log|det(I + α W D)|`` (`log_det`). With Jensen's inequality for the first,
``E gap_l ≤ gap_0 + l log(1 + α²) - (2 l/d) E log|det(I + α W)|`` without BN, for every ``d ≥ 2`` (one number has
no gap); an equality as ``d → ∞``, when all rows
have one norm. With BN and U(d) weights the bound is ``gap_0 + log(1 + l)``; with real weights ``D = I`` in the first block
makes ``det(I + W D) = 0`` with probability ½, so that the mean is infinite for every d ≥ 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import integer, one_of
from isogap.base.arrays import FloatArray
from isogap.model.residual import block_scalar, finite_number
from isogap.theory.residual.determinant import log_det

WEIGHTS = {"unitary": "U", "orthogonal": "O", "special-orthogonal": "SO", "symplectic": "Sp"}


@dataclass(frozen=True)
class IsometryProfile:
    """Mean isometry gap, block by block.

    Attributes
    ----------
    kind, weights : str
    width : int
        d.
    alpha : float
    gap : ndarray, shape (blocks + 1,)
        ``E gap_l``, or what bounds it; ``inf`` where it is infinite.
    meaning : str
        What `gap` is: an upper bound for every d, or a limit.
    """

    kind: str
    weights: str
    width: int
    alpha: float
    gap: FloatArray
    meaning: str

    @property
    def cost(self) -> float:
        """What all blocks together add."""
        return float(self.gap[-1] - self.gap[0])


def isometry_gap_profile(
    blocks: Any,
    width: Any,
    kind: str = "batch-norm",
    *,
    weights: str = "unitary",
    alpha: Any = None,
    gap0: Any = 0.0,
) -> IsometryProfile:
    """Mean isometry gap of a linear residual network after each block (D8).

    Parameters
    ----------
    blocks : int
        ``L ≥ 0``.
    width : int
        ``d ≥ 1``, which is the batch too.
    kind : {"batch-norm", "unnormalised", "scaled", "skipinit"}
        ``scaled`` has the gap of ``unnormalised``: a factor common to all entries changes no gap. ``norm-after-sum`` has no
        formula here.
    weights : {"unitary", "orthogonal", "special-orthogonal", "symplectic"}
        The group of W. Independent normals have the same limit as ``unitary`` (at d = 48 about 0.1 above).
    alpha : float, optional
        ``|α| ≤ 1``; default ``1/sqrt(L)`` for ``skipinit``, else 1.
    gap0 : float
        Gap of the start, at least 0; may be infinite.

    Returns
    -------
    IsometryProfile

    Raises
    ------
    ValueError
        A kind without a formula, ``|α| > 1``, or BN with ``α ≠ 1``.

    Examples
    --------
    >>> isometry_gap_profile(3, 48, "batch-norm").gap.round(4).tolist()  # log(1 + l)
    [0.0, 0.6931, 1.0986, 1.3863]
    >>> round(isometry_gap_profile(100, 48, "skipinit").cost, 4)  # 100 log 1.01: at most 1 in all
    0.995
    >>> isometry_gap_profile(2, 48, "unnormalised", weights="orthogonal").gap.tolist()
    [0.0, inf, inf]
    """
    L, d = integer("blocks", blocks, 0), integer("width", width, 1)
    one_of("kind", kind, ("batch-norm", "unnormalised", "scaled", "skipinit"))
    one_of("weights", weights, tuple(WEIGHTS))
    scalar = block_scalar(kind, L, alpha)
    if abs(scalar) > 1.0:
        raise ValueError(f"alpha must be at most 1 in size (the formula of D8 holds for contractions), got {scalar:g}")
    start = float(gap0) if gap0 == float("inf") else finite_number("gap0", gap0, low=0.0)
    if kind == "batch-norm":
        if scalar != 1.0:
            raise ValueError(f"alpha must be 1 for kind batch-norm here, got {scalar:g}: D8 has no other formula")
        gap, meaning = _normalised(L, d, weights)
    else:
        gap, meaning = _plain(L, d, scalar, weights)
    return IsometryProfile(kind, weights, d, scalar, start + gap, meaning)


def _plain(L: int, d: int, alpha: float, weights: str) -> tuple[FloatArray, str]:
    """``l [log(1 + α²) - (2/d) E log|det(I + α W)|]``; the sign of α is that of det T where it matters."""
    if alpha < 0.0 and weights == "special-orthogonal" and d % 2:
        raise ValueError(
            "alpha must not be negative for special-orthogonal weights of odd width: det T would be negative"
        )
    if weights == "symplectic" and d % 2:
        raise ValueError(f"width must be even for symplectic weights, got {d}")
    if d == 1:
        return np.zeros(L + 1), "one number has no gap"
    volume = log_det(np.full(d, abs(alpha)), WEIGHTS[weights])
    each = float(np.log1p(alpha**2) - 2.0 * volume / d)
    gap = np.concatenate([[0.0], each * np.arange(1, L + 1)])
    return gap, "upper bound for every width, an equality in the limit of infinite width"


def _normalised(L: int, d: int, weights: str) -> tuple[FloatArray, str]:
    l = np.arange(L + 1, dtype=np.float64)  # noqa: E741
    gap = np.log1p(l)
    if d == 1:
        return np.zeros(L + 1), "one number has no gap"
    if weights == "orthogonal":
        gap[1:] = np.inf
        return gap, "infinite: the first block is singular with probability 1/2"
    if weights != "unitary":
        raise ValueError(f"kind batch-norm has a formula for unitary and orthogonal weights, got {weights}")
    return gap, "limit of infinite width"
