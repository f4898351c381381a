"""Singular-value logarithms of long products: this package against the QR loop that one writes in NumPy, side by side.

    python benchmarks/products.py --size 100 --factors 1000 --replicas 100

Both on one process and in turn; the loop runs a part of the replicas (``--loop``) and is scaled up. It gives the accumulated
logarithms of the diagonals only; this package gives the singular values as well.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from isogap.base.threads import default_threads, one_blas_thread
from isogap.engine.products import sample_products
from isogap.theory.products import lyapunov_exponents, lyapunov_variances


def qr_loop(N: int, M: int, replicas: int, rng: np.random.Generator) -> np.ndarray:
    """Normals, a product, a factorisation, logarithms: once a factor."""
    totals = np.zeros((replicas, N))
    for total in totals:
        Q = np.eye(N)
        for _ in range(M):
            Q, R = np.linalg.qr(rng.standard_normal((N, N)) / np.sqrt(N) @ Q)
            total += np.log(np.abs(np.diag(R)))
    return totals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--factors", type=int, default=1000)
    parser.add_argument("--replicas", type=int, default=100)
    parser.add_argument("--loop", type=int, default=4, help="replicas of the loop")
    o = parser.parse_args()
    sample_products(o.size, 2, replicas=1, rng=0)  # compile
    with one_blas_thread():
        begin = time.perf_counter()
        plain = qr_loop(o.size, o.factors, o.loop, np.random.default_rng(0))
        loop = (time.perf_counter() - begin) * o.replicas / o.loop
    print(f"size {o.size}, {o.factors} factors, {o.replicas} replicas")
    print(f"{'NumPy QR loop, one thread':34} {loop:8.2f} s (from {o.loop} replicas)")
    for threads in sorted({1, default_threads()}):
        begin = time.perf_counter()
        run = sample_products(o.size, o.factors, replicas=o.replicas, rng=1, threads=threads)
        seconds = time.perf_counter() - begin
        print(f"{f'isogap, {threads} thread' + 's' * (threads > 1):34} {seconds:8.2f} s   {loop / seconds:5.1f} times")
    theory, error = lyapunov_exponents(o.size), np.sqrt(lyapunov_variances(o.size) / o.factors)
    for name, logs in (("loop", plain), ("isogap", run.log_diagonals)):
        z = (logs.mean(axis=0) / o.factors - theory) / (error / np.sqrt(len(logs)))
        print(f"largest deviation of an exponent, {name}: {np.abs(z).max():.2f} standard errors")


if __name__ == "__main__":
    main()
