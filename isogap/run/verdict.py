"""The verdict on a run of a variant, in words: its rate, the theorem or what fails, mean-field theory, the bound."""

from __future__ import annotations

import numpy as np

from isogap.run.rates import Slope, gradient_slope
from isogap.run.variant import VariantResult
from isogap.theory.hypotheses import coverage_of, no_gradient
from isogap.theory.mean_field.variant_rate import variant_growth
from isogap.theory.verdict import verdict

__all__ = ["mean_field_slope", "slope_of", "verdict_of"]


def slope_of(result: VariantResult) -> Slope | None:
    """Rate over the middle of the network; ``None`` where a gradient vanishes or there are too few layers."""
    depth = result.variant.depth
    window = (depth // 4, max(depth - 1 - depth // 4, depth // 4 + 1))
    if depth < 2 or window[1] > depth - 1 or not np.isfinite(result.log_norm).all():
        return None
    return gradient_slope(result.log_norm, window)


def mean_field_slope(result: VariantResult) -> tuple[float | None, str]:
    """Mean-field growth per layer over the layers of `slope_of`, by the same straight line, and its conditions or a reason."""
    measured, growth = slope_of(result), variant_growth(result.variant)
    if measured is None or growth.log_growth is None:
        return None, growth.remark
    return gradient_slope(growth.log_norm()[None], measured.window).value, growth.remark


def verdict_of(result: VariantResult) -> str:
    """Return what a run of a variant means, in lines of text (`isogap.theory.verdict.verdict`).

    Examples
    --------
    >>> from isogap import Variant, simulate_variant
    >>> run = simulate_variant(Variant(16, 40, weights="gaussian", activation="relu"), replicas=5, rng=1)
    >>> print(verdict_of(run).split(":")[0])
    gradients grow 1.15-fold a layer (± 0.03)
    """
    slope, top = slope_of(result), result.log_norm.mean(axis=0).max()
    return verdict(
        first=no_gradient(result.variant, result.rank),
        rate=None if slope is None else slope.value,
        error=None if slope is None else slope.stderr,
        depth=result.variant.depth,
        replicas=result.log_norm.shape[0],
        coverage=coverage_of(result.variant, result.rank, phi0=result.phi0),
        mean_field=mean_field_slope(result),
        bound=None if result.bounds is None else result.bounds[1],
        measured=float(top),
    )
