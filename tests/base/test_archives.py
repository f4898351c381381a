"""Archives of arrays: what is damaged, foreign or larger than it may be is refused in words, whatever was done to the file."""

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from isogap.base.archives import ArchiveError, check_npy, read_archive

ROOT = Path(__file__).parents[2]


def saved(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


def npy(array):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=True)
    return stream.getvalue()


def claim(shape, dtype="<f8"):
    """The header of an array that is not there."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"shape": shape, "fortran_order": False, "descr": dtype})
    return stream.getvalue()


def test_numbers_and_text_come_back(tmp_path):
    path = saved(tmp_path / "a.npz", x=np.arange(6.0).reshape(2, 3), text=np.array("φ"), n=np.array([1, 2], np.uint32))
    found = read_archive(path, {"x": ((2, 3), "f")})
    assert found["x"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert (str(found["text"]), found["n"].tolist()) == ("φ", [1, 2])
    assert list(read_archive(path, names=("n",))) == ["n"]


def test_objects_are_not_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("code of the file ran",))

    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy(np.array([Trap()], dtype=object)))
    with pytest.raises(ArchiveError, match="neither numbers nor text"):
        read_archive(path)
    plain = tmp_path / "a.npy"
    plain.write_bytes(npy(np.array([Trap()], dtype=object)))
    with pytest.raises(ArchiveError, match="Python objects"):
        check_npy(plain)


BOMB = """
import resource, sys
from isogap.base.archives import ArchiveError, read_archive
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_archive(sys.argv[1])
except ArchiveError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("arrays", [1, 6])
def test_a_bomb_is_refused_before_it_is_read(tmp_path, arrays):
    """384 MiB of zeros in less than a MiB, in one array and in six that would each be small enough."""
    path, size = tmp_path / "bomb.npz", 384 // arrays
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(arrays):
            with archive.open(f"x{k}.npy", "w") as stream:
                stream.write(claim((size * 2**17,)))
                for _ in range(size):
                    stream.write(bytes(2**20))
    run = subprocess.run([sys.executable, "-c", BOMB, str(path)], capture_output=True, text=True, check=True, cwd=ROOT)
    said, grown = run.stdout.strip().split("\n")
    assert re.match(r"x\d claims \d+ MiB out of \d+ KiB", said)
    assert int(grown) < 100  # MiB


def test_a_content_longer_than_its_header_says_is_refused(tmp_path):
    path = tmp_path / "long.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", claim((2,)) + bytes(2**22))
    with pytest.raises(ArchiveError, match="longer than its header"):
        read_archive(path)


@pytest.mark.parametrize(
    ("expected", "message"),
    [({"x": ((3, 2), "f")}, "x has shape \\(2, 3\\)"), ({"x": ((2, 3), "i")}, "and type float64")],
)
def test_another_shape_or_kind_is_refused(tmp_path, expected, message):
    path = saved(tmp_path / "a.npz", x=np.zeros((2, 3)))
    with pytest.raises(ArchiveError, match=message):
        read_archive(path, expected)


def test_every_damage_is_an_archive_error(tmp_path):
    """Bytes flipped, cut and inserted at random: read as before, or refused with an `ArchiveError`, never anything else."""
    rng = np.random.default_rng(5)
    whole = saved(tmp_path / "a.npz", x=np.arange(50.0), head=np.array(json.dumps({"a": 1}))).read_bytes()
    path, refused = tmp_path / "b.npz", 0
    for _ in range(1500):
        content = bytearray(whole)
        kind = rng.integers(3)
        at = int(rng.integers(len(content)))
        if kind == 0:
            for place in rng.integers(len(content), size=rng.integers(1, 6)):
                content[place] = int(rng.integers(256))
        elif kind == 1:
            del content[at:]
        else:
            content[at:at] = rng.bytes(int(rng.integers(1, 40)))
        path.write_bytes(bytes(content))
        try:
            read_archive(path)
        except ArchiveError:
            refused += 1
    assert refused > 1000


def test_npy_that_claims_more_than_it_holds_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(claim((10**12,)) + bytes(64))
    with pytest.raises(ArchiveError, match="it claims 8000000000000 bytes of numbers and holds 64"):
        check_npy(path)
    path.write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(ArchiveError, match="magic"):
        check_npy(path)
