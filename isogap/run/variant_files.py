"""Runs of variants in files: saved together, read back without loss, told apart by what differs."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isogap.base.archives import read_archive
from isogap.base.files import write_atomically
from isogap.base.records import plain
from isogap.model.activations import Activation, activation
from isogap.model.variant import Variant
from isogap.run.variant import VariantResult
from isogap.run.verdict import mean_field_slope, slope_of

__all__ = ["differences", "load_variants", "save_variants", "variant_data"]

FORMAT = "isogap-variants/1"
_WORDS = {"mean_removal": ("", "mean removal"), "root_n": ("", "root n")}


def differences(variants: Sequence[Variant]) -> list[str]:
    """Name each variant by what differs among them; one alone by its weights and activation.

    Examples
    --------
    >>> differences([Variant(4, 9, weights=w, activation=a) for w in ("orthogonal", "gaussian") for a in ("relu", "tanh")])
    ['orthogonal, relu', 'orthogonal, tanh', 'gaussian, relu', 'gaussian, tanh']
    >>> differences([Variant(4, 9, gain=g) for g in (1.0, 2.0)])
    ['gain 1', 'gain 2']
    """
    fields = [_words(variant) for variant in variants]
    varied = [name for name in fields[0] if len({f[name] for f in fields}) > 1] or ["weights", "activation"]
    return [", ".join(f[name] for name in varied if f[name]) or "plain" for f in fields]


def _words(variant: Variant) -> dict[str, str]:
    found = {}
    for field in dataclasses.fields(variant):
        value = getattr(variant, field.name)
        if field.name in _WORDS:
            found[field.name] = _WORDS[field.name][bool(value)]
        elif isinstance(value, Activation):
            found[field.name] = value.name
        else:
            found[field.name] = value if isinstance(value, str) else f"{field.name} {value:g}"
    return {name: found[name] for name in ("weights", "activation", *found)}


def variant_data(result: VariantResult) -> dict[str, Any]:
    """Return a run as plain data in the format ``isogap-variant/1``."""
    variant = {f.name: getattr(result.variant, f.name) for f in dataclasses.fields(result.variant)}
    slope, (expected, remark) = slope_of(result), mean_field_slope(result)
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
            "mean_field": {"rate": expected, "remark": remark},
            "verdict": result.verdict,
            "log_norm": result.log_norm,
        }
    )
    return found


_KEPT = ("input", "loss", "seed", "rank", "theorem")


def save_variants(results: Sequence[VariantResult], path: str | os.PathLike[str]) -> None:
    """Write runs to an ``.npz`` file, completely or not at all; `load_variants` reads it."""
    runs = [
        {name: plain(getattr(r, name)) for name in _KEPT}
        | {
            "variant": {f.name: getattr(r.variant, f.name) for f in dataclasses.fields(r.variant)}
            | {"activation": r.variant.activation.name},
            "phi0": repr(float(r.phi0)),
            "bounds": None if r.bounds is None else [repr(float(b)) for b in r.bounds],
            "wider": list(r.wider),
            "gap_layers": list(r.gap_layers),
        }
        for r in results
    ]
    arrays: dict[str, Any] = {"runs": np.array(json.dumps({"format": FORMAT, "runs": runs}))}
    for k, r in enumerate(results):
        arrays |= {f"log_norm_{k}": r.log_norm, f"gap_{k}": r.gap}
    write_atomically(path, lambda stream: np.savez_compressed(stream, **arrays))


def load_variants(
    path: str | os.PathLike[str], activations: Mapping[str, Activation] | None = None
) -> list[VariantResult]:
    """Read what `save_variants` or ``isogap-variants --save`` wrote.

    Parameters
    ----------
    path : path-like
    activations : mapping, optional
        Activations of one's own by name, which no file can hold.

    Raises
    ------
    ValueError
        Not such a file; an activation that is not known and not given.
    """
    try:
        arrays = read_archive(path)
        content = json.loads(str(arrays["runs"]))
        if content["format"] != FORMAT:
            raise ValueError(f"it has format {content['format']!r}, expected {FORMAT!r}")
        return [_restored(run, arrays[f"log_norm_{k}"], arrays[f"gap_{k}"], activations or {})
                for k, run in enumerate(content["runs"])]  # fmt: skip
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{os.fspath(path)} holds no runs of variants: {error or type(error).__name__}") from None


def _restored(run: dict[str, Any], log_norm: Any, gap: Any, own: Mapping[str, Activation]) -> VariantResult:
    name = run["variant"]["activation"]
    variant = Variant(**run["variant"] | {"activation": own[name] if name in own else activation(name)})
    if log_norm.shape[1:] != (variant.depth + 1,) or len(gap) != len(log_norm):
        raise ValueError(f"gradients of shape {log_norm.shape} for depth {variant.depth}")
    seed = run["seed"]
    return VariantResult(
        variant=variant,
        log_norm=log_norm,
        gap=gap,
        gap_layers=tuple(run["gap_layers"]),
        phi0=float(run["phi0"]),
        bounds=None if run["bounds"] is None else (float(run["bounds"][0]), float(run["bounds"][1])),
        wider=tuple(run["wider"]),
        seed=seed,
        **{key: run[key] for key in ("input", "loss", "rank", "theorem")},
    )
