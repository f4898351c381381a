"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009): the python and the binary version."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.batch.datasets._common import (
    Dataset,
    DatasetError,
    Labels,
    MissingDataError,
    checked_labels,
    data_folder,
    read_bytes,
    scaled,
)

PIXELS = 3 * 32 * 32
Part = tuple[npt.NDArray[np.uint8], Labels]


def load_cifar10(folder: str | Path) -> Dataset:
    """Load CIFAR-10 from ``data_batch_1..5`` and ``test_batch`` (python) or the same with ``.bin`` (binary).

    The files lie in ``folder`` or in its ``cifar-10-batches-py``, ``cifar-10-batches-bin`` or ``cifar10``.
    """
    inside = ("cifar-10-batches-py", "cifar-10-batches-bin")
    where = data_folder(data_folder(folder, "cifar10"), *inside)
    train = [f"data_batch_{i}" for i in range(1, 6)]
    return _load("cifar10", where, train, ["test_batch"], 10, (b"labels",))


def load_cifar100(folder: str | Path) -> Dataset:
    """Load CIFAR-100 with its fine labels from ``train`` and ``test`` (python) or the same with ``.bin`` (binary).

    The files lie in ``folder`` or in its ``cifar-100-python``, ``cifar-100-binary`` or ``cifar100``.
    """
    where = data_folder(data_folder(folder, "cifar100"), "cifar-100-python", "cifar-100-binary")
    return _load("cifar100", where, ["train"], ["test"], 100, (b"coarse_labels", b"fine_labels"))


def _load(name: str, folder: Path, train: list[str], test: list[str], classes: int, keys: tuple[bytes, ...]) -> Dataset:
    if (folder / train[0]).is_file():
        parts = {stem: _read_python(folder / stem, classes, keys) for stem in (*train, *test)}
    elif (folder / f"{train[0]}.bin").is_file():
        parts = {stem: _read_binary(folder / f"{stem}.bin", classes, len(keys)) for stem in (*train, *test)}
    else:
        raise MissingDataError(f"no file {train[0]} or {train[0]}.bin in {folder}")
    images, labels = zip(*(parts[stem] for stem in train), strict=True)
    test_images, test_labels = parts[test[0]]
    return Dataset(
        name, scaled(np.concatenate(images)), np.concatenate(labels), scaled(test_images), test_labels, classes
    )


def _read_binary(path: Path, classes: int, label_bytes: int) -> Part:
    """Rows of ``label_bytes`` labels (the last one is used) and 3072 pixels."""
    if not path.is_file():
        raise DatasetError(f"no file {path.name} in {path.parent}")
    raw = np.frombuffer(read_bytes(path), np.uint8)
    row = label_bytes + PIXELS
    if raw.size == 0 or raw.size % row:
        raise DatasetError(f"{path} is damaged: {raw.size} bytes are not a whole number of rows of {row}")
    table = raw.reshape(-1, row)
    return table[:, label_bytes:], checked_labels(path, table[:, label_bytes - 1], classes, table.shape[0])


def _read_python(path: Path, classes: int, keys: tuple[bytes, ...]) -> Part:
    """A pickled dictionary with ``b"data"`` and the labels under the last of ``keys``."""
    if not path.is_file():
        raise DatasetError(f"no file {path.name} in {path.parent}")
    try:
        batch = _ArraysOnly(io.BytesIO(read_bytes(path)), encoding="bytes").load()
    except DatasetError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise DatasetError(f"{path} is not a CIFAR batch: {error or type(error).__name__}") from None
    if not isinstance(batch, dict) or b"data" not in batch or keys[-1] not in batch:
        raise DatasetError(f"{path} is not a CIFAR batch: it has no entries data and {keys[-1].decode()}")
    data = np.asarray(batch[b"data"])
    if data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != PIXELS or data.shape[0] == 0:
        raise DatasetError(
            f"{path} holds data of shape {data.shape} and type {data.dtype}, expected (N, {PIXELS}) bytes"
        )
    return data, checked_labels(path, batch[keys[-1]], classes, data.shape[0])


class _ArraysOnly(pickle.Unpickler):
    """Unpickles arrays, numbers and strings, and refuses to call anything else: a data file must not run code."""

    def find_class(self, module: str, name: str) -> Any:
        empty = np.empty(0, np.uint8)
        allowed = {
            "_reconstruct": empty.__reduce__()[0],
            "ndarray": np.ndarray,
            "dtype": np.dtype,
        }
        if module.split(".")[0] == "numpy" and name in allowed:
            return allowed[name]
        if (module, name) == ("_codecs", "encode"):
            import codecs

            return codecs.encode
        raise DatasetError(f"it refers to {module}.{name}, which no CIFAR file does")
