"""Questions that a reader may begin with, each with the view that answers it."""

from __future__ import annotations

from typing import Any

_CHAIN = {"width": 32, "share": 1, "start": "gaussian"}
_TORCH = {"norm": "torch", "exponent": 0.0, "width": 32, "share": 4}
_BLOCKS = {"activation": "relu", "batch": 16, "depth": 100}

TOUR: tuple[dict[str, Any], ...] = (
    {
        "question": "Does a batch become orthogonal?",
        "system": "chain",
        "panel": "gap",
        "at": {"weights": "orthogonal", **_CHAIN},
    },
    {
        "question": "Orthogonal weights: does the gradient explode?",
        "system": "chain",
        "panel": "gradient",
        "at": {"weights": "orthogonal", **_CHAIN},
    },
    {
        "question": "And with Gaussian weights?",
        "system": "chain",
        "panel": "gradient",
        "at": {"weights": "gaussian", **_CHAIN},
    },
    {
        "question": "Fewer samples than neurons?",
        "system": "chain",
        "panel": "gradient",
        "at": {"weights": "orthogonal", **_CHAIN, "share": 0.5},
    },
    {
        "question": "relu and BatchNorm1d, as in torch?",
        "system": "variants",
        "panel": "gradient",
        "at": {"activation": "relu", "weights": "gaussian", **_TORCH},
    },
    {
        "question": "Does shaping tame tanh?",
        "system": "variants",
        "panel": "gradient",
        "at": {"activation": "tanh", "weights": "orthogonal", **_TORCH, "exponent": 0.5, "share": 1},
    },
    {
        "question": "How good is mean-field theory at a width of 128?",
        "system": "mean-field",
        "panel": "gradient",
        "at": {"activation": "relu", "batch": 16, "width": 128},
    },
    {
        "question": "Skip connections?",
        "system": "residual",
        "panel": "gradient",
        "at": {"kind": "batch-norm", **_BLOCKS},
    },
    {
        "question": "SkipInit instead of normalising?",
        "system": "residual",
        "panel": "gradient",
        "at": {"kind": "skipinit", **_BLOCKS},
    },
    {"question": "No normalisation at all?", "system": "products", "panel": "gap", "at": {"width": 16}},
)
"""The first is what a reader sees at first."""
