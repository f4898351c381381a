"""The blocks of a run on a dask.distributed cluster (extra ``dask``).

A worker gets a block and returns its totals; blocks are merged here, in their order, so the result has the bits of a run on one
thread. A block whose worker is lost is run again by another one: that is the scheduler's doing, and harmless, because a block
depends on nothing but the job and its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from isogap.base.threads import one_blas_thread
from isogap.batch.spec import InputError
from isogap.engine.chain.montecarlo import Task
from isogap.engine.chain.outcome import Summary

TIMEOUT = "20s"


class ClusterExecutor:
    """What `montecarlo.run` needs of a cluster: `submit` and how many blocks keep it busy."""

    def __init__(self, client: Any) -> None:
        # Blocks are numbered parts of one job: equal arguments never occur, and a lost worker's blocks are run again.
        self._executor = client.get_executor(pure=False, retries=3)
        self.ahead = max(16, 4 * sum(client.nthreads().values()))

    def submit(self, task: Task) -> Future[Summary | None]:
        """Run a block somewhere."""
        future: Future[Summary | None] = self._executor.submit(_remote, task)
        return future


def _remote(task: Task) -> Summary | None:
    with one_blas_thread():
        return task()


@contextmanager
def connected(address: str, workers: int) -> Iterator[Any]:
    """Give a client of the scheduler at ``address``, or of a local cluster of ``workers`` processes for ``"local"``."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError('a cluster needs dask.distributed: pip install "isogap[dask]"') from None
    if address == "local":
        options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
        with LocalCluster(**options) as cluster, Client(cluster) as client:
            yield client
        return
    try:
        client = Client(address, timeout=TIMEOUT)
    except (OSError, ValueError) as error:
        raise InputError(f"no dask scheduler answers at {address!r}: {error}") from None
    with client:
        yield client
