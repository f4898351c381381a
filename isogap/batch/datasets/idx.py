"""MNIST and Fashion-MNIST: the IDX format (LeCun, Cortes, Burges), plain or gzipped."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.batch.datasets._common import (
    Dataset,
    DatasetError,
    MissingDataError,
    checked_labels,
    data_folder,
    find_file,
    read_bytes,
    scaled,
)
from isogap.batch.datasets.checksums import PARTS, known_set

CLASSES = 10
_UNSIGNED_BYTE = 0x08


def read_idx(path: str | Path, dimensions: int) -> npt.NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes.

    The file is: two zero bytes, the type code 0x08, the number of dimensions, each dimension as a big-endian 32-bit integer, the
    bytes in C order.

    Parameters
    ----------
    path : path
        Decompressed first if the name ends in .gz.
    dimensions : int
        What is expected: 1 for labels, 3 for images.

    Raises
    ------
    DatasetError
        Another magic number, another type or number of dimensions, a file that is too short or too long.
    """
    return parsed_idx(Path(path), read_bytes(Path(path)), dimensions)


def parsed_idx(path: Path, raw: bytes, dimensions: int) -> npt.NDArray[np.uint8]:
    """Read the bytes of an IDX file; ``path`` is named in errors, see `read_idx`."""
    magic = (_UNSIGNED_BYTE << 8) + dimensions
    if len(raw) < 4:
        raise DatasetError(f"{path} is truncated: {len(raw)} bytes, not even a magic number")
    found = struct.unpack(">I", raw[:4])[0]
    if found != magic:
        raise DatasetError(f"{path} has magic number 0x{found:08x}, expected 0x{magic:08x}")
    head = 4 + 4 * dimensions
    if len(raw) < head:
        raise DatasetError(f"{path} is truncated: {len(raw)} bytes, the header alone has {head}")
    shape = struct.unpack(f">{dimensions}I", raw[4:head])
    need = head + math.prod(shape)
    if len(raw) != need:
        kind = "truncated" if len(raw) < need else "too long"
        raise DatasetError(f"{path} is {kind}: {len(raw)} bytes, {need} expected for {' x '.join(map(str, shape))}")
    return np.frombuffer(raw, np.uint8, offset=head).reshape(shape)


def load_mnist(folder: str | Path) -> Dataset:
    """Load MNIST from ``train-images-idx3-ubyte[.gz]`` and its three companions, in ``folder`` or ``folder/mnist``.

    Raises
    ------
    MissingDataError
        The files are not there, or are not MNIST by their checksums (`isogap.batch.datasets.checksums`).
    """
    return _load("mnist", data_folder(folder, "mnist", "MNIST"))


def load_fashion_mnist(folder: str | Path) -> Dataset:
    """Load Fashion-MNIST (files named as MNIST's), in ``folder`` or ``folder/fashion-mnist``; errors as `load_mnist`."""
    return _load("fashion-mnist", data_folder(folder, "fashion-mnist", "FashionMNIST", "fashion_mnist"))


def load_idx(folder: str | Path) -> Dataset:
    """Load whatever images of ten classes four IDX files in ``folder`` hold, under the name that is theirs.

    The name is ``mnist`` or ``fashion-mnist`` where the checksums say so, else ``idx files of FOLDER``.
    """
    return _load(None, data_folder(folder, "idx"))


def _load(asked: str | None, folder: Path) -> Dataset:
    folder = folder / "raw" if (folder / "raw").is_dir() else folder  # as torchvision stores them
    paths, raw, arrays = {}, {}, {}
    for part in PARTS:
        paths[part] = find_file(folder, _names(part))
        raw[part] = read_bytes(paths[part])
        arrays[part] = parsed_idx(paths[part], raw[part], _dimensions(part))
        if arrays[part].shape[0] == 0:
            raise DatasetError(f"{paths[part]} holds no {part.partition('-')[2]}")
    name = known_set(raw)
    found = _dataset(name or f"idx files of {folder.resolve().name}", paths, arrays)
    if asked not in (None, name):
        held = f"are {found.title}" if name else "are neither MNIST nor Fashion-MNIST, by their checksums"
        remedy = f"ask for {name}" if name else 'take them under their own name: load_dataset("idx", folder)'
        raise MissingDataError(f"the files in {folder} {held}, and {asked} was asked for: {remedy}")
    return found


def _dataset(name: str, paths: dict[str, Path], arrays: dict[str, Any]) -> Dataset:
    parts: dict[str, Any] = {}
    for part, prefix in (("train", "train"), ("test", "t10k")):
        images = arrays[f"{prefix}-images"]
        parts[f"{part}_images"] = scaled(images)
        labels = f"{prefix}-labels"
        parts[f"{part}_labels"] = checked_labels(paths[labels], arrays[labels], CLASSES, images.shape[0])
    if parts["train_images"].shape[1] != parts["test_images"].shape[1]:
        raise DatasetError(f"training and test images in {paths[PARTS[0]].parent} differ in size")
    return Dataset(name=name, classes=CLASSES, **parts)


def _dimensions(part: str) -> int:
    return 3 if part.endswith("images") else 1


def _names(part: str) -> list[str]:
    plain = [f"{part}{mark}idx{_dimensions(part)}-ubyte" for mark in "-."]
    return [name + end for name in plain for end in ("", ".gz")]
