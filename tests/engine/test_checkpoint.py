"""Checkpoints: killed runs go on with the same bits; what is not ours or broken is refused and left alone."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from isogap import Checks, Where, simulate
from isogap.cli import mc
from isogap.engine.chain import checkpoint, montecarlo
from isogap.engine.chain import quantiles as _quantiles
from isogap.engine.chain.checkpoint import Checkpoint, CheckpointError
from isogap.engine.chain.totals import Totals

ARGUMENTS = dict(width=6, depth=120, replicas=600, rng=4)


def numbers(run):
    data = run.to_dict()
    data.pop("timing")
    data["provenance"].pop("threads")
    return json.dumps(data)


class StopAfter:
    """Progress that interrupts, as Ctrl-C does, once some work is done."""

    def __init__(self, done):
        self.done = done

    def start(self, total):
        pass

    def update(self, done):
        if done >= self.done:
            raise KeyboardInterrupt


def stop_after_blocks(monkeypatch, count):
    """Raise KeyboardInterrupt when block number `count` has been merged."""
    add = montecarlo.Outcome.add

    def stopping(self, summary):
        add(self, summary)
        if self.done == count:
            raise KeyboardInterrupt

    monkeypatch.setattr(montecarlo.Outcome, "add", stopping)


@pytest.mark.parametrize("exact_bytes", [2**30, 0])
@pytest.mark.parametrize("keep_paths", [False, True])
def test_stopped_runs_go_on_with_the_same_bits(tmp_path, monkeypatch, exact_bytes, keep_paths):
    monkeypatch.setattr(_quantiles, "EXACT_BYTES", exact_bytes)
    whole = simulate(**ARGUMENTS, keep_paths=keep_paths, where=Where(threads=2))
    file = tmp_path / "run.ckpt"
    for stop in (1, 4, 9):
        with monkeypatch.context() as patch:
            stop_after_blocks(patch, stop)
            with pytest.raises(KeyboardInterrupt):
                simulate(**ARGUMENTS, keep_paths=keep_paths, where=Where(threads=2, checkpoint=Checkpoint(file, 1e9)))
        assert int(json.loads(str(np.load(file)["head"]))["done"]) == stop
    resumed = simulate(**ARGUMENTS, keep_paths=keep_paths, where=Where(threads=2, checkpoint=file))
    assert numbers(resumed) == numbers(whole)
    if keep_paths:
        for name in ("phi", "log_phi", "log_jacobian", "energy_residual", "residual", "relative_residual"):
            assert np.array_equal(getattr(resumed.paths, name), getattr(whole.paths, name), equal_nan=True)
    assert numbers(simulate(**ARGUMENTS, keep_paths=keep_paths, where=Where(threads=2, checkpoint=file))) == numbers(
        whole
    )
    assert [p.name for p in tmp_path.iterdir()] == ["run.ckpt"]


def test_kill_9_and_the_same_command(tmp_path):
    """A process is killed as soon as it has saved something; the same command ends with the bits of a run left alone."""
    command = [sys.executable, "-m", "isogap.cli.mc", "--width", "24", "--depth", "600", "--replicas", "1500"]
    command += ["--seed", "8", "--threads", "1", "--quiet"]
    saved = tmp_path / "run.ckpt"
    saving = ["--checkpoint", str(saved), "--checkpoint-seconds", "0"]

    def run(*more):
        return [*command, "--json", str(tmp_path / "out.json"), *more]

    killed = 0
    for _ in range(20):
        process = subprocess.Popen(run(*saving))
        before = saved.stat().st_mtime_ns if saved.exists() else 0
        deadline = time.monotonic() + 240
        while process.poll() is None and time.monotonic() < deadline:
            if saved.exists() and saved.stat().st_mtime_ns != before:
                process.send_signal(signal.SIGKILL)
                killed += process.wait() == -signal.SIGKILL
                break
            time.sleep(0.002)
        if process.wait() == 0:  # it was through before it could be killed: from the beginning
            (tmp_path / "out.json").unlink()
            saved.unlink(missing_ok=True)
        assert not (tmp_path / "out.json").exists()
        if killed == 2:
            break
    assert killed == 2
    assert 0 < json.loads(str(np.load(saved)["head"]))["done"] < len(np.arange(0, 1500, 8))
    subprocess.run(run(*saving), check=True)
    resumed = json.loads((tmp_path / "out.json").read_text())
    subprocess.run(run(), check=True)
    whole = json.loads((tmp_path / "out.json").read_text())
    assert resumed.pop("timing") != whole.pop("timing")
    assert resumed == whole


def stopped(file, monkeypatch, **changes):
    with monkeypatch.context() as patch:
        stop_after_blocks(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            simulate(**(ARGUMENTS | changes), where=Where(threads=2, checkpoint=file))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (dict(width=7), "width"),
        (dict(depth=121), "depth"),
        (dict(replicas=601), "replicas"),
        (dict(rng=5), "seed"),
        (dict(weights="gaussian"), "weights"),
        (dict(input="near-isometry:0.1"), "batch"),
        (dict(precision="double-double"), "precision"),
        (dict(checks=Checks(layers=2)), "checked layers"),
        (dict(keep_paths=True), "kept paths"),
    ],
)
def test_another_run_is_refused(tmp_path, monkeypatch, changes, named):
    file = tmp_path / "run.ckpt"
    stopped(file, monkeypatch)
    content = file.read_bytes()
    with pytest.raises(CheckpointError, match=f"belongs to another run.*{named}"):
        simulate(**(ARGUMENTS | changes), where=Where(threads=2, checkpoint=file))
    assert file.read_bytes() == content


@pytest.mark.parametrize("how", ["cut", "flip", "text", "empty", "foreign"])
def test_broken_files_are_refused_and_left_alone(tmp_path, monkeypatch, how, capsys):
    file = tmp_path / "run.ckpt"
    stopped(file, monkeypatch)
    content = file.read_bytes()
    middle = len(content) // 2
    broken = {
        "cut": content[:middle],
        "flip": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "text": b"hello\n",
        "empty": b"",
    }
    if how == "foreign":
        with open(file, "wb") as stream:
            np.savez(stream, head=np.array('{"format": "other"}'), x=np.zeros(3))
    else:
        file.write_bytes(broken[how])
    content = file.read_bytes()
    with pytest.raises(CheckpointError, match="left alone"):
        simulate(**ARGUMENTS, where=Where(threads=2, checkpoint=file))
    assert mc.main(["--width", "6", "--depth", "120", "--seed", "4", "--quiet", "--checkpoint", str(file)]) == 2
    assert "left alone" in capsys.readouterr().err
    assert file.read_bytes() == content


def test_full_disk_is_reported_and_the_last_checkpoint_kept(tmp_path, monkeypatch):
    file = tmp_path / "run.ckpt"
    stopped(file, monkeypatch)
    content = file.read_bytes()

    def full(stream, **_):
        stream.write(b"some of it")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint.np, "savez", full)
        with pytest.raises(CheckpointError, match=r"No space left on device.*last good one was kept"):
            simulate(**ARGUMENTS, where=Where(threads=2, checkpoint=Checkpoint(file, 0)))
    assert file.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["run.ckpt"]
    assert numbers(simulate(**ARGUMENTS, where=Where(threads=2, checkpoint=file))) == numbers(
        simulate(**ARGUMENTS, where=Where(threads=2))
    )


def test_a_limit_on_file_size_is_a_full_disk(tmp_path):
    """A real refusal by the system: files may not grow beyond 20 kB in the child."""
    code = f"""
import resource, sys
from isogap.cli import mc
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
sys.exit(mc.main(["--width", "6", "--depth", "120", "--replicas", "600", "--seed", "4", "--quiet",
                  "--checkpoint", {str(tmp_path / "run.ckpt")!r}]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "could not be written (File too large); none was written before" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_interruption_in_the_middle_of_a_block_keeps_the_last_file(tmp_path, monkeypatch):
    file = tmp_path / "run.ckpt"
    stopped(file, monkeypatch)
    content = file.read_bytes()

    def torn(totals, other):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Totals, "merged", torn)
        with pytest.raises(KeyboardInterrupt):
            simulate(**ARGUMENTS, where=Where(threads=2, checkpoint=file))
    assert file.read_bytes() == content


def test_a_checkpoint_needs_a_seed(tmp_path):
    with pytest.raises(ValueError, match="checkpoint needs a seed"):
        simulate(2, 2, replicas=2, where=Where(threads=2, checkpoint=tmp_path / "run.ckpt"))


def test_interrupted_command_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    stop_after_blocks(monkeypatch, 3)
    file = str(tmp_path / "run.ckpt")
    command = ["--width", "4", "--depth", "50", "--replicas", "400", "--seed", "1", "--quiet", "--checkpoint", file]
    assert mc.main(command) == 130
    assert "go on with the same command" in capsys.readouterr().err
    assert os.path.exists(file)
