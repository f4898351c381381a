r"""The rule of `isogap.theory.quadrature` as tables of a width, with one window for all spectra: for sums over determinants.

In the names of `quadrature`, with ``s = 2t/(1+2t)`` and ``ρ(s) = Π_k (1 + s eps_k)^(1/2)``, at most 1 because the deviations
sum to 0, the integrand is ``F = (1+2t)^(-d/2) (1/ρ - 1) = P (1 - ρ)``. A determinant gives ``ρ² = det(I + s (X Xᵀ - I))``, so
eigenvalues are not needed. Step and discretisation error are those of `quadrature`; the window is proven as follows.

On the left, ``D >= Σ eps²/(d(d+2) lam_max)`` (statement S1) with ``lam_max <= d``, and ``F <= t² Σ eps² + t⁴ (Σ eps²)²/3``: one
end for all spectra of a width. On the right ``F <= P (1 - ρ(1))``, for ρ decreases in s; P decays in u at the rate
``Σ lam_k t/(1 + 2 lam_k t)``, which grows with u and is at least ``q = d t/(1 + 2 d t)``, since its terms are concave in the
``lam_k``, which are non-negative with sum d. So the nodes right of u add at most ``P(u) (1 - ρ(1))/q(u)``: a sum may stop where
that is the share 1e-16 of what it has.

**Six nodes for the left half.** Nodes with ``s <= s_0 = 1/(16 d)`` see ``g = (1/ρ - 1)/s²`` only where it is a smooth function
of s. For ``|s| <= R = 1/(2d)`` all ``|s eps_k| <= 1/2``, so ``1/ρ = e^X`` with ``|X| <= ½ |s|² Σ eps² <= 1/8`` and
``|g| <= 0.57 Σ eps²``, while ``g >= 0.23 Σ eps²`` on ``[0, s_0]``. Gauss's rule of n nodes for the weights of these nodes is
exact for polynomials of degree ``2n - 1``; in the ellipse around ``[0, s_0]`` that touches ``|s| = R``, whose half-axes add up to
``30 s_0/2``, g is analytic, and so the rule errs by at most ``4 · 2.5 · 29.9^(1-2n)/28.9`` of this part of the sum: 2e-17 for
n = 6.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from isogap.theory.quadrature import STEP, TAIL, U_MAX

__all__ = ["StepRule", "step_rule"]

FloatArray = npt.NDArray[np.float64]

# Of (1+2t)^(-d/2), what is below e^-600 is left out; a sum that gets there has found no end.
_LOG_SMALLEST = -600.0
_GROUP, _GAUSS = 4, 6


class StepRule(NamedTuple):
    """Nodes of a width from left to right, a multiple of four of them, the first six Gauss's; one entry a node in each array.

    With ``ρ² = 1 + s² r`` the drift is ``Σ square_weight (-r)/(ρ (1 + ρ))``, and the sum ``S`` so far may stop where
    ``weight/ρ · (1 - ρ(1)) <= limit S``: ``weight = h (1+2t)^(-d/2)``, ``square_weight = weight s²``, ``limit = 1e-16 h q``.
    """

    s: FloatArray
    square_weight: FloatArray
    weight: FloatArray
    limit: FloatArray


@lru_cache(maxsize=8)
def step_rule(d: int) -> StepRule:
    """Tables for width ``d``; they cannot be written to.

    Examples
    --------
    At ``d = 2`` and spectrum ``1 ± 0.6`` the drift is ``-log 0.9`` (E9), and ``r = -0.36`` at every node:

    >>> nodes = step_rule(2)
    >>> rho = np.sqrt(1 - 0.36 * nodes.s**2)
    >>> drift = nodes.square_weight @ (0.36 / (rho * (1 + rho)))
    >>> bool(abs(drift + math.log(0.9)) < 1e-15)
    True
    """
    first = math.floor(0.5 * math.log(TAIL / (float(d) * d * (d + 2))) / STEP)
    u = STEP * np.arange(first, U_MAX / STEP)
    two_t = 2.0 * np.exp(u)
    log_p = -0.5 * d * np.log1p(two_t)
    count = int(np.count_nonzero(log_p >= _LOG_SMALLEST))
    two_t, log_p = two_t[:count], log_p[:count]
    s, weight = two_t / (1.0 + two_t), STEP * np.exp(log_p)
    limit = TAIL * STEP * (0.5 * d * two_t / (1.0 + d * two_t))
    left = int(np.searchsorted(s, 1.0 / (16 * d), side="right"))
    right = slice(left, left + (count - left + _GAUSS) // _GROUP * _GROUP - _GAUSS)
    few, few_weights = _gauss(s[:left], (weight * s * s)[:left])
    arrays = (
        np.append(few, s[right]),
        np.append(few_weights, (weight * s * s)[right]),
        np.append(np.full(_GAUSS, STEP), weight[right]),
        np.append(np.zeros(_GAUSS), limit[right]),  # no sum stops there
    )
    for array in arrays:
        array.flags.writeable = False  # every caller gets the same
    return StepRule(*arrays)


def _gauss(x: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights that integrate polynomials of degree up to 11 as the given ones do (Golub and Welsch 1969).

    Lanczos's recurrence of the diagonal matrix of the ``x``, each vector made orthogonal to all before it.
    """
    basis = [np.sqrt(weights / weights.sum())]
    for _ in range(_GAUSS - 1):
        vector = x * basis[-1]
        for _ in range(2):
            for old in basis:
                vector = vector - (old @ vector) * old
        basis.append(vector / np.linalg.norm(vector))
    Q = np.array(basis)
    nodes, vectors = np.linalg.eigh((Q * x) @ Q.T)
    return nodes, weights.sum() * vectors[0] ** 2
