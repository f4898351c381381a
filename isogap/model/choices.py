"""The names that a person chooses from, and the defaults, each written once; no NumPy, so that ``--help`` is instant."""

from __future__ import annotations

# Laws of weights: Haar on O(d), or independent normals of variance 1/d.
WEIGHTS = ("orthogonal", "gaussian")
# The chain and the variants know two more: Sylvester's matrix times random signs, and the cosine transform times a random signed
# permutation. Their widths are powers of two.
FAST_WEIGHTS = ("hadamard", "dct")
CHAIN_WEIGHTS = (*WEIGHTS, *FAST_WEIGHTS)
# Laws of the factors of a product of random matrices; truncated: a block of a larger Haar matrix.
FACTOR_WEIGHTS = ("gaussian", "orthogonal", "truncated")
# Where the normalisation stands in a layer of a variant.
ORDERS = ("norm-act", "act-norm")
LOSSES = ("cross-entropy", "squared-error")
# Training code has its own derivatives for these.
TRAINED_ACTIVATIONS = ("identity", "sin", "tanh", "relu", "selu", "leaky-relu")
ACTIVATION_NAMES = (
    *TRAINED_ACTIVATIONS, "elu", "gelu", "silu", "softplus", "erf", "exp", "abs", "hard-tanh", "sign",
)  # fmt: skip
# With a number behind a colon: relu:+0.7 is relu(y + 0.7).
ACTIVATION_FAMILIES = ("relu", "leaky-relu", "hard-tanh", "power", "relu-power")

DEFAULT_REPLICAS = 1000
VARIANT_REPLICAS = 20
PRODUCT_REPLICAS = 100
DEFAULT_CHECK_LAYERS = 6
DEFAULT_LEVEL = 1e-6
