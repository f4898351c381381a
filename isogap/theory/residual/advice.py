"""Numbers of a residual network in one record, and what to do about them in one sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.model.residual import NORMALISED, ResidualChain, is_identity, is_relu
from isogap.theory.mean_field import fixed_point
from isogap.theory.residual.branch import branch
from isogap.theory.residual.gradients import gradient_ratio
from isogap.theory.residual.isometry import isometry_gap_profile
from isogap.theory.residual.paths import PathLaw, path_law
from isogap.theory.residual.variance import VarianceProfile, branch_growth, variance_profile

# Limits of ours: growth of mean squares or gradients over all blocks that is harmless, or hopeless; a batch variance that is
# lost; the share of the blocks below which the mean path is short.
HARMLESS, HOPELESS, LOST, SHALLOW = 100.0, 1e6, 0.01, 0.1


@dataclass(frozen=True)
class Diagnosis:
    """A residual network at initialisation, computed.

    Attributes
    ----------
    chain : ResidualChain
    profile : VarianceProfile or None
        None for activations without a law (no BN in the branch, neither identity nor ReLU).
    paths : PathLaw or None
        None without a law, as `profile`.
    log_gradient : ndarray, shape (L + 1,), or None
        ``log(E‖g_l‖²/‖g_L‖²)`` for a white gradient at the output; None without a law.
    exponent : float or None
        λ of the growth ``(L/l)^λ`` (D6): ``batch-norm`` only.
    isometry_cost : float or None
        What all blocks add to the isometry gap of the linear square network with unitary weights; None without a law.
    recommendation : str
    """

    chain: ResidualChain
    profile: VarianceProfile | None
    paths: PathLaw | None
    log_gradient: FloatArray | None
    exponent: float | None
    isometry_cost: float | None
    recommendation: str


def diagnose(chain: ResidualChain, *, zero_weights: bool = False) -> Diagnosis:
    """Compute the laws D1 to D8 for one network, and say in a sentence what follows.

    Parameters
    ----------
    chain : ResidualChain
    zero_weights : bool
        Whether the last layer of every branch starts at 0: every branch then adds nothing at the start.

    Examples
    --------
    >>> from isogap.model.residual import NORMALISED, ResidualChain
    >>> diagnose(ResidualChain(64, 100, 64, activation="relu")).recommendation
    'trains at this depth: paths of 4.2 blocks of 100 on average carry the output; SkipInit does the same without a batch'
    >>> diagnose(ResidualChain(64, 10, 8, kind="skipinit", alpha=0), zero_weights=True).recommendation
    'stuck for ever: with alpha = 0 and W = 0 both gradients vanish; start either of them away from 0'
    """
    effective = _silenced(chain) if zero_weights else chain
    profile = _profile(effective)
    paths = None if profile is None else _paths(effective)
    log_gradient = _log_gradient(effective)
    stuck = chain.stuck(zero_weights)
    return Diagnosis(
        chain,
        profile,
        paths,
        log_gradient,
        branch(chain.activation, chain.batch).rate if chain.kind == "batch-norm" and effective.alpha else None,
        _isometry_cost(effective),
        stuck if stuck else _advice(effective, profile, paths, zero_weights),
    )


def _silenced(chain: ResidualChain) -> ResidualChain:
    """The same network with branches that add nothing."""
    return ResidualChain(chain.width, chain.blocks, chain.batch, chain.kind, chain.activation, 0.0, chain.weights)


def _keeps_scale(chain: ResidualChain) -> bool:
    """Whether a branch has the mean square of its input, whatever that is."""
    return is_identity(chain.activation) or is_relu(chain.activation)


def _profile(chain: ResidualChain) -> VarianceProfile | None:
    if chain.kind not in NORMALISED and not _keeps_scale(chain):
        return None
    return variance_profile(chain.blocks, chain.batch, chain.kind, chain.activation, alpha=chain.alpha)


def _paths(chain: ResidualChain) -> PathLaw:
    square = 1.0
    if chain.kind == "norm-after-sum":
        square = branch_growth(chain.batch, chain.activation)[1]  # BN removes the mean of the sum
    elif chain.kind == "batch-norm" and not _keeps_scale(chain):
        square = chain.weight_variance * fixed_point(chain.activation, chain.batch).q.value
    return path_law(chain.blocks, chain.kind, alpha=chain.alpha, branch_square=square)


def _log_gradient(chain: ResidualChain) -> FloatArray | None:
    """White gradient at the output. Without BN every block multiplies by ``1 + α²`` (``scaled``: by 1)."""
    layers = range(chain.blocks + 1)
    if chain.kind == "batch-norm":
        ratio = gradient_ratio(list(layers), chain.blocks, chain.batch, chain.activation, alpha=chain.alpha)
        return np.asarray(np.log(ratio))
    if chain.kind == "norm-after-sum" or not _keeps_scale(chain):
        return None
    each = 0.0 if chain.kind == "scaled" else math.log1p(chain.alpha**2)
    return np.asarray(each * (chain.blocks - np.arange(chain.blocks + 1, dtype=np.float64)))


def _isometry_cost(chain: ResidualChain) -> float | None:
    if chain.kind == "norm-after-sum" or abs(chain.alpha) > 1.0:
        return None
    if chain.kind == "batch-norm":
        return isometry_gap_profile(chain.blocks, chain.width).cost if chain.alpha == 1.0 else None
    return isometry_gap_profile(chain.blocks, chain.width, chain.kind, alpha=chain.alpha).cost


def _gap_growth(chain: ResidualChain) -> float:
    """What all blocks without BN add to the isometry gap (unitary weights): ``L log(1 + α²)``, of one number nothing.

    For ``|α| > 1`` it is that of ``1/α``: ``I + α U = α U (I + U*/α)``, a multiple of a unitary matrix times such a block.
    """
    if chain.width == 1:
        return 0.0
    return chain.blocks * math.log1p(min(abs(chain.alpha), 1.0 / abs(chain.alpha)) ** 2)


def _advice(
    chain: ResidualChain,
    profile: VarianceProfile | None,
    paths: PathLaw | None,
    zero_weights: bool,
) -> str:
    if chain.blocks == 0:
        return "no blocks: nothing to decide"
    if zero_weights:
        return "starts as the identity and learns through the zero layers: fine at every depth"
    if chain.kind == "batch-norm" and paths is not None:
        return _batch_norm_advice(chain, paths)
    if chain.kind == "norm-after-sum":
        return "no bias to short paths: every branch keeps its share at every depth; move BN into the branch, or use SkipInit"
    if chain.alpha == 0.0:
        return "starts as the identity and learns through alpha: fine at every depth, as long as W is not 0 as well"
    if profile is None:
        return f"no law for {chain.activation.name} without BN: its branches depend on the scale of their input; measure it"
    growth = 0.0 if chain.kind == "scaled" else chain.blocks * math.log1p(chain.alpha**2)
    remedy = f"use SkipInit, alpha = 0 or 1/sqrt(depth) = {chain.blocks**-0.5:.2g}"
    if growth > math.log(HARMLESS):
        what = "does not train" if growth > math.log(HOPELESS) else "trains with small steps only"
        return f"{what}: mean square and squared gradient grow by 10^{growth / math.log(10):.1f} each; {remedy}"
    left = math.exp(profile.log_variance[-1] - profile.log_variance[0])
    if left < LOST:
        return f"samples become alike: {left:.1g} of their variance is left at the output; {remedy}"
    cost = _gap_growth(chain)
    if cost > math.log(HARMLESS):
        return f"ill-conditioned: the isometry gap grows by {cost:.3g} on the way; {remedy}"
    return f"fine at this depth: mean square and squared gradient grow {math.exp(growth):.3g}-fold over all blocks"


def _batch_norm_advice(chain: ResidualChain, paths: PathLaw) -> str:
    if chain.batch == 2:
        return "a batch of 2 passes no gradient through the branches (their outputs are signs); use a larger batch or SkipInit"
    if chain.batch == 3:
        return "a batch of 3 has gradients without a mean (heavy tails); use a batch of at least 8, or SkipInit"
    if math.isinf(branch(chain.activation, chain.batch).rate):
        return (
            f"{chain.activation.name} jumps: the law's gradient is infinite there, and backpropagation sees nothing of a jump"
            "; use a continuous activation"
        )
    if chain.alpha <= 1 or paths.mean < SHALLOW * chain.blocks or chain.blocks < 30:
        return (
            f"trains at this depth: paths of {paths.mean:.1f} blocks of {chain.blocks} on average carry the output; "
            "SkipInit does the same without a batch"
        )
    return (
        f"paths of {paths.mean:.1f} blocks of {chain.blocks} on average carry the output: alpha = {chain.alpha:g} weighs the "
        "branches up; take a smaller alpha"
    )
