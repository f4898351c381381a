"""The comparison of ``engine.py`` once with all that this processor has, once with everybody held to AVX2.

    python benchmarks/older_processor.py [--quick] [--json FILE]

Each is a process of its own, in which ways take turns as ever and ratios are to the engine of that process. For AVX2 every
library is told by the switch that it documents: numba by the processor's name, OpenBLAS, MKL, oneDNN, torch and NumPy's
loops by theirs. This says how far the ratios hang on the width of a vector, and nothing of an older processor's clock, caches
and memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_HELD = {
    "NUMBA_CPU_NAME": "haswell",
    "NUMBA_CPU_FEATURES": "+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+popcnt,+sse4.1,+sse4.2",
    "ISOGAP_SHIPPED": "0",
    "OPENBLAS_CORETYPE": "Haswell",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR",
}
# What would hold a library back unasked.
_FREE = (*_HELD, "OPENBLAS_L2_SIZE")


def environment(held: bool) -> dict[str, str]:
    """The environment of a run, with every switch set for AVX2, or with none of them."""
    kept = {name: value for name, value in os.environ.items() if name not in _FREE}
    return {**kept, **_HELD} if held else kept


def compared(held: bool, quick: bool) -> dict[str, Any]:
    """Run the comparison, and return what it writes."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "found.json"
        command = [sys.executable, str(HERE / "engine.py"), "--compare", "--json", str(target)]
        env = {**environment(held), "NUMBA_CACHE_DIR": str(Path(folder) / "numba")}
        subprocess.run([*command, *(["--quick"] if quick else [])], check=True, env=env)
        return dict(json.loads(target.read_text(encoding="utf-8")))


def line(row: dict[str, Any]) -> str:
    """A width: the engine's time, and how many times it the others take."""
    others = (f"{way} {ratio:.1f}" for way, ratio in row["ratio"].items() if way != "engine")
    return f"  d = {row['width']}: engine {row['microseconds']['engine']:.3g} µs; times that: {', '.join(others)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="a fifth of the work")
    options = parser.parse_args()
    found = {name: compared(held, options.quick) for name, held in (("all it has", False), ("AVX2", True))}
    for name, data in found.items():
        print(f"{name}: {data['machine']}", *map(line, data["compared"]), sep="\n")
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
