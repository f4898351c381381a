"""The loaders on small files written here in exactly the formats of the data sets."""

import gzip
import hashlib
import pickle
import re
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isogap.batch import datasets
from isogap.batch.datasets import DATASETS, DatasetError, MissingDataError, checksums, download, load_dataset, read_idx

RNG = np.random.default_rng(0)


def idx(array: np.ndarray[Any, Any]) -> bytes:
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()
    )


def write_mnist(folder: Path, compressed: bool, images: Any = None, labels: Any = None) -> tuple[Any, Any]:
    images = RNG.integers(0, 256, (7, 28, 28)) if images is None else images
    labels = RNG.integers(0, 10, 7) if labels is None else labels
    end, pack = (".gz", gzip.compress) if compressed else ("", bytes)
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte{end}").write_bytes(pack(idx(images)))
        (folder / f"{part}-labels-idx1-ubyte{end}").write_bytes(pack(idx(labels)))
    return images, labels


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("nested", [False, True])
def test_idx_files_that_are_no_known_set_go_by_their_own_name(tmp_path: Path, compressed: bool, nested: bool) -> None:
    folder = tmp_path / "idx" if nested else tmp_path
    folder.mkdir(exist_ok=True)
    images, labels = write_mnist(folder, compressed)
    data = load_dataset("idx", tmp_path)
    assert data.name == data.title == f"idx files of {folder.name}"
    assert data.features == 784
    assert data.classes == 10
    assert (data.train_labels == labels).all()
    assert np.array_equal(data.test_images * 255, images.reshape(7, 784))


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of small files whose checksums are declared to be those of Fashion-MNIST."""
    write_mnist(tmp_path, True)
    sums = tuple(
        hashlib.sha256(gzip.decompress(next(tmp_path.glob(f"{part}*")).read_bytes())).hexdigest()
        for part in checksums.PARTS
    )
    monkeypatch.setitem(checksums._SHA256, "fashion-mnist", sums)
    return tmp_path


def test_files_of_fashion_mnist_are_never_mnist(known: Path) -> None:
    assert load_dataset("fashion-mnist", known).name == "fashion-mnist"
    assert load_dataset("idx", known).title == "Fashion-MNIST"
    with pytest.raises(MissingDataError, match="are Fashion-MNIST, and mnist was asked for: ask for fashion-mnist"):
        load_dataset("mnist", known)


def test_one_other_pixel_makes_another_set(known: Path) -> None:
    path = known / "t10k-images-idx3-ubyte.gz"
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[-1] ^= 1
    path.write_bytes(gzip.compress(bytes(content)))
    for name in ("mnist", "fashion-mnist"):
        with pytest.raises(MissingDataError, match="are neither MNIST nor Fashion-MNIST, by their checksums"):
            load_dataset(name, known)


def test_the_folders_of_torchvision_are_found(known: Path) -> None:
    raw = known / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for path in known.glob("*.gz"):
        path.rename(raw / path.name)
    assert load_dataset("fashion-mnist", known).features == 784


@pytest.mark.skipif(not (datasets.DEBIAN / "fashion-mnist").is_dir(), reason="dataset-fashion-mnist is not installed")
def test_debians_fashion_mnist_is_what_its_checksums_say() -> None:
    data = load_dataset("fashion-mnist")
    assert (data.name, data.train_images.shape, data.test_images.shape) == ("fashion-mnist", (60000, 784), (10000, 784))
    assert np.bincount(data.train_labels).tolist() == [6000] * 10
    with pytest.raises(MissingDataError, match="are Fashion-MNIST"):
        load_dataset("mnist", datasets.DEBIAN / "fashion-mnist")


def test_downloads_are_checked_and_found_by_the_loader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for pooch keeps what it was asked for; its own checking of sums is not tested here."""
    asked = []

    class Pooch:
        @staticmethod
        def Untar(extract_dir: str) -> str:
            return extract_dir

        @staticmethod
        def retrieve(url: str, known_hash: str, fname: str, path: Path, processor: Any) -> None:
            asked.append((url, known_hash, fname, processor))

    monkeypatch.setitem(sys.modules, "pooch", Pooch)
    assert download("mnist", tmp_path) == tmp_path / "mnist"
    assert [row[2] for row in asked] == [
        f"{part}-idx{3 - 2 * (k % 2)}-ubyte.gz" for k, part in enumerate(checksums.PARTS)
    ]
    assert all(re.fullmatch("md5:[0-9a-f]{32}", md5) for _, md5, _, _ in asked)
    download("cifar100", tmp_path)
    assert asked[-1][2:] == ("cifar-100-python.tar.gz", ".")
    with pytest.raises(DatasetError, match="must be one of mnist, fashion-mnist, cifar10, cifar100 to be downloaded"):
        download("digits", tmp_path)
    monkeypatch.setattr(
        Pooch, "retrieve", lambda *args, **kw: (_ for _ in ()).throw(ValueError("MD5 hash does not match"))
    )
    with pytest.raises(DatasetError, match="cannot be downloaded: MD5 hash does not match"):
        download("mnist", tmp_path)
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DatasetError, match="needs pooch"):
        download("mnist", tmp_path)


def test_the_command_downloads_what_the_library_knows(capsys: pytest.CaptureFixture[str]) -> None:
    from isogap.batch.datasets.download import SOURCES
    from isogap.cli import figures

    assert tuple(SOURCES) == figures.DOWNLOADS
    assert figures.main(["table-d1", "--download", "mnist"]) == 2
    assert "--download needs --data DIR" in capsys.readouterr().err


def cifar_rows(classes: int, count: int = 4) -> tuple[Any, Any]:
    return RNG.integers(0, 256, (count, 3072)).astype(np.uint8), RNG.integers(0, classes, count)


def test_cifar10_python(tmp_path: Path) -> None:
    folder = tmp_path / "cifar10" / "cifar-10-batches-py"  # as `download` leaves it
    folder.mkdir(parents=True)
    rows = {}
    for stem in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        data, labels = rows[stem] = cifar_rows(10)
        batch = {b"batch_label": b"x", b"labels": labels.tolist(), b"data": data, b"filenames": [b"a.png"] * 4}
        (folder / stem).write_bytes(pickle.dumps(batch, protocol=2))
    found = load_dataset("cifar10", tmp_path)
    assert found.train_images.shape == (20, 3072)
    assert np.array_equal(found.train_images[4:8] * 255, rows["data_batch_2"][0])
    assert (found.train_labels[16:] == rows["data_batch_5"][1]).all()
    assert np.array_equal(found.test_images * 255, rows["test_batch"][0])


def test_cifar10_binary(tmp_path: Path) -> None:
    rows = {}
    for stem in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        data, labels = rows[stem] = cifar_rows(10)
        (tmp_path / f"{stem}.bin").write_bytes(np.c_[labels.astype(np.uint8), data].tobytes())
    found = load_dataset("cifar10", tmp_path)
    assert (found.test_labels == rows["test_batch"][1]).all()
    assert np.array_equal(found.train_images[:4] * 255, rows["data_batch_1"][0])


@pytest.mark.parametrize("binary", [False, True])
def test_cifar100(tmp_path: Path, binary: bool) -> None:
    rows = {}
    for stem in ("train", "test"):
        data, fine = rows[stem] = cifar_rows(100)
        coarse = fine // 5
        if binary:
            (tmp_path / f"{stem}.bin").write_bytes(np.c_[coarse, fine, data].astype(np.uint8).tobytes())
        else:
            batch = {b"data": data, b"fine_labels": fine.tolist(), b"coarse_labels": coarse.tolist()}
            (tmp_path / stem).write_bytes(pickle.dumps(batch, protocol=2))
    found = load_dataset("cifar100", tmp_path)
    assert found.classes == 100
    assert (found.train_labels == rows["train"][1]).all()
    assert np.array_equal(found.test_images * 255, rows["test"][0])


def test_digits() -> None:
    pytest.importorskip("sklearn")
    data = load_dataset("digits")
    assert data.train_images.shape[0] + data.test_images.shape[0] == 1797
    assert set(data.test_labels.tolist()) == set(range(10))
    assert data.train_images.min() == 0.0
    assert data.train_images.max() == 1.0


def test_damaged_idx(tmp_path: Path) -> None:
    images, _ = write_mnist(tmp_path, False)
    path, good = tmp_path / "train-images-idx3-ubyte", idx(images)
    for damaged, message in [
        (good[:-1], r"train-images-idx3-ubyte is truncated: 5503 bytes, 5504 expected for 7 x 28 x 28"),
        (good + b"x", "is too long: 5505 bytes"),
        (good[:10], "truncated: 10 bytes, the header alone has 16"),
        (b"", "not even a magic number"),
        (idx(images[0, 0]), "has magic number 0x00000801, expected 0x00000803"),
        (b"\x00\x00\x0d\x03" + good[4:], "has magic number 0x00000d03"),
        (idx(images[:0]), "holds no images"),
    ]:
        path.write_bytes(damaged)
        with pytest.raises(DatasetError, match=message):
            load_dataset("mnist", tmp_path)


def test_damaged_gzip(tmp_path: Path) -> None:
    images, _ = write_mnist(tmp_path, True)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    for damaged in (gzip.compress(idx(images))[:-20], b"not gzip"):
        path.write_bytes(damaged)
        with pytest.raises(DatasetError, match="cannot be read"):
            load_dataset("mnist", tmp_path)


def test_labels_out_of_range_or_of_another_number(tmp_path: Path) -> None:
    write_mnist(tmp_path, False, labels=np.array([0, 1, 2, 3, 4, 5, 10]))
    with pytest.raises(DatasetError, match=r"holds label 10; labels must lie in 0\.\.9"):
        load_dataset("mnist", tmp_path)
    write_mnist(tmp_path, False, labels=np.array([0, 1, 2]))
    with pytest.raises(DatasetError, match="holds 3 labels for 7 images"):
        load_dataset("mnist", tmp_path)


def test_wrong_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "DEBIAN", tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    for name in DATASETS[1:]:
        with pytest.raises(DatasetError, match="does not exist"):
            load_dataset(name, tmp_path / "nowhere")
        with pytest.raises(DatasetError, match="is a file"):
            load_dataset(name, tmp_path / "file")
        with pytest.raises(DatasetError, match="no file"):
            load_dataset(name, tmp_path)
        with pytest.raises(DatasetError, match="needs the folder"):
            load_dataset(name)
    with pytest.raises(DatasetError, match="data set must be one of"):
        load_dataset("svhn", tmp_path)


def test_damaged_cifar(tmp_path: Path) -> None:
    data, labels = cifar_rows(10)
    (tmp_path / "data_batch_1").write_bytes(b"\x80\x02garbage")
    with pytest.raises(DatasetError, match="is not a CIFAR batch"):
        load_dataset("cifar10", tmp_path)
    for batch, message in [
        ({b"data": data}, "no entries data and labels"),
        ({b"data": data[:, :100], b"labels": labels.tolist()}, "shape"),
        ({b"data": data, b"labels": [11] * 4}, "holds label 11"),
        ({b"data": data, b"labels": [1]}, "holds 1 labels for 4 images"),
    ]:
        (tmp_path / "data_batch_1").write_bytes(pickle.dumps(batch, protocol=2))
        with pytest.raises(DatasetError, match=message):
            load_dataset("cifar10", tmp_path)
    (tmp_path / "data_batch_1").write_bytes(pickle.dumps({b"data": data, b"labels": labels.tolist()}, protocol=2))
    with pytest.raises(DatasetError, match="no file data_batch_2"):
        load_dataset("cifar10", tmp_path)
    (tmp_path / "data_batch_1").unlink()
    (tmp_path / "data_batch_1.bin").write_bytes(b"x" * 3000)
    with pytest.raises(DatasetError, match="not a whole number of rows of 3073"):
        load_dataset("cifar10", tmp_path)


def test_a_data_file_cannot_run_code(tmp_path: Path) -> None:
    class Attack:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "owned",))

    (tmp_path / "train").write_bytes(pickle.dumps({b"data": Attack()}, protocol=2))
    with pytest.raises(DatasetError, match="which no CIFAR file does"):
        load_dataset("cifar100", tmp_path)
    assert not (tmp_path / "owned").exists()


def test_read_idx_checks_the_dimensions(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(idx(np.arange(6).reshape(1, 2, 3)))
    assert read_idx(tmp_path / "a", 3).tolist() == [[[0, 1, 2], [3, 4, 5]]]
    with pytest.raises(DatasetError, match="magic"):
        read_idx(tmp_path / "a", 1)
