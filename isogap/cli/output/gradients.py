"""The part of ``isogap-mc``'s output that is about gradients."""

from __future__ import annotations

import math

import numpy as np
from rich.table import Table

from isogap.base.arrays import FloatArray
from isogap.base.student import one_of_many, student
from isogap.cli.output.digits import with_error
from isogap.run.gradients import GradientStatistics
from isogap.run.results import ChainResult
from isogap.theory.verdict import VACUOUS

# k eps condition: per layer the law balances to a few eps; the sum over layers is a random walk.
CONSERVATION_LIMIT = 1e-9
# Of a standard error; ours.
HIDDEN = 0.05
# From this width on rounding was never seen to pass the limit: 2e-14 at width 32 over 4000 layers, 6e-14 at 16 over 2000.
WIDE = 16
_SIGMA = 3.0
_ROWS = 9


def gradient_problem(result: ChainResult) -> str | None:
    """Say if the backward pass broke its conservation law, or if rounding is more of the gradients than their errors hide."""
    g, p = result.gradient, result.parameters
    if g is None or g.conservation <= CONSERVATION_LIMIT or _is_hidden(result):
        return None
    if math.isnan(g.conservation):  # sizes that are not finite: nothing says that the law is kept
        return "conservation law of the gradient: no residual, as gradients or states are not finite"
    problem = f"conservation law of the gradient: residual {g.conservation:.2g} exceeds {CONSERVATION_LIMIT:g}"
    if p.weights != "gaussian" or p.width >= WIDE:  # from which on it is none of rounding
        return problem
    return (
        f"{problem}, {g.mean_conservation:.2g} on average: 64 bits do not hold the gradients of Gaussian weights at width "
        f"{p.width} over {p.depth} layers, which rise and fall by many powers of ten; take fewer layers or a larger --width"
    )


def _is_hidden(result: ChainResult) -> bool:
    """Whether rounding takes so little of the gradients of Gaussian weights, on average, that their standard errors hide it.

    It does so in a few networks, which rise and fall most; of a residual in most of them it is not the reason.
    """
    g = result.gradient
    assert g is not None
    errors = g.log_norm_stderr[g.log_norm_stderr > 0]
    least = float(errors.min()) if errors.size else 0.0
    few = g.median_conservation <= CONSERVATION_LIMIT
    return result.parameters.weights == "gaussian" and few and g.mean_conservation <= HIDDEN * least


def gradient_columns(result: ChainResult) -> dict[str, FloatArray]:
    """CSV columns with one entry per layer ``0..L``; the entry of ``L`` is the readout."""
    if result.gradient is None:
        return {}
    columns = {}
    for name in ("log_norm_mean", "log_norm_stderr", "q05", "q95"):
        full = np.full(result.parameters.depth + 1, np.nan)
        full[result.gradient.layers] = getattr(result.gradient, name)
        columns[name if name.startswith("log") else f"log_norm_{name}"] = full
    return {f"gradient_{name}": column for name, column in columns.items()}


def gradient_table(result: ChainResult) -> Table:
    """About ten layers of ``E log‖∂L/∂W_l‖``."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("weight of layer", "E log‖∂L/∂W‖ ± error", "5 % .. 95 %"):
        table.add_column(name, justify="right")
    g = result.gradient
    assert g is not None
    for k in sorted({round(x) for x in np.linspace(0, len(g.layers) - 1, _ROWS)}):
        values = (
            (with_error(float(g.log_norm_mean[k]), float(g.log_norm_stderr[k]), 4), f"{g.q05[k]:.3f} .. {g.q95[k]:.3f}")
            if math.isfinite(g.log_norm_mean[k])
            else ("-∞", "")
        )
        table.add_row(str(g.layers[k]), *values)
    return table


def gradient_note(result: ChainResult) -> str:
    """Loss, bounds with a verdict, and the self-check."""
    g, limits = result.gradient, result.gradient_bounds
    assert g is not None
    text = f"gradient of {g.loss} over {g.classes} logits; conservation law residual {g.conservation:.1e} "
    text += "ok" if gradient_problem(result) is None else "FAILED"
    if g.conservation > CONSERVATION_LIMIT and _is_hidden(result):
        text += (
            f" (on average {g.mean_conservation:.1e}, far below the errors: gradients rise and fall by powers of ten)"
        )
    if limits is None or not math.isfinite(limits.theorem_5):
        return text + "; Theorem 5 does not apply here"
    return text + (
        f"; Theorem 5 at every layer ≤ {limits.theorem_5:.4g}, sharp S5 ≤ {limits.sharp:.4g}: "
        + gradient_verdict(g, (limits.theorem_5, limits.sharp), result.parameters.replicas)
        + _worth(g, (limits.theorem_5, limits.sharp))
    )


def _worth(g: GradientStatistics, limits: tuple[float, float]) -> str:
    """Say which bounds restrict nothing in practice: those far above what is measured, on a logarithm."""
    top = np.nanmax(g.log_norm_mean, initial=-np.inf)
    empty = [limit - top > VACUOUS for limit in limits]
    if not math.isfinite(top) or not any(empty):
        return ""
    return f", {'both' if all(empty) else 'Theorem 5'} vacuous in practice (measured: {top:.3g} at most)"


def gradient_verdict(g: GradientStatistics, limits: tuple[float, float], replicas: int) -> str:
    """``hold``, ``VIOLATED`` or ``open``: all reported layers against both bounds, at three deviations, by Student.

    To hold, every layer must stay below, which a layer that is above does once in 740 runs, however many others there are.
    One layer above is enough to violate: there the level of three deviations is that of all layers together (Bonferroni).
    """
    finite = np.isfinite(g.log_norm_mean)
    if not finite.any():
        return "hold"
    error = np.where(np.isfinite(g.log_norm_stderr), g.log_norm_stderr, np.inf)[finite]
    mean, count = g.log_norm_mean[finite], max(replicas, 2)  # of one the error is infinite
    if (mean + np.where(error > 0, student(_SIGMA, count) * error, 0.0)).max() <= min(limits):
        return "hold"
    spread = np.where(np.isfinite(error), error, 0.0)
    far = student(one_of_many(_SIGMA, mean.size), count)
    broken = (mean - far * spread).max() > min(limits) and np.isfinite(error).all()
    return "VIOLATED" if broken else "open"
