"""Deep batch-normalised linear networks with random weights: Monte Carlo, exact one-step law, bounds.

Names are loaded on first use (PEP 562), so that ``import isogap`` and ``isogap-mc --help`` cost nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from isogap._version import __version__

if TYPE_CHECKING:
    from isogap import bounds as bounds
    from isogap import certified as certified
    from isogap.activations import Activation
    from isogap.batchnorm import batch_norm, batch_norm_jacobian, batch_norm_vjp, log_jacobian_norm
    from isogap.exact import ExactStep, exact_step, exact_step_from_deviation, exact_steps, exact_steps_from_deviation
    from isogap.gap import (
        isometry,
        isometry_gap,
        isometry_gap_from_deviation,
        isometry_gap_from_gram,
        isometry_gap_from_spectrum,
        log_isometry_gap_from_deviation,
    )
    from isogap.gradient_results import GradientOptions
    from isogap.haar import apply_haar, haar_orthogonal
    from isogap.networks import simulate_variant
    from isogap.results import ChainResult
    from isogap.simulation import simulate
    from isogap.variants import Variant

_HOME = {
    "isometry": "gap",
    "isometry_gap": "gap",
    "isometry_gap_from_gram": "gap",
    "isometry_gap_from_deviation": "gap",
    "isometry_gap_from_spectrum": "gap",
    "log_isometry_gap_from_deviation": "gap",
    "haar_orthogonal": "haar",
    "apply_haar": "haar",
    "batch_norm": "batchnorm",
    "batch_norm_jacobian": "batchnorm",
    "batch_norm_vjp": "batchnorm",
    "log_jacobian_norm": "batchnorm",
    "ExactStep": "exact",
    "exact_step": "exact",
    "exact_step_from_deviation": "exact",
    "exact_steps": "exact",
    "exact_steps_from_deviation": "exact",
    "ChainResult": "results",
    "simulate": "simulation",
    "GradientOptions": "gradient_results",
    "Activation": "activations",
    "Variant": "variants",
    "simulate_variant": "networks",
}

__all__ = [
    "__version__",
    "bounds",
    "isometry",
    "isometry_gap",
    "isometry_gap_from_gram",
    "isometry_gap_from_deviation",
    "isometry_gap_from_spectrum",
    "log_isometry_gap_from_deviation",
    "haar_orthogonal",
    "apply_haar",
    "batch_norm",
    "batch_norm_jacobian",
    "batch_norm_vjp",
    "log_jacobian_norm",
    "ExactStep",
    "exact_step",
    "exact_step_from_deviation",
    "exact_steps",
    "exact_steps_from_deviation",
    "certified",
    "ChainResult",
    "simulate",
    "GradientOptions",
    "Activation",
    "Variant",
    "simulate_variant",
]


def __getattr__(name: str) -> Any:
    if name in ("bounds", "certified"):
        return importlib.import_module(f"isogap.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'isogap' has no attribute {name!r}")
    return getattr(importlib.import_module(f"isogap.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
