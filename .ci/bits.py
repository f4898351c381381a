"""Every number of some runs as one hash a run, to compare versions of numba, and lanes with plain floats."""

import hashlib
import json

import isogap

DEPTH, REPLICAS = {2: 100, 8: 100, 32: 60, 200: 12}, {2: 40, 8: 40, 32: 20, 200: 3}


def bits(run):
    """Hash of all results of a run, without its times and the machine it ran on."""
    numbers = run.to_dict()
    del numbers["timing"], numbers["provenance"]
    return hashlib.sha256(json.dumps(numbers).encode()).hexdigest()


for width, depth in DEPTH.items():
    spread = "spectrum:" + ",".join(str(1 + 0.9 * (-1) ** k) for k in range(width))
    for weights in ("orthogonal", "gaussian"):
        for start in ("gaussian", "near-isometry:0.005", spread):
            options = {"replicas": REPLICAS[width], "input": start, "weights": weights, "rng": 7}
            if width < 200:
                options["gradients"] = "cross-entropy"
            print(width, weights, start.partition(":")[0], bits(isogap.simulate(width, depth, **options)), flush=True)
    if width < 32:
        run = isogap.simulate(width, depth, replicas=8, rng=7, precision="double-double")
        print(width, "double-double", bits(run), flush=True)
