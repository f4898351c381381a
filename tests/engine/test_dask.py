"""Real worker processes: the bits of one thread here, also when a worker is killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from isogap import Checks, Where, simulate
from isogap.batch.spec import InputError
from isogap.cli import mc
from isogap.engine.chain.cluster import connected

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


class Counter:
    def __init__(self):
        self.done = []

    def start(self, total):
        self.total = total

    def update(self, done):
        self.done.append(done)


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
