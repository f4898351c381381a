"""Wide networks against a straightforward torch module: one forward and backward pass of a fresh network, side by side.

    python benchmarks/mean_field.py

Both draw the weights of a network of ``L`` layers ``relu(BN(W x))``, run a batch through it, and return the norm of the gradient
of every weight. torch holds ``L`` matrices of ``N²`` numbers; the engine draws what they do to ``B`` columns. One thread each,
float64, the two in turn, least CPU time of several.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np

from isogap.engine.wide.dense import Dense, Gaussian
from isogap.engine.wide.layers import BatchNorm, Chain, Nonlinearity
from isogap.engine.wide.network import run_wide
from isogap.model.activations import activation


def engine(width: int, batch: int, depth: int, seed: int) -> np.ndarray:
    """Log norms of the gradients of the weights, by the engine."""
    layer = Chain((Dense(Gaussian()), BatchNorm(), Nonlinearity(activation("relu"))))
    start = np.random.default_rng(0).standard_normal((width, batch))
    run = run_wide([layer] * depth, start, cotangent="centred", rng=seed)
    return run.backward["weight_gradient"][0] / 2


def torch_module(width: int, batch: int, depth: int, seed: int) -> np.ndarray:
    """The same by torch: a module of linear layers and normalisations, and automatic differentiation."""
    import torch

    torch.manual_seed(seed)
    layers: list[torch.nn.Module] = []
    for _ in range(depth):
        dense = torch.nn.utils.skip_init(torch.nn.Linear, width, width, bias=False, dtype=torch.float64)
        torch.nn.init.normal_(dense.weight, std=1 / math.sqrt(width))
        norm = torch.nn.BatchNorm1d(width, eps=1e-30, affine=False, track_running_stats=False, dtype=torch.float64)
        layers += [dense, norm, torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers)
    x = torch.from_numpy(np.random.default_rng(0).standard_normal((batch, width)))
    g = torch.from_numpy(np.random.default_rng(seed).standard_normal((batch, width)))
    network(x).backward(g - g.mean(dim=0))
    return np.log([float(p.grad.norm()) for p in network.parameters()])


def best_of(function, repeats: int, *sizes: int) -> tuple[float, np.ndarray]:
    """Shortest time, and what came out of it."""
    seconds, found = math.inf, np.empty(0)
    for seed in range(repeats):
        begin = time.process_time()
        found = function(*sizes, seed)
        seconds = min(seconds, time.process_time() - begin)
    return seconds, found


def main() -> None:
    """Print the times and their ratio."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--depth", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    sizes = options.width, options.batch, options.depth
    engine(*sizes[:2], 2, 0), torch_module(*sizes[:2], 2, 0)  # compile and load
    fast, slow = math.inf, math.inf
    for _ in range(options.repeats):
        seconds, norms = best_of(engine, 2, *sizes)
        fast = min(fast, seconds)
        seconds, theirs = best_of(torch_module, 1, *sizes)
        slow = min(slow, seconds)
    print(f"width {sizes[0]}, batch {sizes[1]}, depth {sizes[2]}, relu, float64, one thread")
    print(f"engine {fast:.3f} s ({1e3 * fast / sizes[2]:.2f} ms a layer), torch {slow:.3f} s: {slow / fast:.1f} times")
    growth = [2 * (values[5] - values[-5]) / (len(values) - 10) for values in (norms, theirs)]
    print(f"growth of the squared gradient a layer: engine {math.exp(growth[0]):.4f}, torch {math.exp(growth[1]):.4f}")


if __name__ == "__main__":
    main()
