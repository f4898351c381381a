"""What isogap-variants prints and writes."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from isogap.base.records import plain
from isogap.run.variant import VariantResult
from isogap.run.verdict import mean_field_slope, slope_of


def as_data(result: VariantResult) -> dict[str, Any]:
    """Return a run as plain data in the format ``isogap-variant/1``."""
    variant = {f.name: getattr(result.variant, f.name) for f in dataclasses.fields(result.variant)}
    slope = slope_of(result)
    bounds = None if result.bounds is None else dict(zip(("theorem_5", "sharp"), result.bounds, strict=True))
    rate = None if slope is None else {"value": slope.value, "stderr": slope.stderr, "window": slope.window}
    found: dict[str, Any] = plain(
        {
            "format": "isogap-variant/1",
            "variant": variant | {"activation": result.variant.activation.name},
            "input": result.input,
            "loss": result.loss,
            "seed": result.seed,
            "rank": result.rank,
            "phi_0": result.phi0,
            "theorem": result.theorem,
            "wider_theorems": result.wider,
            "gradient_bounds": bounds,
            "rate": rate,
            "mean_field": _mean_field_data(result),
            "log_norm": result.log_norm,
        }
    )
    return found


def _mean_field_data(result: VariantResult) -> dict[str, Any]:
    value, remark = mean_field_slope(result)
    return {"rate": value, "remark": remark}


def report(result: VariantResult) -> str:
    """Return the lines that are printed of a run."""
    v, norms = result.variant, result.log_norm
    lines = [
        f"width {v.width}, depth {v.depth}, batch {v.batch}, input {result.input}, rank {result.rank}, "
        f"{norms.shape[0]} networks, seed {result.seed}"
    ]
    lines.append(f"{'weight of layer':>15}  {'E log‖∂L/∂W‖':>13}  {'error':>8}")
    for layer in sorted({round(x) for x in np.linspace(0, v.depth, 9)}):
        column = norms[:, layer]
        if not np.isfinite(column).all():
            lines.append(f"{layer:>15}  {'-∞':>13}")
            continue
        error = f"{column.std(ddof=1) / math.sqrt(column.size):8.4f}" if column.size > 1 else ""
        lines.append(f"{layer:>15}  {column.mean():13.4f}  {error}")
    slope = slope_of(result)
    if slope is not None:
        error = f" ± {slope.stderr:.2g}" if math.isfinite(slope.stderr) else ""
        lines.append(
            f"growth per layer on the way back: {slope.value:.6f}{error} (layers {slope.window[0]}..{slope.window[1]})"
        )
        expected, remark = mean_field_slope(result)
        if expected is not None:
            lines.append(f"mean-field theory: {expected:.6f} ({remark})")
        else:
            lines.append(f"mean-field theory does not apply: {remark}")
    if result.bounds is None:
        lines.append("no theorem of the paper applies to this network")
    else:
        paper, sharp = result.bounds
        lines.append(
            f"covered by {result.theorem}: E log‖∂L/∂W‖ ≤ {paper:.4g}, sharp S5 ≤ {sharp:.4g} at every layer and depth"
        )
    lines += result.wider
    return "\n".join(lines) + "\n"
