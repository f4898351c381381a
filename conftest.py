"""Long versions run with ``--deep`` only; modules that need an optional package are collected only where it is there."""

import importlib.util
import os
import pathlib

# Several workers share the processors: the threads of a BLAS would only wait for each other. Before NumPy is loaded.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

HERE = pathlib.Path(__file__).parent
# Without torch a module of isogap.torch cannot be imported; its __init__ can.
collect_ignore = (
    []
    if importlib.util.find_spec("torch")
    else [str(p) for p in (HERE / "isogap/torch").glob("*.py") if p.name != "__init__.py"]
)


def pytest_addoption(parser):
    """Add the option that tests and verify/ share."""
    parser.addoption(
        "--deep", action="store_true", help="tests: the long versions too; verify/: all widths, starts, long runs"
    )


def pytest_collection_modifyitems(config, items):
    """Leave out what is marked `slow`, unless it is asked for: each such test has a quick one beside it."""
    if config.getoption("--deep") or "slow" in config.getoption("-m"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
