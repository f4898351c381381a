"""Weights in training: Weights stay near orthogonal while a network learns."""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from isogap.verification import UndecidedError, replace, sampling

NETWORKS, WIDTH, DEPTH, CLASSES, BATCH, STEPS, RATE = 24, 16, 30, 4, 32, 200, 0.02


class Trained(NamedTuple):
    """Largest gap of any square weight at the end, loss before and after; one network each."""

    gap: np.ndarray
    before: np.ndarray
    after: np.ndarray


def decide(case, *, rate=RATE):
    """Plain SGD on classes that differ in their means, by backpropagation written out here; the gap by singular values."""
    case.decides(">=", "<=")
    found = _train(case, rate)
    scale = _gaussian_gap(WIDTH)
    if not case.hypothesis(bool(np.all(found.after < found.before / 2))):
        raise UndecidedError(f"the networks did not learn: losses {found.before.round(2)} to {found.after.round(2)}")
    least, most = case.claims
    if not case.control and [c.right.exact(g_gaussian=1) for c in case.claims] != [Fraction(1, 2000), Fraction(1, 20)]:
        raise UndecidedError("the two ends are a twentieth of the Gaussian gap and a hundredth of that")
    case.mean_at_most(
        "largest gap of any layer, above the lower end", least.right.float(g_gaussian=scale) - found.gap, 0.0, None
    )
    _below(case, most, found.gap, scale)
    case.notices("weights drawn anew, Gaussian", lambda c: _below(c, most, _gaussian_gaps(case), scale))
    case.table(
        f"five of {NETWORKS} networks of width {WIDTH} and depth {DEPTH}, {STEPS} steps of SGD",
        ("loss before", "loss after", "largest gap of a weight", "a Gaussian matrix has"),
        [
            (f"{a:.3f}", f"{b:.3f}", f"{g:.2e}", f"{scale:.3f}")
            for g, a, b in zip(found.gap[:5], found.before[:5], found.after[:5], strict=True)
        ],
    )


def _below(case, claim, gaps, scale):
    case.mean_at_most("largest gap of any layer, below the upper end", gaps, claim.right.float(g_gaussian=scale), None)


def _gaussian_gap(d):
    """``E φ`` of a Gaussian matrix up to the spread of its trace: log d - (1/d) Σ_k E log χ²_k."""
    from scipy.special import digamma

    return float(math.log(d) - np.mean(digamma(np.arange(1, d + 1) / 2) + math.log(2.0)))


def _gaussian_gaps(case):
    return np.array([_gap(case.rng(9, k).standard_normal((WIDTH, WIDTH))) for k in range(NETWORKS)])


def _gap(W):
    s = np.linalg.svd(W, compute_uv=False)
    return float(np.log(np.mean(s**2)) - 2 * np.mean(np.log(s)))


def _train(case, rate):
    """All networks side by side: arrays with a leading axis of networks."""
    rng = case.rng(0)
    means = 2 * rng.standard_normal((NETWORKS, CLASSES, WIDTH))
    weights = [sampling.haar(WIDTH, NETWORKS, rng) for _ in range(DEPTH)]
    readout = rng.standard_normal((NETWORKS, CLASSES, WIDTH)) / math.sqrt(WIDTH)
    losses = []
    for _ in range(STEPS):
        labels = rng.integers(CLASSES, size=(NETWORKS, BATCH))
        X = np.take_along_axis(means, labels[:, :, None], axis=1) + rng.standard_normal((NETWORKS, BATCH, WIDTH))
        losses.append(_step(weights, readout, X.swapaxes(1, 2), labels, rate))
    gaps = np.array([[_gap(W) for W in layer] for layer in weights])
    return Trained(gaps.max(axis=0), np.mean(losses[:3], axis=0), np.mean(losses[-STEPS // 10 :], axis=0))


def _step(weights, readout, images, labels, rate):
    """One step of SGD, in place; the losses before it."""
    X, states = _normalised(images)[0], []
    for W in weights:
        N, root = _normalised(W @ X)
        states.append((X, N, root))
        X = N
    logits = readout @ X
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    hit = (np.arange(len(labels))[:, None], labels, np.arange(BATCH)[None])
    loss = -np.mean(np.log(p[hit]), axis=1)
    p[hit] -= 1
    p /= BATCH
    V = readout.swapaxes(1, 2) @ p
    readout -= rate * p @ X.swapaxes(1, 2)
    for W, (X_in, N, root) in zip(reversed(weights), reversed(states), strict=True):
        dH = (V - N * np.mean(V * N, axis=2, keepdims=True)) / root
        V = W.swapaxes(1, 2) @ dH
        W -= rate * dH @ X_in.swapaxes(1, 2)
    return loss


def _normalised(H):
    root = np.linalg.norm(H, axis=2, keepdims=True) / math.sqrt(BATCH)
    return H / root, root


FALSE_NEIGHBOURS = {
    "the weights do not move at all": replace("g_gaussian/20", "g_gaussian/2000"),
    "they become as far from orthogonal as a Gaussian matrix": replace("g_gaussian/2000", "g_gaussian"),
}


def test_weights_in_training(judgement):
    judgement()
