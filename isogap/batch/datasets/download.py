"""Download the files of a data set, each checked against its published MD5 sum; with pooch, on request alone."""

from __future__ import annotations

from pathlib import Path

from isogap.batch.datasets._common import DatasetError

_IDX = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
_CIFAR = "https://www.cs.toronto.edu/~kriz/"
# Where the files lie and their MD5 sums, as their authors and torchvision give them.
_MNIST = (
    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "d53e105ee54ea40749a09fcbcd1e9432",
    "9fb629c4189551a2d022fa330f9573f3",
    "ec29112dd5afa0611ce80d1b7f02629c",
)
_FASHION = (
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79",
    "bb300cfdad3c16e7a12a480ee83cd310",
)
SOURCES: dict[str, tuple[str, dict[str, str]]] = {
    "mnist": ("https://ossci-datasets.s3.amazonaws.com/mnist/", dict(zip(_IDX, _MNIST, strict=True))),
    "fashion-mnist": (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        dict(zip(_IDX, _FASHION, strict=True)),
    ),
    "cifar10": (_CIFAR, {"cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"}),
    "cifar100": (_CIFAR, {"cifar-100-python.tar.gz": "eb9058c3a382ffc7106e4002c42a8d85"}),
}


def download(name: str, folder: str | Path) -> Path:
    """Download a data set into ``folder/NAME`` and return that folder; files that are there already are checked and kept.

    Parameters
    ----------
    name : {"mnist", "fashion-mnist", "cifar10", "cifar100"}
    folder : path
        Made if it does not exist; hand it to `load_dataset` afterwards.

    Raises
    ------
    DatasetError
        An unknown name, no pooch (extra ``download``), no connection, a file whose MD5 sum is another.
    """
    if name not in SOURCES:
        raise DatasetError(f"data set must be one of {', '.join(SOURCES)} to be downloaded, got {name!r}")
    try:
        import pooch
    except ImportError:
        raise DatasetError('downloading needs pooch: pip install "isogap[download]"') from None
    base, sums = SOURCES[name]
    where = Path(folder) / name
    for file, md5 in sums.items():
        unpack = pooch.Untar(extract_dir=".") if file.endswith(".tar.gz") else None
        try:
            pooch.retrieve(base + file, known_hash=f"md5:{md5}", fname=file, path=where, processor=unpack)
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            raise DatasetError(f"{base}{file} cannot be downloaded: {' '.join(str(error).split())[:300]}") from None
    return where
