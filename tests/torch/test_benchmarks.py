"""The comparisons with torch in benchmarks/ run, and compare the same thing."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

FOLDER = Path(__file__).parents[2] / "benchmarks"


def load(name):
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_wide_networks_grow_alike_in_engine_and_torch():
    module = load("mean_field")
    width, batch, depth = 300, 12, 24
    growth = {}
    for function in (module.engine, module.torch_module):
        norms = np.array([function(width, batch, depth, seed) for seed in range(6)])
        assert norms.shape == (6, depth)
        rates = (norms[:, 3] - norms[:, -4]) / (depth - 7)
        growth[function.__name__] = rates.mean(), rates.std(ddof=1) / math.sqrt(6)
    (ours, our_error), (theirs, their_error) = growth.values()
    assert abs(ours - theirs) < 5 * math.hypot(our_error, their_error)


@pytest.mark.parametrize("one_by_one", [False, True])
def test_gradients_of_autograd_and_of_the_engine_agree_in_the_mean(one_by_one):
    module = load("gradients")
    torch.manual_seed(1)
    d, depth = 6, 12
    theirs = torch.stack([module.autograd(torch, d, depth, 16, one_by_one)().mean(dim=1) for _ in range(20)])
    assert theirs.shape == (20, depth + 1)
    paths = module.ours(d, depth, 16)()
    assert paths.log_norm.shape[1] == depth + 1
    late = theirs[:, -3:].mean(dim=1)
    error = float(late.std()) / math.sqrt(20) + float(paths.log_norm[:, -3:].std()) / 4
    assert abs(float(late.mean()) - float(paths.log_norm[:, -3:].mean())) < 5 * error


def test_every_way_of_running_the_chain_runs():
    module = load("ways")
    ways = module.ways(4)
    assert {"engine", "torch QR"} <= set(ways)
    for make in ways.values():
        make(4)(3, 2)
