"""Fixed point, stability, cross-batch map, conditional Gram: public numbers, limits, twins, sampling, refusals."""

import math

import mpmath as mp
import numpy as np
import pytest

from isogap.model.activations import activation
from isogap.theory.mean_field import (
    conditional_gram,
    cross_batch_contraction,
    cross_batch_map,
    first_unstable_batch,
    fixed_point,
    identity_traceless_rate,
    kappa,
    nonlinearity_price,
    rate_excess,
    stability,
)
from tests.twins import mean_field as twin


def test_fixed_points() -> None:
    for batch in (2, 3, 5, 8, 100):
        q, c = fixed_point("identity", batch)
        assert (q.value, c.value) == pytest.approx((1.0, -1 / (batch - 1)), rel=1e-13)
    for batch, printed in ((2, 0.0), (8, 0.2501349), (32, 0.3023465), (math.inf, 1 / math.pi)):
        found = fixed_point("relu", batch)
        assert found.q.value == pytest.approx(0.5, rel=1e-13)
        assert found.correlation.value == pytest.approx(printed, abs=5e-8)
        assert found.correlation.error < 1e-12
    q, c = fixed_point("tanh", 2)
    assert (q.value, c.value) == pytest.approx((math.tanh(1) ** 2, -(math.tanh(1) ** 2)), rel=1e-15)
    q, c = fixed_point("gelu", 3)  # u = √3·√(2/3) cos a at angles 120° apart
    a = 2 * np.pi * np.arange(3000) / 3000
    u = math.sqrt(2) * np.cos(a[:, None] + np.array([0.0, 2 * np.pi / 3]))
    f = activation("gelu").function(u)
    assert (q.value, c.value) == pytest.approx((np.mean(f[:, 0] ** 2), np.mean(f[:, 0] * f[:, 1])), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "batch", "mu_S", "mu_M"),
    [
        ("relu", 8, 0.74361106, 0.53861074),
        ("relu", 64, 0.96506366, 0.70670273),
        ("tanh", 8, 0.4962, 0.8366),
        ("tanh", math.inf, 0.4611, None),
        ("relu", math.inf, 1.0, None),
        ("gelu", math.inf, 1.0621, None),
        ("silu", math.inf, 1.1010, None),
        ("softplus", math.inf, 1.0561, None),
        ("elu", math.inf, 0.8602, None),
        ("power:3", math.inf, 3.0, None),
    ],
)
def test_public_eigenvalues(name: str, batch: float, mu_S: float, mu_M: float | None) -> None:
    found = stability(name, batch)
    size = 5e-9 if mu_S in (0.74361106, 0.96506366) else 1e-4
    # tanh at B = 8 is printed as .4961; it is .49621
    assert found.mu_S.value == pytest.approx(mu_S, abs=size)
    if mu_M is not None:
        assert found.mu_M.value == pytest.approx(mu_M, abs=size)
    assert max(found.mu_S.error, found.mu_M.error) < 1e-12


def test_eigenvalues_in_closed_form() -> None:
    for batch in (4, 5, 8, 30, 500):
        n = batch - 1
        for mu in stability("identity", batch):
            assert mu.value == pytest.approx(n / (n + 2), rel=1e-12)
        mu_S, mu_M = stability("power:2", batch)
        assert mu_S.value == pytest.approx(2 * n * (n - 2) / ((n - 1) * (n + 4)), rel=1e-11)
        assert mu_M.value == pytest.approx(-2 * n / ((n - 1) * (n + 4)), rel=1e-10)
    assert (1 - stability("relu", 10**5).mu_S.value) * 10**5 == pytest.approx(2.2665, abs=2e-4)


@pytest.mark.parametrize("batch", [5, 8, 20, 64])
@pytest.mark.parametrize("name", ["tanh", "gelu", "softplus", "exp", "power:3"])
def test_eigenvalues_are_the_printed_integrals(name: str, batch: int) -> None:
    found = stability(name, batch)
    assert (found.mu_S.value, found.mu_M.value) == pytest.approx(
        twin.eigenvalues(activation(name).function, batch), rel=1e-10
    )


def test_eigenvalues_where_a_type_is_missing() -> None:
    assert [float(mu) for mu in stability("relu", 2)] == [0.0, 0.0]
    found = stability("identity", 3)
    assert found.mu_S.value == pytest.approx(0.5, rel=1e-13)
    assert found.mu_M.value == 0.0


@pytest.mark.parametrize(
    ("name", "batch"),
    [("power:3", 6), ("exp", 7), ("relu-power:2", 7), ("power:2", 8), ("silu", 26), ("gelu", 39), ("softplus", 43)],
)
def test_first_unstable_batch(name: str, batch: int) -> None:
    assert first_unstable_batch(name) == batch
    assert stability(name, batch).stable is False
    assert stability(name, batch - 1).stable is True


@pytest.mark.parametrize("name", ["relu", "tanh", "elu", "identity"])
def test_never_unstable(name: str) -> None:
    assert first_unstable_batch(name) == math.inf


def test_first_unstable_batch_beyond_the_list_is_found_by_bisection() -> None:
    found = first_unstable_batch("silu", gain=3.0)
    assert isinstance(found, int)
    assert found > 64
    assert stability("silu", found, gain=3.0).mu_S.value > 1 > stability("silu", found - 1, gain=3.0).mu_S.value


@pytest.mark.parametrize("n", [1, 2, 3, 7, 31, 100, 400, 401])
def test_cross_batch_map_is_the_hypergeometric_function(n: int) -> None:
    with mp.workdps(40):
        exact_kappa = 2 / mp.mpf(n) * (mp.gamma(mp.mpf(n + 1) / 2) / mp.gamma(mp.mpf(n) / 2)) ** 2
        found = kappa(n)
        assert abs(found.value - exact_kappa) <= found.error
        for rho in (0.1, -0.5, 0.9, 0.999, 1 - 1e-9):
            exact = exact_kappa * mp.mpf(rho) * mp.hyp2f1(0.5, 0.5, mp.mpf(n) / 2 + 1, mp.mpf(rho) ** 2)
            value = cross_batch_map(rho, n)
            assert abs(value.value - exact) <= value.error < 1e-14
    assert cross_batch_map(1.0, n).value == 1.0
    assert cross_batch_map(-1.0, n).value == -1.0
    assert cross_batch_map(0.0, n).value == 0.0


def test_cross_batch_numbers() -> None:
    assert f"{cross_batch_contraction('relu', 8):.7f}" == "0.7096772"
    assert cross_batch_contraction("relu", math.inf).value == pytest.approx(1 / (2 * (1 - 1 / math.pi)), rel=1e-13)
    assert kappa(10**6).value == pytest.approx(1 - 0.5e-6, abs=1e-12)
    assert cross_batch_map(0.3, math.inf).value == 0.3
    for name in ("tanh", "gelu", "relu", "power:3"):
        for batch in (5, 8, 40):
            contraction, slope = cross_batch_contraction(name, batch).value, kappa(batch - 1).value
            assert contraction == pytest.approx(slope * (1 - nonlinearity_price(name, batch).value), rel=1e-14)
            assert rate_excess(name, batch).value >= (1 - contraction / slope) * batch / (batch - 3) - 1e-13


def test_cross_correlation_of_two_batches_follows_the_map(rng: np.random.Generator) -> None:
    n, rho, count = 7, 0.6, 400_000
    a = rng.standard_normal((count, n))
    b = rho * a + math.sqrt(1 - rho * rho) * rng.standard_normal((count, n))
    products = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    error = products.std() / math.sqrt(count)
    assert abs(products.mean() - cross_batch_map(rho, n).value) < 4 * error


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("name", ["identity", "relu", "leaky-relu:0.3", "abs"])
def test_conditional_gram_is_the_mean_over_rows(name: str, centred: bool, rng: np.random.Generator) -> None:
    B = 6
    for rank in (2, B):
        x = rng.standard_normal((rank, B))
        gram = x.T @ x
        found = conditional_gram(gram, name, centred=centred)
        assert found.error < 1e-12
        f = activation(name).function(twin.rows(gram, 200_000, rng, centred))
        products = np.einsum("ni,nj->nij", f, f)
        error = products.std(axis=0) / math.sqrt(len(f)) + 1e-12
        # 21 entries, 16 matrices: 5 standard errors are passed by chance once in 5000 runs
        assert (np.abs(products.mean(axis=0) - found.value) < 5 * error).all()


@pytest.mark.parametrize("B", [2, 3, 8, 64])
def test_conditional_gram_exactly(B: int, rng: np.random.Generator) -> None:
    for rank in sorted({2, B // 2 + 1, B, 2 * B}):
        x = rng.standard_normal((rank, B)) * np.geomspace(1, 1e-3, B)
        gram = x.T @ x
        linear, relu = conditional_gram(gram, "identity"), conditional_gram(gram, "relu")
        assert np.trace(linear.value) == pytest.approx(B, rel=1e-11)
        assert np.abs(np.diag(relu.value) - 0.5 * np.diag(linear.value)).max() < 1e-12
        assert np.abs(linear.value.sum(axis=0)).max() < 1e-11
    even = conditional_gram(0.3 * np.eye(B) + 0.5, "relu")
    assert even.value[0, 1] == pytest.approx(fixed_point("relu", B).c.value, abs=1e-12)


def test_conditional_gram_of_rank_one_is_exact() -> None:
    y = np.array([3.0, -1.0, 0.5, -2.5])  # u = ± 2 y/|y|: sums to 0, so centring does nothing
    u = 2 * y / np.linalg.norm(y)
    found = conditional_gram(np.outer(y, y), "relu")
    exact = 0.5 * (np.outer(np.maximum(u, 0), np.maximum(u, 0)) + np.outer(np.maximum(-u, 0), np.maximum(-u, 0)))
    # the cosines ±1 come out of matrix products: J1 has slope 1 at 1 but a root below, √eps of error in the worst entry
    assert np.abs(found.value - exact).max() < 1e-11


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conditional_gram(np.eye(4), "tanh"), "not positively homogeneous"),
        (lambda: conditional_gram(np.diag([1.0, 1.0, -5.0]), "relu"), "positive semi-definite"),
        (lambda: conditional_gram(np.ones((3, 3)), "relu"), "nothing after centring"),
        (lambda: conditional_gram(np.ones((3, 2)), "relu"), "must be square"),
        (lambda: cross_batch_map(1.5, 4), r"rho must lie in \[-1, 1\]"),
        (lambda: cross_batch_map(math.nan, 4), r"rho must lie in \[-1, 1\]"),
        (lambda: cross_batch_map(0.5, 0), "n must be at least 1"),
        (lambda: identity_traceless_rate(3), "batch must be at least 4"),
        (lambda: stability("relu:-9", 8), "is constant on"),
        (lambda: fixed_point("relu", 0), "batch must be at least 2"),
    ],
)
def test_refusals(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()
