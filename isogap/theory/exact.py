"""The exact one-step law of the chain (identity E3): ``E[phi' | X] - phi`` as a number with an error bound.

How it is computed, and the proof of the error bound: `isogap.theory.quadrature`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from isogap.theory.quadrature import one_step_values

__all__ = ["ExactStep", "ExactSteps", "exact_step", "exact_step_from_deviation", "exact_steps"]
__all__ += ["exact_steps_from_deviation"]

FloatArray = npt.NDArray[np.float64]

_MEAN_TOLERANCE = 1e-8
_SUM_TOLERANCE = 1e-10  # of Σ|eps|: above the rounding of an eigenvalue solver, below what would move the drift


class ExactStep(NamedTuple):
    """One value of the exact one-step law.

    Attributes
    ----------
    value : float
        ``E[phi_{l+1} | X_l] - phi_l = E log Y_1 <= 0``.
    error : float
        Bound on the absolute error of `value`: discretisation and truncation (proven) plus rounding (estimated).
    """

    value: float
    error: float

    @property
    def drift(self) -> float:
        """The drift ``-value >= 0``."""
        return 0.0 - self.value


class ExactSteps(NamedTuple):
    """The exact one-step law for a batch of spectra.

    Attributes
    ----------
    value : ndarray, shape (N,)
        ``E log Y_1 <= 0`` of each spectrum.
    error : ndarray, shape (N,)
        Absolute error bounds, as in `ExactStep`.
    """

    value: FloatArray
    error: FloatArray


def exact_step(lam: npt.ArrayLike) -> ExactStep:
    """Exact expected change of the isometry gap in one layer, ``E[phi_{l+1} | X_l] - phi_l`` (E3).

    ``E log Y_1 = ∫_0^∞ [(1+2t)^(-d/2) - Π_k (1 + 2 lam_k t)^(-1/2)] dt/t``, a function of the spectrum alone.

    Parameters
    ----------
    lam : array_like, shape (d,)
        Eigenvalues of ``X Xᵀ`` of a row-normalised X: non-negative, mean 1. The floats are taken as given and divided
        by their exact mean, so that even ``lam_k - 1`` of order 1e-16 means what it says. Values of 1e-300 and exact
        zeros are allowed.

    Returns
    -------
    ExactStep
        ``(value, error)``; ``value <= 0``. The relative error of the drift is below 1e-13 for every d up to 2000.
        ``d = 1`` and the isometric spectrum give exactly 0. For a singular spectrum (phi infinite) the value is still
        finite: it is ``E log Y_1``.

    Raises
    ------
    ValueError
        Empty, not one-dimensional, NaN, infinite or negative entries, or a mean further than 1e-8 from 1.

    See Also
    --------
    exact_step_from_deviation : for spectra closer to 1 than the spacing of floats.
    exact_steps, exact_steps_from_deviation : batches of spectra.

    Notes
    -----
    Trapezoid rule with proven discretisation and truncation error; the proof heads `isogap.theory.quadrature`.

    Examples
    --------
    At d = 2 the law is elementary (E9), here ``log((1 + sqrt(1 - 0.6²))/2) = log 0.9``:

    >>> import math
    >>> step = exact_step([1.6, 0.4])
    >>> abs(step.value - math.log(0.9)) < 1e-15
    True
    >>> exact_step([2.0, 0.0]).value + math.log(2) < 1e-14
    True
    """
    eps, scaled = _centre(_checked_spectrum(lam, ndim=1))
    value, error = one_step_values(eps[None, :], scaled[None, :])
    return ExactStep(float(value[0]), float(error[0]))


def exact_steps(lam: npt.ArrayLike) -> ExactSteps:
    """`exact_step` for each row of an ``(N, d)`` array of spectra.

    Parameters
    ----------
    lam : array_like, shape (N, d)
        Spectra, each as in `exact_step`.

    Returns
    -------
    ExactSteps
        Arrays ``value`` and ``error`` of shape (N,).

    Raises
    ------
    ValueError
        As `exact_step`.

    Examples
    --------
    >>> exact_steps([[1.6, 0.4], [1.0, 1.0]]).value.round(12).tolist()
    [-0.105360515658, 0.0]
    """
    spectra = _checked_spectrum(lam, ndim=2)
    eps, scaled = np.empty_like(spectra), np.empty_like(spectra)
    for row, spectrum in enumerate(spectra):
        eps[row], scaled[row] = _centre(spectrum)
    return ExactSteps(*one_step_values(eps, scaled))


def exact_step_from_deviation(eps: npt.ArrayLike, lam: npt.ArrayLike | None = None) -> ExactStep:
    """`exact_step` of the spectrum ``1 + eps``, to full relative accuracy for arbitrarily small deviations (E3, E7).

    Parameters
    ----------
    eps : array_like, shape (d,)
        Eigenvalue deviations ``lam - 1 >= -1`` with sum 0 (up to rounding: ``|Σ eps| <= 1e-10 Σ|eps|``; the rest of the
        mean is divided out). Accurate from order 1 down to ``|eps| = 1e-150``, where the drift is about 1e-300;
        below, the result is rounded to the grid of subnormal numbers.
    lam : array_like, shape (d,), optional
        The eigenvalues ``1 + eps``, if known more precisely than `eps` can say: near ``eps = -1`` a deviation resolves
        only 1e-16.

    Returns
    -------
    ExactStep
        ``(value, error)`` as `exact_step`.

    Raises
    ------
    ValueError
        Empty, not one-dimensional, NaN or infinite entries, entries below -1, a sum that is not 0, or `lam` of another
        shape or further than 1e-8 from ``1 + eps``.

    Examples
    --------
    At d = 2 and spectrum ``1 ± a`` the value is ``-a²/4 - 3a⁴/32 - ...``:

    >>> print(f"{exact_step_from_deviation([1e-150, -1e-150]).drift:.12e}")
    2.500000000000e-301
    """
    deviations = np.asarray(eps)
    if deviations.ndim != 1:
        raise ValueError(f"eps must have shape (d,); got {deviations.shape}. Batches: exact_steps_from_deviation")
    given = None if lam is None else np.asarray(lam)[None]
    value, error = exact_steps_from_deviation(deviations[None, :], given)
    return ExactStep(float(value[0]), float(error[0]))


def exact_steps_from_deviation(eps: npt.ArrayLike, lam: npt.ArrayLike | None = None) -> ExactSteps:
    """`exact_step_from_deviation` for each row of an ``(N, d)`` array; vectorised, in bounded memory.

    Parameters
    ----------
    eps : array_like, shape (N, d)
        Eigenvalue deviations, each row as in `exact_step_from_deviation`. ``N = 0`` gives empty arrays.
    lam : array_like, shape (N, d), optional
        The eigenvalues themselves, where some are so small that ``1 + eps`` has lost them.

    Returns
    -------
    ExactSteps
        Arrays ``value`` and ``error`` of shape (N,). The last bits of a value may depend on its neighbours in the
        batch, within ``error``.

    Raises
    ------
    ValueError
        As `exact_step_from_deviation`.

    Examples
    --------
    >>> steps = exact_steps_from_deviation([[0.6, -0.6], [1e-9, -1e-9], [0.0, 0.0]])
    >>> [f"{v:.6e}" for v in steps.value]
    ['-1.053605e-01', '-2.500000e-19', '0.000000e+00']
    """
    deviations = _checked_deviations(eps)
    excess = deviations.mean(axis=1, keepdims=True)
    spectra = 1.0 + deviations
    if lam is not None:
        spectra = _checked_partner(lam, spectra)
    return ExactSteps(*one_step_values((deviations - excess) / (1.0 + excess), spectra / (1.0 + excess)))


def _checked_array(values: npt.ArrayLike, name: str, *, ndim: int) -> FloatArray:
    """Float64 array of the right dimension, with finite entries and d >= 1."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must be real numbers; got an array of type {array.dtype}")
    if array.ndim != ndim or array.shape[-1] == 0:
        wanted = "(d,) with d >= 1" if ndim == 1 else "(N, d) with d >= 1"
        raise ValueError(f"{name} must have shape {wanted}; got {array.shape}")
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite; got {array[~np.isfinite(array)][0]}. Remove NaN and infinity first")
    return array


def _checked_spectrum(lam: npt.ArrayLike, *, ndim: int) -> FloatArray:
    """Non-negative spectra of mean 1."""
    spectra = _checked_array(lam, "lam", ndim=ndim)
    if (spectra < 0).any():
        raise ValueError(f"lam must be non-negative; got {spectra.min()}. Set eigenvalues below rounding error to 0")
    means = spectra.mean(axis=-1)
    worst = float(np.max(np.abs(means - 1.0), initial=0.0))
    if worst > _MEAN_TOLERANCE:
        raise ValueError(f"lam must have mean 1; its mean differs from 1 by {worst:.3g}. Divide lam by its mean")
    return spectra


def _checked_deviations(eps: npt.ArrayLike) -> FloatArray:
    """Deviations of at least -1 whose rows sum to 0 up to rounding."""
    deviations = _checked_array(eps, "eps", ndim=2)
    if (deviations < -1.0).any():
        raise ValueError(f"eps must be at least -1 (eigenvalues are non-negative); got {deviations.min()}")
    excess = np.abs(deviations.sum(axis=1)) - _SUM_TOLERANCE * np.abs(deviations).sum(axis=1)
    if (excess > 0).any():
        row = int(np.argmax(excess))
        raise ValueError(f"eps must sum to 0; row {row} sums to {deviations[row].sum():.6g}. Subtract its mean")
    return deviations


def _checked_partner(lam: npt.ArrayLike, spectra: FloatArray) -> FloatArray:
    """Eigenvalues that agree with ``1 + eps`` as far as that can tell."""
    given = _checked_array(lam, "lam", ndim=2)
    if given.shape != spectra.shape:
        raise ValueError(f"lam must have the shape of eps, {spectra.shape}; got {given.shape}")
    apart = float(np.max(np.abs(given - spectra), initial=0.0))
    if (given < 0).any() or apart > _MEAN_TOLERANCE:
        raise ValueError(f"lam must be 1 + eps and non-negative; the largest difference is {apart:.3g}")
    return given


def _centre(lam: FloatArray) -> tuple[FloatArray, FloatArray]:
    """``(lam - mean)/mean`` and ``lam/mean``, each entry correctly rounded.

    Floats are integers over a common power of two; Python divides integers with one correct rounding. No shortcut in
    floating point does for spectra whose deviations are as small as the rounding of their mean.
    """
    ratios = [value.as_integer_ratio() for value in lam.tolist()]
    denominator = max(q for _, q in ratios)
    numerators = [p * (denominator // q) for p, q in ratios]
    total, d = sum(numerators), len(numerators)
    eps = np.array([(d * p - total) / total for p in numerators])
    return eps, np.array([(d * p) / total for p in numerators])
