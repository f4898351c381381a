"""Batches of rank below the width: growth of the gradient (conjecture C1), and where the columns' Gram settles.

For rank ``r < d`` the chain lives on ``F`` of shape ``(d, r)`` with unit rows and ``X_l = F_l Qᵀ``. The gap of the row Gram is
infinite, but the column Gram ``M = (r/d) FᵀF`` (trace ``r``) stays regular and has a stationary law.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray

FITTED = 0.45
"""Coefficient of `rank_law_fitted`; a fit, not a theorem."""


def rank_law(d: Any, r: Any) -> FloatArray:
    """Conjecture C1: growth of the squared gradient per layer, ``(1 - r/d) log((r-1)/(r-2))``.

    Parameters
    ----------
    d, r : array_like of int
        Width, and rank with ``2 < r ≤ d``.

    Raises
    ------
    ValueError
        A rank outside of ``3..d``.

    Notes
    -----
    It is the leading order in ``c = r/d``, measured to hold within 1 % for ``c ≤ 1/4`` and ``r ≥ 16``. The limit ``d → ∞`` at
    fixed ``r`` has a derivation: ``Y`` is ``(d/r) Beta(r/2, (d-r)/2)``, so ``E 1/Y → r/(r-2)``; a share ``1/r`` of the gradient
    is radial and removed; the product is ``(r-1)/(r-2)``. Towards ``r = d`` the measured growth is larger by up to a half:
    see `rank_law_fitted`.

    Examples
    --------
    >>> print(f"{rank_law(100, 50):.4f}")
    0.0103
    """
    width, rank = _checked(d, r)
    return np.asarray((1.0 - rank / width) * np.log((rank - 1.0) / (rank - 2.0)))


def rank_law_fitted(d: Any, r: Any) -> FloatArray:
    """C1 with an empirical factor, ``rank_law(d, r) / (1 - 0.45 (r/d)³)``.

    Fitted to widths 32 to 192 with statistical errors of 0.1 to 1 %: within 4 % for ``r ≥ 8`` and ``r/d ≤ 3/4``; at ``r/d = 7/8``
    between 13 % too small (d = 32) and 6 % too large (d = 192). It is there to predict; a figure's theory line is `rank_law`.

    Parameters, errors: as `rank_law`.

    Examples
    --------
    >>> print(f"{rank_law_fitted(128, 96):.5f}")  # measured 0.00330 ± 0.00001
    0.00327
    """
    width, rank = _checked(d, r)
    return np.asarray(rank_law(d, r) / (1.0 - FITTED * (rank / width) ** 3))


def column_variance(d: Any, r: Any) -> FloatArray:
    """Stationary variance of the eigenvalues of the column Gram, ``q = c(1-c)/(2-c)`` with ``c = r/d``, for large widths.

    Parameters
    ----------
    d, r : array_like of int
        Width, and rank with ``1 ≤ r ≤ d``.

    Notes
    -----
    Let ``μ_k`` be the eigenvalues of ``M`` (mean 1, second moment ``m``). One layer maps ``M`` to ``(r/d) Σ_j h_j h_jᵀ / Y_j``.
    To leading order in ``1/r`` the mean moves ``μ_k`` by ``(2/r) μ_k (m - μ_k)``; ``E(Y-1)² = (2/r)(m - c)``, so that the noise
    has variance ``(2c/r²)(m - c) μ_k μ_l`` in the entry ``kl`` and repels eigenvalues by
    ``(2c/r²)(m - c) Σ_l μ_k μ_l/(μ_k - μ_l)``. Both balance when ``(1/s)(1 - (m-s)/μ) = PV∫ dρ(ν)/(μ-ν)``, ``s = c(m-c)``: the
    equation of the Marchenko-Pastur law of mean 1 and variance ``q = s/2``. Its second moment ``m = 1 + q`` closes the
    system. No proof; measured at widths 64 to 200 within 2 %.

    Examples
    --------
    >>> print(f"{column_variance(100, 50):.4f}")
    0.1667
    """
    share = _share(d, r)
    return np.asarray(share * (1.0 - share) / (2.0 - share))


def column_gap(d: Any, r: Any) -> FloatArray:
    """Level at which the isometry gap of the columns settles: ``-E log μ = 1 + ((1-q)/q) log(1-q)``, large widths.

    Parameters
    ----------
    d, r : array_like of int
        Width, and rank with ``1 ≤ r ≤ d``.

    Notes
    -----
    The logarithmic moment of the Marchenko-Pastur law with the variance of `column_variance`.

    Examples
    --------
    >>> print(f"{column_gap(100, 50):.4f} {column_gap(8, 8):.1f}")
    0.0884 0.0
    """
    q = column_variance(d, r)
    safe = np.where(q > 0, q, 0.5)
    return np.asarray(np.where(q > 0, 1.0 + (1.0 - safe) / safe * np.log1p(-safe), 0.0))


def _checked(d: Any, r: Any) -> tuple[FloatArray, FloatArray]:
    width, rank = np.asarray(d, dtype=np.float64), np.asarray(r, dtype=np.float64)
    if (rank <= 2).any() or (rank > width).any():
        raise ValueError(f"rank must lie in 3..d, got {r!r} at width {d!r}")
    return width, rank


def _share(d: Any, r: Any) -> FloatArray:
    width, rank = np.asarray(d, dtype=np.float64), np.asarray(r, dtype=np.float64)
    if (rank < 1).any() or (rank > width).any():
        raise ValueError(f"rank must lie in 1..d, got {r!r} at width {d!r}")
    return np.asarray(rank / width)
