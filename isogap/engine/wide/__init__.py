"""Wide networks of any activation: a layer is an object with a forward pass and a vector-Jacobian product.

States are ``N x M`` matrices, neurons by samples. Weights are never stored: a random ``W`` enters forward and backward pass
through its action on the ``M`` columns of the state and on the ``M`` columns of the gradient, and that action is drawn from
its exact law (`isogap.engine.wide.dense`), at a cost of ``O(N M²)`` a layer. A network is a list of blocks; what differs
between a plain and a residual network is how the same layers are composed (`isogap.engine.wide.layers`).
"""

from isogap.engine.wide.dense import Dense, Gaussian, Haar, WeightLaw
from isogap.engine.wide.grams import (
    batch_variance,
    centred,
    dispersion,
    gaussian_start,
    largest_share,
    mean_product,
    mean_square,
    orthogonal_start,
    participation,
    spectrum,
)
from isogap.engine.wide.layers import BatchNorm, Chain, Nonlinearity, Probe, Residual
from isogap.engine.wide.network import WideRun, run_wide
from isogap.engine.wide.stored import Classifier, Stored
from isogap.engine.wide.stream import Stream
from isogap.engine.wide.tape import Layer, Tape

__all__ = [
    "run_wide",
    "WideRun",
    "Dense",
    "Gaussian",
    "Haar",
    "BatchNorm",
    "Nonlinearity",
    "Chain",
    "Residual",
    "Probe",
    "Stored",
    "Classifier",
    "Layer",
    "WeightLaw",
    "Tape",
    "Stream",
    "gaussian_start",
    "orthogonal_start",
    "mean_square",
    "mean_product",
    "batch_variance",
    "centred",
    "dispersion",
    "largest_share",
    "participation",
    "spectrum",
]
