"""Compare `weingarten` with haarpy: the same values on a common grid, and times side by side in one process.

    python benchmarks/weingarten_haarpy.py [--json FILE] [--timeout SECONDS] [--quick]

Needs haarpy (`pip install haarpy`, or the extra "bench"). Before every timed call all caches of both packages and of
sympy are emptied; a call that takes less than a second is repeated and the least of five times is taken. A haarpy call
that runs past the timeout is stopped and reported as such.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import sympy as sp
from sympy.combinatorics import Permutation
from sympy.core.cache import clear_cache

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import weingarten as wg
from weingarten.combinatorics.partitions import all_partitions

d = sp.Symbol("d", integer=True, positive=True)


class OutOfTimeError(Exception):
    """A call ran past the timeout."""


@contextlib.contextmanager
def stopped_after(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise OutOfTimeError

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def empty_all_caches() -> None:
    clear_cache()
    wg.clear_caches()
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "haarpy":
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def timed(call: Callable[[], Any], timeout: int) -> float | None:
    """Return the least of five times (one if it is long), or None past the timeout."""
    best = float("inf")
    for _ in range(5):
        empty_all_caches()
        try:
            with stopped_after(timeout):
                start = time.perf_counter()
                call()
                best = min(best, time.perf_counter() - start)
        except OutOfTimeError:
            return None
        if best > 1:
            break
    return best


@dataclass
class Case:
    title: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any] | None


def power_matrix(*rows: list[int]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in rows)


def cases(haarpy: Any, quick: bool) -> list[Case]:
    def table(group: str, n: int, size: Any) -> Case:
        function = {"O": haarpy.weingarten_orthogonal, "U": haarpy.weingarten_unitary}[group]
        return Case(
            f"{group}: whole table n = {n}, d = {size}",
            lambda: wg.weingarten_table(n, size, group),
            lambda: {mu: function(mu, size) for mu in all_partitions(n)},
        )

    six = [[2 * (i == j) for j in range(6)] for i in range(6)]
    four = [[2 * (i == j) for j in range(4)] for i in range(4)]

    def moment(title: str, matrix: list[list[int]], size: Any, algorithm: str) -> Case:
        return Case(
            f"O: {title}, d = {size} (haarpy: {algorithm})",
            lambda: wg.moment(matrix, size),
            lambda: haarpy.haar_integral_orthogonal(power_matrix(*matrix), size, algorithm, "matrix"),
        )

    def words(title: str, rule: Callable[[Any, Any, Any], Any]) -> Case:
        W, A, B = wg.orthogonal("W", d), wg.constant("A", d), wg.constant("B", d)
        return Case(title, lambda: wg.expectation(rule(W, A, B)), None)

    tr = wg.tr
    result = [table("O", n, d) for n in ((3, 4) if quick else (3, 4, 5, 6, 10, 15, 20))]
    result += [table("U", n, d) for n in ((4,) if quick else (4, 6, 8, 10))]
    result += [table("O", 5, 12), table("U", 6, 12)]
    for algorithm in ("collins", "gorin"):
        result += [moment("four diagonal squares", four, d, algorithm)]
        result += [moment("2x2 of squares", [[2, 2], [2, 2]], d, algorithm)]
        if not quick:
            result += [moment("six diagonal squares", six, d, algorithm)]
            result += [moment("2x2 pattern of total degree 16", [[4, 4], [4, 4]], d, algorithm)]
            result += [moment("3x3 of squares", [[2] * 3] * 3, 7, algorithm)]
    result += [
        words("O: (tr(W A W' B))^2, symbolic", lambda W, A, B: tr(W * A * W.T * B) ** 2),
        words("O: (tr(W A W' B))^4, 8 factors W, symbolic", lambda W, A, B: tr(W * A * W.T * B) ** 4),
        words("O: tr(W A W' B W A W' B)^2, 8 factors W", lambda W, A, B: tr((W * A * W.T * B) ** 2) ** 2),
        Case("O: 12 power traces of total degree 18, d = 7",
             lambda: wg.power_trace_moment([1] * 8 + [2, 2, 3, 3], 7), None),
        Case("O: James' formula, p_(4,4), symbolic",
             lambda: wg.james_formula((4, 4), wg.constant("A", d), wg.constant("B", d), d), None),
    ]  # fmt: skip
    return result


def common_grid(haarpy: Any) -> int:
    """Compare values exactly; return how many agreed, raise on the first that does not."""
    count = 0

    def same(ours: Any, theirs: Any, what: str) -> None:
        nonlocal count
        if sp.cancel(sp.together(ours - sp.sympify(theirs))) != 0:
            raise SystemExit(f"different values for {what}: {ours} and {theirs}")
        count += 1

    for group, function in (("O", haarpy.weingarten_orthogonal), ("U", haarpy.weingarten_unitary)):
        for n in (1, 2, 3, 4):
            for mu in all_partitions(n):
                for size in (d, 4, 7, 10):
                    same(wg.weingarten_function(mu, size, group), function(mu, size), f"{group} {mu} {size}")
    sigmas = [Permutation(list(s)) for s in permutations(range(4))]
    for sigma in sigmas:
        for M in (3, 5):
            same(wg.weingarten_function(sigma, 2 * M, "Sp"), haarpy.weingarten_symplectic(sigma, M), f"Sp {sigma}")
            same(
                wg.weingarten_function(sigma, 2 * M, "CSE"),
                haarpy.weingarten_circular_symplectic(sigma, M),
                f"CSE {sigma}",
            )
        same(wg.weingarten_function(sigma, d, "COE"), haarpy.weingarten_circular_orthogonal(sigma, d), f"COE {sigma}")
    for matrix in ([[2, 2], [2, 0]], [[2, 0], [0, 4]], [[1, 1], [1, 1]], [[2, 0, 0], [0, 2, 0], [0, 0, 2]]):
        for size in (d, 5):
            theirs = haarpy.haar_integral_orthogonal(power_matrix(*matrix), size, "gorin", "matrix")
            same(wg.moment(matrix, size), theirs, f"O moment {matrix}")
    for rows, cols, rows_bar, cols_bar in (
        ((1, 1), (1, 2), (1, 1), (2, 1)),
        ((1, 2, 1), (1, 1, 2), (2, 1, 1), (1, 2, 1)),
    ):
        theirs = haarpy.haar_integral_unitary((rows, cols), (rows_bar, cols_bar), d)
        ours = wg.moment(rows=rows, cols=cols, conjugate_rows=rows_bar, conjugate_cols=cols_bar, d=d, group="U")
        same(ours, theirs, f"U moment {rows}")
    return count


def show(seconds: float | None, timeout: int) -> str:
    if seconds is None:
        return f"> {timeout} s"
    return f"{1e3 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    parser.add_argument("--timeout", type=int, default=60, metavar="S", help="stop haarpy calls after S seconds")
    parser.add_argument("--quick", action="store_true", help="small cases only")
    options = parser.parse_args()
    try:
        import haarpy
    except ImportError:
        raise SystemExit("haarpy is not installed: pip install haarpy") from None
    agreed = common_grid(haarpy)
    print(f"{agreed} values agree exactly\n")
    print(f"{'':56} {'weingarten':>12} {'haarpy':>12} {'factor':>10}")
    records = []
    for case in cases(haarpy, options.quick):
        ours = timed(case.ours, 600)
        theirs = timed(case.theirs, options.timeout) if case.theirs else None
        right = show(theirs, options.timeout) if case.theirs else "not offered"
        bound = theirs if theirs is not None else options.timeout
        factor = f"{'' if theirs is not None else '> '}{bound / ours:.3g}" if case.theirs and ours else ""
        print(f"{case.title:56} {show(ours, 600):>12} {right:>12} {factor:>10}", flush=True)
        records.append({"case": case.title, "weingarten_s": ours, "haarpy_s": theirs, "offered": bool(case.theirs)})
    if options.json:
        versions = {name: importlib.metadata.version(name) for name in ("haarpy", "sympy", "python-flint")}
        document = {"python": platform.python_version(), "versions": versions, "timeout_s": options.timeout}
        options.json.write_text(json.dumps(document | {"agreed": agreed, "cases": records}, indent=2) + "\n")


if __name__ == "__main__":
    main()
