"""Batches of rank below the width: growth of the gradient (Theorems D1 to D4), and where the columns' Gram settles.

For rank ``r < d`` the chain lives on ``F`` of shape ``(d, r)`` with unit rows and ``X_l = F_l Qᵀ``. The gap of the row Gram is
infinite, but the column Gram ``M = (r/d) FᵀF`` (trace ``r``) stays regular and has a stationary law. Theorem D1 (the Jacobian
explodes) is proved; D2 to D5 are conjectures, derived in the limit of large widths and measured.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.theory.growth import growth_at_share, growth_of_gaussian

__all__ = ["column_gap", "column_variance", "complement_exponents", "explosion_rate", "gaussian_law", "rank_law"]
__all__ += ["ComplementExponents", "rank_law_leading"]


def rank_law(width: Any, rank: Any) -> FloatArray:
    """Growth of the squared weight gradient a layer, in log: ``c_P(r/d) log((r-1)/(r-2))`` (conjecture, Theorem D4).

    Parameters
    ----------
    width, rank : array_like of int
        Width d, and rank r of the batch with ``2 < r <= d``. Broadcast.

    Returns
    -------
    ndarray
        The law in the limit of large widths at fixed ``ρ = r/d``; 0 at full rank. At finite width the measured growth is larger
        by a factor ``1 + a(ρ)/(d-r)`` whose ``a``, of order 1/2, is not known: it is left out.

    Raises
    ------
    ValueError
        A rank outside of ``3..d``.

    Notes
    -----
    A conjecture. ``c_P = ρ Λ`` from the equations in `isogap.theory.growth`, solved to 1e-9 with a convergence test. For small ρ
    it tends to ``1 - (31/30)ρ``; the older `rank_law_leading` has ``1 - ρ``, 23 % too small at ρ = 3/4.

    Examples
    --------
    >>> print(f"{rank_law(100, 50):.5f} {rank_law_leading(100, 50):.5f}")
    0.01079 0.01031
    """
    d, r = _checked(width, rank)
    share, of = np.unique(r / d, return_inverse=True)
    coefficients = np.array([growth_at_share(float(x)) for x in share])[of].reshape(np.shape(r / d))
    return np.asarray(coefficients * np.log((r - 1.0) / (r - 2.0)))


def rank_law_leading(width: Any, rank: Any) -> FloatArray:
    """Leading order of `rank_law` for small ``r/d``, ``(1 - r/d) log((r-1)/(r-2))`` (conjecture C1, superseded by D4).

    Parameters, errors: as `rank_law`.

    Notes
    -----
    The limit ``d -> inf`` at fixed ``r`` has a derivation: ``Y`` is ``(d/r) Beta(r/2, (d-r)/2)``, so ``E 1/Y -> r/(r-2)``;
    a share ``1/r`` of the gradient is radial and removed; the product is ``(r-1)/(r-2)``.

    Examples
    --------
    >>> print(f"{rank_law_leading(100, 25):.4f}")
    0.0319
    """
    d, r = _checked(width, rank)
    return np.asarray((1.0 - r / d) * np.log((r - 1.0) / (r - 2.0)))


def explosion_rate(width: Any) -> FloatArray:
    """Proved growth of the Jacobian for dependent samples: ``E log‖∂X_l/∂X_0‖ >= (l/2) log(1 + 2/d)`` (Theorem D1).

    Parameters
    ----------
    width : array_like of int
        Width, at least 1.

    Returns
    -------
    ndarray
        ``½ log(1 + 2/d)`` a layer, for every row-normalised input of rank ``r < min(d, n)``. It speaks of the Jacobian, not of
        the weight gradient.

    Raises
    ------
    ValueError
        A width below 1.

    Notes
    -----
    For b orthogonal to the columns of X, ``b' = D^(1/2) W b`` is orthogonal to those of X', and ``E|b'|² = d/(d+2) |b|²``. A
    perturbation ``z cᵀ`` with ``X c = 0`` moves by ``z' = D^(-1/2) W z``, and ``<b', z'> = <b, z>``.

    Examples
    --------
    >>> print(f"{explosion_rate(2):.6f}")
    0.346574
    """
    d = np.asarray(width, dtype=np.float64)
    if not ((d >= 1) & (d < np.inf)).all():
        raise ValueError(f"width must be at least 1 and finite, got {width!r}")
    return np.asarray(0.5 * np.log1p(2.0 / d))


class ComplementExponents(NamedTuple):
    """Range of the ``d - r`` growth exponents in the complement of the row space.

    Attributes
    ----------
    least, greatest : ndarray
        Per layer, of squared norms; the exponents are equally spaced between them.
    """

    least: FloatArray
    greatest: FloatArray


def complement_exponents(width: Any, rank: Any) -> ComplementExponents:
    """Growth exponents of a perturbation outside of the row space (conjecture, Theorem D3).

    Equally spaced from ``2ρ/r`` to ``(2ρ + 4(1-ρ)²/(2-ρ))/r``, ``ρ = r/d``, per layer and for squared norms.

    Parameters
    ----------
    width, rank : array_like of int
        Width, and rank with ``1 <= r <= d``. Broadcast.

    Returns
    -------
    ComplementExponents
        ``(least, greatest)``. The weight gradient does not see this part of the Jacobian: it follows `rank_law`.

    Raises
    ------
    ValueError
        A rank outside of ``1..d``.

    Examples
    --------
    >>> exponents = complement_exponents(80, 40)
    >>> print(f"{40 * exponents.least:.4f} {40 * exponents.greatest:.4f}")
    1.0000 1.6667
    """
    share = _share(width, rank)
    r = np.asarray(rank, dtype=np.float64)
    return ComplementExponents(2.0 * share / r, (2.0 * share + 4.0 * (1.0 - share) ** 2 / (2.0 - share)) / r)


def gaussian_law(batch: Any, width: Any) -> FloatArray:
    """Growth of the squared gradient a layer, in log, for Gaussian weights of variance 1/d, ``n <= d`` (conjecture, D5).

    ``λ_G(c) log((n-1)/(n-2))`` with ``c = n²/(4d)`` while ``n < 2√d``; ``λ_G(1)/(2√d)`` beyond, whatever n.

    Parameters
    ----------
    batch, width : array_like of int
        Number of samples n and width d, ``3 <= n <= d``. Broadcast.

    Returns
    -------
    ndarray
        The law in the limit of large widths at fixed c. Beyond ``2√d`` corrections of order ``1/√d`` are large: at d = 256 the
        measured growth is 1.2 times the law.

    Raises
    ------
    ValueError
        A batch outside of ``3..d``.

    Notes
    -----
    A conjecture: equations as in `isogap.theory.growth`. Mean field, ``log((n-1)/(n-2))``, is its limit ``n << 2√d``.

    Examples
    --------
    >>> print(f"{12 * gaussian_law(12, 576):.4f} {12 * np.log(11 / 10):.4f}")  # n²/(4d) = 1/16
    1.0820 1.1437
    """
    n, d = np.broadcast_arrays(np.asarray(batch, dtype=np.float64), np.asarray(width, dtype=np.float64))
    if not ((n >= 3) & (n <= d) & (d < np.inf)).all():
        raise ValueError(f"batch must lie in 3..width, got {batch!r} at width {width!r}")
    ratio, of = np.unique(np.minimum(n * n / (4.0 * d), 1.0), return_inverse=True)
    coefficients = np.array([growth_of_gaussian(float(c)) for c in ratio])[of].reshape(n.shape)
    few = n * n < 4.0 * d
    return np.asarray(coefficients * np.where(few, np.log((n - 1.0) / (n - 2.0)), 0.5 / np.sqrt(d)))


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
    if not ((rank > 2) & (rank <= width) & (width < np.inf)).all():
        raise ValueError(f"rank must lie in 3..d, got {r!r} at width {d!r}")
    return width, rank


def _share(d: Any, r: Any) -> FloatArray:
    width, rank = np.asarray(d, dtype=np.float64), np.asarray(r, dtype=np.float64)
    if not ((rank >= 1) & (rank <= width) & (width < np.inf)).all():
        raise ValueError(f"rank must lie in 1..d, got {r!r} at width {d!r}")
    return np.asarray(rank / width)
