"""The exact conditional mean of a step, E3, of states as a run keeps them: compiled sums, eigenvalues where those are in doubt.

The compiled sum (`isogap.engine.kernels.step_law`) takes no eigenvalues, and costs 0.4 µs a state at d = 8 and 3 µs at d = 32 on
one core (25 and 80 with them). It tells how far rounding can move it; where that could be more than 1e-13 of the drift (nearly
singular states of small width) and beyond width 1024 (eight states are 100 MB there) the eigenvalues go into
`isogap.theory.exact`.
"""

from __future__ import annotations

import threading
from typing import cast

import numpy as np
import numpy.typing as npt

from isogap.base.arrays import FloatArray, IntArray, ldexp
from isogap.engine.chain.checks import States, unit_shift
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.step_law import Room, Rule, states_to_drifts
from isogap.theory.exact import exact_steps_from_deviation
from isogap.theory.step_rule import step_rule

__all__ = ["expected_steps"]

# Our choice: measured errors stay below ten times `doubt` half ulp, here 7e-14 of the drift. Of Gaussian starts at d = 8, 99 of
# 100 have a doubt below 41.
_LARGEST_DOUBT = 64.0
# From here on the room of eight states is more than 100 MB a thread.
_WIDE = 1024
_SMALL = 64


def expected_steps(extra: float, states: States) -> FloatArray:
    """``E[φ_{l+1} | X_l] - φ_l`` plus ``extra`` at the chosen marks, ``(n, K)``, in units of ``2^(2 shift)``.

    Examples
    --------
    At ``d = 2`` the law is elementary (E9):

    >>> E = np.array([[0.0, 0.6], [0.6, 0.0]])[None, None]
    >>> flat = States(E, np.array([[True]]), np.array([[0]]), np.array([0]))
    >>> bool(abs(expected_steps(0.0, flat)[0, 0] - np.log(0.9)) < 1e-15)
    True
    """
    count, d = states.snaps.shape[0], states.snaps.shape[2]
    shape = count, states.at.size
    value, doubt = np.zeros(shape), np.full(shape, np.inf)
    if 1 < d < _WIDE:
        unit = np.ascontiguousarray(ldexp(1.0, states.shift[:, states.at]))
        chosen = states.snaps, states.is_deviation, unit, states.at, states.shared
        states_to_drifts(_room(d), Rule(*step_rule(d)), *chosen, value, doubt)
    steps = extra - value
    if not (trusted := doubt <= _LARGEST_DOUBT).all():
        r, k = np.nonzero(~trusted)
        steps[r, k] = _by_eigenvalues(states, r, states.at[k], extra)
    return steps


# The room that a thread used last, and its width and lanes.
_last = threading.local()


def _room(d: int) -> Room:
    """Room of this thread, kept for the next block of the run where it is less than 1 MB."""
    kind = d, lanes_available()
    if getattr(_last, "kind", None) == kind:
        return cast("Room", _last.room)
    room = Room.of(*kind)
    if d <= _SMALL:
        _last.kind, _last.room = kind, room
    return room


def _by_eigenvalues(states: States, rows: IntArray, marks: IntArray, extra: float) -> FloatArray:
    """The same for some states from their spectra; of equal neighbours, as all replicas have at their start, one is taken."""
    order = np.lexsort((rows, marks))
    chosen = rows[order], marks[order]
    snaps, near, shift = states.snaps[chosen], states.is_deviation[chosen], states.shift[chosen]
    first = np.ones(order.size, np.bool_)
    first[1:] = (np.diff(shift) != 0) | (np.diff(near)) | (snaps[1:] != snaps[:-1]).any(axis=(1, 2))
    at = np.where(near, unit_shift(shift), 0)[first]
    eps, lam = _spectra(snaps[first], near[first], at)
    distinct = ldexp(exact_steps_from_deviation(eps, lam).value + extra, -2 * at)
    steps = np.empty(order.size)
    steps[order] = distinct[np.cumsum(first) - 1]
    return steps


def _spectra(snaps: FloatArray, near: npt.NDArray[np.bool_], at: IntArray) -> tuple[FloatArray, FloatArray]:
    """Deviations and eigenvalues of states of either form, ``(k, d)`` each."""
    eps, lam = np.empty(snaps.shape[:2]), np.empty(snaps.shape[:2])
    far = ~near
    eps[near] = ldexp(np.linalg.eigvalsh(snaps[near]), at[near, None])
    lam[near] = 1.0 + eps[near]
    squares = np.linalg.svd(snaps[far], compute_uv=False) ** 2
    lam[far] = squares / squares.mean(axis=1, keepdims=True)
    eps[far] = lam[far] - 1.0
    return np.maximum(eps - eps.mean(axis=1, keepdims=True), -1.0), lam
