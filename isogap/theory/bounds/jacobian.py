"""Bounds on the Jacobian of batch normalisation: Lemmas C.2, C.4, C.7, C.8, and the attained bound S4.

By E6 the operator norm is ``‖J_BN(H)‖ = (min_j Y_j)^(-1/2)``; all bounds here are on its logarithm. H is
trace-normalised, ``tr H Hᵀ = d``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from isogap.base.special import x_minus_log1p
from isogap.theory.bounds._arguments import FloatArray, as_result, gaps, widths

__all__ = ["lambda_star", "log_lambda_star", "lemma_c4", "lemma_c4_sharp", "lemma_c7", "lemma_c8"]
__all__ += ["lemma_c2_cross_entropy", "lemma_c2_squared_error"]


def log_lambda_star(d: npt.ArrayLike, phi: npt.ArrayLike) -> FloatArray:
    r"""Logarithm of the least smallest eigenvalue that width and gap allow (S4), accurate at every gap.

    ``lam_*(d, phi)`` is the root in (0, 1] of ``log lam + (d-1) log((d-lam)/(d-1)) = -d phi``: the spectrum
    ``(lam_*, rest equal)`` has gap phi, and every spectrum of mean 1 and gap phi has ``lam_min >= lam_*``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1. At d = 1 the only gap is 0; for others the limit of the equation is taken,
        ``lam_* = e^(-phi)``.
    phi : array_like
        Isometry gap, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    ndarray
        ``log lam_* <= 0``: about ``-√(2(d-1) phi)`` for small gaps, ``-inf`` at ``phi = inf``, always above
        ``-d phi - (d-1) log(d/(d-1))``. Relative error of a few units in the last place, also where ``lam_*``
        underflows and where phi is 1e-300.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Notes
    -----
    In ``y = -log lam``, ``δ = 1 - lam``, the equation is ``H(y) = f(-δ) + (d-1) f(δ/(d-1)) = d phi`` with
    ``f(x) = x - log(1+x)``: two positive terms. H is increasing and convex, ``H' = d δ/(d-lam)``, so that Newton's
    method from above converges monotonically.

    Examples
    --------
    At d = 2, ``lam(2-lam) = e^(-2 phi)``:

    >>> print(f"{log_lambda_star(2, 1.0):.12f} {math.log(1 - math.sqrt(1 - math.exp(-2))):.12f}")
    -2.657454454153 -2.657454454153
    >>> print(f"{log_lambda_star(32, 1e-300):.12e} {log_lambda_star(32, 700.0):.6f}")
    -7.874007874012e-150 -22400.984210
    """
    width, gap = np.broadcast_arrays(widths(d), gaps(phi))
    with np.errstate(over="ignore", invalid="ignore"):
        target = width * gap
        # below 1e-34 the expansion's second term is under rounding, and H would underflow
        start = np.where(target < 1e-34, np.sqrt(2.0 * (width - 1.0)) * np.sqrt(gap), _upper_start(width, target))
        solvable = (target >= 1e-34) & (target < np.inf) & (width > 1.0)
    y = np.where(width > 1.0, start, gap)
    if solvable.any():
        y[solvable] = _newton(width[solvable], target[solvable], y[solvable])
    return as_result(0.0 - y)


def lambda_star(d: npt.ArrayLike, phi: npt.ArrayLike) -> FloatArray:
    """Least smallest eigenvalue ``lam_*`` that width and gap allow (S4); see `log_lambda_star`.

    Parameters, errors: as `log_lambda_star`.

    Returns
    -------
    ndarray
        In [0, 1]. Underflows to 0 for ``d phi`` above about 744; take `log_lambda_star` there.

    Examples
    --------
    >>> print(f"{lambda_star(2, 1.0):.12f}")
    0.070126504968
    """
    return as_result(np.exp(log_lambda_star(d, phi)))


def lemma_c4(d: npt.ArrayLike, phi: npt.ArrayLike) -> FloatArray:
    """Upper bound of Lemma C.4 on ``log‖J_BN(H)‖_op``: ``2√(d phi)`` if ``phi <= 1/(16d)``, else ``d phi + 1``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi : array_like
        Isometry gap of H, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    ndarray
        The bound; 0 at ``phi = 0`` and inf at ``phi = inf``.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Examples
    --------
    >>> lemma_c4(4, [0.0, 1 / 64, 1.0]).tolist()
    [0.0, 0.5, 5.0]
    """
    width, gap = widths(d), gaps(phi)
    with np.errstate(over="ignore"):
        return as_result(np.where(gap <= 1.0 / (16.0 * width), 2.0 * np.sqrt(width * gap), width * gap + 1.0))


def lemma_c4_sharp(d: npt.ArrayLike, phi: npt.ArrayLike) -> FloatArray:
    """Attained bound S4, ``log‖J_BN(H)‖_op <= -½ log lam_*(d, phi)``.

    Equality holds for the spectrum ``(lam_*, rest equal)`` with a row of H along that eigenvector: no bound in (d, phi)
    alone can be better.

    Parameters, result, errors: as `lemma_c4`.

    Examples
    --------
    >>> print(f"{lemma_c4_sharp(4, 1.0):.6f} {lemma_c4(4, 1.0):.6f}")
    2.428606 5.000000
    """
    return as_result(-0.5 * log_lambda_star(d, phi) + 0.0)


def lemma_c7(lam_min: npt.ArrayLike) -> FloatArray:
    """Lemma C.7, ``‖J_BN(H)‖_op <= lam_min(H Hᵀ)^(-1/2)``, as a logarithm: ``-½ log lam_min``.

    Every squared row norm is at least ``lam_min`` (C.11), and by E6 the norm is ``(min_j ‖H_j‖²)^(-1/2)``. No
    normalisation of H is needed.

    Parameters
    ----------
    lam_min : array_like
        Smallest eigenvalue of ``H Hᵀ``, non-negative.

    Returns
    -------
    ndarray
        Bound on ``log‖J_BN(H)‖_op``; inf at 0.

    Raises
    ------
    ValueError
        A negative, infinite or NaN eigenvalue.

    Examples
    --------
    >>> print(f"{lemma_c7(1e-300):.6f}")
    345.387764
    """
    least = np.asarray(lam_min, dtype=np.float64)
    if not ((least >= 0) & (least < np.inf)).all():
        raise ValueError(f"lam_min must be finite and non-negative; got {lam_min!r}")
    with np.errstate(divide="ignore"):
        return as_result(-0.5 * np.log(least) + 0.0)


def lemma_c8(d: npt.ArrayLike, phi: npt.ArrayLike) -> FloatArray:
    """Upper bound of Lemma C.8 on ``-log lam_min(H Hᵀ)``: ``4√(d phi)`` if ``phi <= 1/(16d)``, else ``d phi + 1``.

    Parameters
    ----------
    d : array_like of int
        Width, at least 1.
    phi : array_like
        Isometry gap of the trace-normalised H, in [0, inf]. Broadcast against `d`.

    Returns
    -------
    ndarray
        The bound; its sharp form is ``-log_lambda_star(d, phi)``. 0 at ``phi = 0``, inf at ``phi = inf``.

    Raises
    ------
    ValueError
        A width that is no positive integer, a negative or NaN gap.

    Notes
    -----
    With the other eigenvalues equal at best, ``-d phi <= log lam + (d-1) log((d-lam)/(d-1)) <= log lam + 1 - lam``. So
    ``lam >= e^(-d phi - 1)``, and ``log lam + 1 - lam <= -(1-lam)²/2`` on (0, 1] gives ``lam >= 1 - √(2 d phi)``.

    Examples
    --------
    >>> lemma_c8(4, [1 / 64, 1.0]).tolist()
    [1.0, 5.0]
    """
    width, gap = widths(d), gaps(phi)
    with np.errstate(over="ignore"):
        return as_result(np.where(gap <= 1.0 / (16.0 * width), 4.0 * np.sqrt(width * gap), width * gap + 1.0))


def lemma_c2_cross_entropy(samples: int = 1, *, mean: bool = False) -> float:
    """Bound of Lemma C.2 on the logit gradient of softmax cross-entropy, in Frobenius norm over the batch.

    Per sample the gradient is ``p - y`` with ``p`` in the simplex and ``y`` a one-hot (or any probability) vector:
    ``‖p - y‖₂ <= √2``. Summed over n samples ``√(2n)``, averaged ``√(2/n)``. Holds for all logits.

    Parameters
    ----------
    samples : int, optional
        Batch size n, at least 1.
    mean : bool, optional
        Whether the loss is the average over the batch instead of the sum.

    Returns
    -------
    float
        The bound.

    Raises
    ------
    ValueError
        `samples` below 1.

    Examples
    --------
    >>> lemma_c2_cross_entropy() == math.sqrt(2)
    True
    >>> lemma_c2_cross_entropy(8), lemma_c2_cross_entropy(8, mean=True)
    (4.0, 0.5)
    """
    _check_samples(samples)
    return math.sqrt(2.0 / samples) if mean else math.sqrt(2.0 * samples)


def lemma_c2_squared_error(d: int, target_norm: float, *, samples: int | None = None) -> float:
    """Bound of Lemma C.2 on the logit gradient of the squared error, for the bounded logits of this network.

    The loss is ``½‖Z - T‖_F²`` (divided by n if `samples` is given), its gradient ``Z - T``. On all of space that is
    unbounded, so the squared error is not Lipschitz as printed. Here ``Z = W X_L`` with orthogonal W and row-normalised
    ``X_L``, so ``‖Z‖_F = √d``, and the gradient is at most ``√d + ‖T‖_F`` in Frobenius norm.

    Parameters
    ----------
    d : int
        Width, at least 1.
    target_norm : float
        Frobenius norm of the targets T (d x n), finite and non-negative.
    samples : int, optional
        Batch size n by which the loss is divided; by default the loss is a sum.

    Returns
    -------
    float
        The bound, attained for ``T = -c Z``, ``c >= 0``.

    Raises
    ------
    ValueError
        A width or batch below 1, a negative or infinite norm.

    Examples
    --------
    >>> lemma_c2_squared_error(16, 4.0), lemma_c2_squared_error(16, 4.0, samples=16)
    (8.0, 0.5)
    """
    if not 0 <= target_norm < math.inf:
        raise ValueError(f"target_norm must be finite and non-negative; got {target_norm}")
    _check_samples(1 if samples is None else samples)
    return (math.sqrt(float(widths(d))) + target_norm) / (samples or 1)


def _check_samples(samples: int) -> None:
    if samples < 1:
        raise ValueError(f"samples must be a batch size of at least 1; got {samples}")


def _upper_start(width: FloatArray, target: FloatArray) -> FloatArray:
    """A value not below the root y: from ``lam >= e^(-d phi-1)`` and ``lam >= 1 - √(2 d phi)`` (C.8)."""
    radius = np.sqrt(2.0 * target)
    near = -np.log1p(-np.minimum(radius, 0.9))
    return np.where(radius < 0.9, np.minimum(near, target + 1.0), target + 1.0)


def _newton(width: FloatArray, target: FloatArray, y: FloatArray) -> FloatArray:
    """Newton's method from above for ``H(y) = target``; all ``width > 1``."""
    for _ in range(60):
        delta = -np.expm1(-y)
        near = x_minus_log1p(-np.minimum(delta, 0.5))
        excess = np.where(y < 0.5, near, y - delta) + (width - 1.0) * x_minus_log1p(delta / (width - 1.0)) - target
        step = excess * (width - 1.0 + delta) / (width * delta)
        y = y - step
        if (np.abs(step) <= 4e-16 * y).all():
            break
    return y
