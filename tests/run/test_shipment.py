"""Shipped code of kernels: the bits of compiled code, and compiled code wherever anything about it is not as it should be."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import isogap
from isogap.cli import mc
from isogap.engine.kernels import chain_lanes, shipped, sources
from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.run import shipment

pytestmark = pytest.mark.skipif(
    shipped.this_platform() not in shipped.FAMILIES, reason="no code is shipped for this platform"
)
ROOT = Path(isogap.__file__).parents[1]


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    """Code made for this machine, and the families that it runs: what the package came with if that is of these sources."""
    if shipment.is_current(shipped.FOLDER):
        with shipped.switched(None):
            return shipped.FOLDER, shipped.families()
    folder = tmp_path_factory.mktemp("shipped") / "objects"
    return folder, shipment.build(folder)


def numbers(**options):
    lanes_available.cache_clear()
    data = isogap.simulate(**{"width": 9, "depth": 40, "replicas": 30, "rng": 3, **options}).to_dict()
    del data["timing"], data["provenance"]
    return data


JOBS = (
    {},
    {"width": 2, "depth": 300},
    {"width": 33, "depth": 5, "replicas": 17},
    {"weights": "gaussian"},
    {"input": "near-isometry:0.005"},
    {"input": "spectrum:" + ",".join(["2", "1"] * 4 + ["1e-40"])},
)


@pytest.mark.parametrize("job", JOBS, ids=str)
def test_shipped_code_of_every_family_has_the_bits_of_compiled_code(objects, job):
    folder, families = objects
    assert families == [name for name in shipped.FAMILIES[shipped.this_platform()] if name in families] != []
    with shipped.switched("0"):
        expected = numbers(**job)
    for family in families:
        with shipped.switched(family, folder):
            assert numbers(**job) == expected, family
            (entry,) = {type(found) for found in shipped.known["chain_lanes.run_groups"].values()}
            assert entry is shipped.Entry


FURTHER_JOBS = (
    ({"gradients": "cross-entropy"}, "gradients.backward"),
    ({"gradients": "squared-error", "weights": "gaussian", "batch": 4}, "gradients.readout_back"),
    ({"width": 193, "depth": 3, "replicas": 2}, "chain_columns.run_one"),
    ({"width": 197, "depth": 2, "replicas": 1, "input": "near-isometry:0.005"}, "chain_columns.run_one"),
)


@pytest.mark.parametrize(("job", "name"), FURTHER_JOBS, ids=str)
def test_gradients_and_wide_chains_are_shipped_but_for_old_processors(objects, job, name):
    folder, families = objects
    with shipped.switched("0"):
        expected = numbers(**job)
    for family in families:
        with shipped.switched(family, folder):
            assert numbers(**job) == expected, family
            entries = {isinstance(found, shipped.Entry) for found in shipped.known[name].values()}
            assert entries == {family not in shipped.SPARED}


def _loaded_by_scipy_special():
    """What SciPy itself loads with its special functions: its oldest version here does so with all of linear algebra."""
    code = "import sys, scipy.special; print(*{'scipy.linalg', 'scipy.optimize'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def test_the_main_job_runs_without_numba_and_without_what_it_does_not_use(objects):
    code = (
        "import sys; from pathlib import Path; from isogap.engine.kernels import shipped; from isogap.cli import mc\n"
        f"with shipped.switched(None, Path({str(objects[0])!r})):\n"
        "    assert mc.main(['--width', '8', '--depth', '20', '--seed', '1']) == 0\n"
        "heavy = {'numba', 'flint', 'sympy', 'mpmath', 'matplotlib', 'scipy.linalg', 'scipy.optimize'} & set(sys.modules)\n"
        f"heavy -= {_loaded_by_scipy_special()!r}\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("job", ["--width 8 --depth 20 --gradients", "--width 192 --depth 2 --replicas 2"])
def test_nothing_is_compiled_for_gradients_and_for_wide_networks(objects, job):
    if set(objects[1]) <= set(shipped.SPARED):
        pytest.skip("for this processor only the main job is shipped")
    code = (
        "import sys; from pathlib import Path; from isogap.engine.kernels import shipped; from isogap.cli import mc\n"
        f"with shipped.switched(None, Path({str(objects[0])!r})):\n"
        f"    assert mc.main({[*job.split(), '--seed', '1']!r}) == 0\n"
        "assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)


def spoiled(folder, **changes):
    index = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps({**index, **changes}))


def damage(folder):
    for path in folder.glob("*/*.o"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


def cut(folder):
    for path in folder.glob("*/*.o"):
        path.write_bytes(path.read_bytes()[:100])


FAULTS = {
    "shipped code is of other sources": lambda folder: spoiled(folder, sources="0123456789abcdef"),
    "the shipped code is for win32-x86_64": lambda folder: spoiled(folder, platform="win32-x86_64"),
    "no shipped code fits this processor": lambda folder: spoiled(folder, families={"x86-64-v9": {}}),
    "shipped code cannot be read": lambda folder: (folder / "index.json").write_bytes(b"\xff{"),
    "the shipped code is unreadable": lambda folder: (folder / "index.json").write_text("[]"),
    "no code was shipped": shutil.rmtree,
    "damaged": damage,
    "cut": cut,
    "without objects": lambda folder: [path.unlink() for path in folder.glob("*/*.o")],
    "without entries": lambda folder: spoiled(folder, entries={}),
    "entries of another shape": lambda folder: spoiled(folder, entries=[1]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_wrong_with_shipped_code_it_is_not_run(objects, tmp_path, fault):
    folder = tmp_path / "objects"
    shutil.copytree(objects[0], folder)
    FAULTS[fault](folder)
    with shipped.switched("0"):
        expected = numbers(depth=3)
    with shipped.switched(None, folder):
        assert numbers(depth=3) == expected
        assert not any(isinstance(found, shipped.Entry) for found in shipped.known["chain_lanes.run_groups"].values())
        assert shipped.reason()
        if "shipped" in fault and "unreadable" not in fault:
            assert fault in shipped.reason()


def test_an_unknown_family_is_named_as_what_it_is():
    with shipped.switched("x86-64-v9"):
        assert shipped.reason().startswith("ISOGAP_SHIPPED=x86-64-v9 is neither 0 nor a family")


def test_code_of_edited_kernels_is_not_run(objects, monkeypatch):
    monkeypatch.setattr(shipped, "source_hash", lambda: "edited")
    with shipped.switched(None, objects[0]):
        assert shipped.lookup("chain_lanes.run_groups", "") is None
        assert shipped.reason() == "the shipped code is of other sources"


def test_the_hash_sees_numbers_that_kernels_take_from_elsewhere(monkeypatch, tmp_path):
    """The kernels change their form at a number of `isogap.batch.start`."""
    shutil.copytree(sources.PACKAGE, tmp_path / "isogap", ignore=shutil.ignore_patterns("__pycache__", "objects"))
    monkeypatch.setattr(sources, "PACKAGE", tmp_path / "isogap")
    monkeypatch.setattr(sources, "HERE", tmp_path / "isogap" / "engine" / "kernels")
    before = sources.source_hash.__wrapped__()
    start = tmp_path / "isogap" / "batch" / "start.py"
    start.write_text(start.read_text().replace("DEVIATION_D_PHI = 0.4", "DEVIATION_D_PHI = 0.3"))
    assert sources.source_hash.__wrapped__() != before


def test_calls_that_nothing_was_shipped_for_are_compiled(objects):
    with shipped.switched(None, objects[0]):
        tripled = kernel()(_triple)
        assert tripled(2.5) == 7.5
        assert tripled(np.float64(2.5)) == 7.5


def _triple(x):
    return 3 * x


@pytest.mark.parametrize(
    "value",
    [np.zeros(3, ">f8"), np.zeros(3, np.float32), np.zeros(3, "datetime64[s]"), "text", None, 1j, [1], np.float32(1)],
    ids=repr,
)
def test_arguments_of_other_kinds_have_no_key(value):
    with pytest.raises(KeyError):
        shipped.signature(shipped.describe([value], []))


def test_kinds_of_arrays_that_numba_tells_apart_have_different_keys():
    frozen = np.zeros((3, 2))
    frozen.flags.writeable = False
    arrays = [
        np.zeros((3, 2)),
        np.zeros((2, 3)).T,
        np.zeros((6, 4))[::2, ::2],
        np.zeros(6),
        np.zeros((3, 2), int),
        frozen,
    ]
    keys = [shipped.signature(shipped.describe([array], [])) for array in arrays]
    assert len(set(keys)) == len(arrays)


def test_the_package_folder_is_the_only_place_that_is_looked_at():
    assert Path(chain_lanes.__file__).parent / "objects" == shipped.FOLDER


def test_switched_off_by_the_environment():
    code = "from isogap.engine.kernels import shipped; print(shipped.reason())"
    environment = {**os.environ, "ISOGAP_SHIPPED": "0"}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout == "shipped code is switched off\n"


def test_a_command_says_that_it_compiles_and_why(capsys, monkeypatch, tmp_path):
    """In a folder without compiled code; a second command finds it there."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "ISOGAP_SHIPPED": "0"}
    code = (
        "from isogap.cli.common import BarProgress; from isogap.engine.kernels.layout import height\n"
        "with BarProgress('x'): assert height(5) == 8"
    )
    command = [sys.executable, "-c", code]
    said = [
        subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True).stderr
        for _ in "12"
    ]
    assert said == ["compiling the kernels, once (shipped code is switched off)\n", ""]


def test_quiet_says_nothing(capsys):
    with mc.BarProgress("x", enabled=False) as bar:
        bar.say("compiling")
    assert capsys.readouterr().err == ""


def test_what_is_up_to_date_is_not_made_again(objects, tmp_path, monkeypatch):
    assert shipment.is_current(objects[0])
    made = []
    monkeypatch.setattr(shipment, "build", lambda folder: made.append(folder) or [])
    shipment.main(objects[0])
    assert made == []
    shipment.main(tmp_path)
    assert made == [tmp_path]


def test_code_that_gives_other_numbers_is_not_shipped(monkeypatch, tmp_path):
    results = iter([[1.0], [1.0], [2.0]])
    monkeypatch.setattr(shipment, "results", lambda jobs: next(results))
    with pytest.raises(RuntimeError, match="other numbers"):
        shipment.build(tmp_path / "objects")
