r"""``E log|det(I + W T)|`` for Haar W on O, SO, Sp and U: what the skip connection does to volume (D8).

Let ``T`` have singular values ``σ_k ≤ 1``; both sides are analytic in ``T``, so expand
``log det(I + X) = Σ_k (-1)^(k+1) tr X^k/k``
and ``tr X^k = Σ (-1)^b s_{(k-b, 1^b)}(X)`` into Schur functions of hooks, whose means over the group are spherical functions.

* **U(d)**: no hook has an invariant, the mean is 0.
* **O(d)**: partitions with even rows only, so the one-row hook of even k, mean ``E r^(k/2)``, ``r = wᵀTᵀTw``, w uniform on
  the sphere. Sum: ``½ E log(1 - r)``. With ``λ_k = 1 - σ_k²`` this is ``½ E log Σ_k λ_k w_k²``, which is the integral E3 of the
  main chain: ``½ ∫_0^∞ [(1+2t)^(-d/2) - Π_k (1+2λ_k t)^(-1/2)] dt/t``.
* **SO(d)**: ``1 + det W`` times the mean over O(d). ``det W`` brings partitions with d odd rows, the hooks
  ``(k-d+1, 1^(d-1)) = (1^d) + (k-d)``, mean ``det T · E r^((k-d)/2)``. They add ``det T · Σ_j E r^j/(d+2j)``, and because
  ``j!/(d/2)_{j+1}`` is a beta integral and ``Σ_j (d/2)_j E r^j y^j/j! = Π (1 - σ_k² y)^(-1/2)``, with ``1 - y = 1/(1+2t)``:
  ``det T · ∫_0^∞ Π_k (1+2λ_k t)^(-1/2) dt/(1+2t)``. For ``T = α I`` it is ``Σ_{k≥d, k≡d mod 2} α^k/k``.
* **Sp(2m)** (compact, d = 2m, T quaternionic: every singular value twice): partitions with even columns, so the one-column
  hooks of even k, mean ``e_j(σ_1², ..., σ_m²)/binomial(m, j)`` at ``k = 2j``. Sum: ``Σ_{j≤m} e_j(σ²)/(2j binomial(m, j))``.

At ``σ_k = 1`` the mean is the limit. Beyond 1 the formulas are false (the series does not converge), so it is refused.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.base.arguments import finite_array, one_of
from isogap.base.arrays import FloatArray
from isogap.theory.exact import exact_step_from_deviation

GROUPS = ("O", "SO", "Sp", "U")
_H = 0.2  # the rule of `isogap.theory.quadrature`: poles at Im u = ±π only, error exp(-π²/h) relatively
_NEGLIGIBLE = 45.0  # e^-45 < 3e-20 of the integral


def log_det(singular_values: npt.ArrayLike, group: str = "O") -> float:
    """``E log|det(I + W T)|`` for W Haar on a compact group and a fixed T (D8).

    Parameters
    ----------
    singular_values : array_like, shape (d,)
        Of T, in ``[0, 1]``. For ``SO`` T has determinant ``+Π σ_k``. For ``Sp``, ``d = 2m`` and T is quaternionic: each value
        occurs twice.
    group : {"O", "SO", "Sp", "U"}

    Returns
    -------
    float
        O: ``½ E log(1 - wᵀTᵀTw)``, w uniform on the sphere, which is
        ``½ ∫_0^∞ [(1+2t)^(-d/2) - Π_k (1+2(1-σ_k²)t)^(-1/2)] dt/t``;
        SO: that plus ``Π σ_k ∫_0^∞ Π_k (1+2(1-σ_k²)t)^(-1/2) dt/(1+2t)``; Sp: ``Σ_j e_j(σ²)/(2j binomial(m, j))``; U: 0.
        Absolute error about 1e-15. With all ``σ_k = 1``: ``-inf`` on O (``det(I + W) = 0`` with probability ½), finite on SO.

    Raises
    ------
    ValueError
        A value outside ``[0, 1]`` (no formula of this kind holds there), an empty list, unpaired values for ``Sp``.

    Notes
    -----
    Statement D8; the derivation heads `isogap.theory.residual.determinant`.

    Examples
    --------
    >>> round(log_det([0.99, 0.9, 0.8, 0.3, 0.2]), 5)
    -0.41228
    >>> abs(log_det([0.8] * 4) - 0.5 * math.log(1 - 0.64)) < 1e-14
    True
    >>> round(log_det([0.8] * 4, "SO"), 4), log_det([0.8] * 4, "U")
    (-0.32, 0.0)
    >>> abs(log_det([0.8] * 4, "Sp") - (0.8**2 / 2 + 0.8**4 / 4)) < 1e-15
    True
    >>> log_det([1.0, 1.0]), log_det([1.0, 1.0], "SO")
    (-inf, 0.0)
    """
    sigma = _checked(singular_values)
    one_of("group", group, GROUPS)
    if group == "Sp":
        return _symplectic(sigma)
    if group == "U" or not sigma.any():
        return 0.0
    if sigma.min() == sigma.max():
        return _scalar(float(sigma[0]), sigma.size, special=group == "SO")
    orthogonal = _orthogonal(sigma)
    return orthogonal if group == "O" else orthogonal + _determinant_part(sigma)


def _checked(singular_values: npt.ArrayLike) -> FloatArray:
    sigma = finite_array("singular_values", singular_values, 1)
    bad = (sigma < 0.0) | (sigma > 1.0)
    if bad.any():
        raise ValueError(
            f"singular_values must lie in [0, 1], got {sigma[bad][0]}: the formulas of D8 hold for contractions only "
            "(beyond, sample the mean)"
        )
    return sigma


def _scalar(alpha: float, d: int, *, special: bool) -> float:
    """``T = α I``: ``½ log(1 - α²)``, and on SO ``Σ_{k≥d, k≡d mod 2} α^k/k`` more."""
    if not special:
        if alpha < 0.5:
            return 0.5 * math.log1p(-alpha * alpha)  # the sum below would cancel
        return 0.5 * (math.log1p(-alpha) + math.log1p(alpha)) if alpha < 1.0 else -math.inf
    # The two are one finite sum: log(1 + α) or 0, less the terms of the series below d.
    below = sum(alpha**k / k for k in range(1 if d % 2 else 2, d, 2))
    return (math.log1p(alpha) if d % 2 else 0.0) - below


def _orthogonal(sigma: FloatArray) -> float:
    """``½ [log mean λ + E log Y]``, the second term E3 at ``λ/mean λ``; ``λ = 1 - σ²``."""
    squares = sigma**2
    lam = (1.0 - sigma) * (1.0 + sigma)
    mean = float(lam.mean())
    deviation = (squares.mean() - squares) / mean
    deviation = np.maximum(deviation - deviation.mean(), -1.0)
    step = exact_step_from_deviation(deviation, np.maximum(lam / mean, 0.0))
    return 0.5 * (math.log1p(-float(squares.mean())) + step.value)


def _determinant_part(sigma: FloatArray) -> float:
    """``Π σ_k ∫ Π_k (1 + 2 λ_k t)^(-1/2) dt/(1+2t)`` over ``t = e^u`` by the trapezoid rule; needs one ``λ_k > 0``."""
    with np.errstate(divide="ignore"):
        log_product = float(np.log(sigma).sum())
    if log_product == -math.inf:
        return 0.0
    lam = (1.0 - sigma) * (1.0 + sigma)
    # Beyond 1/λ_max the integrand falls at least like t^(-1/2) (the factor t/(1+2t) stays below ½).
    high = 2.0 * _NEGLIGIBLE - math.log(2.0 * float(lam.max()))
    u = _H * np.arange(math.floor(-_NEGLIGIBLE / _H), math.ceil(high / _H) + 1)
    t = np.exp(u)
    log_terms = u - np.log1p(2.0 * t) - 0.5 * np.log1p(2.0 * t[:, None] * lam).sum(axis=1) + log_product
    with np.errstate(under="ignore"):
        return float(_H * np.exp(log_terms).sum())


def _symplectic(sigma: FloatArray) -> float:
    """``Σ_{j≤m} e_j(σ_1², ..., σ_m²)/(2j binomial(m, j))``."""
    paired: Any = np.sort(sigma).reshape(-1, 2) if sigma.size % 2 == 0 else None
    if paired is None or not np.array_equal(paired[:, 0], paired[:, 1]):
        raise ValueError("singular_values of a quaternionic T (group Sp) occur in equal pairs; give each of them twice")
    squares = paired[:, 0] ** 2
    m = len(squares)
    # means[j] = e_j/binomial(m, j) of the first k values, by the recursion of averages: no large numbers, no cancellation
    means = np.zeros(m + 1)
    means[0] = 1.0
    for k, square in enumerate(squares, start=1):
        j = np.arange(1, k + 1)
        means[1 : k + 1] = ((k - j) * means[1 : k + 1] + j * square * means[:k]) / k
    return float((means[1:] / (2.0 * np.arange(1, m + 1))).sum())
