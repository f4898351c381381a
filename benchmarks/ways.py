"""The usual ways to iterate the chain, and the engine; every way computes φ and the Jacobian norm of every layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from isogap.base.streams import input_generator
from isogap.batch.start import make_start
from isogap.engine.chain import montecarlo
from isogap.engine.chain.montecarlo import Job
from isogap.run.chain import simulate
from isogap.run.options import Where

SEED = 1
# Takes replicas and layers.
Way = Callable[[int, int], None]


def start_of(d: int) -> Any:
    return make_start("gaussian", d, None, input_generator(np.random.SeedSequence(SEED)))


def scipy_loop(d: int) -> Way:
    """scipy.stats.ortho_group, one replica and layer at a time."""
    factor = start_of(d).factor
    generator = np.random.default_rng(SEED)

    def run(replicas: int, layers: int) -> None:
        for _ in range(replicas):
            X = factor
            for _ in range(layers):
                H = stats.ortho_group.rvs(d, random_state=generator) @ X
                norm = np.linalg.norm(H, axis=1, keepdims=True)
                X = H / norm
                _ = -np.linalg.slogdet(X)[1] * 2 / d, -math.log(norm.min())

    return run


def scipy_batched(d: int) -> Way:
    """scipy.stats.ortho_group with all replicas of a layer in one call, ``rvs(size=replicas)``."""
    factor = start_of(d).factor
    generator = np.random.default_rng(SEED)

    def run(replicas: int, layers: int) -> None:
        X = np.broadcast_to(factor, (replicas, d, d))
        for _ in range(layers):
            H = stats.ortho_group.rvs(d, size=replicas, random_state=generator).reshape(replicas, d, d) @ X
            norm = np.linalg.norm(H, axis=2, keepdims=True)
            X = H / norm
            _ = -np.linalg.slogdet(X)[1] * 2 / d, -np.log(norm.min(axis=1))

    return run


def numpy_batched(d: int) -> Way:
    """NumPy's QR of a stack of Gaussian matrices, the signs of R put right."""
    factor = start_of(d).factor
    generator = np.random.default_rng(SEED)

    def run(replicas: int, layers: int) -> None:
        X = np.broadcast_to(factor, (replicas, d, d))
        for _ in range(layers):
            Q, R = np.linalg.qr(generator.standard_normal((replicas, d, d)))
            H = (Q * np.sign(np.diagonal(R, axis1=1, axis2=2))[:, None, :]) @ X
            norm = np.linalg.norm(H, axis=2, keepdims=True)
            X = H / norm
            _ = -np.linalg.slogdet(X)[1] * 2 / d, -np.log(norm.min(axis=1))

    return run


def torch_batched(d: int) -> Way:
    """The same in PyTorch, float64."""
    import torch

    torch.set_num_threads(1)
    factor = torch.from_numpy(start_of(d).factor)
    generator = torch.Generator().manual_seed(SEED)

    def run(replicas: int, layers: int) -> None:
        X = factor.expand(replicas, d, d)
        for _ in range(layers):
            Q, R = torch.linalg.qr(torch.randn(replicas, d, d, dtype=torch.float64, generator=generator))
            H = (Q * torch.sign(torch.diagonal(R, dim1=1, dim2=2))[:, None, :]) @ X
            norm = torch.linalg.norm(H, dim=2, keepdim=True)
            X = H / norm
            _ = -torch.linalg.slogdet(X)[1] * 2 / d, -torch.log(norm.amin(dim=1))

    return run


def engine(d: int, threads: int = 1) -> Way:
    """This engine, statistics of every layer included."""
    start = start_of(d)

    def run(replicas: int, layers: int) -> None:
        montecarlo.run(Job(start, layers, replicas, np.random.SeedSequence(SEED)), threads=threads)

    return run


def default(d: int, threads: int = 1) -> Way:
    """What a user gets from `simulate`: the engine, its checks against the exact laws, quantiles, bounds and rates."""

    def run(replicas: int, layers: int) -> None:
        simulate(d, layers, replicas=replicas, rng=SEED, where=Where(threads=threads))

    return run


def ways(d: int) -> dict[str, Callable[[int], Way]]:
    """All that can run here; at large widths the replicas are few enough to be one batch."""
    batched = {"scipy rvs(size=R)": scipy_batched, "numpy QR": numpy_batched}
    try:
        import torch  # noqa: F401

        batched["torch QR"] = torch_batched
    except ImportError:
        pass
    small = d <= 32  # at large widths the replicas are few enough to be one batch
    in_batches = {f"{name} by 64": way for name, way in batched.items() if small and way is not scipy_batched}
    return {"engine": engine, "scipy loop": scipy_loop, **batched, **in_batches}
