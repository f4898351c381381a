"""Files that are read back, damaged at random: used as they were, or refused by the error that is documented."""

import json
import zipfile

import numpy as np
import pytest

from isogap import ChainResult, Checkpoint, Where, load_dataset, make_batch, simulate
from isogap.batch.datasets._common import DatasetError
from isogap.batch.spec import InputError
from isogap.engine.chain.checkpoint import CheckpointError
from isogap.figures.finished import stored
from isogap.model.losses import load_labels
from tests.hostile.damage import damaged, generator, tries


def refusals(path, whole, use, error, count, name):
    """Use ``path`` after each damage; return how often it was refused. Anything but ``error`` escapes."""
    rng, refused = generator(name), 0
    for _ in range(count):
        path.write_bytes(damaged(whole, rng))
        try:
            use()
        except error:
            refused += 1
    return refused


@pytest.fixture(scope="module")
def run():
    return simulate(3, 6, replicas=40, rng=1, keep_paths=True, gradients="cross-entropy")


def test_saved_runs(run, tmp_path):
    path = tmp_path / "run.npz"
    run.save(path)
    count = tries(300)
    refused = refusals(path, path.read_bytes(), lambda: ChainResult.load(path), ValueError, count, "runs")
    assert refused > 0.9 * count


def rewritten(path, change):
    """Change the archive as somebody who knows its format would, with right check sums."""
    with np.load(path, allow_pickle=False) as data:
        arrays = {name: data[name] for name in data.files}
    change(arrays)
    with open(path, "wb") as stream:
        np.savez(stream, **arrays)


@pytest.mark.parametrize(
    "change",
    [
        lambda run: run.pop("phi"),
        lambda run: run["phi"].pop("mean"),
        lambda run: run["phi"].update(mean=[1.0]),
        lambda run: run["phi"].update(mean="text"),
        lambda run: run["phi"].update(mean=[[1.0]] * 7),
        lambda run: run["parameters"].update(width="3"),
        lambda run: run["parameters"].update(depth=10**9),
        lambda run: run["parameters"].update(replicas=10**9),
        lambda run: run.update(one_step=None),
        lambda run: run.update(rate=[]),
        lambda run: run["rate"].update(window=[1]),
        lambda run: run.update(rank=True),
        lambda run: run.update(gradient={"layers": 3}),
        lambda run: run.update(timing={}),
    ],
)
def test_edited_runs_are_refused_in_words(run, tmp_path, change):
    path = tmp_path / "run.npz"
    run.save(path)

    def edit(arrays):
        content = json.loads(str(arrays["run"]))
        change(content)
        arrays["run"] = np.array(json.dumps(content))

    rewritten(path, edit)
    with pytest.raises(ValueError, match=r"run.npz is not a saved run: ."):
        ChainResult.load(path)


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "run.ckpt"
    simulate(**JOB, where=Where(threads=1, checkpoint=Checkpoint(path, 0)))
    return path


JOB = {"width": 3, "depth": 6, "replicas": 60, "rng": 1, "keep_paths": True}


def resumed(path):
    return simulate(**JOB, where=Where(threads=1, checkpoint=path))


def test_checkpoints(checkpoint):
    whole, count = checkpoint.read_bytes(), tries(150)
    refused = refusals(checkpoint, whole, lambda: resumed(checkpoint), CheckpointError, count, "checkpoints")
    assert refused > 0.9 * count


@pytest.mark.parametrize(
    "change",
    [
        lambda head, arrays: head.update(done=0),
        lambda head, arrays: head.update(done=10**6),
        lambda head, arrays: head.update(done="1"),
        lambda head, arrays: head.update(seconds=None),
        lambda head, arrays: head.update(window=[1]),
        lambda head, arrays: arrays.update({"totals.log_phi": np.full_like(arrays["totals.log_phi"], np.nan)}),
        lambda head, arrays: arrays.update({"totals.count": np.array(1e9)}),
        lambda head, arrays: arrays.update({"quantiles.all_phi": arrays["quantiles.all_phi"][:, :5]}),
        lambda head, arrays: arrays.update({"paths.phi": np.zeros((2, 2))}),
        lambda head, arrays: arrays.pop("totals.count"),
        lambda head, arrays: arrays.update({"more": np.zeros(3)}),
    ],
)
def test_edited_checkpoints_are_not_believed(checkpoint, change):
    def edit(arrays):
        head = json.loads(str(arrays.pop("head")))
        change(head, arrays)
        arrays["head"] = np.array(json.dumps(head))

    rewritten(checkpoint, edit)
    before = checkpoint.read_bytes()
    with pytest.raises(CheckpointError, match="is damaged"):
        resumed(checkpoint)
    assert checkpoint.read_bytes() == before


@pytest.mark.parametrize("suffix", [".npy", ".csv"])
def test_tables(tmp_path, suffix):
    table = np.arange(12.0).reshape(3, 4)
    path = tmp_path / f"a{suffix}"
    if suffix == ".npy":
        np.save(path, table)
    else:
        np.savetxt(path, table, delimiter=",")
    rng = np.random.default_rng(0)
    count = tries(300)
    refused = refusals(
        path, path.read_bytes(), lambda: make_batch(str(path), 3, None, rng), InputError, count, f"tables {suffix}"
    )
    assert refused > 0.3 * count
    assert refusals(path, path.read_bytes(), lambda: load_labels(path), (ValueError, TypeError), count, "labels") > 0


def test_pieces_of_figures_are_computed_again(tmp_path):
    about, computed = {"figure": 1}, []

    def compute():
        computed.append(1)
        return {"x": np.arange(3.0)}

    stored(tmp_path, about, compute)
    (path,) = tmp_path.glob("*.npz")
    whole, rng, count = path.read_bytes(), generator("pieces"), tries(300)
    for _ in range(count):
        path.write_bytes(damaged(whole, rng))
        arrays, seconds = stored(tmp_path, about, compute)
        assert (arrays["x"].tolist(), seconds >= 0) == ([0.0, 1.0, 2.0], True)
    assert len(computed) > 0.5 * count


def test_images(tmp_path):
    import gzip
    import struct

    for part, n in (("train", 20), ("t10k", 10)):
        images = struct.pack(">IIII", 0x803, n, 2, 2) + bytes(range(4 * n))
        labels = struct.pack(">II", 0x801, n) + bytes(k % 10 for k in range(n))
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    for name in ("train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte"):
        path = tmp_path / name
        whole, count = path.read_bytes(), tries(300)
        refused = refusals(path, whole, lambda: load_dataset("idx", tmp_path), DatasetError, count, name)
        path.write_bytes(whole)
        assert refused > 0.3 * count
    assert load_dataset("idx", tmp_path).train_images.shape == (20, 4)


def test_a_bomb_of_images_is_refused(tmp_path):
    import zlib

    path = tmp_path / "train-images-idx3-ubyte.gz"
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    with open(path, "wb") as stream:
        for _ in range(600):
            stream.write(squeeze.compress(bytes(2**20)))
        stream.write(squeeze.flush())
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"")
    with pytest.raises(DatasetError, match="more than 512 MiB"):
        load_dataset("mnist", tmp_path)


def test_a_run_in_a_bomb_is_refused(run, tmp_path):
    path = tmp_path / "run.npz"
    run.save(path)
    with zipfile.ZipFile(path) as archive:
        content = archive.read("run.npy")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("run.npy", content)
        with archive.open("paths_phi.npy", "w") as stream:
            np.lib.format.write_array_header_1_0(stream, {"shape": (2**28,), "fortran_order": False, "descr": "<f8"})
            for _ in range(64):
                stream.write(bytes(2**20))
    with pytest.raises(ValueError, match="paths_phi has shape"):
        ChainResult.load(path)
