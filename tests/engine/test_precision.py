"""float64 against double-double and arbitrary precision, driven by the same reflectors."""

import numpy as np
import pytest

from isogap import Where, simulate

CASES = [
    (3, 60, "gaussian", "orthogonal"),
    (8, 150, "gaussian", "orthogonal"),
    (4, 300, "spectrum:2,1,0.5,1e-14", "orthogonal"),
    (4, 120, "spectrum:2,1,0.5,1e-40", "orthogonal"),
    (6, 40, "near-isometry:1e-100", "orthogonal"),
    (5, 8, "gaussian", "gaussian"),
]


def run(case, precision, replicas=2):
    d, depth, spec, weights = case
    return simulate(
        d,
        depth,
        replicas=replicas,
        input=spec,
        weights=weights,
        rng=7,
        keep_paths=True,
        precision=precision,
        where=Where(threads=1),
    )


@pytest.mark.parametrize("case", CASES)
def test_three_precisions(case):
    exact, pairs, floats = (run(case, precision) for precision in ("mp:40", "double-double", "double"))
    for layer_range in (slice(1, None),):
        truth = exact.paths.log_phi[:, layer_range]
        assert np.isfinite(truth).all()
        # log φ is a float: 2 ulp of it, and the engine's own error on top.
        size = 4e-16 * (1 + np.abs(truth))
        assert (np.abs(pairs.paths.log_phi[:, layer_range] - truth) <= 4 * size).all()
        assert (np.abs(floats.paths.log_phi[:, layer_range] - truth) <= size + 1e-12).all()
    assert pairs.paths.log_jacobian == pytest.approx(exact.paths.log_jacobian, rel=1e-13, abs=1e-15)
    assert floats.paths.log_jacobian == pytest.approx(exact.paths.log_jacobian, rel=1e-9, abs=1e-13)
    for result in (exact, pairs, floats):
        assert result.energy_residual < 1e-12


def test_float64_at_depth_1000_of_width_4_and_8():
    """Relative error of φ below 1e-12 on every layer, at φ = 1e-100 and 1e-200; double-double gives every digit."""
    for d in (4, 8):
        exact, pairs, floats = (
            run((d, 1000, "gaussian", "orthogonal"), p, 1) for p in ("mp:30", "double-double", "double")
        )
        truth = exact.paths.phi
        assert truth[0, -1] < 1e-95
        assert np.abs(floats.paths.phi / truth - 1).max() < 1e-12
        # Decreases are kept as floats: a few ulp, not more.
        assert np.abs(pairs.paths.phi / truth - 1).max() < 4e-15


def test_below_underflow_of_float64():
    exact, floats = (run((4, 400, "near-isometry:1e-150", "orthogonal"), p, 1) for p in ("mp:30", "double"))
    assert floats.paths.log_phi[0, -1] < -750
    assert floats.paths.phi[0, -1] == 0.0
    assert floats.paths.log_phi == pytest.approx(exact.paths.log_phi, rel=1e-14)


def test_self_checks_pass_in_every_precision():
    for precision, replicas in (("double-double", 200), ("mp:20", 40)):
        result = simulate(4, 20, replicas=replicas, rng=3, precision=precision)
        assert result.one_step.passed is True
        assert result.parameters.precision == precision
        degenerate = simulate(4, 10, replicas=replicas, rng=3, batch=3, precision=precision)
        assert degenerate.one_step.passed is True
        plain = simulate(4, 10, replicas=replicas, rng=3, batch=3)
        assert degenerate.log_jacobian.mean == pytest.approx(plain.log_jacobian.mean, rel=1e-9)


@pytest.mark.parametrize("precision", ["single", "mp:", "mp:8", "mp:x", "double-double:3", 53])
def test_unknown_precisions(precision):
    with pytest.raises(ValueError, match="precision must be double, double-double or mp:DIGITS"):
        simulate(2, 1, replicas=1, precision=precision)
