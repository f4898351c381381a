"""Modules that need an optional package are collected for their examples only where it is there."""

import importlib.util
import pathlib

HERE = pathlib.Path(__file__).parent
# Without torch a module of isogap.torch cannot be imported; its __init__ can.
collect_ignore = (
    []
    if importlib.util.find_spec("torch")
    else [str(p) for p in (HERE / "isogap/torch").glob("*.py") if p.name != "__init__.py"]
)
