"""Sums over replicas that merge: counts, means and squared deviations per layer (Welford 1962; Chan, Golub, LeVeque 1979).

A `Totals` is a set of named arrays. φ is kept in units of ``2^exponent`` per layer, so that squares cannot underflow; its
effective sample size ``(Σφ)²/Σφ²`` follows from mean and squared deviations. Two totals merge into the totals of both
samples; in a fixed order the result has the same bits wherever the parts were computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from isogap.base.arrays import FloatArray, ldexp
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.lanes.vectors import ALIGNMENT, LANES, aligned
from isogap.engine.kernels.row_moments import lane_moments, row_moments, row_tops

if TYPE_CHECKING:
    from isogap.engine.chain.block import Block

# Plain moments: ``name`` (mean) and ``name_m2`` (sum of squared deviations), all over the same count.
_SMALLEST_EXPONENT = -1000  # squares of what is below in these units do not underflow
# Mean ratios of φ beyond this, whose squares overflow, are not numbers; they come of Gaussian weights from a start next to
# orthogonal alone.
LARGEST_RATIO = 1e150
_PLAIN = ("log_phi", "log_jacobian", "residual", "relative", "rate")
# Moments of φ and the control variate per fold.
_FOLDED = ("fold_phi", "fold_c", "fold_phi_m2", "fold_c_m2", "fold_cross")


@dataclass(frozen=True)
class Totals:
    """Counts and moments of ``count`` replicas; the names are those of `Totals.of_arrays`."""

    arrays: dict[str, npt.NDArray[Any]]

    @classmethod
    def of_block(cls, block: Block, number: int, window: tuple[int, int] | None) -> Totals:
        """Totals of one block; ``number`` counts blocks, ``window`` is where the rate is taken from (if it is taken here)."""
        arrays = gap_moments(block.phi, block.log_phi)
        n = block.phi.shape[1]
        arrays |= _moments("log_jacobian", block.log_jacobian)
        known = ~np.isnan(block.residual).all(axis=1)
        if known.any():
            arrays |= _pair_of_moments(("residual", "relative"), block.residual.T, block.relative.T)
            arrays["relative_m3"] = np.sum((block.relative - arrays["relative"]) ** 3, axis=0)
        else:
            zero = np.zeros(block.residual.shape[1])
            arrays |= {name: zero for name in ("residual", "residual_m2", "relative", "relative_m2", "relative_m3")}
        arrays["checked"] = np.array(float(n if known.any() else 0))
        energy = block.energy[~np.isnan(block.energy)]
        arrays["energy"] = np.array(energy.max() if energy.size else -1.0)
        zero = np.zeros(2)
        nothing = {"rate": zero, "rate_m2": zero}
        arrays |= nothing if window is None else _moments("rate", _rate_values(block.log_phi, window))
        return cls(arrays | _control_moments(block, arrays, number % 2))

    def merged(self, other: Totals) -> Totals:
        """Totals of both samples."""
        a, b = self.arrays, other.arrays
        out = _merged_gap(a, b)
        out["energy"] = np.maximum(a["energy"], b["energy"])
        out["checked"] = a["checked"] + b["checked"]
        for name in _PLAIN:
            count = "checked" if name in ("residual", "relative") else "count"
            out |= _merged_moments(name, a, b, float(a[count]), float(b[count]))
        out["relative_m3"] = _merged_third("relative", a, b, a["checked"], b["checked"])
        return Totals(out | _merged_control(a, b, out["exponent"]))

    def variance(self, name: str) -> FloatArray:
        """Unbiased variance over the replicas; NaN for one."""
        n = float(self.arrays["checked" if name in ("residual", "relative") else "count"])
        m2 = self.arrays[name + "_m2"]
        result: FloatArray = m2 / (n - 1) if n > 1 else np.full(m2.shape, np.nan)
        return result


def gap_moments(phi: FloatArray, log_phi: FloatArray) -> dict[str, npt.NDArray[Any]]:
    """Moments of φ (shape ``(layers, n)``, in units of ``2^exponent``) and of log φ, and what says whether they can be used."""
    top = np.empty(phi.shape[0])
    row_tops(phi, top)
    finite = np.isfinite(top)
    exponent = np.frexp(top if finite.all() else np.where(finite, top, 0.0))[1]
    exponent = np.maximum(exponent, _SMALLEST_EXPONENT).astype(np.int64)
    moments = _moments("phi", phi, ldexp(1.0, -exponent)) | _moments("log_phi", log_phi)
    usable: Any = np.isfinite(moments["log_phi"])
    zero = np.zeros(top.size, np.bool_)
    count = np.array(float(phi.shape[1]))
    known = {"count": count, "top": top, "zero": zero, "exponent": exponent, "usable": usable, **moments}
    if usable.all() and np.isfinite(moments["phi"]).all():
        return known
    broken = np.isnan(moments["phi"])
    top[broken], exponent[broken] = np.nan, 0
    zero[~usable] = (log_phi[~usable] == -np.inf).all(axis=1)
    for name, good in (("phi", np.isfinite(top)), ("log_phi", usable)):
        known |= {key: np.where(good, moments[key], 0.0) for key in (name, name + "_m2")}
    return known


def _moments(name: str, values: FloatArray, scale: FloatArray | None = None) -> dict[str, npt.NDArray[Any]]:
    """Mean and sum of squared deviations along the last axis of ``scale * values``."""
    rows, lanes = values.shape[0], _in_lanes(values)
    mean, m2 = np.empty(rows), np.empty(rows)
    scale = np.ones(rows) if scale is None else scale
    if lanes is None:
        row_moments(values, scale, mean, m2)
    else:
        lane_moments(lanes, scale, aligned(rows, LANES, zero=False), mean, m2)
    return {name: mean, name + "_m2": m2}


def _in_lanes(values: FloatArray) -> FloatArray | None:
    """The same numbers as lanes, where rows of whole lanes lie one after the other: the parts of a sum are lanes then."""
    whole = values.size > 0 and values.shape[1] % LANES == 0 and values.flags.c_contiguous
    if not whole or values.ctypes.data % ALIGNMENT or lanes_available() != LANES:
        return None
    return values.reshape(-1, LANES)


def _pair_of_moments(names: tuple[str, str], a: FloatArray, b: FloatArray) -> dict[str, npt.NDArray[Any]]:
    """`_moments` of two arrays of one shape, in one call of the kernel."""
    both = _moments("", np.concatenate([a, b]))
    half = a.shape[0]
    mean, m2 = both[""], both["_m2"]
    return {names[0]: mean[:half], names[0] + "_m2": m2[:half], names[1]: mean[half:], names[1] + "_m2": m2[half:]}


def _merged_moments(name: str, a: Any, b: Any, na: float, nb: float) -> dict[str, npt.NDArray[Any]]:
    if not a[name].size:
        return {key: a[key] for key in (name, name + "_m2")}
    share = nb / (na + nb) if na + nb > 0 else 0.0
    delta = b[name] - a[name]
    mean = a[name] + delta * share
    return {name: mean, name + "_m2": a[name + "_m2"] + b[name + "_m2"] + delta * delta * (na * share)}


def _merged_third(name: str, a: Any, b: Any, na: Any, nb: Any) -> FloatArray:
    """Sum of cubed deviations of both samples."""
    if not a[name].size:
        return cast("FloatArray", a[name])
    n = max(float(na + nb), 1.0)
    delta = b[name] - a[name]
    shifted = delta**3 * (na * nb * (na - nb) / n**2) + 3 * delta * (na * b[name + "_m2"] - nb * a[name + "_m2"]) / n
    total: FloatArray = a[name + "_m3"] + b[name + "_m3"] + shifted
    return total


def _merged_gap(a: Any, b: Any) -> dict[str, npt.NDArray[Any]]:
    exponent = np.maximum(a["exponent"], b["exponent"])
    ua, ub = _in_units(a, exponent), _in_units(b, exponent)
    return {
        "count": a["count"] + b["count"],
        "top": np.maximum(a["top"], b["top"]),
        "zero": a["zero"] & b["zero"],
        "usable": a["usable"] & b["usable"],
        "exponent": exponent,
        **_merged_moments("phi", ua, ub, float(a["count"]), float(b["count"])),
    }


def _in_units(a: Any, exponent: Any) -> dict[str, npt.NDArray[Any]]:
    down = (a["exponent"] - exponent).astype(np.intc)
    if not down.any():
        return {"phi": a["phi"], "phi_m2": a["phi_m2"]}
    return {"phi": np.ldexp(a["phi"], down), "phi_m2": np.ldexp(a["phi_m2"], down + down)}


# --- the rate per layer, when the paths are not kept ------------------------------------------------------------------


def _rate_values(log_phi: FloatArray, window: tuple[int, int]) -> FloatArray:
    """Per replica the mean of ``φ_{l+1}/φ_l`` (NaN beyond `LARGEST_RATIO`) and of its logarithm over the window, ``(2, n)``."""
    steps = np.diff(log_phi[window[0] : window[1] + 1], axis=0)
    with np.errstate(over="ignore"):
        ratios = np.exp(steps).mean(axis=0)
    ratios[ratios > LARGEST_RATIO] = np.nan
    return np.stack([ratios, steps.mean(axis=0)])


# --- the control variate ----------------------------------------------------------------------------------------------


def _control_moments(block: Block, gap: Any, fold: int) -> dict[str, npt.NDArray[Any]]:
    """Per fold: means and (co)deviations of φ and ``C``, in the units of φ, ``gap`` its moments; shape ``(2, layers)``."""
    layers, n = block.control_variate.shape
    out = {name: np.zeros((2, layers)) for name in _FOLDED}
    counts = np.zeros(2)
    if layers and np.isfinite(gap["top"][:layers]).all():
        counts[fold] = n
        down = -gap["exponent"][:layers, None]
        phi, c = ldexp(block.phi[:layers], down), ldexp(block.control_variate, down)
        mean, c_mean = phi.sum(axis=1) / n, c.sum(axis=1) / n
        x, y = phi - mean[:, None], c - c_mean[:, None]
        values = (mean, c_mean, (x * x).sum(axis=1), (y * y).sum(axis=1), (x * y).sum(axis=1))
        for name, value in zip(_FOLDED, values, strict=True):
            out[name][fold] = value
    return {**out, "fold_count": counts}


def _merged_control(a: Any, b: Any, exponent: Any) -> dict[str, npt.NDArray[Any]]:
    na, nb = a["fold_count"], b["fold_count"]
    n = na + nb
    layers = a["fold_phi"].shape[1]
    if layers == 0:
        return {name: a[name] for name in _FOLDED} | {"fold_count": n}
    share = np.divide(nb, n, out=np.zeros(2), where=n > 0)[:, None]
    weight = na[:, None] * share
    ea, eb = a["exponent"][:layers] - exponent[:layers], b["exponent"][:layers] - exponent[:layers]
    x = ldexp(b["fold_phi"], eb) - ldexp(a["fold_phi"], ea)
    y = ldexp(b["fold_c"], eb) - ldexp(a["fold_c"], ea)

    def squares(name: str, product: FloatArray) -> FloatArray:
        total: FloatArray = ldexp(a[name], 2 * ea) + ldexp(b[name], 2 * eb) + product * weight
        return total

    return {
        "fold_count": n,
        "fold_phi": ldexp(a["fold_phi"], ea) + x * share,
        "fold_c": ldexp(a["fold_c"], ea) + y * share,
        "fold_phi_m2": squares("fold_phi_m2", x * x),
        "fold_c_m2": squares("fold_c_m2", y * y),
        "fold_cross": squares("fold_cross", x * y),
    }
