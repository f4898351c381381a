"""The figures and tables of the paper, and those of the sharper statements, each by its name.

A module per family holds functions ``Settings -> Product``. A product is data, a way to draw it and one line that says what is
seen and whether it supports the claim; writing files is left to `isogap.figures.output`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

from isogap.base.names import did_you_mean
from isogap.figures.product import Product, Settings

# name: (module, function, what it shows)
FIGURES = {
    "question": (
        "paper.question",
        "question",
        "does the gradient explode? Gaussian and orthogonal weights, theory and proof",
    ),
    "gap": ("paper.question", "gap", "isometry gap of the main job, and the proved bound parallel to it (F1b)"),
    "fig1": ("paper.gap", "fig1", "isometry gap against depth, Theorem 1 and S3"),
    "fig2": ("paper.depth", "fig2", "gradient of the first layer against depth: distinct and repeated samples"),
    "fig3": ("paper.depth", "fig3", "gradient of the first layer against depth: orthogonal and Gaussian weights"),
    "fig4": ("paper.learning", "fig4", "training accuracy of linear networks, by depth"),
    "fig5": ("paper.shaping", "fig5", "gradient against depth for sin and tanh, with and without shaping"),
    "fig6": ("paper.learning", "fig6", "training accuracy with sin and tanh and shaped gains, by depth"),
    "table-d1": ("paper.datasets", "table_d1", "rank and isometry gap of batches of common data sets"),
    "e1": ("paper.shaping", "e1", "rate of explosion against a constant gain"),
    "e2": ("paper.shaping", "e2", "growth of the gradient against the exponent of the gains"),
    "f1": ("paper.learning", "f1", "isometry gap of the weights during training, linear network"),
    "f2": ("paper.learning", "f2", "isometry gap of the weights during training, sin and tanh"),
    "g1": ("paper.learning", "g1", "test accuracy of linear networks, by depth"),
    "g2": ("paper.learning", "g2", "training accuracy, orthogonal against Gaussian weights"),
    "g3": ("paper.learning", "g3", "test accuracy with sin and tanh, by depth"),
    "g4": ("paper.learning", "g4", "gradient norm of every layer during training"),
    "g5": ("paper.shaping", "g5", "gradient of every layer for relu, leaky relu and selu, both orders"),
    "g6": ("paper.rank", "g6", "gradient with and without mean removal"),
    "theorem-5": ("paper.bound", "theorem_5", "Theorem 5 and S5 against the measured gradient, over width and input"),
    "rank": ("paper.rank", "rank", "growth over n/d, with and without mean removal, up to BatchNorm1d (S7, S8)"),
    "mf-batch": ("mean_field.rates", "mf_batch", "rate of the gradient against the batch, by activation (Y4, Y5)"),
    "mf-gain": ("mean_field.rates", "mf_gain", "excess of the rate against the gain: powers 4 and 2 (Y8)"),
    "mf-stability": ("mean_field.rates", "mf_stability", "where the symmetric fixed point is stable (Y9)"),
    "mf-spectrum": ("mean_field.spectra", "mf_spectrum", "spectrum of the Gram against Marchenko-Pastur (Y12)"),
    "mf-rank": ("mean_field.spectra", "mf_rank", "participation ratio against the batch, collapse beyond 2√N (Y12)"),
    "mf-step": ("mean_field.training", "mf_step", "dynamic range of the gradients over the first steps, digits (Y14)"),
    "mf-depth": (
        "mean_field.training",
        "mf_depth",
        "training accuracy against depth, with and without small gains (Y14)",
    ),
    "residual-variance": (
        "residual.laws",
        "variance",
        "variance of residual networks, share of every branch (D1 to D4)",
    ),
    "residual-paths": ("residual.laws", "paths", "path lengths of a residual network against Stirling numbers (D5)"),
    "residual-gradient": ("residual.laws", "gradient", "gradient of residual networks: a power of the depth (D6)"),
    "residual-isometry": ("residual.isometry", "isometry", "isometry gap of six networks, with and without skip (D8)"),
    "residual-depth": ("residual.training", "depth", "test accuracy against depth: BN, SkipInit, neither (D10)"),
    "residual-batch": ("residual.training", "batch", "test accuracy over learning rate and batch, and B* (D9, D10)"),
    "c1": ("paper.rank", "c1", "growth for rank-deficient batches over (d, r), conjecture D4"),
    "bjorck-f1": ("bjorck_rates", "f1", "largest learning rates by depth and place of BN"),
    "bjorck-f2": ("bjorck_gradients", "f2", "entries of a kernel's gradient, with and without BN"),
    "bjorck-f3": ("bjorck", "f3", "loss after one step against its size"),
    "bjorck-f4": ("bjorck", "f4", "moments of channels along a diverging step"),
    "bjorck-f5": ("bjorck", "f5", "variance of the blocks' sums against depth"),
    "bjorck-f6": ("bjorck", "f6", "gradients in the outputs, image by image"),
    "bjorck-f7": ("bjorck_gradients", "f7", "gradient of a kernel by channels"),
    "bjorck-f8": ("products_paper", "f8", "density of products of matrices"),
    "bjorck-f9": ("products_paper", "f9", "singular values of products of 1000 x 1000 matrices"),
    "bjorck-f20": ("products_paper", "f20", "condition number against the number of factors"),
    "bjorck-table1": ("bjorck_gradients", "table1", "how strongly the summands of a gradient cancel"),
}

__all__ = ["FIGURES", "Product", "Settings", "make"]


def make(name: str, settings: Settings) -> Product:
    """Compute the figure ``name``.

    Raises
    ------
    ValueError
        An unknown name.
    """
    if name not in FIGURES:
        raise ValueError(f"figure must be one of {', '.join(FIGURES)}, got {name!r}{did_you_mean(name, FIGURES)}")
    module, function, _ = FIGURES[name]
    maker: Callable[[Settings], Product] = getattr(importlib.import_module(f"isogap.figures.{module}"), function)
    return maker(settings)
