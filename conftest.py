"""Modules that need an optional package are collected for their examples only where it is there."""

import importlib.util

collect_ignore = [] if importlib.util.find_spec("torch") else ["isogap/torch/residual.py"]
