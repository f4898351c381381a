"""Shared fixtures."""

import numpy as np
import pytest
from hypothesis import settings

# Runs must give the same verdict every time; a random search is for a developer's own machine.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture
def rng(request):
    """A generator seeded by the name of the test."""
    return np.random.default_rng([ord(c) for c in request.node.name])
