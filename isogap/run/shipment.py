"""The kernels of the main job and some others, compiled when the package is built: ``python -m isogap.run.shipment FOLDER``.

Which kernels these are, and for which kinds of arguments, nobody writes down: small runs are recorded. They are run again with
the code that was made, for every family that this processor can run, and must give the same bits.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from isogap.engine.chain.buffers import LARGE_WIDTH
from isogap.engine.kernels import shipped
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.sources import source_hash
from isogap.run.chain import simulate

# The main job: both forms of the state, several blocks, another number of replicas than lanes, enough of them for quantiles to
# be selected.
JOBS: tuple[dict[str, Any], ...] = (
    {"width": 8, "depth": 60, "replicas": 100},
    {"width": 5, "depth": 3, "replicas": 77},
)
# Gradients, and the chain at the least width that has columns as lanes, in both forms.
FURTHER: tuple[dict[str, Any], ...] = (
    {"width": 7, "depth": 20, "replicas": 9, "gradients": "cross-entropy"},
    {"width": LARGE_WIDTH, "depth": 2, "replicas": 2},
    {"width": LARGE_WIDTH, "depth": 1, "replicas": 1, "input": "near-isometry:0.001"},
)


def results(jobs: tuple[dict[str, Any], ...] = JOBS) -> list[dict[str, Any]]:
    """Run these jobs; what they found, without times and machine."""
    lanes_available.cache_clear()  # asked anew, of the code in use
    found = []
    for job in jobs:
        data = simulate(**job, rng=1).to_dict()
        del data["timing"], data["provenance"]
        found.append(data)
    return found


def build(folder: Path) -> list[str]:
    """Write the code of all kernels that these jobs call into ``folder``; return the families that were tried here.

    Raises
    ------
    RuntimeError
        Nothing can be shipped for this platform, or shipped code does not give the bits of compiled code.
    """
    from isogap.engine.kernels import shipping

    if shipped.this_platform() not in shipped.FAMILIES:
        raise RuntimeError(f"code is not shipped for {shipped.this_platform()}")
    with shipped.switched("0"):
        with shipping.recorded() as calls:
            expected = results(JOBS)
        with shipping.recorded() as all_further:
            further_expected = results(FURTHER)
    known = {(call.kernel.name, call.key) for call in calls}
    further = [call for call in all_further if (call.kernel.name, call.key) not in known]
    left_out = shipping.write(calls, further, folder)
    for name, why in left_out.items():
        print(f"not shipped: {name}: {why}")
    tried = []
    for family in _runnable():
        spared = family in shipped.SPARED
        with shipped.switched(family, folder):
            if results(JOBS) != expected or not (spared or results(FURTHER) == further_expected):
                raise RuntimeError(f"shipped code for {family} gives other numbers than compiled code")
            there = (c for c in calls + ([] if spared else further) if f"{c.kernel.name}({c.key})" not in left_out)
            missing = [call.kernel.name for call in there if not shipped.lookup(call.kernel.name, call.key)]
            if missing:
                raise RuntimeError(f"shipped code for {family} lacks {', '.join(missing)}")
        tried.append(family)
    return tried


def _runnable() -> list[str]:
    with shipped.switched(None):
        return shipped.families()


def is_current(folder: Path) -> bool:
    """Whether the code in ``folder`` is of these sources and complete, made by the numba that is installed now."""
    import llvmlite
    import numba

    try:
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        objects = [
            (folder / family / f"{symbol}.o", digest)
            for family, all_ in index["families"].items()
            for symbol, digest in all_.items()
        ]
        intact = all(sha256(path.read_bytes()).hexdigest() == digest for path, digest in objects)
        made_by = {"numba": numba.__version__, "llvmlite": llvmlite.__version__}
        return (
            intact
            and index["sources"] == source_hash()
            and index["made by"] == made_by
            and index["format"] == shipped.FORMAT
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def main(folder: Path) -> None:
    """Make what is not there yet."""
    if is_current(folder):
        print("the kernels in", folder, "are those of these sources")
    else:
        print("kernels compiled; the same bits as compiled anew:", *build(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
