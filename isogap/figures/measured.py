"""What figures measure: gradients and long runs, with the settings of the figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.streams import FIGURE_BATCH_KEY, FIGURE_LOSS_KEY
from isogap.batch.start import make_start
from isogap.engine.gradients.passes import run_gradients
from isogap.figures.finished import Arrays, digest
from isogap.figures.product import Settings
from isogap.model.losses import make_loss
from isogap.model.variant import Variant
from isogap.run.variant import simulate_variant


def first_layer_gradients(
    settings: Settings,
    data: FloatArray,
    depths: Sequence[int],
    *,
    replicas: int,
    weights: str = "orthogonal",
    key: int = 0,
) -> FloatArray:
    """``log‖∂L/∂W_0‖_F`` of linear networks of several depths on one batch, shape ``(len(depths), R)``; cross-entropy."""
    rows = [
        _linear(settings, data, depth, [0], replicas, weights, (key, k), key)[:, 0] for k, depth in enumerate(depths)
    ]
    return np.array(rows)


def _linear(
    settings: Settings,
    data: FloatArray,
    depth: int,
    layers: Sequence[int],
    replicas: int,
    weights: str,
    root: tuple[int, ...],
    loss_key: int,
) -> FloatArray:
    def compute() -> Arrays:
        d, n = data.shape
        start = make_start(data, d, n, np.random.default_rng(0))
        loss = make_loss(
            "cross-entropy", d, n, generator=np.random.default_rng(settings.root(loss_key, FIGURE_LOSS_KEY))
        )
        paths = run_gradients(
            start, depth, replicas, settings.root(*root), loss, weights=weights, layers=layers,
            threads=settings.threads, progress=settings.progress,
        )  # fmt: skip
        return {"log_norm": paths.log_norm}

    about = {"kind": "linear", "data": digest(data), "depth": depth, "layers": [int(x) for x in layers]}
    about |= {"replicas": replicas, "weights": weights, "root": root, "loss_key": loss_key}
    return settings.piece(about, compute)["log_norm"]


def variant_gradients(settings: Settings, variant: Variant, replicas: int, key: tuple[int, ...]) -> FloatArray:
    """``log‖∂L/∂W_l‖_F`` at every layer of a variant on a batch of normals, shape ``(R, L + 1)``."""

    def compute() -> Arrays:
        run = simulate_variant(
            variant, replicas=replicas, rng=settings.root(*key), threads=settings.threads, progress=settings.progress
        )
        return {"log_norm": run.log_norm}

    about = {f.name: getattr(variant, f.name) for f in fields(variant)} | {"activation": variant.activation.name}
    return settings.piece({"kind": "variant", **about, "replicas": replicas, "key": key}, compute)["log_norm"]


def gaussian_batch(settings: Settings, d: int, n: int, distinct: int | None = None, key: int = 0) -> FloatArray:
    """A batch of normals whose columns repeat after ``distinct``."""
    X = np.random.default_rng(settings.root(key, FIGURE_BATCH_KEY)).standard_normal((d, n))
    return np.asarray(X[:, np.arange(n) % (distinct or n)])
