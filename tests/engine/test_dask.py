"""Real worker processes: the bits of one thread here, also when a worker is killed in the middle."""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from isogap import Checks, Where, simulate
from isogap.base.streams import input_generator
from isogap.batch.spec import InputError
from isogap.batch.start import make_start
from isogap.cli import mc
from isogap.engine.chain import job as jobs
from isogap.engine.chain import quantiles
from isogap.engine.chain.bundle import Plan, Task
from isogap.engine.chain.cluster import ClusterExecutor, connected
from tests.engine.counter import Counter

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


def numbers(run):
    data = run.to_dict()
    data.pop("timing")
    data["provenance"].pop("threads")
    return json.dumps(data)


def run(client=None, progress=None, **changes):
    arguments = dict(width=20, depth=200, replicas=600, rng=6, checks=Checks(layers=2, control_variate=False)) | changes
    return simulate(**arguments, where=Where(threads=1, client=client, progress=progress))


@pytest.fixture(scope="module")
def here():
    return numbers(run())


@pytest.fixture(scope="module")
def cluster():
    """Three workers; each test leaves what the next one needs, for starting a worker takes seconds."""
    with distributed.LocalCluster(n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster


def test_a_worker_is_killed_in_the_middle(cluster):
    with distributed.Client(cluster) as client:
        client.wait_for_workers(3)
        pids = list(client.run(os.getpid).values())
        changes = dict(replicas=10_000)
        expected = numbers(run(**changes))
        began = threading.Event()

        class KillOne(Counter):
            def update(self, done):
                super().update(done)
                if done > 0 and not began.is_set():
                    began.set()
                    os.kill(pids[0], signal.SIGKILL)

        counter = KillOne()
        assert numbers(run(client, counter, **changes)) == expected
        assert began.is_set()
        # It was killed before the end.
        assert counter.done.index(next(done for done in counter.done if done > 0)) < len(counter.done) - 1


def test_one_two_three_workers(here, cluster):
    for workers in (3, 2, 1):
        cluster.scale(workers)
        with distributed.Client(cluster) as client:
            client.wait_for_workers(workers)
            while len(client.scheduler_info(n_workers=-1)["workers"]) > workers:
                time.sleep(0.05)
            counter = Counter()
            assert numbers(run(client, counter)) == here
            assert counter.done[-1] == counter.total == 600 * 200
            assert counter.done == sorted(counter.done)


@pytest.mark.parametrize("exact_bytes", [2**30, 0])
def test_bundles_of_several_blocks(cluster, monkeypatch, tmp_path, exact_bytes):
    """The same bits here and there, with all values and with counts, and when a run is stopped there and goes on here."""
    monkeypatch.setattr(jobs, "bundle_size", lambda blocks, work: 10)
    monkeypatch.setattr(
        jobs, "block_size", lambda d, depth, replicas: 64
    )  # 640 replicas a bundle: they are counted there
    monkeypatch.setattr(quantiles, "EXACT_BYTES", exact_bytes)
    changes = dict(width=6, depth=50, replicas=3000)
    expected = numbers(run(**changes))
    file = tmp_path / "run.ckpt"

    class Stopper(Counter):
        def update(self, done):
            super().update(done)
            if done > 1280 * 50:
                raise KeyboardInterrupt

    cluster.scale(2)
    with distributed.Client(cluster) as client:
        client.wait_for_workers(2)
        assert numbers(run(client, **changes)) == expected
        where = Where(threads=1, client=client, progress=Stopper(), checkpoint=file)
        with pytest.raises(KeyboardInterrupt):
            simulate(6, 50, replicas=3000, rng=6, checks=Checks(layers=2, control_variate=False), where=where)
    where = Where(threads=2, checkpoint=file)
    assert file.exists()
    resumed = simulate(6, 50, replicas=3000, rng=6, checks=Checks(layers=2, control_variate=False), where=where)
    assert numbers(resumed) == expected


def test_what_all_bundles_share_is_sent_once():
    """At width 300 it is 1.4 MB, and would fill the scheduler with every bundle."""
    sent = []

    class Client:
        def get_executor(self, **options):
            return self

        def nthreads(self):
            return {"one": 2, "two": 2}

        def submit(self, function, *arguments, **options):
            sent.append(len(pickle.dumps(arguments)))
            return "the result of a task"

    root = np.random.SeedSequence(1)
    start = make_start("gaussian", 300, None, input_generator(root))
    plan = Plan(jobs.Job(start, 10, 100, root), None, None, False)
    executor = ClusterExecutor(Client())
    for bundle in plan.job.bundles()[:3]:
        executor.submit(Task.of(plan, bundle))
    assert executor.ahead == 16
    assert len(sent) == 4
    assert sent[0] > 300 * 300 * 8
    assert max(sent[1:]) < 1000


def test_command_with_a_local_cluster(here, tmp_path):
    command = [
        sys.executable,
        "-m",
        "isogap.cli.mc",
        "--width",
        "5",
        "--depth",
        "30",
        "--replicas",
        "100",
        "--seed",
        "1",
    ]
    command += ["--threads", "2", "--quiet", "--json", "-"]
    out = []
    for more in ([], ["--dask", "local"]):
        done = subprocess.run([*command, *more], capture_output=True, text=True, check=True)
        data = json.loads(done.stdout)
        data.pop("timing")
        out.append(data)
    assert out[0] == out[1]


def test_no_scheduler(monkeypatch, capsys):
    monkeypatch.setattr("isogap.engine.chain.cluster.TIMEOUT", "1s")
    with pytest.raises(InputError, match="no dask scheduler answers"), connected("tcp://127.0.0.1:9", 1):
        pass
    assert mc.main(["--width", "2", "--depth", "2", "--dask", "tcp://127.0.0.1:9"]) == 2
    assert "no dask scheduler answers" in capsys.readouterr().err
