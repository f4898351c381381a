"""Deep batch-normalised linear networks with random weights: Monte Carlo, exact one-step law, bounds.

Names are loaded on first use (PEP 562), so that ``import isogap`` and ``isogap-mc --help`` cost nothing.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from isogap._version import __version__

if TYPE_CHECKING:
    from isogap.batch.batchnorm import batch_norm, batch_norm_jacobian, batch_norm_vjp, log_jacobian_norm
    from isogap.batch.datasets import Dataset, load_dataset
    from isogap.batch.gap import (
        isometry,
        isometry_gap,
        isometry_gap_from_deviation,
        isometry_gap_from_gram,
        isometry_gap_from_spectrum,
        log_isometry_gap_from_deviation,
    )
    from isogap.batch.haar import apply_haar, haar_orthogonal
    from isogap.batch.samples import Batch, make_batch, samples
    from isogap.engine import wide as wide
    from isogap.engine.chain.checkpoint import Checkpoint
    from isogap.engine.networks.training import History, Training, train, train_seeds
    from isogap.engine.products import log_singular_values, sample_products
    from isogap.engine.samplers.sample import sample, sample_spectrum
    from isogap.model.activations import Activation
    from isogap.model.losses import Loss, make_loss
    from isogap.model.residual import ResidualChain
    from isogap.model.variant import Variant
    from isogap.plot import plot_gradient, plot_run
    from isogap.run.batch_steps import exact_steps_of_batches
    from isogap.run.chain import simulate
    from isogap.run.gradients import GradientOptions
    from isogap.run.mean_field import MeanFieldRun, layer_rate, simulate_mean_field
    from isogap.run.options import Checks, Where
    from isogap.run.products import ProductsResult, simulate_products
    from isogap.run.rates import Slope, deepest_trainable, end_to_end_rate, fitted_power, gradient_slope
    from isogap.run.residual import PathMeasurement, ResidualResult, measure_paths, simulate_residual
    from isogap.run.results import ChainResult
    from isogap.run.shrinking import ShrinkingResult, simulate_widths
    from isogap.run.variant import VariantResult, simulate_variant
    from isogap.run.variant_files import load_variants, save_variants
    from isogap.theory import bounds as bounds
    from isogap.theory import enclosures as certified
    from isogap.theory import mean_field as mean_field
    from isogap.theory import products as products
    from isogap.theory import residual as residual
    from isogap.theory.exact import (
        ExactStep,
        exact_step,
        exact_step_from_deviation,
        exact_steps,
        exact_steps_from_deviation,
    )
    from isogap.theory.rank import gaussian_law, rank_law
    from isogap.theory.typical import TypicalRate, typical_rate

_HOME = {
    "isometry": "batch.gap",
    "isometry_gap": "batch.gap",
    "isometry_gap_from_gram": "batch.gap",
    "isometry_gap_from_deviation": "batch.gap",
    "isometry_gap_from_spectrum": "batch.gap",
    "log_isometry_gap_from_deviation": "batch.gap",
    "sample": "engine.samplers.sample",
    "sample_spectrum": "engine.samplers.sample",
    "haar_orthogonal": "batch.haar",
    "apply_haar": "batch.haar",
    "batch_norm": "batch.batchnorm",
    "batch_norm_jacobian": "batch.batchnorm",
    "batch_norm_vjp": "batch.batchnorm",
    "log_jacobian_norm": "batch.batchnorm",
    "ExactStep": "theory.exact",
    "exact_step": "theory.exact",
    "exact_step_from_deviation": "theory.exact",
    "exact_steps": "theory.exact",
    "exact_steps_from_deviation": "theory.exact",
    "exact_steps_of_batches": "run.batch_steps",
    "gaussian_law": "theory.rank",
    "rank_law": "theory.rank",
    "TypicalRate": "theory.typical",
    "typical_rate": "theory.typical",
    "ChainResult": "run.results",
    "simulate": "run.chain",
    "Checks": "run.options",
    "Where": "run.options",
    "GradientOptions": "run.gradients",
    "Activation": "model.activations",
    "Variant": "model.variant",
    "ResidualChain": "model.residual",
    "simulate_residual": "run.residual",
    "ResidualResult": "run.residual",
    "measure_paths": "run.residual",
    "PathMeasurement": "run.residual",
    "simulate_products": "run.products",
    "ProductsResult": "run.products",
    "sample_products": "engine.products",
    "log_singular_values": "engine.products",
    "simulate_variant": "run.variant",
    "save_variants": "run.variant_files",
    "load_variants": "run.variant_files",
    "simulate_widths": "run.shrinking",
    "ShrinkingResult": "run.shrinking",
    "simulate_mean_field": "run.mean_field",
    "MeanFieldRun": "run.mean_field",
    "layer_rate": "run.mean_field",
    "VariantResult": "run.variant",
    "Checkpoint": "engine.chain.checkpoint",
    "plot_run": "plot",
    "plot_gradient": "plot",
    "Slope": "run.rates",
    "gradient_slope": "run.rates",
    "end_to_end_rate": "run.rates",
    "deepest_trainable": "run.rates",
    "fitted_power": "run.rates",
    "Loss": "model.losses",
    "make_loss": "model.losses",
    "Batch": "batch.samples",
    "make_batch": "batch.samples",
    "samples": "batch.samples",
    "Dataset": "batch.datasets",
    "load_dataset": "batch.datasets",
    "Training": "engine.networks.training",
    "History": "engine.networks.training",
    "train": "engine.networks.training",
    "train_seeds": "engine.networks.training",
}

# Public modules by a short name: isogap.bounds is isogap.theory.bounds.
_MODULES = {
    "bounds": "theory.bounds",
    "certified": "theory.enclosures",
    "mean_field": "theory.mean_field",
    "residual": "theory.residual",
    "products": "theory.products",
    "wide": "engine.wide",
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
    "sample",
    "sample_spectrum",
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
    "exact_steps_of_batches",
    "gaussian_law",
    "rank_law",
    "TypicalRate",
    "typical_rate",
    "certified",
    "mean_field",
    "residual",
    "products",
    "wide",
    "ChainResult",
    "simulate",
    "Checks",
    "Where",
    "GradientOptions",
    "Activation",
    "Variant",
    "simulate_products",
    "ProductsResult",
    "sample_products",
    "log_singular_values",
    "simulate_variant",
    "save_variants",
    "load_variants",
    "VariantResult",
    "simulate_widths",
    "ShrinkingResult",
    "ResidualChain",
    "simulate_mean_field",
    "MeanFieldRun",
    "layer_rate",
    "simulate_residual",
    "ResidualResult",
    "measure_paths",
    "PathMeasurement",
    "Checkpoint",
    "plot_run",
    "plot_gradient",
    "Slope",
    "gradient_slope",
    "end_to_end_rate",
    "deepest_trainable",
    "fitted_power",
    "Loss",
    "make_loss",
    "Batch",
    "make_batch",
    "samples",
    "Dataset",
    "load_dataset",
    "Training",
    "History",
    "train",
    "train_seeds",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"isogap.{_MODULES[name]}")
    if name not in _HOME:
        raise AttributeError(f"module 'isogap' has no attribute {name!r}")
    return getattr(importlib.import_module(f"isogap.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)


class _ShortNames:
    """Let ``from isogap.bounds import theorem_1`` find the module that ``isogap.bounds`` is (`_MODULES`)."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        package, _, name = fullname.rpartition(".")
        return ModuleSpec(fullname, _ShortNames) if package == __name__ and name in _MODULES else None  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: ModuleSpec) -> None:
        """Take a new module, which `exec_module` replaces."""

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        name = module.__name__.rpartition(".")[2]
        sys.modules[module.__name__] = importlib.import_module(f"{__name__}.{_MODULES[name]}")


sys.meta_path.insert(0, _ShortNames)  # a class with the two methods is a finder
