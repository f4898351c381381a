import math
from typing import Any

import numpy as np
import pytest

from isogap.engine.networks.passes import Pass, draw_weights, generators
from isogap.model.activations import ACTIVATIONS, Activation, activation
from isogap.model.losses import Loss, make_loss
from isogap.model.variant import Variant
from isogap.run.rates import end_to_end_rate
from isogap.run.variant import simulate_variant
from tests.twins.gradients import weight_gradients

Array = np.ndarray[Any, np.dtype[np.float64]]
ROOT = np.random.SeedSequence(11)


def a_pass(variant: Variant, loss: Loss) -> Pass:
    X0, _, _ = variant.start(np.random.default_rng(0).standard_normal((variant.width, variant.batch)))
    return Pass(variant, X0, loss, generators(ROOT, 0, 2))


def plain_loss(variant: Variant, X: Array, Ws: list[Array], loss: Loss) -> float:
    """The forward pass written out sample by sample from the definition, for finite differences."""
    for layer, W in enumerate(Ws[:-1], start=1):
        alpha = variant.gain * layer**-variant.exponent
        H = W @ X
        if variant.order == "act-norm":
            H = variant.activation.function(alpha * H)
        rows = []
        for h in H:
            c = h - h.mean() if variant.mean_removal else h
            rows.append(c / math.sqrt((c @ c) / (variant.batch if variant.root_n else 1) + variant.eps))
        X = np.array(rows)
        if variant.order == "norm-act":
            X = variant.activation.function(alpha * X)
    return float(loss.value((Ws[-1] @ X)[: loss.classes]))


CASES = [
    {},
    {"weights": "gaussian"},
    {"batch": 3},
    {"batch": 9, "mean_removal": True},
    {"batch": 9, "root_n": True},
    {"batch": 7, "mean_removal": True, "root_n": True, "eps": 1e-5},
    {"eps": 0.3},
    {"activation": "sin", "gain": 0.5},
    {"activation": "tanh", "exponent": 0.4},
    {"activation": "tanh", "order": "act-norm", "mean_removal": True, "batch": 8},
    {"activation": "selu", "root_n": True},
    {"activation": "selu", "order": "act-norm"},
    {"activation": "leaky-relu", "order": "act-norm"},
    {"activation": "relu", "batch": 12},
    {"activation": Activation("cube", lambda x: x + x**3, lambda x: 1 + 3 * x**2), "gain": 0.7},
    {"batch": 8, "repeats": 2},
]


@pytest.mark.parametrize("kind", ["cross-entropy", "squared-error"])
@pytest.mark.parametrize("case", CASES)
def test_against_finite_differences(case: dict[str, Any], kind: str) -> None:
    variant = Variant(5, 3, **case)
    loss = make_loss(kind, 5, variant.batch, generator=np.random.default_rng(3))
    work = a_pass(variant, loss)
    norms = np.exp(work.backward(work.forward()))
    # Truncation h⁴ times the fifth derivative, rounding eps/h; a kink must not fall into the stencil, so h is tiny there.
    h, rel = (1e-6, 1e-6) if variant.activation.name.endswith(("relu", "selu")) else (1e-3, 1e-5)
    for replica in range(2):
        Ws, X0 = [W[replica] for W in work.weights], np.asarray(work.states[0][replica])
        for layer in range(4):
            gradient = np.zeros((5, 5))
            for i, j in np.ndindex(5, 5):

                def moved(t: float, at: tuple[int, int] = (i, j), layer: int = layer, Ws: list[Array] = Ws) -> float:
                    changed = [W.copy() for W in Ws]
                    changed[layer][at] += t
                    return plain_loss(variant, X0, changed, loss)  # noqa: B023

                gradient[i, j] = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
            assert norms[replica, layer] == pytest.approx(np.linalg.norm(gradient), rel=rel, abs=1e-9)


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
@pytest.mark.parametrize("batch", [3, 6, 10])
def test_the_linear_chain_is_the_explicit_backpropagation(weights: str, batch: int) -> None:
    variant = Variant(6, 8, batch=batch, weights=weights)
    loss = make_loss("cross-entropy", 6, batch, generator=np.random.default_rng(3))
    work = a_pass(variant, loss)
    found = np.exp(work.backward(work.forward()))
    expected = weight_gradients(np.asarray(work.states[0][1]), [W[1] for W in work.weights], loss)
    assert found[1] == pytest.approx([np.linalg.norm(g) for g in expected], rel=1e-11)


@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_batch_norm_1d_of_torch(eps: float) -> None:
    torch = pytest.importorskip("torch")
    variant = Variant(6, 4, batch=9, mean_removal=True, root_n=True, eps=eps, activation="tanh", gain=0.8)
    loss = make_loss("cross-entropy", 6, 9, generator=np.random.default_rng(3))
    work = a_pass(variant, loss)
    found = np.exp(work.backward(work.forward()))
    Ws = [torch.tensor(W[0], requires_grad=True) for W in work.weights]
    X = torch.tensor(np.asarray(work.states[0][0]))
    norm = torch.nn.BatchNorm1d(6, eps=eps, affine=False, track_running_stats=False, dtype=torch.float64)
    for W in Ws[:-1]:
        X = torch.tanh(0.8 * norm((W @ X).T).T)
    torch.nn.functional.cross_entropy((Ws[-1] @ X).T, torch.tensor(loss.targets.T.copy())).backward()
    assert found[0] == pytest.approx([float(W.grad.norm()) for W in Ws], rel=1e-10)


def test_mean_removal_is_the_plain_chain_from_the_second_layer_on() -> None:
    """S8: with the same weights and a centred start, taking the mean away again changes nothing."""
    loss = make_loss("cross-entropy", 5, 8, generator=np.random.default_rng(3))
    removed = a_pass(Variant(5, 20, batch=8, mean_removal=True), loss)
    plain = Pass(Variant(5, 20, batch=8), np.asarray(removed.states[0][0]), loss, generators(ROOT, 0, 2))
    a, b = removed.forward(), plain.forward()
    assert np.abs(a - b).max() < 1e-13
    # The gradients differ in the all-ones direction of the logit gradient only, which no weight sees.
    assert removed.backward(a) == pytest.approx(plain.backward(b), abs=1e-11)


def test_the_root_n_factor_cancels_between_state_and_jacobian() -> None:
    loss = make_loss("squared-error", 5, 8, generator=np.random.default_rng(3))
    with_factor, without = a_pass(Variant(5, 20, batch=8, root_n=True), loss), a_pass(Variant(5, 20, batch=8), loss)
    a, b = with_factor.forward(), without.forward()
    assert a == pytest.approx(math.sqrt(8) * b, rel=1e-11)
    # Growth is the ratio of two layers: the different logits change it by a constant.
    V = loss.gradient(b)
    without_norms = without.backward(b)
    with_factor.loss = _Fixed(V)
    without.loss = _Fixed(V)
    difference = with_factor.backward(a) - without.backward(b)
    assert difference == pytest.approx(np.full_like(difference, 0.5 * math.log(8)), abs=1e-10)
    assert np.isfinite(without_norms).all()


class _Fixed:
    """A linear loss: its gradient is given."""

    classes = 5

    def __init__(self, V: Array) -> None:
        self.V = V

    def gradient(self, _: Array) -> Array:
        return self.V


def test_growth_with_rank_and_mean_removal() -> None:
    """S7, S8 at d = 8, depth 300: no growth exactly from n = d on, with mean removal from n = d + 1 on."""
    growth = {}
    for removal in (False, True):
        for n in (6, 8, 9, 16):
            run = simulate_variant(Variant(8, 300, batch=n, mean_removal=removal), replicas=40, rng=2)
            rate = end_to_end_rate(run.log_norm, (50, 250))
            growth[removal, n] = rate
            assert (run.theorem is not None) == (n >= 8 + removal)
            assert math.isinf(run.phi0) == (n < 8 + removal)
    for key in [(False, 8), (False, 9), (False, 16), (True, 9), (True, 16)]:
        assert abs(growth[key].value) < 1e-3, key
    for key in [(False, 6), (True, 6), (True, 8)]:
        assert growth[key].value > 6 * growth[key].stderr > 0, key


def test_bounds_hold_for_every_covered_variant() -> None:
    for case in ({}, {"batch": 12}, {"batch": 12, "mean_removal": True}, {"batch": 12, "root_n": True}, {"gain": 0.3}):
        for kind in ("cross-entropy", "squared-error"):
            run = simulate_variant(Variant(6, 40, **case), replicas=20, rng=1, loss=kind)
            assert run.bounds is not None
            mean, error = run.log_norm.mean(axis=0), run.log_norm.std(axis=0, ddof=1) / math.sqrt(20)
            assert (mean + 6 * error < run.bounds[1]).all()
            assert run.bounds[1] < run.bounds[0]


@pytest.mark.parametrize(
    "case",
    [
        {"weights": "gaussian"},
        {"eps": 1e-5},
        {"activation": "tanh"},
        {"batch": 4},
        {"batch": 6, "repeats": 2},
        {"mean_removal": True},
    ],
)
def test_no_theorem_no_bound(case: dict[str, Any]) -> None:
    run = simulate_variant(Variant(6, 4, **case), replicas=2, rng=1)
    assert run.theorem is None
    assert run.bounds is None


def test_gap_from_the_row_gram() -> None:
    run = simulate_variant(Variant(6, 60, batch=10), replicas=3, rng=1, gap_layers=(0, 30, 60))
    assert run.gap[:, 0] == pytest.approx([run.phi0] * 3, rel=1e-12)
    assert (np.diff(run.gap, axis=1) < 0).all()
    degenerate = simulate_variant(Variant(6, 6, batch=6, repeats=3), replicas=1, rng=1, gap_layers=(0, 6))
    assert np.isinf(degenerate.gap).all()
    assert degenerate.rank == 2


def test_layers_of_the_gap_in_any_order() -> None:
    variant = Variant(4, 4, batch=6)
    run = simulate_variant(variant, replicas=2, rng=1, gap_layers=np.array([4, 0, 4]))  # type: ignore[arg-type]
    alone = simulate_variant(variant, replicas=2, rng=1, gap_layers=(4,))
    assert run.gap_layers == (4, 0, 4)
    assert (run.gap[:, [0, 2]] == alone.gap).all()
    assert run.gap[:, 1] == pytest.approx([run.phi0] * 2, rel=1e-12)


@pytest.mark.parametrize(
    ("layers", "got"),
    [
        ((9,), "9"),
        ((0, -1), "-1"),
        ((1.5,), "1.5"),
        ((True,), "True"),
        ("12", "'1'"),
        ([[0, 1]], r"\[0, 1\]"),
        (None, "None"),
    ],
)
def test_bad_layers_of_the_gap(layers: Any, got: str) -> None:
    with pytest.raises(ValueError, match=rf"^gap_layers must be .*whole numbers in 0\.\.4, got {got}$"):
        simulate_variant(Variant(4, 4), replicas=1, rng=1, gap_layers=layers)


def test_chunks_do_not_change_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    variant = Variant(5, 10, activation="sin")
    whole = simulate_variant(variant, replicas=7, rng=3).log_norm
    monkeypatch.setattr("isogap.run.variant.CHUNK_BYTES", 1)
    # Products of stacks of another length may round differently.
    assert simulate_variant(variant, replicas=7, rng=3).log_norm == pytest.approx(whole, rel=1e-12)


def test_haar_weights_are_orthogonal() -> None:
    W = draw_weights("orthogonal", 7, generators(ROOT, 0, 5))
    assert np.abs(W @ np.swapaxes(W, 1, 2) - np.eye(7)).max() < 1e-14


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_derivatives_of_the_activations(name: str) -> None:
    f, x, h = ACTIVATIONS[name], np.linspace(-3, 3, 62), 1e-5
    # Truncation h²/6 f''' and rounding eps/h, both about 1e-11; no point within h of the kink at 0.
    assert f.derivative(x) == pytest.approx((f.function(x + h) - f.function(x - h)) / (2 * h), abs=1e-9)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ({"activation": "nosuch"}, "activation must be one of"),
        ({"activation": 3}, "activation must be a name"),
        ({"order": "both"}, "order must be one of"),
        ({"weights": "xavier"}, "weights must be one of"),
        ({"eps": -1.0}, "eps must be at least 0"),
        ({"gain": 0.0}, "gain must be positive"),
        ({"exponent": math.nan}, "exponent must be finite"),
        ({"repeats": 0}, "repeats must be at least 1"),
        ({"batch": 1, "mean_removal": True}, "batch of at least 2"),
    ],
)
def test_bad_variants(case: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Variant(5, 4, **case)


def test_activation_that_returns_nan_or_another_shape() -> None:
    broken = Activation("log", lambda x: np.log(np.maximum(x, 0)), lambda x: 1 / x)
    with (
        np.errstate(divide="ignore"),
        pytest.raises(ValueError, match=r"activation 'log' returned -inf at .* in layer 1"),
    ):
        simulate_variant(Variant(5, 4, activation=broken), replicas=1, rng=1)
    lost = Activation("nan", lambda x: x, lambda x: x * np.nan)
    with pytest.raises(ValueError, match="the derivative of activation 'nan' returned nan"):
        simulate_variant(Variant(5, 4, activation=lost), replicas=1, rng=1)
    short = Activation("sum", lambda x: x.sum(axis=-1), np.ones_like)
    with pytest.raises(ValueError, match="returned shape"):
        simulate_variant(Variant(5, 4, activation=short), replicas=1, rng=1)


def test_bad_batches() -> None:
    with pytest.raises(ValueError, match="constant over the batch"):
        Variant(3, 2, mean_removal=True).start(np.array([[1.0, 2, 3], [5, 5, 5], [0, 1, 0]]))
    with pytest.raises(ValueError, match="constant over the batch"):
        Variant(3, 2, batch=3, repeats=3, mean_removal=True).start(np.random.default_rng(0).standard_normal((3, 3)))
    with pytest.raises(ValueError, match="data must have shape"):
        Variant(3, 2).start(np.ones((3, 4)))
    with pytest.raises(ValueError, match="GiB for the states"):
        simulate_variant(Variant(100, 10**6), rng=1)


def test_user_activation_by_name_or_object() -> None:
    own = Activation("own", np.sinh, np.cosh)
    assert activation(own) is own
    assert activation("sin").name == "sin"
