"""How many branches a path takes: the law of path lengths of a residual network (D5).

The mean square of the output is a sum over the ``2^d`` paths, each of which takes or skips every branch. The share of paths
with ``k`` branches is a law on ``0..d``: independent choices, block ``l`` taken with the share ``p_l`` that its branch has in
the sum behind it.

* ``batch-norm`` from mean square ``Q_0``: ``p_l = 1/(Q_0 + l)``. With ``Q_0 = 1`` the generating function is
  ``Π_{l=1}^d (l + z)/(l + 1) = Σ_k c(d+1, k+1) z^k/(d+1)!``, c the unsigned Stirling numbers of the first kind: ``k + 1`` is
  the number of cycles of a uniform permutation of ``d + 1``. Mean ``H_{d+1} - 1``.
* all others: ``p_l = α²/(1 + α²)``: binomial, ``½`` at ``α = 1``. ``skipinit`` with ``α = 1/sqrt(d)`` tends to Poisson(1).

For other activations α² is multiplied by the mean square of the branch, ``σ_w² E φ²`` (1 for ReLU with ``σ_w² = 2``),
and the law is one of infinite width. ``norm-after-sum`` takes the batch variance ``s`` of the branch in its place: its BN removes
the mean of every sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arguments import integer, one_of
from isogap.base.arrays import FloatArray
from isogap.model.residual import KINDS, block_scalar, finite_number


@dataclass(frozen=True)
class PathLaw:
    """The law of the number of branches on a path.

    Attributes
    ----------
    kind : str
    blocks : int
    taken : ndarray, shape (blocks,)
        ``p_l``, the probability that a path takes block ``l``.
    probabilities : ndarray, shape (blocks + 1,)
        Of ``0..blocks`` branches. Non-negative; each with relative error below ``3 · blocks · 2^-53``, those below 1e-308
        lose digits or are 0.
    mean, variance : float
        From ``taken``: ``Σ p_l`` and ``Σ p_l (1 - p_l)``.
    """

    kind: str
    blocks: int
    taken: FloatArray
    probabilities: FloatArray
    mean: float
    variance: float

    def at_most(self, branches: int) -> float:
        """Probability of at most that many branches.

        Examples
        --------
        >>> round(path_law(50, "batch-norm").at_most(3), 5)
        0.52416
        """
        return float(self.probabilities[: integer("branches", branches, 0) + 1].sum())

    def generating(self, z: float) -> float:
        """``E z^k``, by the product.

        Examples
        --------
        >>> path_law(10, "unnormalised").generating(0.0) == 0.5**10
        True
        """
        return float(np.prod(1.0 + (finite_number("z", z) - 1.0) * self.taken))


def path_law(
    blocks: Any, kind: str = "batch-norm", *, alpha: Any = None, q0: Any = 1.0, branch_square: Any = 1.0
) -> PathLaw:
    """Law of the number of branches on a path, weighted by its share of the output's mean square (D5).

    Parameters
    ----------
    blocks : int
        ``d ≥ 0``; cost ``O(d²)``.
    kind : {"batch-norm", "unnormalised", "scaled", "skipinit", "norm-after-sum"}
        As in `isogap.model.residual`.
    alpha : float, optional
        ``α``; default ``1/sqrt(d)`` for ``skipinit``, else 1.
    q0 : float
        ``Q_0 > 0``, the mean square of the input; matters for ``batch-norm`` alone, which does not see its scale.
    branch_square : float
        Mean square of ``W φ(x)`` over that of x, of ``W φ(BN(x))`` for ``batch-norm``: ``σ_w² E φ²``, 1 for the identity
        and ReLU. For ``norm-after-sum`` its batch variance ``s = σ_w² (q - ĉ) (B-1)/B``, below 1 for ReLU: BN takes the mean
        out of the sum.

    Returns
    -------
    PathLaw

    Raises
    ------
    ValueError, TypeError
        A kind that is none of these, ``blocks`` below 0, ``q0`` not positive, ``α`` not finite.

    Notes
    -----
    De and Smith, arXiv:2002.10444; the cycles are statement D5.

    Examples
    --------
    >>> law = path_law(50, "batch-norm")
    >>> round(law.mean, 5)  # the harmonic number H_51 less 1
    3.51881
    >>> path_law(2, "unnormalised").probabilities.tolist()
    [0.25, 0.5, 0.25]
    >>> path_law(3, "skipinit", alpha=0).probabilities.tolist()  # every path is the identity
    [1.0, 0.0, 0.0, 0.0]
    """
    d = integer("blocks", blocks, 0)
    one_of("kind", kind, KINDS)
    scalar = block_scalar(kind, d, alpha)
    square = scalar**2 * finite_number("branch_square", branch_square, low=0.0)
    taken = _taken(kind, d, square, finite_number("q0", q0, low=0.0, strict=True))
    return PathLaw(kind, d, taken, bernoulli_sum(taken), float(taken.sum()), float((taken * (1.0 - taken)).sum()))


def _taken(kind: str, d: int, square: float, q0: float) -> FloatArray:
    if kind != "batch-norm":
        return np.full(d, square / (1.0 + square) if np.isfinite(square) else 1.0)
    behind = q0 + square * np.arange(1, d + 1)
    return np.asarray(square / behind)


def bernoulli_sum(taken: FloatArray) -> FloatArray:
    """Law of a sum of independent choices with these probabilities, shape ``(len(taken) + 1,)``: sums of positive terms.

    Examples
    --------
    >>> bernoulli_sum(np.array([0.5, 0.25])).tolist()
    [0.375, 0.5, 0.125]
    """
    law = np.zeros(len(taken) + 1)
    law[0], reach = 1.0, 0  # entries beyond `reach` are 0, also where they have underflowed
    with np.errstate(under="ignore"):
        for p in taken:
            law[1 : reach + 2] = law[1 : reach + 2] * (1.0 - p) + law[: reach + 1] * p
            law[0] *= 1.0 - p
            reach += bool(law[reach + 1] > 0.0)
    return law


def scaled_mean_square(blocks: Any, factor: Any, batch: Any, *, q0: Any = 1.0, v0: Any = None) -> float:
    """Mean square of the output with every branch times `factor`, over that at 1: identity, BN, scales of BN held (D5).

    What a measurement of the path law sees: all branches are multiplied by ``r`` while every row keeps the scale that BN
    gave it at ``r = 1``. With ``V_k = V_0 + k`` and ``n = B - 1``, in the limit of infinite width,
    ``C_{k+1} = C_k (1 + r/V_k)`` and ``V'_{k+1} = V'_k + r² [C_k²/V_k² + (n/(n-2)) (V'_k - C_k²/V_k)/V_k]``,
    ``C_0 = V'_0 = V_0``;
    the ratio is ``(V'_d + Q_0 - V_0)/(Q_0 + d)``. Only as ``B → ∞`` is it the generating function of `path_law` at ``r²``.

    Parameters
    ----------
    blocks : int
        ``d ≥ 0``.
    factor : float
        ``r``, of either sign.
    batch : int or inf
        ``B ≥ 4``: at ``B = 3`` the mean is infinite for ``|r| ≠ 1``.
    q0, v0 : float
        Mean square and batch variance of the input, ``0 < V_0 ≤ Q_0``; ``V_0`` is ``Q_0 (B-1)/B`` by default.

    Returns
    -------
    float
        ``inf`` where it overflows.

    Examples
    --------
    >>> round(scaled_mean_square(10, 0.5, 6), 5)
    0.18821
    >>> round(scaled_mean_square(10, -1.0, 6), 3)  # not 1: it is no function of r²
    2.64
    >>> round(scaled_mean_square(50, 0.5, float("inf")), 4), round(path_law(50, "batch-norm").generating(0.25), 4)
    (0.0577, 0.0577)
    """
    d, r = integer("blocks", blocks, 0), finite_number("factor", factor)
    infinite = isinstance(batch, float) and batch == float("inf")
    size = float("inf") if infinite else float(integer("batch", batch, 4))
    heavy = 1.0 if infinite else (size - 1.0) / (size - 3.0)
    q = finite_number("q0", q0, low=0.0, strict=True)
    v = (q if infinite else q * (size - 1.0) / size) if v0 is None else finite_number("v0", v0, low=0.0, strict=True)
    if v > q:
        raise ValueError(f"v0 must be at most q0 = {q:g} (a variance is at most the mean square), got {v:g}")
    if d == 0:
        return 1.0
    cross, scaled = v, v
    for k in range(d):
        unscaled = v + k
        explained = cross * cross / unscaled
        scaled += r * r * (explained + heavy * (scaled - explained)) / unscaled
        if not math.isfinite(scaled):
            return math.inf
        cross *= 1.0 + r / unscaled
    return (scaled + q - v) / (q + d)
