"""Image data sets from a folder that the user names, and `digits`, which is always there.

Nothing is downloaded unless `download` is called. Every file is checked for its magic number, its size and the range of its
labels before it is used; MNIST and Fashion-MNIST, whose files have the same names, are told apart by checksums.
Debian's package ``dataset-fashion-mnist`` puts the files into ``/usr/share/datasets/fashion-mnist``.
"""

from __future__ import annotations

from pathlib import Path

from isogap.base.log import logger
from isogap.base.names import did_you_mean
from isogap.batch.datasets._common import Dataset, DatasetError, MissingDataError
from isogap.batch.datasets.cifar import load_cifar10, load_cifar100
from isogap.batch.datasets.digits import load_digits
from isogap.batch.datasets.download import download
from isogap.batch.datasets.idx import load_fashion_mnist, load_idx, load_mnist, read_idx

_log = logger(__name__)

__all__ = [
    "Dataset",
    "DatasetError",
    "MissingDataError",
    "DATASETS",
    "DEBIAN",
    "download",
    "load_dataset",
    "load_mnist",
    "load_fashion_mnist",
    "load_cifar10",
    "load_cifar100",
    "load_digits",
    "load_idx",
    "read_idx",
]

_FROM_FOLDER = {
    "mnist": load_mnist,
    "fashion-mnist": load_fashion_mnist,
    "cifar10": load_cifar10,
    "cifar100": load_cifar100,
}
DATASETS = ("digits", *_FROM_FOLDER)
# Where Debian's dataset-fashion-mnist lies, in a subfolder fashion-mnist.
DEBIAN = Path("/usr/share/datasets")


def load_dataset(name: str, folder: str | Path | None = None) -> Dataset:
    """Load a data set by name.

    Parameters
    ----------
    name : {"digits", "mnist", "fashion-mnist", "cifar10", "cifar100", "idx"}
        ``"idx"``: whatever four IDX files hold, under the name that is theirs (`load_idx`).
    folder : path, optional
        Where the files are, or a folder with a subfolder of the data set's name; not needed for digits, nor for Fashion-MNIST
        where Debian's package is installed.

    Raises
    ------
    DatasetError
        An unknown name, a missing folder or file, a file that is damaged, files of another data set; the message says which.

    Examples
    --------
    >>> load_dataset("mnist", "/nowhere")
    Traceback (most recent call last):
        ...
    isogap.batch.datasets._common.DatasetError: data folder /nowhere does not exist
    """
    if name == "digits":
        return load_digits()
    if name not in (*_FROM_FOLDER, "idx"):
        raise DatasetError(
            f"data set must be one of {', '.join(DATASETS)}, idx, got {name!r}{did_you_mean(name, DATASETS)}"
        )
    if folder is None and name == "fashion-mnist" and (DEBIAN / name).is_dir():
        folder = DEBIAN
    if folder is None:
        raise MissingDataError(f"data set {name} needs the folder of its files")
    found = load_idx(folder) if name == "idx" else _FROM_FOLDER[name](folder)
    _log.info("%s from %s: %d images of %d pixels", found.title, folder, len(found.train_images), found.features)
    return found
