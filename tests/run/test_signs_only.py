"""Variants whose normalisation leaves signs alone: no gradient passes, which is said; one sample is refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from isogap.engine.networks.passes import Pass, generators
from isogap.model.losses import make_loss
from isogap.model.variant import Variant
from isogap.run.variant import simulate_variant

ROOT = np.random.SeedSequence(11)


def _relative_gradients(variant: Variant) -> np.ndarray:
    """‖∂L/∂W_l‖ over the size of what it is a product of, of three networks as float64 computes them, with what it rounds."""
    rng = np.random.default_rng(variant.batch + 10 * variant.width)
    X0 = variant.start(rng.standard_normal((variant.width, variant.batch)))[0]
    target = make_loss("squared-error", variant.width, variant.batch, generator=rng)
    passes = Pass(variant, X0, target, generators(ROOT, 0, 3))
    log_norm = passes.backward(passes.forward())
    return np.exp(log_norm[:, :-1].max(axis=1) - log_norm[:, -1])


CASES = [
    {"batch": n, "repeats": repeats, "mean_removal": centred, "activation": phi, "order": order, "weights": weights}
    for n in (2, 3, 5)
    for repeats in (1, 2, 5)
    for centred in (False, True)
    for phi in ("identity", "softplus", "tanh")
    for order in ("norm-act", "act-norm")
    for weights in ("orthogonal", "gaussian")
    if -(-n // repeats) > 1 or not centred
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case.values())))
def test_no_gradient_passes_where_signs_are_left_and_everywhere_else_one_does(case: dict[str, Any]) -> None:
    """At `--batch 2 --mean-removal` the rounding errors of cancellation were shown as a rate of -35 a layer."""
    variant = Variant(6, 3, **case)
    rank = min(6, variant.distinct - variant.mean_removal)
    relative = _relative_gradients(variant)
    if variant.signs_only(rank):
        assert (relative < 1e-12).all()
        assert _relative_gradients(Variant(6, 3, eps=0.1, **case)).min() > 1e-12
    else:
        assert (relative > 1e-12).all()


def test_the_gradient_of_signs_is_zero_exactly_and_the_verdict_says_why() -> None:
    for variant in (Variant(6, 8, batch=2, mean_removal=True), Variant(1, 8, batch=4)):
        run = simulate_variant(variant, replicas=3, rng=1)
        assert (run.log_norm[:, :-1] == -np.inf).all()
        assert run.verdict.startswith("no gradient below the last layer: normalisation leaves")
        assert "rate" not in run.verdict.partition("\n")[0]
    assert np.isfinite(
        simulate_variant(Variant(6, 8, batch=2, mean_removal=True), replicas=3, rng=1).log_norm[:, -1]
    ).all()


@pytest.mark.parametrize("case", [{"batch": 1}, {"batch": 4, "repeats": 4}, {"width": 1}])
def test_one_sample_is_refused_with_the_reason(case: dict[str, Any]) -> None:
    variant = Variant(**{"width": 6, "depth": 8} | case)
    with pytest.raises(ValueError, match="of one sample its signs, whose slope is 0"):
        simulate_variant(variant, rng=1)
    assert np.isfinite(simulate_variant(replace(variant, eps=0.1, width=6), rng=1).log_norm).all()
