"""A figure whose run is killed, not interrupted: the same call goes on, and nothing half-written is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# The command at a scale of its own: few epochs, small networks.
PROGRAM = """
import sys
from isogap.figures import Settings
small = {30: 12, 32: 16, 5: 4, 3: 2}
Settings.pick = lambda self, quick, paper: (40, 60) if isinstance(quick, tuple) else small.get(quick, quick)
from isogap.cli.figures import main
sys.exit(main(sys.argv[1:]))
"""


def start(folder: Path) -> "subprocess.Popen[bytes]":
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    command = [sys.executable, "-c", PROGRAM, "fig4", "g1", "--out", str(folder), "--quiet"]
    return subprocess.Popen(command, env=environment)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal")
def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(whole).wait() == 0
    running = start(killed)
    limit = time.monotonic() + 300
    # The second network has a checkpoint, so that it is being trained.
    while len(list(killed.glob("work/*.pt"))) < 2 and time.monotonic() < limit and running.poll() is None:
        time.sleep(0.005)
    running.kill()
    assert running.wait() == -signal.SIGKILL
    assert not list(killed.glob("*.*"))
    assert start(killed).wait() == 0
    names = ["README.md", "fig4.csv", "fig4.png", "fig4.svg", "g1.csv", "g1.png", "g1.svg"]
    assert sorted(path.name for path in killed.iterdir() if path.is_file()) == names
    for name in names:
        if name != "README.md":  # it says how long the run took
            assert (killed / name).read_bytes() == (whole / name).read_bytes()
