"""Compare the ensembles of `weingarten` with haarpy and PyRTNI2: the same values, and times side by side in one process.

    python benchmarks/ensembles_peers.py [--rtni FOLDER] [--json FILE] [--quick]

Needs haarpy (`pip install haarpy`); FOLDER is a checkout of PyRTNI2, which reads its tables from there. Both packages are
called by their documented functions, on the same indices and sizes, with everything that the question needs inside the time:
ours builds its matrices and its sympy answer, PyRTNI2 its matrices, edges and weight. Two states are timed:

* cold: before every call the caches of sympy, of this package and of haarpy are emptied (PyRTNI2 keeps its tables: it reads
  them from files on first use, and that first use is not timed);
* warm: every query was answered once. haarpy keeps whole answers, which no question is asked twice for: the caches of its
  integrals and functions are emptied before each call and those of its tables (partitions, Gram matrices) kept. This
  package keeps tables alone, and they stay.

The calls of both alternate, the least time of several is taken, and the collector of garbage is off meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sympy as sp
from sympy.core.cache import clear_cache

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import weingarten as wg
from weingarten import expectation, tr

d, k, n, m = sp.symbols("d k n m")


@dataclass
class Query:
    """One question to both: a name, two functions without arguments that return the same value."""

    name: str
    peer: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]


def haarpy_queries() -> Iterator[Query]:
    """Yield the questions of haarpy's test suites on permutations and quantum groups, with a symbolic size and at 11."""
    import haarpy as ap

    folder = Path(__file__).resolve().parent.parent / "tests" / "weingarten" / "peers"
    permutation, quantum = (
        json.loads((folder / f"haarpy_{name}.json").read_text()) for name in ("permutation", "quantum")
    )
    for size in (d, 11):
        for case in permutation["centred_functions"]:
            pi, rho = (tuple(tuple(block) for block in case[name]) for name in ("pi", "rho"))
            yield Query(
                f"centred function {pi} {rho}, {size}",
                "haarpy",
                lambda p=pi, r=rho, s=size: wg.partition_weingarten_function(p, r, s, "centred permutation"),
                lambda p=pi, r=rho, s=size: ap.weingarten_centered_permutation(p, r, s),
            )
        integrals = {
            "permutation": (permutation["permutation_integrals"], ap.haar_integral_permutation),
            "centred permutation": (permutation["centred_integrals"], ap.haar_integral_centered_permutation),
        }
        for group, (cases, function) in integrals.items():
            for case in cases:
                rows, cols = tuple(case["rows"]), tuple(case["cols"])
                yield Query(
                    f"{group} {rows} {cols}, {size}",
                    "haarpy",
                    lambda r=rows, c=cols, s=size, g=group: wg.moment(rows=r, cols=c, d=s, group=g),
                    lambda r=rows, c=cols, s=size, f=function: f(r, c, s),
                )
        functions = {"O+": ap.haar_integral_free_orthogonal, "S+": ap.haar_integral_free_symmetric}
        for case in quantum["integrals"]:
            rows, cols = tuple(case["rows"]), tuple(case["cols"])
            yield Query(
                f"{case['group']} {rows} {cols}, {size}",
                "haarpy",
                lambda r=rows, c=cols, s=size, g=case["group"]: wg.moment(rows=r, cols=c, d=s, group=g),
                lambda r=rows, c=cols, s=size, f=functions[case["group"]]: f((r, c), s),
            )


def rtni_queries(folder: Path) -> Iterator[Query]:
    """Yield tensor networks of PyRTNI2's notebooks."""
    sys.path.insert(0, str(folder))
    os.chdir(folder)
    import rtni2 as rtni

    def wishart(degree: int, law: str, turned: bool) -> Callable[[], Any]:
        def call() -> Any:
            dims = [[k, n], [m]] if turned else [[k], [m]]
            with contextlib.redirect_stdout(io.StringIO()):
                first = rtni.matrix(name="g", dims=dims)
                chain = [first] + [first.clone() for _ in range(2 * degree - 1)]
                for x in chain[1::2]:
                    x.adjoint()
                for x, y in zip(chain, [*chain[1:], chain[0]], strict=True):
                    x.inn(0) * y.out(0)
                if turned:
                    for j in range(degree):
                        chain[2 * j].out(1) * chain[(2 * j + 3) % (2 * degree)].inn(1)
                networks = rtni.tensornetworks(chain)
                networks.integrate("g", f"{law}_gaussian")
                return sum(networks[i].weight() for i in range(len(networks)))

        return call

    def ours(degree: int, law: str, turned: bool) -> Callable[[], Any]:
        def call() -> Any:
            if not turned:
                return expectation(tr(wg.wishart("W", k, m, field=law) ** degree))
            G = wg.ginibre_on("G", (k, n), (m,), field=law)
            return expectation(tr(wg.partial_transpose(G * (G.H if law == "complex" else G.T), 2) ** degree))

        return call

    for turned in (False, True):
        for degree in (1, 2, 3, 4):
            for law in ("real", "complex"):
                name = f"{law} Wishart{' partially transposed' if turned else ''}, degree {degree}"
                yield Query(name, "PyRTNI2", ours(degree, law, turned), wishart(degree, law, turned))


ANSWERS = ("haar_integral", "weingarten_", "_haar_integral")  # the functions of haarpy that keep whole answers


def empty_all_caches() -> None:
    """Empty the caches of sympy, of this package and of haarpy."""
    clear_cache()
    wg.clear_caches()
    forget_haarpy(())


def forget_answers() -> None:
    """Empty the caches of haarpy that hold answers; those of tables stay."""
    forget_haarpy(ANSWERS)


def forget_haarpy(names: tuple[str, ...]) -> None:
    """Empty the caches of haarpy's functions whose names begin so (all, if none are given)."""
    for home, module in list(sys.modules.items()):
        if home.split(".")[0] == "haarpy":
            for name, value in vars(module).items():
                if hasattr(value, "cache_clear") and (not names or name.startswith(names)):
                    value.cache_clear()


def least(query: Query, prepare: Callable[[], None], repetitions: int) -> tuple[float, float]:
    """Return the least times of both, the calls alternating, `prepare` being called before each."""
    best = [float("inf"), float("inf")]
    gc.collect()
    gc.disable()
    for _ in range(repetitions):
        for which, call in enumerate((query.ours, query.theirs)):
            prepare()
            begin = time.perf_counter()
            call()
            best[which] = min(best[which], time.perf_counter() - begin)
        if max(best) > 0.3:
            break
    gc.enable()
    return best[0], best[1]


def report(rows: list[dict[str, Any]], state: str) -> None:
    """Print the summary of one state of the caches."""
    ratios = [row[f"theirs {state}"] / row[f"ours {state}"] for row in rows]
    slowest = min(rows, key=lambda row: row[f"theirs {state}"] / row[f"ours {state}"])
    print(
        f"{state}: {len(rows)} queries, median {statistics.median(ratios):.1f} times as fast, least {min(ratios):.2f} "
        f"({slowest['peer']}: {slowest['query']}), slower: {sum(ratio < 1 for ratio in ratios)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rtni", type=Path, help="folder of a checkout of PyRTNI2")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    options = parser.parse_args()
    queries = list(haarpy_queries())
    if options.rtni:
        queries += list(rtni_queries(options.rtni.resolve()))
    rows: list[dict[str, Any]] = []
    for query in queries:
        same = sp.cancel(sp.sympify(str(query.ours())) - sp.sympify(str(query.theirs()))) == 0
        rows.append({"query": query.name, "peer": query.peer, "same": same})
    for state, prepare in (("cold", empty_all_caches), ("warm", forget_answers)):
        for query, row in zip(queries, rows, strict=True):
            ours, theirs = least(query, prepare, 5 if options.quick else 20)
            row |= {f"ours {state}": ours, f"theirs {state}": theirs}
    for row in rows:
        times = "  ".join(
            f"{row[f'theirs {s}'] / row[f'ours {s}']:8.1f} x {1e3 * row[f'ours {s}']:8.3f} ms {s}"
            for s in ("cold", "warm")
        )
        print(f"{row['peer']:8} {row['query']:55} {times}  same: {row['same']}")
    print(f"all the same: {all(row['same'] for row in rows)}")
    report(rows, "cold")
    report(rows, "warm")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
