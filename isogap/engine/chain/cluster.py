"""The bundles of a run on a dask.distributed cluster (extra ``dask``).

A worker gets a bundle and returns its totals; bundles are merged here, in their order, so the result has the bits of a run on
one thread. A bundle whose worker is lost is run again by another one: that is the scheduler's doing, and harmless, because a
bundle depends on nothing but the job and its number. What all bundles share crosses the wire once: at width 1000 it is 16 MB.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from isogap.base.threads import one_blas_thread
from isogap.batch.spec import InputError
from isogap.engine.chain.bundle import Plan, Task
from isogap.engine.chain.outcome import Summary

TIMEOUT = "20s"
_RETRIES = 3


class ClusterExecutor:
    """What `montecarlo.run` needs of a cluster: `submit` and how many bundles keep it busy."""

    def __init__(self, client: Any) -> None:
        # Bundles are numbered parts of one job: equal arguments never occur, and a lost worker's bundles are run again.
        self._client, self._executor = client, client.get_executor(pure=False, retries=_RETRIES)
        self._plan: Plan | None = None
        self._there: Any = None
        self.ahead = max(16, 4 * sum(client.nthreads().values()))

    def submit(self, task: Task) -> Future[Summary | None]:
        """Run a bundle somewhere."""
        if task.plan is not self._plan:
            self._plan, self._there = task.plan, self._sent(task.plan)
        arguments = self._there, task.number, task.blocks
        # Bundles are merged in their order: without it, those that are submitted at one time are run in any.
        future: Future[Summary | None] = self._executor.submit(_remote, *arguments, priority=-task.number)
        return future

    def _sent(self, plan: Plan) -> Any:
        """The plan as the result of a task: workers take it from each other, and the scheduler makes it anew if they are lost."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")  # it goes once, and no way is shorter
            return self._client.submit(_itself, plan, pure=False, retries=_RETRIES)


def _itself(plan: Plan) -> Plan:
    return plan


def _remote(plan: Plan, number: int, blocks: tuple[tuple[int, int], ...]) -> Summary | None:
    with one_blas_thread():
        return Task(plan, number, blocks)()


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
