"""Shared fixtures."""

import gc

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# Runs must give the same verdict every time: no random search, and no failure because a busy machine draws examples slowly.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")


@pytest.fixture
def rng(request):
    """A generator seeded by the name of the test."""
    return np.random.default_rng([ord(c) for c in request.node.name])


def pytest_collection_finish():
    """Modules and tests stay to the end: the garbage collector need not look at them as often as by default."""
    gc.collect()  # not frozen: the oldest hypothesis then calls examples flaky
    gc.set_threshold(100_000, 20, 20)
