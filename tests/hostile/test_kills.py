"""Runs killed at random moments: started again they end with the bits of a run that was left alone, and nothing lies about.

One figure, killed once; ``--deep`` for the other kinds (`tests/engine/test_checkpoint.py` kills the command), with
``ISOGAP_TRIES=100`` for the long run.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from isogap.base.archives import read_archive
from isogap.base.files import sweep
from tests.hostile.damage import generator, tries

ROOT = Path(__file__).parents[2]
CHAIN = """
import sys
from isogap import Checkpoint, Where, simulate
run = simulate(8, 1000, replicas=6000, rng=4, where=Where(threads=2, checkpoint=Checkpoint(sys.argv[1], 0.0)))
print(run.phi.mean.tobytes().hex()[:64], run.log_phi.q95.tobytes().hex()[:64], run.energy_residual)
"""
FIGURE = """
import sys
from pathlib import Path
import numpy as np
from isogap.figures import Settings
from isogap import Variant
from isogap.figures.measured import variant_gradients
settings = Settings(work=Path(sys.argv[1]), threads=1)
for key in range(6):
    found = variant_gradients(settings, Variant(6, 100 + key), 12, (key,))
print(np.asarray(found).tobytes().hex()[:64])
"""
TRAINING = """
import sys
from isogap import Training, Variant, load_dataset, train
job = Training(Variant(8, 6, batch=40, root_n=True), epochs=6, rate=0.05)
history = train(job, load_dataset("digits"), rng=3, checkpoint=sys.argv[1])
print(history.loss, history.weight_gap[-1][:2])
"""


def start(code, target):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", code, str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def finished(code, target):
    process = start(code, target)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def begun(name, target):
    """Whether the job has left something to go on from."""
    if name == "figure":
        return len(list(target.glob("*.npz"))) > 1
    return target.exists()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("figure", FIGURE),
        pytest.param("chain", CHAIN, marks=pytest.mark.slow),
        pytest.param("training", TRAINING, marks=pytest.mark.slow),
    ],
)
def test_killed_runs_go_on_to_the_same_bits(name, code, tmp_path):
    """Each time a job is killed somewhat after it has saved something; what it saved is there, and it is gone on from."""
    if name == "training":
        pytest.importorskip("torch")
        pytest.importorskip("sklearn")
    whole = finished(code, tmp_path / "whole")
    rng, target, killed = generator(f"kills of {name}"), tmp_path / "again", 0
    for _ in range(tries(1)):
        process = start(code, target)
        limit = time.monotonic() + 240
        while not begun(name, target) and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.005)
        time.sleep(float(rng.uniform(0.0, 0.3)))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate()
        assert begun(name, target)
    if name == "chain" and killed:
        head = json.loads(str(read_archive(target, names=("head",))["head"]))
        assert head["done"] > 0
    assert killed > 0 or name != "chain"  # the others may have ended before they were killed on a slow machine
    assert finished(code, target) == whole
    for path in (target if target.is_dir() else tmp_path).rglob(".isogap-*"):
        assert time.time() - path.stat().st_mtime < 60  # too young to be swept by the last write
        sweep(path.parent)
