"""Files are complete or absent; what a killed process has left is swept, what a living one writes is not."""

import os
import subprocess
import sys
import time

import pytest

from isogap.base.files import sweep, write_atomically

CODE = """
import sys, time
from isogap.base.files import atomic_path
with atomic_path(sys.argv[1]) as path:
    path.write_bytes(b"half")
    print("ready", flush=True)
    time.sleep(60)
"""


def writer(target):
    process = subprocess.Popen([sys.executable, "-c", CODE, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def killed(process):
    process.kill()
    process.communicate()


def aged(folder):
    """Make temporary files look older than those that are perhaps just being made."""
    for path in folder.glob(".isogap-*"):
        os.utime(path, (time.time() - 60, time.time() - 60))


def left(folder):
    return [p.name for p in folder.iterdir() if p.name.startswith(".isogap-")]


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path):
    target = tmp_path / "run.ckpt"
    for _ in range(3):
        killed(writer(target))
    aged(tmp_path)
    assert len(left(tmp_path)) == 3
    write_atomically(target, lambda stream: stream.write(b"whole"))
    assert (target.read_bytes(), left(tmp_path)) == (b"whole", [])


def test_what_a_living_process_writes_is_left_alone(tmp_path):
    process = writer(tmp_path / "run.ckpt")
    aged(tmp_path)
    try:
        sweep(tmp_path)
        assert len(left(tmp_path)) == 1
    finally:
        killed(process)
    sweep(tmp_path, "another.ckpt")
    assert len(left(tmp_path)) == 1
    sweep(tmp_path, "run.ckpt")
    assert left(tmp_path) == []


def test_a_file_that_was_private_stays_private(tmp_path):
    target = tmp_path / "a.json"
    target.write_text("old")
    target.chmod(0o600)
    write_atomically(target, lambda stream: stream.write(b"new"))
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new", 0o600)


def test_an_error_leaves_nothing(tmp_path):
    def broken(stream):
        stream.write(b"half")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        write_atomically(tmp_path / "a.json", broken)
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_followed_and_a_pipe_is_written_to(tmp_path):
    target, link = tmp_path / "a.json", tmp_path / "link.json"
    target.write_text("old")
    link.symlink_to(target)
    write_atomically(link, lambda stream: stream.write(b"new"))
    assert (link.is_symlink(), target.read_text()) == (True, "new")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    time.sleep(0.05)
    write_atomically(pipe, lambda stream: stream.write(b"through"))
    assert reader.communicate(timeout=20)[0] == b"through"
    assert pipe.is_fifo()
