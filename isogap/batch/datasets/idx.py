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
    checked_labels,
    data_folder,
    find_file,
    read_bytes,
    scaled,
)

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
    path = Path(path)
    raw = read_bytes(path)
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
    """Load MNIST from ``train-images-idx3-ubyte[.gz]`` and its three companions, in ``folder`` or ``folder/mnist``."""
    return _load("mnist", data_folder(folder, "mnist", "MNIST"))


def load_fashion_mnist(folder: str | Path) -> Dataset:
    """Load Fashion-MNIST (files named as MNIST's), in ``folder`` or ``folder/fashion-mnist``."""
    return _load("fashion-mnist", data_folder(folder, "fashion-mnist", "FashionMNIST", "fashion_mnist"))


def _load(name: str, folder: Path) -> Dataset:
    parts: dict[str, Any] = {}
    for part, prefix in (("train", "train"), ("test", "t10k")):
        images_path = find_file(folder, _names(f"{prefix}-images", 3))
        images = read_idx(images_path, 3)
        labels_path = find_file(folder, _names(f"{prefix}-labels", 1))
        if images.shape[0] == 0:
            raise DatasetError(f"{images_path} holds no images")
        parts[f"{part}_images"] = scaled(images)
        parts[f"{part}_labels"] = checked_labels(labels_path, read_idx(labels_path, 1), CLASSES, images.shape[0])
    if parts["train_images"].shape[1] != parts["test_images"].shape[1]:
        raise DatasetError(f"training and test images in {folder} differ in size")
    return Dataset(name=name, classes=CLASSES, **parts)


def _names(stem: str, dimensions: int) -> list[str]:
    plain = [f"{stem}-idx{dimensions}-ubyte", f"{stem}.idx{dimensions}-ubyte"]
    return [name + end for name in plain for end in ("", ".gz")]
