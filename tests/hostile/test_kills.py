"""Runs killed at random moments: started again they end with the bits of a run that was left alone, and nothing lies about.

``ISOGAP_TRIES=100`` asks for the long run.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.hostile.damage import generator, tries

ROOT = Path(__file__).parents[2]
CHAIN = """
import sys
from isogap import Checkpoint, Where, simulate
run = simulate(6, 300, replicas=3000, rng=4, where=Where(threads=2, checkpoint=Checkpoint(sys.argv[1], 0.0)))
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


@pytest.mark.slow
@pytest.mark.parametrize(("name", "code"), [("chain", CHAIN), ("figure", FIGURE), ("training", TRAINING)])
def test_killed_runs_go_on_to_the_same_bits(name, code, tmp_path):
    if name == "training":
        pytest.importorskip("torch")
        pytest.importorskip("sklearn")
    begin = time.monotonic()
    whole = finished(code, tmp_path / "whole")
    length = time.monotonic() - begin
    rng, target, killed = generator(f"kills of {name}"), tmp_path / "again", 0
    for _ in range(tries(2)):
        process = start(code, target)
        try:
            process.wait(timeout=float(rng.uniform(0.2, 0.8)) * length)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate()
    assert killed > 0
    assert finished(code, target) == whole
    left = [p for p in (target if target.is_dir() else tmp_path).rglob(".isogap-*")]
    assert left == []


def test_a_job_that_was_never_started_leaves_nothing(tmp_path):
    process = start(CHAIN, tmp_path / "never")
    process.kill()
    process.communicate()
    assert list(tmp_path.iterdir()) == []
