r"""Stationary spectrum of the Gram of a deep linear batch-normalised network at finite ratio of batch and width (Y12).

``A = xᵀx/N`` with rows of x of norm √B (mean eigenvalue 1), uncentred; a centred batch of B samples is an uncentred one of B - 1.
The spectrum is Marchenko and Pastur's of ratio v, on ``[(1-√v)², (1+√v)²]``, of density ``√((a₊-a)(a-a₋))/(2πva)``:

* Haar weights, ζ = B/N ≤ 1: ``v = ζ(1-ζ)/(2-ζ)``, largest (3-2√2) at ζ = 2-√2;
* Gaussian weights, B ≤ 2√N: ``v = B²/(4N)``; for B > 2√N the rank collapses: 2√N directions survive, with v = 1 among them.

Derived heuristically for B → ∞ and confirmed by simulation; finite batches deviate by O(1/B). The errors stated here are of the
numbers as functions of B and N (rounding), not of the law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.base.arguments import integer, one_of
from isogap.base.arrays import FloatArray
from isogap.base.bounded import Bounded

__all__ = ["SpectrumLaw", "spectrum_law"]

_EPS = float(np.finfo(np.float64).eps)
_WEIGHTS = ("haar", "gaussian")


@dataclass(frozen=True)
class SpectrumLaw:
    """Limit law of the eigenvalues of ``A = xᵀx/N`` (mean 1 over all B of them).

    Attributes
    ----------
    ratio : Bounded
        Marchenko-Pastur ratio v of the surviving directions, 0 ≤ v ≤ 1.
    surviving : float
        Share of directions that survive: 1, or ``2√N/B`` after a collapse.
    batch, width : int
    weights : str
    """

    ratio: Bounded
    surviving: float
    batch: int
    width: int
    weights: str

    @property
    def collapsed(self) -> bool:
        """Whether the rank is smaller than the batch: Gaussian weights and B > 2√N."""
        return self.surviving < 1.0

    @property
    def edges(self) -> tuple[Bounded, Bounded]:
        """Ends ``(1 ∓ √v)²`` of the interval, over the surviving share."""
        v, root = self.ratio.value, math.sqrt(self.ratio.value)
        error = 0.0 if v == 0.0 else (1 + 1 / root) * self.ratio.error + 4 * _EPS
        low, high = ((1 + sign * root) ** 2 / self.surviving for sign in (-1, 1))
        return Bounded(low, error / self.surviving), Bounded(high, 2 * error / self.surviving)

    @property
    def second_moment(self) -> Bounded:
        """Mean square of the eigenvalues over all B: ``(1+v)`` over the surviving share."""
        return Bounded((1 + self.ratio.value) / self.surviving, (self.ratio.error + 2 * _EPS) / self.surviving)

    @property
    def participation(self) -> Bounded:
        """Participation ratio ``(Σa)²/Σa² = B/(mean a²)``; ``√N`` after a collapse, to leading order."""
        m = self.second_moment
        return Bounded(self.batch / m.value, self.batch * m.error / m.value**2)

    @property
    def gap(self) -> Bounded:
        """Isometry gap ``1 + ((1-v)/v) log(1-v)`` of the Gram; ``inf`` after a collapse.

        Log of the arithmetic mean minus log of the geometric mean of the eigenvalues.
        """
        v = self.ratio.value
        if self.collapsed:
            return Bounded(math.inf)
        if v == 1.0:
            return Bounded(1.0)
        if v >= 1e-2:
            return Bounded(1.0 + (1.0 - v) / v * math.log1p(-v), self.ratio.error + 8 * _EPS)
        # there the closed form cancels
        value = math.fsum(v**k / (k * (k + 1)) for k in range(1, 12))
        return Bounded(value, self.ratio.error + 8 * _EPS * value)

    def density(self, a: npt.ArrayLike) -> FloatArray:
        """Density of the eigenvalues that are not 0; its integral is the surviving share.

        Parameters
        ----------
        a : array_like

        Returns
        -------
        ndarray
            Same shape. 0 outside the edges; at v = 0, where the law is a point mass at 1, a ``ValueError``.
        """
        v = self.ratio.value
        if v == 0.0:
            raise ValueError("the law is a point mass at 1 (ratio 0): it has no density")
        x = np.asarray(a, dtype=np.float64) * self.surviving
        low, high = (1 - math.sqrt(v)) ** 2, (1 + math.sqrt(v)) ** 2
        inside = (x > low) & (x < high)
        safe = np.where(inside, x, 1.0)
        root = np.sqrt(np.maximum((high - safe) * (safe - low), 0.0))
        result: FloatArray = np.where(inside, root / (2 * math.pi * v * safe), 0.0) * self.surviving**2
        return result

    def distribution(self, a: npt.ArrayLike) -> FloatArray:
        """Distribution function of all B eigenvalues, in closed form.

        Parameters
        ----------
        a : array_like

        Returns
        -------
        ndarray
            Same shape; a jump at 0 of the size of what did not survive, at v = 0 one at 1.
        """
        x, v = np.asarray(a, dtype=np.float64) * self.surviving, self.ratio.value
        if v == 0.0:
            return np.where(x >= 1.0, 1.0, 0.0)
        # a = (1-√v)² + 4√v sin²(ψ/2): 2πv F = 2√v sin ψ + (1+v) ψ - 2(1-v) arctan((1+√v)/(1-√v) tan(ψ/2))
        root = math.sqrt(v)
        half = np.arcsin(np.sqrt(np.clip((x - (1 - root) ** 2) / (4 * root), 0.0, 1.0)))
        angle = np.arctan2((1 + root) * np.sin(half), (1 - root) * np.cos(half))
        total = 2 * root * np.sin(2 * half) + (1 + v) * 2 * half - 2 * (1 - v) * angle
        inner = np.clip(total / (2 * math.pi * v), 0.0, 1.0)
        result: FloatArray = np.where(x >= 0, (1 - self.surviving) + self.surviving * inner, 0.0)
        return result


def spectrum_law(batch: Any, width: Any, weights: str = "gaussian", *, centred: bool = False) -> SpectrumLaw:
    """Marchenko-Pastur law of the Gram of a deep linear batch-normalised network (Y12).

    Parameters
    ----------
    batch, width : int
        ``B ≥ 2`` and ``N ≥ 1``.
    weights : {"gaussian", "haar"}
    centred : bool
        With removal of the mean B counts as B - 1, exactly.

    Returns
    -------
    SpectrumLaw

    Raises
    ------
    ValueError
        Haar weights with more samples than features (there the Gram of the features converges to the identity, statements
        Theorem 1 and S7 of the main chain); bad batch, width or name.

    Examples
    --------
    >>> law = spectrum_law(32, 64, "haar")
    >>> print(f"{law.ratio:.4f} {law.gap:.4f} {law.second_moment:.4f}")
    0.1667 0.0884 1.1667
    >>> law = spectrum_law(256, 256, "gaussian")
    >>> law.collapsed, float(law.participation), float(law.gap)
    (True, 16.0, inf)
    """
    samples, features = integer("batch", batch, 2) - bool(centred), integer("width", width, 1)
    one_of("weights", weights, _WEIGHTS)
    if weights == "haar":
        if samples > features:
            raise ValueError(
                f"batch {samples} exceeds width {features}: with Haar weights the Gram of the features then converges "
                "to the identity (Theorem 1 and S7 of the main chain); the law is for batch <= width"
            )
        zeta = samples / features
        v = zeta * (1 - zeta) / (2 - zeta)
        return SpectrumLaw(Bounded(v, 4 * _EPS * zeta), 1.0, samples, features, weights)
    v = samples * samples / (4 * features)
    if v <= 1.0:
        return SpectrumLaw(Bounded(v, _EPS * v), 1.0, samples, features, weights)
    return SpectrumLaw(Bounded(1.0), 2 * math.sqrt(features) / samples, samples, features, weights)
