"""Gradients whose squares leave the range of float64, and those of starts close to rank 1, against 2000-bit arithmetic."""

import math
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import pytest

from isogap import simulate
from isogap.base.streams import replica_states
from isogap.batch.start import Start, make_start
from isogap.engine.gradients import passes as module
from isogap.engine.gradients.layout import Shape
from isogap.engine.gradients.passes import run_gradients
from isogap.engine.kernels import gradients as kernels
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.engine.kernels.lanes.vectors import aligned
from isogap.engine.kernels.layout import GAUSSIAN, ORTHOGONAL
from isogap.model.losses import Loss, make_loss
from isogap.run.gradients import GradientOptions
from tests.twins.gradients import explicit_weights

ROOT = np.random.SeedSequence(17)
LANES = lanes_available()


@dataclass(frozen=True)
class Scaled(Loss):
    """Squared error times ``2^power``, in the gradient only."""

    power: int = 0

    def gradient(self, Z: Any) -> Any:
        return np.ldexp(super().gradient(Z), self.power)


def exact_log_norms(start: Start, depth: int, replica: int, loss: Loss, weights: str) -> list[float]:
    """Textbook backpropagation in 2000 bits, with the weights as float64 has them."""
    Ws = explicit_weights(replica_states(ROOT, replica, 1)[0], start.width, depth + 1, weights)
    basis = start.basis if start.basis is not None else np.eye(start.batch)[:, : start.factor.shape[1]]
    with mpmath.workprec(2000):
        Ms, states, lengths = [mpmath.matrix(W) for W in Ws], [mpmath.matrix(start.factor) * mpmath.matrix(basis.T)], []
        d, n = states[0].rows, states[0].cols
        for W in Ms[:-1]:
            X = W * states[-1]
            lengths.append([mpmath.norm(X[i, :]) for i in range(d)])
            states.append(mpmath.matrix(d, n))
            for i in range(d):
                states[-1][i, :] = X[i, :] / lengths[-1][i]
        Z, T, G = Ms[-1] * states[-1], mpmath.matrix(loss.targets), mpmath.zeros(d, n)
        for k in range(n):
            total = sum(mpmath.exp(Z[i, k]) for i in range(loss.classes))
            for i in range(loss.classes):
                output = mpmath.exp(Z[i, k]) / total if loss.kind == "cross-entropy" else Z[i, k]
                G[i, k] = (output - T[i, k]) / n
        found = []
        for layer in range(depth, -1, -1):
            norm = mpmath.mnorm(G * states[layer].T, "f")
            found.append(float(mpmath.log(norm)) if norm else -math.inf)
            V = Ms[layer].T * G
            for i in range(d if layer else 0):
                x, v = states[layer][i, :], V[i, :]
                G[i, :] = (v - (v * x.T)[0] * x) / lengths[layer - 1][i]
        return found[::-1]


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
@pytest.mark.parametrize("size", [1e160, 1e300, 1e-160])
def test_targets_far_from_one(size: float, weights: str) -> None:
    rng = np.random.default_rng(0)
    start = make_start(rng.standard_normal((4, 5)), 4, 5, rng)
    loss = make_loss("squared-error", 4, 5, labels=size * rng.standard_normal((3, 5)), generator=rng)
    found = run_gradients(start, 20, 3, ROOT, loss, weights=weights)
    for r in (0, 2):
        assert found.log_norm[r] == pytest.approx(exact_log_norms(start, 20, r, loss, weights), rel=1e-12, abs=1e-9)
    assert 0.0 < found.conservation.max() < 1e-13
    # The loss itself, half the square, is beyond float64 there.
    assert (np.isinf(found.loss) == (size > 1)).all()


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
@pytest.mark.parametrize("power", [-900, -300, 300, 900])
def test_a_power_of_two_on_the_gradient_of_the_loss(power: int, weights: str) -> None:
    rng = np.random.default_rng(0)
    start, targets = make_start(rng.standard_normal((5, 6)), 5, 6, rng), rng.standard_normal((5, 6))
    plain = run_gradients(start, 20, 3, ROOT, Loss("squared-error", targets), weights=weights)
    found = run_gradients(start, 20, 3, ROOT, Scaled("squared-error", targets, power), weights=weights)
    assert found.log_norm - plain.log_norm == pytest.approx(np.full((3, 21), power * math.log(2)), rel=1e-13)
    # Nothing but exponents differs on the way.
    assert found.conservation == pytest.approx(plain.conservation, abs=1e-14)
    assert found.conservation.max() > 0


def test_the_run_with_huge_targets() -> None:
    targets = np.random.default_rng(0).standard_normal((4, 4))
    norms = []
    for size in (1e100, 1e160):
        options = GradientOptions("squared-error", labels=size * targets)
        run = simulate(4, 20, replicas=3, rng=1, weights="gaussian", gradients=options)
        assert run.gradient is not None
        assert 0 < run.gradient.conservation < 1e-12
        assert (run.gradient.log_norm_stderr[:-1] > 0).all()
        norms.append(run.gradient.log_norm_mean)
    # The logits are nothing beside such targets: linear in them.
    assert norms[1] - norms[0] == pytest.approx(np.full(21, math.log(1e60)), rel=1e-12)


def test_targets_that_are_no_numbers_are_refused() -> None:
    targets = np.ones((4, 4))
    targets[1, 2] = np.nan
    with pytest.raises(ValueError, match=r"labels holds nan at index \(1, 2\)"):
        simulate(4, 4, replicas=2, gradients=GradientOptions("squared-error", labels=targets))
    start = make_start("gaussian", 4, None, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"loss\.targets holds nan at index \(1, 2\)"):
        run_gradients(start, 4, 2, ROOT, Loss("squared-error", targets))


@pytest.mark.parametrize("weights", [ORTHOGONAL, GAUSSIAN])
@pytest.mark.parametrize(("value", "expected"), [(0.0, -math.inf), (1e200, math.inf), (math.nan, math.nan)])
def test_what_is_not_finite_stays_so(value: float, expected: float, weights: int) -> None:
    """A squared norm of 0, infinity or NaN on the way back: never another number."""
    d, rng = 5, np.random.default_rng(0)
    name = "gaussian" if weights == GAUSSIAN else "orthogonal"
    s = Shape(d, d, name, LANES)
    tape, work, U, norms = s.tape(1), s.work(), aligned(s.matrix, LANES), aligned(1, LANES)
    state = aligned(4, LANES, np.uint64)
    state[...] = replica_states(ROOT, 0, LANES).T.reshape(state.shape)
    s.pack(rng.standard_normal((LANES, d, d)), tape[0][0])
    tape[1][0][...] = 1.0
    kernels.forward(state, 0, 1, d, d, weights, *tape, *work[:5])
    s.pack(value * rng.standard_normal((LANES, d, d)), U)
    wanted, exponent = np.ones(1, np.bool_), aligned(1, LANES)
    kernels.backward(U, exponent, 0, 0, 1, d, d, weights, False, wanted, norms, *tape, *work[3:])
    assert norms == pytest.approx(np.full(norms.shape, expected), nan_ok=True)


@pytest.mark.parametrize(("size0", "sizeL"), [(np.inf, 1.0), (1.0, np.inf), (np.nan, 1.0)])
def test_no_conservation_without_sizes(size0: float, sizeL: float) -> None:
    C = np.ones((3, 2))
    assert np.isnan(module._conservation(C, np.full(2, size0), 2 * C, np.full(2, sizeL), np.zeros((1, 2)))).all()


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
@pytest.mark.parametrize(
    "spectrum", ["1,1e-8,1e-12", "1,1e-60,1e-60", "1,1e-100,1e-150", "1,1,1e-200", "1,1e-290,1e-290"]
)
def test_starts_close_to_a_lower_rank(spectrum: str, weights: str) -> None:
    start = make_start("spectrum:" + spectrum, 3, None, np.random.default_rng(0))
    loss = make_loss("cross-entropy", 3, 3, labels=[0, 2, 1], generator=np.random.default_rng(0))
    found = run_gradients(start, 12, 3, ROOT, loss, weights=weights)
    for r in range(3):
        # Absolute in the logarithm is relative in the norm; the network itself multiplies rounding by its row norms.
        assert found.log_norm[r] == pytest.approx(exact_log_norms(start, 12, r, loss, weights), rel=0, abs=1e-9)
    assert found.conservation.max() < 1e-13


def test_bounds_hold_for_targets_whose_squares_overflow() -> None:
    labels = 1e160 * np.random.default_rng(0).standard_normal((4, 4))
    options = GradientOptions("squared-error", labels=labels)
    gradient = simulate(4, 20, replicas=3, rng=1, gradients=options).gradient
    assert gradient is not None
    assert (gradient.log_norm_mean > 360).all()
