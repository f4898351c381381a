"""Compare `isogap.sample` with SciPy and batched NumPy, side by side in one process.

    python benchmarks/samplers.py [--json FILE] [--quick]

One BLAS thread and one thread of ours. Each time is the least of several repetitions, taken in turns, so that a busy machine
slows all of them; the ratio is the better of SciPy and NumPy over ours.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from scipy.stats import ortho_group, unitary_group

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import isogap
from isogap.base.threads import one_blas_thread

WIDTHS = (2, 3, 4, 8, 16, 24, 32, 48, 64, 96, 128, 256, 512)


def numpy_batch(d: int, count: int, rng: np.random.Generator, is_complex: bool) -> Any:
    """Return Haar matrices by a batched QR decomposition with the phases of the diagonal of R put right."""
    Z = rng.standard_normal((count, d, d))
    if is_complex:
        Z = Z + 1j * rng.standard_normal((count, d, d))
    Q, R = np.linalg.qr(Z)
    head = np.diagonal(R, axis1=1, axis2=2)
    return Q * (head / np.abs(head))[:, None, :]


def least(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the least time of each call, all of them in turns."""
    best = dict.fromkeys(calls, float("inf"))
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            begin = time.perf_counter()
            call()
            best[name] = min(best[name], time.perf_counter() - begin)
    return best


def rows(widths: tuple[int, ...], rounds: int) -> list[dict[str, Any]]:
    """Return one row for each group, width and number of samples."""
    generator = np.random.default_rng(1)
    found = []
    for group, scipy_group in (("O", ortho_group), ("U", unitary_group)):
        is_complex = group == "U"
        for d in widths:
            count = max(8, min(20_000, int(2e6 / d**2.5)))
            out = np.empty((count, d, d), dtype=complex if is_complex else float)
            calls = {
                "isogap": lambda g=group, d=d, n=count, o=out: isogap.sample(g, d, size=n, rng=1, out=o, threads=1),
                "scipy": lambda s=scipy_group, d=d, n=count: s.rvs(d, size=n, random_state=generator),
                "numpy": lambda d=d, n=count, c=is_complex: numpy_batch(d, n, generator, c),
            }
            single = {
                "isogap": lambda g=group, d=d: isogap.sample(g, d, rng=generator),
                "scipy": lambda s=scipy_group, d=d: s.rvs(d, random_state=generator),
            }
            batch, one = least(calls, rounds), least(single, 20 * rounds if d < 100 else rounds)
            found.append(
                {
                    "group": group,
                    "d": d,
                    "count": count,
                    "us_per_sample": 1e6 * batch["isogap"] / count,
                    "batch_ratio": min(batch["scipy"], batch["numpy"]) / batch["isogap"],
                    "single_us": 1e6 * one["isogap"],
                    "single_ratio": one["scipy"] / one["isogap"],
                }
            )
            print(
                f"{group}({d:<3}) {count:>6} samples  {found[-1]['us_per_sample']:9.2f} us each, "
                f"{found[-1]['batch_ratio']:5.1f} x;   single {found[-1]['single_us']:9.1f} us, "
                f"{found[-1]['single_ratio']:5.1f} x",
                flush=True,
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true", help="fewer widths and repetitions")
    options = parser.parse_args()
    with one_blas_thread():
        found = rows(WIDTHS[::3] if options.quick else WIDTHS, 2 if options.quick else 5)
    if options.json:
        record = {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "rows": found,
        }
        options.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
