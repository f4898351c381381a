"""Commands in a process whose kernels may or may not have been compiled before."""

import pytest

from isogap.engine.kernels.compiling import Kernel


@pytest.fixture(autouse=True)
def compiling_is_not_announced(monkeypatch):
    """What standard error holds does not depend on which test compiles first (test_shipment.py tests what is announced)."""
    monkeypatch.setattr(Kernel, "_announce", lambda self: None)
