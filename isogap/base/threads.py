"""Linear algebra on one thread: blocks and replicas are the threads here, and their number changes the last bits of a product."""

from __future__ import annotations

import functools
import sys
from contextlib import AbstractContextManager
from typing import Any

from threadpoolctl import ThreadpoolController


def one_blas_thread() -> AbstractContextManager[Any]:
    """Context in which NumPy's and SciPy's libraries use one thread.

    Examples
    --------
    >>> with one_blas_thread():
    ...     product = [[2.0]]
    """
    limited: AbstractContextManager[Any] = _libraries(len(sys.modules)).limit(limits=1)
    return limited


@functools.lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:
    """What is loaded; looking for it takes as long as thousands of layers, and only an import brings more."""
    return ThreadpoolController()
