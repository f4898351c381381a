"""Gradient mode against torch autograd: time per layer and replica in float64 on one thread, and memory at depth 1e5.

Run ``python benchmarks/gradients.py``. Both sides draw Haar weights, run forward and backward and take the log norm of the
gradient of every weight. torch does it with a batched QR for the weights (signs corrected) and autograd, at the batch size
that is best for it; a second column takes ``torch.nn.init.orthogonal_`` matrix by matrix. Times are CPU times, the best
of some repetitions, so that a shared machine disturbs them less.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from isogap.batch.start import make_start
from isogap.engine.gradients.passes import run_gradients
from isogap.model.losses import make_loss


def cpu_time(work: Callable[[], object], repetitions: int) -> float:
    """Return the least CPU time in seconds."""
    work()
    best = float("inf")
    for _ in range(repetitions):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def ours(d: int, depth: int, replicas: int, spacing: int | None = None) -> Callable[[], Any]:
    rng = np.random.default_rng(0)
    start = make_start("gaussian", d, None, rng)
    loss = make_loss("cross-entropy", d, d, generator=rng)
    root = np.random.SeedSequence(1)
    return lambda: run_gradients(start, depth, replicas, root, loss, spacing=spacing, threads=1)


def autograd(torch: Any, d: int, depth: int, batch: int, one_by_one: bool) -> Callable[[], Any]:
    X0 = torch.nn.functional.normalize(torch.randn(d, d, dtype=torch.float64), dim=1)
    labels = torch.randint(d, (d,)).repeat(batch)

    def weights() -> Any:
        if one_by_one:
            W = torch.empty(batch, d, d, dtype=torch.float64)
            for r in range(batch):
                torch.nn.init.orthogonal_(W[r])
        else:
            Q, R = torch.linalg.qr(torch.randn(batch, d, d, dtype=torch.float64))
            W = Q * torch.sign(torch.diagonal(R, dim1=-2, dim2=-1))[:, None, :]
        return W.requires_grad_()

    def run() -> Any:
        Ws = [weights() for _ in range(depth + 1)]
        X = X0.expand(batch, d, d)
        for W in Ws[:-1]:
            X = torch.nn.functional.normalize(W @ X, dim=-1)
        logits = (Ws[-1] @ X).transpose(1, 2).reshape(-1, d)
        (torch.nn.functional.cross_entropy(logits, labels, reduction="sum") / d).backward()
        return torch.stack([W.grad.norm(dim=(1, 2)).log() for W in Ws])

    return run


def speed(widths: list[int], repetitions: int) -> None:
    try:
        import torch

        torch.set_num_threads(1)
    except ImportError:
        torch = None
        print("torch is not installed: no comparison")
    print("microseconds per layer and replica, all layers recorded, one thread, float64")
    print(
        f"{'d':>5} {'one tape':>10} {'checkpoints':>12} {'torch QR':>10} {'orthogonal_':>12} {'ratios to one tape':>20}"
    )
    for d in widths:
        depth = 300 if d <= 32 else 100
        replicas = 256 if d <= 32 else 32
        mine = cpu_time(ours(d, depth, replicas, depth), repetitions) / depth / replicas * 1e6
        spaced = cpu_time(ours(d, depth, replicas, 16), repetitions) / depth / replicas * 1e6
        row = f"{d:>5} {mine:>10.2f} {spaced:>12.2f}"
        if torch is not None:
            batches = (8, 32, 128) if d <= 32 else (8, 32)
            torch_depth = 100 if d <= 32 else 30
            qr = min(
                cpu_time(autograd(torch, d, torch_depth, b, False), repetitions) / torch_depth / b * 1e6
                for b in batches
            )
            loop = cpu_time(autograd(torch, d, torch_depth, 32, True), repetitions) / torch_depth / 32 * 1e6
            row += f" {qr:>10.1f} {loop:>12.1f} {f'{qr / mine:.1f}, {loop / mine:.1f}':>20}"
        print(row, flush=True)


def memory(d: int, depth: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    paths = ours(d, depth, 8)()
    seconds = time.process_time() - begin
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"d = {d}, depth {depth}, 8 replicas: {seconds:.2f} s, tape and checkpoints "
        f"{paths.bytes_per_replica / 2**20:.1f} MiB a replica, peak of the process +{(after - before) / 1024:.0f} MiB for all "
        f"(compiled code included), conservation law to {paths.conservation.max():.1e}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--widths", type=int, nargs="+", default=[8, 16, 32, 64, 100])
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    # First, while the process is small: its peak memory only ever grows.
    memory(32, 10**5)
    speed(options.widths, options.repetitions)
    return 0


if __name__ == "__main__":
    sys.exit(main())
