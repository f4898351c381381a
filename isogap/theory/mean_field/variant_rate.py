"""What mean-field theory says of a variant's gradient, and of which variants it says nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from isogap.base.arrays import FloatArray
from isogap.model.variant import Variant
from isogap.theory.mean_field.fixed_point import fixed_point
from isogap.theory.mean_field.gradient_rate import gradient_rate
from isogap.theory.mean_field.stability import stability

__all__ = ["VariantGrowth", "variant_growth"]

# Beyond these shares (ours) a variant is not called covered: eps of the variance, batch over width of orthogonal weights.
MOST_EPS, MOST_SHARE = 1e-3, 0.1
# Rates of more different gains than this are interpolated between so many, in logarithms.
NODES = 33


@dataclass(frozen=True)
class VariantGrowth:
    """Growth of the gradient by mean-field theory, or why there is none.

    Attributes
    ----------
    log_growth : ndarray, shape (L,), or None
        ``½ log λ`` of layer ``l``: ``log‖∂L/∂W_(l-1)‖ - log‖∂L/∂W_l‖`` at infinite width, Gaussian weights.
    remark : str
        Conditions, or the reason.
    """

    log_growth: FloatArray | None
    remark: str

    def log_norm(self) -> FloatArray:
        """``log‖∂L/∂W_l‖`` relative to that of the readout, ``l = 0..L``."""
        if self.log_growth is None:
            raise ValueError(f"mean-field theory says nothing here: {self.remark}")
        return np.append(np.cumsum(self.log_growth[::-1])[::-1], 0.0)


def variant_growth(variant: Variant) -> VariantGrowth:
    """Mean-field growth of a variant's gradient, layer by layer, where the theory covers it (Y4).

    Layers ``σ(α N(W x))`` with Gaussian weights; batch normalisation with mean removal, or without for odd σ. Without the factor
    ``sqrt n`` rows have norm 1 instead of variance 1, which is a gain of ``1/sqrt(n)``. Samples that all occur ``K`` times are a
    batch of ``n/K``. The order ``act-norm`` is covered for the identity alone.

    Examples
    --------
    >>> print(f"{variant_growth(Variant(500, 3, batch=8, mean_removal=True, weights='gaussian')).log_growth[0]:.6f}")
    0.091161
    >>> variant_growth(Variant(8, 3, activation='relu', weights='gaussian')).remark[:40]
    'without mean removal only odd activation'
    """
    reason = _refusal(variant)
    if reason:
        return VariantGrowth(None, reason)
    batch = variant.batch // variant.repeats
    gains = variant.gains() * (1.0 if variant.root_n else 1.0 / math.sqrt(variant.batch))
    if variant.activation.slopes is not None:
        gains = np.ones_like(gains)  # homogeneous: the gain drops out in the next normalisation
    try:
        growth = _growth(variant, batch, gains)
        if variant.mean_removal:
            reason = _eps_refusal(variant, batch, gains)
    except ValueError as error:  # not odd, constant on the interval
        return VariantGrowth(None, str(error))
    if reason:
        return VariantGrowth(None, reason)
    return VariantGrowth(growth, _conditions(variant, batch, gains))


def _refusal(v: Variant) -> str:
    if v.order == "act-norm" and not v.linear:
        return "the theory has the normalisation before the activation (order norm-act)"
    if v.batch % v.repeats:
        return f"{v.batch} samples are not {v.repeats} copies of each"
    batch = v.batch // v.repeats
    if batch < (4 if v.mean_removal else 3):
        return f"the mean of the squared gradient is zero or infinite at batch {batch}"
    if v.weights != "gaussian" and batch > MOST_SHARE * v.width:
        return (
            f"it is for Gaussian weights; orthogonal ones follow it for batch << width only, and here batch/width is "
            f"{batch / v.width:.3g}"
        )
    if v.eps > 0 and not v.mean_removal:
        return "eps > 0 without mean removal is not covered"
    if not v.mean_removal and not _odd(v):
        return f"without mean removal only odd activations are covered, and {v.activation.name!r} is not odd"
    return ""


def _odd(v: Variant) -> bool:
    y = np.linspace(0.1, math.sqrt(v.batch), 50)
    with np.errstate(all="ignore"):
        up, down = v.activation.function(y), v.activation.function(-y)
    return bool(np.abs(up + down).max() <= 1e-12 * np.abs(up).max())


def _growth(v: Variant, batch: int, gains: FloatArray) -> FloatArray:
    """``½ log λ`` for every gain."""
    distinct = np.unique(gains)
    if distinct.size > NODES:
        nodes = np.geomspace(distinct[0], distinct[-1], NODES)
        rates = [gradient_rate(v.activation, batch, centred=v.mean_removal, gain=float(g)).value for g in nodes]
        found = CubicSpline(np.log(nodes), np.log(rates))(np.log(gains))
        return np.asarray(0.5 * found)
    known = {g: gradient_rate(v.activation, batch, centred=v.mean_removal, gain=float(g)).value for g in distinct}
    return np.array([0.5 * math.log(known[g]) for g in gains])


def _eps_refusal(v: Variant, batch: int, gains: FloatArray) -> str:
    """Whether eps is negligible beside the variance of the preactivations, or their squared norm without the factor."""
    if v.eps == 0 or gains.size == 0:
        return ""
    q, c = fixed_point(v.activation, batch, gain=float(gains.min()))
    size = (q.value - c.value) * (1.0 if v.root_n else v.batch)
    if v.eps > MOST_EPS * size:
        return f"eps = {v.eps:g} is not small beside the {size:.3g} that it is added to"
    return ""


def _conditions(v: Variant, batch: int, gains: FloatArray) -> str:
    words = ["infinite width, Gaussian weights"]
    if v.repeats > 1:
        words.append(f"{batch} distinct samples")
    if v.eps > 0:
        words.append("eps neglected")
    if v.weights != "gaussian":
        words.append(f"orthogonal ones follow it for batch << width, here {batch / v.width:.2g}")
    else:
        share = batch**2 / (4 * v.width)
        small = f"corrections of order batch²/(4 width) = {share:.2g}"
        words.append(small if share < 1 else "width below batch²/4, so without an error estimate")
    if v.mean_removal and gains.size and stability(v.activation, batch, gain=float(gains.max())).stable is False:
        words.append("its fixed point is unstable at this batch")
    return "; ".join(words)
