"""Modules for PyTorch: residual blocks that train without normalisation, for a model of one's own.

Loaded on first use. Without PyTorch the error says what to install.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isogap.torch.residual import BatchNorm, ResidualBlock, ResidualMLP, SkipInit, dense_branch, skipinit_scalar

_HOME = {
    "SkipInit": "residual",
    "ResidualBlock": "residual",
    "BatchNorm": "residual",
    "ResidualMLP": "residual",
    "dense_branch": "residual",
    "skipinit_scalar": "residual",
}

__all__ = ["SkipInit", "ResidualBlock", "BatchNorm", "ResidualMLP", "dense_branch", "skipinit_scalar"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'isogap.torch' has no attribute {name!r}")
    require_torch()
    return getattr(importlib.import_module(f"isogap.torch.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def require_torch() -> Any:
    """Import PyTorch, or say what to install.

    Raises
    ------
    ImportError
        With the command that installs it.
    """
    try:
        return importlib.import_module("torch")
    except ImportError:
        raise ImportError('isogap.torch needs PyTorch: pip install "isogap[torch]"') from None
