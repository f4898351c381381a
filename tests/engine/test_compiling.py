"""Compiled code is read back and run: only from folders that nobody else may enter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from isogap.engine.kernels import compiling, sources

SHOW = "from isogap.engine.kernels import compiling; print(compiling.cache_folder())"


def test_the_folder_is_named_by_the_sources(monkeypatch, tmp_path):
    before = compiling.source_hash()
    (tmp_path / "a.py").write_text("x = 1")
    monkeypatch.setattr(sources, "HERE", tmp_path)
    compiling.source_hash.cache_clear()
    first = compiling.source_hash()
    (tmp_path / "b.py").write_text("y = 2")
    compiling.source_hash.cache_clear()
    assert len({before, first, compiling.source_hash()}) == 3
    monkeypatch.undo()
    compiling.source_hash.cache_clear()
    assert compiling.source_hash() == before


@pytest.mark.parametrize("mode", [0o777, 0o755, 0o770, 0o1777])
def test_a_folder_that_others_may_enter_is_not_used(tmp_path, mode):
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(mode)
    assert not compiling.private(folder)


def test_a_link_to_a_folder_is_not_used(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert not compiling.private(tmp_path / "link")
    assert compiling.private(tmp_path / "real")
    assert compiling.private(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder").stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="another user can be played by root alone")
def test_what_another_user_has_planted_is_not_used(tmp_path):
    """Neither package folder nor home can be written: the planted folder is passed by for a fresh private one."""
    name = "isogap-" + compiling.source_hash()
    planted = tmp_path / name
    planted.mkdir(mode=0o700)
    os.chown(planted, 65534, 65534)
    assert not compiling.private(planted)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run([sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=True)
    folder = Path(run.stdout.strip())
    assert folder != planted
    assert not folder.exists()  # the private one went with its process


def test_earlier_sources_leave_nothing(monkeypatch, tmp_path):
    old = tmp_path / "isogap-0123"
    old.mkdir()
    (old / "x.nbi").write_bytes(b"")
    (tmp_path / "other").mkdir()
    compiling._sweep(tmp_path, "isogap-now")
    assert [p.name for p in tmp_path.iterdir()] == ["other"]
