"""What the loaders share."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.base.arrays import FloatArray

Labels = npt.NDArray[np.int64]


class DatasetError(ValueError):
    """A data set that cannot be used; the message is one line for a person."""


class MissingDataError(DatasetError):
    """The files are not there, which is no damage: another data set may be."""


# No file of the data sets known here is half as large, decompressed.
LARGEST_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Dataset:
    """Images and labels.

    Attributes
    ----------
    name : str
    train_images, test_images : ndarray, shape (N, p)
        One image a row, pixels in [0, 1].
    train_labels, test_labels : ndarray of int, shape (N,)
        In ``0..classes-1``.
    classes : int
    """

    name: str
    train_images: FloatArray
    train_labels: Labels
    test_images: FloatArray
    test_labels: Labels
    classes: int

    @property
    def title(self) -> str:
        """The name as it is written in a sentence."""
        own = {"digits": "Digits", "mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
        return own.get(self.name) or self.name.replace("cifar", "CIFAR-")

    @property
    def features(self) -> int:
        """Pixels ``p`` per image (times colours)."""
        return int(self.train_images.shape[1])


def data_folder(folder: str | Path, *names: str) -> Path:
    """Return ``folder``, or the subfolder with one of ``names`` if there is one."""
    path = Path(folder)
    if not path.exists():
        raise DatasetError(f"data folder {path} does not exist")
    if not path.is_dir():
        raise DatasetError(f"data folder {path} is a file; name the folder that holds it")
    for name in names:
        if (path / name).is_dir():
            return path / name
    return path


def find_file(folder: Path, names: list[str]) -> Path:
    """Return the first of ``names`` in ``folder``."""
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise MissingDataError(f"no file {' or '.join(names)} in {folder}")


def read_bytes(path: Path) -> bytes:
    """Read a file, decompressed if its name ends in .gz."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise DatasetError(
                f"{path} holds more than {LARGEST_BYTES >> 20} MiB: it is none of the data sets known here"
            )
        return content
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path} cannot be read: {error}") from None


def checked_labels(path: Path, labels: Any, classes: int, count: int) -> Labels:
    """Refuse labels out of range or of another number than the images."""
    numbers = np.asarray(labels, dtype=np.int64)
    if numbers.shape != (count,):
        raise DatasetError(f"{path} holds {numbers.size} labels for {count} images")
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
        bad = int(numbers.min()) if numbers.min() < 0 else int(numbers.max())
        raise DatasetError(f"{path} holds label {bad}; labels must lie in 0..{classes - 1}")
    return numbers


def scaled(pixels: npt.NDArray[np.uint8]) -> FloatArray:
    """Bytes to [0, 1], one image a row."""
    return np.asarray(pixels.reshape(pixels.shape[0], -1) / 255.0, dtype=np.float64)
