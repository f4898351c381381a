"""Every number of some runs as one hash a run, to compare versions of numba, and lanes with plain floats."""

import hashlib
import json
import os
import sys

import isogap
from isogap.engine.kernels.lanes import probe

if os.environ.get("ISOGAP_LANES") != "1" and probe.lanes_available() != 8:
    sys.exit("this numba has no lanes to compare with plain floats: the probe fell back to the plain form")

# width: depth, replicas; a panel of the gradients' kernels takes four rows, and 5, 7, 8 leave one, three, none for the last
RUNS = {2: (100, 40), 5: (60, 20), 7: (60, 20), 8: (60, 20), 32: (60, 20), 200: (12, 3)}


def show(width, *what, **options):
    """Print what was run, and the hash of all its results without its times and the machine it ran on."""
    depth, replicas = RUNS[width]
    numbers = isogap.simulate(width, depth, replicas=replicas, rng=7, **options).to_dict()
    del numbers["timing"], numbers["provenance"], numbers["second_moment"]
    # curves of theorems come from no kernel, the check of second moments from the numbers below; without them the hash is that of
    # runs before the others were there
    numbers["bounds"] = {name: numbers["bounds"][name] for name in ("theorem_1", "sharp")}
    if numbers["gradient"] is not None:
        del numbers["gradient"]["mean_conservation"], numbers["gradient"]["median_conservation"]
    print(width, *what, hashlib.sha256(json.dumps(numbers).encode()).hexdigest(), flush=True)


for width in RUNS:
    spread = "spectrum:" + ",".join(str(1 + 0.9 * (-1) ** k) for k in range(width))
    for weights in ("orthogonal", "gaussian"):
        for start in ("gaussian", "near-isometry:0.005", spread):
            show(width, weights, start.partition(":")[0], weights=weights, input=start)
        if width < 200:
            show(width, weights, "gradients", weights=weights, gradients="cross-entropy")
    if not width & (width - 1):
        for weights in ("hadamard", "dct"):
            show(width, weights, weights=weights)
    if width < 32:
        show(width, "double-double", precision="double-double")
