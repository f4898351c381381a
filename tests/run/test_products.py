"""Products held against theory: exponents to 1e-4, distances that fall with the size, verdicts that can be wrong."""

import numpy as np
import pytest
from isogap.products import condition_number_law, lyapunov_exponents
from scipy import stats

from isogap.run.products import _distance, limit_law, simulate_products
from isogap.theory.products import fuss_catalan


@pytest.mark.parametrize(("N", "replicas"), [(5, 2000), (20, 200), (100, 8)])
def test_exponents_of_long_products_within_their_errors(N, replicas):
    """10^4 factors a product. The family-wise level of a run is 1e-4 by design."""
    from isogap.products import lyapunov_variances

    from isogap.engine.products import sample_products

    factors = 10_000 if N > 5 else 1_000
    run = sample_products(N, factors, replicas=replicas, values=False, rng=N)
    error = np.sqrt(lyapunov_variances(N) / (factors * replicas))
    found = run.log_diagonals.mean(axis=0) / factors
    assert (np.abs(found - lyapunov_exponents(N)) < 5 * error).all()
    assert error[0] < 3e-4


def test_distances_fall_with_the_size():
    runs = [simulate_products(N, 2, replicas=replicas, rng=2) for N, replicas in ((25, 200), (100, 50), (400, 6))]
    distances = [run.distance for run in runs]
    assert distances[2] < distances[1] < distances[0]
    assert all(0.1 < run.size * run.distance < 3 for run in runs)
    assert all(run.verdict == "consistent" for run in runs)


def test_distance_is_scipys_for_a_continuous_law():
    logs = np.log(fuss_catalan(2).rvs((30, 8), rng=1)) / 2
    found, error = _distance(logs, fuss_catalan(2), np.random.default_rng(1))
    assert found == pytest.approx(stats.kstest(np.exp(2 * logs).ravel(), fuss_catalan(2).cdf).statistic, rel=1e-12)
    assert 0.3 / np.sqrt(logs.size) < error < 1.5 / np.sqrt(logs.size)


def test_distance_sees_atoms():
    law = limit_law(60, 1, "truncated", 1.0, 80)
    assert law.top_atom == pytest.approx(2 / 3)
    run = simulate_products(60, 1, weights="truncated", ambient=80, replicas=10, rng=1)
    assert run.verdict == "consistent"
    assert run.distance < 0.03
    assert _distance(np.zeros((2, 60)), law, np.random.default_rng(1))[0] > 0.5


def test_condition_number_of_one_factor_is_decided_exactly():
    run = simulate_products(10, 1, replicas=2000, rng=3)
    assert run.log_condition.theory == condition_number_law(10).log_mean()
    assert abs(run.log_condition.value - run.log_condition.theory) < 5 * run.log_condition.error
    assert sum("log cond" in reason for reason in run.reasons) == 1


def test_isometry_gap_of_a_product_is_its_number_of_factors_times_the_deficit():
    from isogap.products import log_det_deficit

    run = simulate_products(20, 3, replicas=400, rng=4)
    per_product = -2 * run.log_singular_values.mean(axis=1)
    assert per_product.mean() == pytest.approx(
        3 * log_det_deficit(20), abs=5 * per_product.std() / np.sqrt(per_product.size)
    )


def test_every_kind_of_factor_and_the_edges_of_the_domain():
    for arguments in (
        {"M": 0},
        {"weights": "orthogonal", "sigma": 2.0},
        {"sigma": 0.0},
        {"weights": "truncated", "ambient": 9},
    ):
        run = simulate_products(6, **({"M": 2} | arguments), replicas=3, rng=1)
        assert run.verdict == "consistent"
    with pytest.raises(ValueError, match="N must be at least 1"):
        simulate_products(0, 2)
