"""Archives of arrays (``.npz``) that are read back: nothing in them is executed, and no more memory is taken than they may claim.

The headers are looked at before any content: a few kilobytes can say that they hold gigabytes, and zeros shrink a thousandfold.
"""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Collection, Mapping
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

# An archive may claim this much, and this many times its own size, all its arrays together.
FREE_BYTES, LARGEST_RATIO = 64 * 2**20, 50
# Arrays whose shapes are known beforehand may be all the same number, which shrinks without limit: so much more for them.
EXPECTED_BYTES = 2**30
_HEADER_BYTES = 64 * 2**10
_KINDS = "biufU"


class ArchiveError(ValueError):
    """A file that is no archive of arrays, or not the one that was expected; the message says why."""


class Header(NamedTuple):
    """What an archive claims of one of its arrays."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def bytes(self) -> int:
        """Bytes of the array once it is read."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_archive(
    path: str | os.PathLike[str],
    expected: Mapping[str, tuple[tuple[int, ...], str]] | None = None,
    names: Collection[str] | None = None,
) -> dict[str, npt.NDArray[Any]]:
    """Read all arrays of an ``.npz`` file.

    Parameters
    ----------
    path : path-like
    expected : mapping, optional
        Shape and kind (a letter of ``dtype.kind``) of arrays that are known beforehand: they must have them. All arrays
        together may claim 64 MiB and 50 times the size of the file, and 1 GiB more if there are some of these.
    names : collection of str, optional
        Read these alone.

    Raises
    ------
    ArchiveError
        Anything else than an archive of numbers and strings; an array of another shape or kind than expected.
    OSError
        The file cannot be read at all.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".npz") as file:
    ...     np.savez(file, x=np.arange(3))
    ...     read_archive(file.name)["x"].tolist()
    [0, 1, 2]
    """
    known = expected or {}
    with open(path, "rb") as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                entries = [entry for entry in archive.infolist() if names is None or _name(entry) in names]
                free = LARGEST_RATIO * os.path.getsize(path) + FREE_BYTES
                free += EXPECTED_BYTES if any(_name(entry) in known for entry in entries) else 0
                claimed = 0
                for entry in entries:
                    claimed += _checked(archive, entry, known.get(_name(entry)))
                    if claimed > free:
                        raise ArchiveError(
                            f"{_name(entry)} claims {claimed / 2**20:.0f} MiB out of {os.path.getsize(path) / 2**10:.0f} KiB"
                        )
                return {_name(entry): _array(archive, entry) for entry in entries}
        except ArchiveError:
            raise
        except MemoryError:
            raise ArchiveError("it does not fit in memory") from None
        except Exception as error:  # zipfile, zlib and numpy raise nearly anything on damaged content
            reason = str(error).splitlines()[0] if str(error) else ""
            raise ArchiveError(f"{type(error).__name__}{': ' * bool(reason)}{reason}") from None


def _name(entry: zipfile.ZipInfo) -> str:
    return entry.filename.removesuffix(".npy")


def _checked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, expected: tuple[tuple[int, ...], str] | None) -> int:
    """Look at the header of an array; return how many bytes it claims."""
    if not entry.filename.endswith(".npy"):
        raise ArchiveError(f"it holds {entry.filename!r:.60}, which is no array")
    with archive.open(entry) as stream:
        header = _header(stream)
    name = _name(entry)
    if header.dtype.kind not in _KINDS or header.dtype.hasobject:
        raise ArchiveError(f"{name} has type {header.dtype}, which is neither numbers nor text")
    if expected is not None and (header.shape != expected[0] or header.dtype.kind != expected[1]):
        raise ArchiveError(f"{name} has shape {header.shape} and type {header.dtype}, expected {expected[0]}")
    if entry.file_size > header.bytes + _HEADER_BYTES:
        raise ArchiveError(f"{name} is longer than its header says")
    return header.bytes


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> npt.NDArray[Any]:
    with archive.open(entry) as stream:
        array: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _header(stream: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise ArchiveError(f"format {version} of arrays is not known")
    shape, _, dtype = read(stream)
    if any(n < 0 for n in shape):
        raise ArchiveError(f"an array of shape {shape}")
    return Header(tuple(int(n) for n in shape), dtype)


def check_npy(path: str | os.PathLike[str]) -> None:
    """Refuse an ``.npy`` file whose header claims more than the file holds.

    Raises
    ------
    ArchiveError
        No ``.npy`` file, one that would need unpickling, or one that is too short.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as stream:
        try:
            header = _header(stream)
            head = stream.tell()
        except ArchiveError:
            raise
        except Exception as error:  # numpy's parser of headers raises nearly anything
            raise ArchiveError(str(error).splitlines()[0] if str(error) else type(error).__name__) from None
    if header.dtype.hasobject:
        raise ArchiveError("it holds Python objects, which are not read: save numbers")
    if header.bytes > size - head:
        raise ArchiveError(f"it claims {header.bytes} bytes of numbers and holds {size - head}")
