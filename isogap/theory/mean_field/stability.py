r"""Whether the fixed point of the forward pass attracts: eigenvalues of the linearised map on the centred Gram (Y9).

A perturbation Δ of the centred Gram with Δ1 = 0 and trace 0 splits, under permutations of the B samples, into two types:
(B-1,1), unequal norms of the samples, and (B-2,2). With q - ĉ = ``W``, φ̃ = φ - Eφ and u_1, u_3 two different samples,

    μ_S = { E(u_1²-1)φ̃_1² - 2n/(n-1) E(u_1²-1)φ̃_1φ̃_3 } / (2W),
    μ_M = n/(W(B-2)(B-3)) · { n/B [(B-2) E u_1u_3φ̃_1φ̃_3 + 2 E u_1²φ̃_1φ̃_3] - Eφ̃_1φ̃_3 },      n = B - 1,

which are Y9's integrals with the powers of û = u/√B collected. At B = ∞: ``μ_S = d log Var φ(σZ)/d log σ²`` at σ = 1 and
``μ_M = (E Zφ)²/Var φ``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from isogap.base.bounded import Bounded
from isogap.theory.mean_field.arguments import batch_size, scaled_activation
from isogap.theory.mean_field.moments import PHI, U_PHI, UU_PHI, Moments, settled

__all__ = ["Stability", "first_unstable_batch", "stability"]

_EVERY = 64  # batches up to here are looked at one by one
_LARGEST = 1 << 20  # where the limit B = ∞ is unstable but no batch up to here is, no answer is given


@dataclass(frozen=True)
class Stability:
    """The two eigenvalues; unpacks as ``mu_S, mu_M``.

    Attributes
    ----------
    mu_S, mu_M : Bounded
        Types (B-1,1) and (B-2,2). 0 where there is no such perturbation (B = 2; for `mu_M` also B = 3).
    """

    mu_S: Bounded  # noqa: N815 - S and M name the types of perturbation
    mu_M: Bounded  # noqa: N815

    def __iter__(self) -> Iterator[Bounded]:
        return iter((self.mu_S, self.mu_M))

    @property
    def stable(self) -> bool | None:
        """Whether both eigenvalues lie inside (-1, 1); ``None`` where an error bound leaves that open."""
        if any(abs(mu.value) - mu.error > 1 for mu in self):
            return False
        return True if all(abs(mu.value) + mu.error < 1 for mu in self) else None


def stability(activation: Any, batch: int | float, *, gain: float = 1.0) -> Stability:
    """Eigenvalues ``μ_S, μ_M`` of the forward map at its fixed point, centred batch normalisation (Y9).

    Parameters
    ----------
    activation : str, Activation or callable
    batch : int or float
        ``B ≥ 2``, or ``math.inf``.
    gain : float
        The activation is ``φ(gain · y)``.

    Returns
    -------
    Stability

    Raises
    ------
    ValueError
        As for `isogap.mean_field.fixed_point`.

    Notes
    -----
    The linearisation is at infinite width. At finite width it says something only for N ≫ B².

    Examples
    --------
    >>> mu_S, mu_M = stability("relu", 8)
    >>> print(f"{mu_S:.8f} {mu_M:.8f}")
    0.74361106 0.53861074
    >>> stability("power:2", 8).stable, stability("power:2", 7).stable
    (False, True)
    """
    b = batch_size(batch)
    phi = scaled_activation(activation, gain)
    n = b - 1.0
    if b == 2:
        settled(phi, n, lambda m: (m.spread,))
        return Stability(Bounded(0.0), Bounded(0.0))
    mu_s, mu_m, rounding = settled(phi, n, lambda m: (_mu_s(m), _mu_m(m), _size(m)))
    noise = 4e-16 * rounding.value
    return Stability(
        Bounded(mu_s.value, mu_s.error + noise), Bounded(mu_m.value, mu_m.error + (noise if b > 3 else 0.0))
    )


def _mu_s(m: Moments) -> float:
    one = float(m.one[U_PHI, U_PHI] - m.one[PHI, PHI])
    two = float(m.two[UU_PHI, PHI] - m.two[PHI, PHI])
    weight = 2.0 if m.n == math.inf else 2.0 * m.n / (m.n - 1)
    return (one - weight * two) / (2 * m.spread)


def _mu_m(m: Moments) -> float:
    if m.n == 2:
        return 0.0
    product = float(m.two[U_PHI, U_PHI])
    if m.n == math.inf:
        return product / m.spread
    b, n = m.n + 1, m.n
    inner = n / (b * (b - 3)) * (product + 2 * float(m.two[UU_PHI, PHI]) / (b - 2))
    return n / m.spread * (inner - float(m.two[PHI, PHI]) / ((b - 2) * (b - 3)))


def _size(m: Moments) -> float:
    """Size of the terms that the eigenvalues are differences of, relative to the spread."""
    return float(m.one[U_PHI, U_PHI] + m.one[PHI, PHI] + m.mean**2) / m.spread


def first_unstable_batch(activation: Any, *, gain: float = 1.0) -> int | float:
    """Smallest B at which the fixed point is unstable: an eigenvalue of `stability` above 1 in size.

    Batches up to 64 are looked at one by one. Beyond, the eigenvalues of every activation seen move one way towards their
    values at B = ∞: if those are unstable, B is doubled until the fixed point is unstable, and the first such B is found by
    bisection; if not, the answer is ``math.inf``. That monotony is an observation, no theorem.

    Returns
    -------
    int or float
        B, or ``math.inf`` where the fixed point is stable at every batch looked at and at B = ∞. An eigenvalue that is 1 at
        B = ∞ within its error (ReLU: approached from below) counts as stable there.

    Raises
    ------
    ValueError
        As for `stability`.
    ArithmeticError
        An eigenvalue equals 1 within its error bound at a finite B, or instability sets in beyond a million samples.

    Examples
    --------
    >>> first_unstable_batch("power:2"), first_unstable_batch("gelu"), first_unstable_batch("tanh")
    (8, 39, inf)
    """
    for b in range(3, _EVERY + 1):
        if _unstable(activation, b, gain):
            return b
    if stability(activation, math.inf, gain=gain).stable is not False:
        return math.inf
    low, high = _EVERY, 2 * _EVERY
    while not _unstable(activation, high, gain):
        low, high = high, 2 * high
        if high > _LARGEST:
            raise ArithmeticError(f"activation {activation!r} is unstable at B = inf but at no B up to {_LARGEST}")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _unstable(activation, middle, gain) else (middle, high)
    return high


def _unstable(activation: Any, batch: int, gain: float) -> bool:
    found = stability(activation, batch, gain=gain).stable
    if found is None:
        raise ArithmeticError(f"activation {activation!r}: an eigenvalue at B = {batch} is 1 within its error bound")
    return not found
