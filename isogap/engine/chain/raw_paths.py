"""What goes into a kernel and what comes out of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isogap.base.arrays import FloatArray, IntArray
from isogap.batch.start import DEVIATION_D_PHI, Start
from isogap.engine.kernels import chain_lanes as chain


@dataclass
class RawPaths:
    """What a kernel returns for ``n`` replicas: layers first, replicas second; ``K`` marked layers.

    Work space: the block that runs the kernel puts known values in place (`isogap.engine.chain.block.settle`).

    ``form``, ``shift``, ``total`` (sum of all decreases of ``d φ`` before the layer), ``step`` (the decrease over the layer in
    units of ``2^(2 shift)``) have shape ``(n, K)``; ``snaps`` holds the states, ``X`` padded with 0 or ``E``, ``(n, K, d, d)``.
    ``energy`` is the residual of E4, ``(n,)``, where the engine knows it better than the snapshots in float64 show it.
    """

    phi: FloatArray
    log_phi: FloatArray
    log_jacobian: FloatArray
    snaps: FloatArray
    form: IntArray
    shift: IntArray
    total: FloatArray
    step: FloatArray
    energy: FloatArray | None = None


@dataclass(frozen=True)
class KernelStart:
    """A start in the form the kernels take: ``E`` in units of ``2^shift`` when ``form`` is the deviation form, else ``X``."""

    form: int
    X: FloatArray
    E: FloatArray
    shift: int

    @classmethod
    def of(cls, start: Start, weights: str) -> KernelStart:
        """Deviation form close to orthogonality (for orthogonal weights), else the form in X."""
        d = start.width
        X = np.ascontiguousarray(start.factor)
        if start.deviation is None or d * start.phi0 > DEVIATION_D_PHI or weights == "gaussian":
            return cls(chain.FORM_X, X, np.zeros((d, d)), 0)
        largest = float(np.abs(start.deviation).max())
        shift = math.frexp(largest)[1] if 0 < largest < 2.0**-200 else 0
        return cls(chain.FORM_E, X, np.ldexp(start.deviation, -shift), shift)
