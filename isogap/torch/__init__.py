"""For PyTorch: a check of any module with a verdict in words, the paper's network in a line, residual blocks with SkipInit.

Loaded on first use. Without PyTorch the error says what to install.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isogap.torch.checking import check
    from isogap.torch.construction import (
        LinearBatchNorm,
        OrthogonalLinear,
        ShapedActivation,
        linear_batch_norm,
        orthogonal_mlp,
    )
    from isogap.torch.initialisers import haar_, hadamard_
    from isogap.torch.report import Layers, Report
    from isogap.torch.residual import BatchNorm, ResidualBlock, ResidualMLP, SkipInit, dense_branch, skipinit_scalar

_HOME = {
    "check": "checking",
    "Report": "report",
    "Layers": "report",
    "orthogonal_mlp": "construction",
    "OrthogonalLinear": "construction",
    "LinearBatchNorm": "construction",
    "linear_batch_norm": "construction",
    "ShapedActivation": "construction",
    "haar_": "initialisers",
    "hadamard_": "initialisers",
    "SkipInit": "residual",
    "ResidualBlock": "residual",
    "BatchNorm": "residual",
    "ResidualMLP": "residual",
    "dense_branch": "residual",
    "skipinit_scalar": "residual",
}

__all__ = [
    "check",
    "Report",
    "Layers",
    "orthogonal_mlp",
    "OrthogonalLinear",
    "LinearBatchNorm",
    "linear_batch_norm",
    "ShapedActivation",
    "haar_",
    "hadamard_",
    "SkipInit",
    "ResidualBlock",
    "BatchNorm",
    "ResidualMLP",
    "dense_branch",
    "skipinit_scalar",
]


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
