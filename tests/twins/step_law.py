"""The exact law of a step of states, the plain way: a spectrum from LAPACK, and from it a sum of logarithms."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import numpy.typing as npt

from isogap.base.arrays import ldexp
from isogap.engine.chain.checks import States
from isogap.theory.exact import exact_steps_from_deviation
from tests.twins.exact import exact_step_mp

FloatArray = npt.NDArray[np.float64]


def expected_steps(states: States) -> FloatArray:
    """``E[φ_{l+1} | X_l] - φ_l`` of every chosen state in units of ``2^(2 shift)``, ``(n, K)``."""
    snaps, near, shift = (part[:, states.at] for part in states[:3])
    at = np.where(near, np.maximum(shift, -200), 0)
    steps = np.empty(near.shape)
    for index in np.ndindex(near.shape):
        if near[index]:
            eps = ldexp(np.linalg.eigvalsh(snaps[index]), at[index])
            lam = 1.0 + eps
        else:
            squares = np.linalg.svd(snaps[index], compute_uv=False) ** 2
            lam = squares / squares.mean()
            eps = lam - 1.0
        eps = np.maximum(eps - eps.mean(), -1.0)
        steps[index] = ldexp(exact_steps_from_deviation(eps[None], lam[None]).value[0], -2 * at[index])
    return steps


def expected_step_mp(state: FloatArray, near: bool, digits: int = 40) -> mp.mpf:
    """The same of one state, ``X`` or (``near``) ``E`` with unit 1, in many digits from the matrix itself on."""
    with mp.workdps(2 * digits + 40):
        M = mp.matrix(state.tolist())
        G = M + mp.eye(len(state)) if near else M * M.T
        trace = mp.fsum(G[i, i] for i in range(len(state)))
        lam = mp.eigsy(G * (len(state) / trace), eigvals_only=True)
        return exact_step_mp([max(x, mp.mpf(0)) for x in lam], digits=digits)
