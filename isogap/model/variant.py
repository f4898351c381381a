"""The vocabulary of what the experiments vary; which theorem applies to each choice: `isogap.theory.coverage`.

One layer is ``X' = σ(α_l N(W X))`` (order ``"norm-act"``, equation 11) or ``X' = N(σ(α_l W X))`` (``"act-norm"``), with
``N(H) = P H / sqrt(κ ‖P h_j‖² + eps)`` row by row: ``P = I - 11ᵀ/n`` with mean removal, else the identity; ``κ = 1/n`` with the
``1/sqrt(n)`` factor (unit variance), else 1. ``torch.nn.BatchNorm1d`` is mean removal, factor and ``eps = 1e-5``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isogap.base.arguments import finite_array, integer, one_of
from isogap.base.arrays import FloatArray
from isogap.base.remedies import ONE_SAMPLE, RemedyError
from isogap.batch.gap import isometry_gap
from isogap.model.activations import ACTIVATIONS, Activation, activation
from isogap.model.choices import CHAIN_WEIGHTS, FAST_WEIGHTS, ORDERS

# Rows beyond 2^±400 are scaled before they are squared, and those whose squares sum to less than this.
_SQUARES = 400
_LEAST_SQUARE = 1e-280


def check_fast_weights(weights: str, width: int) -> None:
    """Refuse widths at which there is no such matrix here."""
    if width & (width - 1):
        raise ValueError(f"weights {weights!r} need a width that is a power of two, got {width}")


@dataclass(frozen=True)
class Variant:
    """One network of the family; every field has the value of the paper's linear chain as default.

    Attributes
    ----------
    width, depth : int
        ``d ≥ 1`` and the number ``L ≥ 0`` of normalised layers; a readout ``W_L`` follows.
    batch : int, optional
        Samples ``n``; default ``repeats · d``.
    weights : {"orthogonal", "gaussian", "hadamard", "dct"}
        Haar on O(d), or independent normals of variance ``1/d``.
    repeats : int
        How often each sample occurs in the batch (the last one perhaps less often): ``ceil(n/repeats)`` are distinct.
    mean_removal, root_n : bool
        ``P`` and ``κ`` above.
    eps : float
        Added to the variance under the root.
    activation : str or Activation
    gain, exponent : float
        ``α_l = gain · l^(-exponent)`` with layers counted from 1.
    order : {"norm-act", "act-norm"}

    Examples
    --------
    >>> Variant(8, 10, repeats=2).batch
    16
    """

    width: int
    depth: int
    batch: int = 0
    weights: str = "orthogonal"
    repeats: int = 1
    mean_removal: bool = False
    root_n: bool = False
    eps: float = 0.0
    activation: Activation = field(default=ACTIVATIONS["identity"])
    gain: float = 1.0
    exponent: float = 0.0
    order: str = "norm-act"

    def __post_init__(self) -> None:
        def put(name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

        put("width", integer("width", self.width, 1))
        put("depth", integer("depth", self.depth, 0))
        put("repeats", integer("repeats", self.repeats, 1))
        put("batch", integer("batch", self.repeats * self.width if self.batch in (0, None) else self.batch, 1))
        put("weights", one_of("weights", self.weights, CHAIN_WEIGHTS))
        if self.weights in FAST_WEIGHTS:
            check_fast_weights(self.weights, self.width)
        put("order", one_of("order", self.order, ORDERS))
        put("activation", activation(self.activation))
        for name in ("eps", "gain", "exponent"):
            put(name, float(getattr(self, name)))
        if not (0.0 <= self.eps < math.inf):
            raise ValueError(f"eps must be at least 0, got {self.eps}")
        if not (0.0 < self.gain < math.inf):
            raise ValueError(f"gain must be positive, got {self.gain}")
        if not math.isfinite(self.exponent):
            raise ValueError(f"exponent must be finite, got {self.exponent}")
        if self.depth and not (0.0 < self.gains().min() <= self.gains().max() < math.inf):
            raise ValueError(
                f"gains {self.gain} l^-{self.exponent} leave the range of floats by layer {self.depth}: lower the exponent"
            )
        if self.mean_removal and self.batch == 1:
            raise ValueError(f"mean_removal needs a batch of at least 2: {ONE_SAMPLE}")

    @property
    def kappa(self) -> float:
        """``1/n`` with the factor, else 1."""
        return 1.0 / self.batch if self.root_n else 1.0

    @property
    def linear(self) -> bool:
        """Whether the activation is the identity; gains then cancel in the next normalisation."""
        return self.activation.name == "identity"

    @property
    def distinct(self) -> int:
        """Different samples in the batch, ``ceil(n/repeats)``."""
        return -(-self.batch // self.repeats)

    def signs_only(self, rank: int) -> bool:
        """Whether every normalised row is one and the same vector up to its sign, at a batch of this rank.

        The slope of a sign is 0: no gradient passes any normalisation, whatever the weights. So it is for one different sample,
        with ``mean_removal`` for two, and for a linear network at rank 1; ``eps > 0`` leaves more than the sign.

        Examples
        --------
        >>> Variant(8, 5, batch=2, mean_removal=True).signs_only(1), Variant(8, 5, batch=3, activation="relu").signs_only(1)
        (True, False)
        """
        return self.eps == 0 and (self.distinct - self.mean_removal <= 1 or (self.linear and rank <= 1))

    def gains(self) -> FloatArray:
        """``α_1, ..., α_L``.

        Examples
        --------
        >>> Variant(4, 3, exponent=1.0).gains().tolist()
        [1.0, 0.5, 0.3333333333333333]
        """
        return np.asarray(self.gain * np.arange(1, self.depth + 1, dtype=np.float64) ** -self.exponent)

    def normalise(self, H: FloatArray) -> tuple[FloatArray, FloatArray]:
        """``N(H)`` and the roots it divided by, shapes ``(..., d, n)`` and ``(..., d, 1)``; a row of zeros stays zero."""
        with np.errstate(over="ignore", invalid="ignore"):  # seen to below
            C = H - H.mean(axis=-1, keepdims=True) if self.mean_removal else H
            squares = (C * C).sum(axis=-1, keepdims=True)
        if not ((squares > _LEAST_SQUARE) & (squares < math.inf)).all():
            return self._normalise_far(H)
        root = np.sqrt(self.kappa * squares + self.eps)
        return np.asarray(C / root), np.asarray(root)

    def _normalise_far(self, H: FloatArray) -> tuple[FloatArray, FloatArray]:
        """`normalise` where squares leave the range of floats: every row in units of a power of two; zero rows stay zero."""
        exponent = np.frexp(np.abs(H).max(axis=-1, keepdims=True))[1]
        scaled = np.ldexp(H, -exponent)
        C = scaled - scaled.mean(axis=-1, keepdims=True) if self.mean_removal else scaled
        size = np.sqrt(self.kappa * (C * C).sum(axis=-1, keepdims=True))
        root = np.hypot(np.ldexp(size, exponent), math.sqrt(self.eps))
        with np.errstate(divide="ignore", invalid="ignore"):
            N = np.ldexp(C, exponent) / root if self.eps > 0 else C / size
        N = np.where(size > 0, N, 0.0)
        return np.asarray(N), np.asarray(np.where(root > 0, root, np.inf))

    def _normalise_any(self, H: FloatArray) -> tuple[FloatArray, FloatArray]:
        """`normalise` for rows whose squares may be out of range; without eps the roots are in units of a power of two a row."""
        exponent = np.frexp(np.abs(H).max(axis=-1, keepdims=True))[1]
        if np.abs(exponent).max() < _SQUARES:
            return self.normalise(H)
        scaled = np.ldexp(H, -exponent)
        C = scaled - scaled.mean(axis=-1, keepdims=True) if self.mean_removal else scaled
        root = np.sqrt(self.kappa * (C * C).sum(axis=-1, keepdims=True))
        if self.eps > 0:
            C, root = np.ldexp(C, exponent), np.hypot(np.ldexp(root, exponent), math.sqrt(self.eps))
        root = np.where(root > 0, root, np.inf)
        return np.asarray(C / root), np.asarray(root)

    def start(self, data: Any) -> tuple[FloatArray, int, float]:
        """``X_0`` (the batch, repeated and normalised), its rank, and its isometry gap by the row Gram (S7).

        Parameters
        ----------
        data : array_like, shape (d, n)
            Samples as columns; with ``repeats`` the first ``ceil(n/repeats)`` of them are used.
        """
        raw = finite_array("data", data, 2)
        if raw.shape != (self.width, self.batch):
            raise ValueError(f"data must have shape {(self.width, self.batch)}, got {raw.shape}")
        X, root = self._normalise_any(raw[:, np.arange(self.batch) % self.distinct])
        sigma = np.linalg.svd(X, compute_uv=False)
        rank = int((sigma > max(X.shape) * np.finfo(float).eps * sigma[0]).sum()) if sigma[0] > 0 else 0
        # Repeated centred samples leave zeros up to rounding; such rows must not be blown up to unit length.
        largest = np.abs(raw).max(axis=1)
        if np.abs(np.frexp(largest)[1]).max() >= _SQUARES:
            largest = np.frexp(largest)[0]
        tiny = root[:, 0] <= max(X.shape) * np.finfo(float).eps * largest * math.sqrt(self.kappa)
        flat = np.flatnonzero(tiny | ~np.isfinite(root[:, 0]))
        if self.eps == 0 and flat.size:
            rows = ", ".join(str(int(i)) for i in flat[:5]) + (", ..." if flat.size > 5 else "")
            raise RemedyError(
                f"{flat.size} feature{'s' * (flat.size != 1)} constant over the batch (row {rows}): nothing is left of it to "
                "normalise; leave such features out, or mix them: ",
                "isogap.samples(..., map='random')",
                "--map random",
            )
        return X, rank, isometry_gap(X) if rank == self.width else math.inf
