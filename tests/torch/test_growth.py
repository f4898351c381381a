"""Rates of a module's gradients: what is called uneven, or an explosion, is so by Student's law."""

import numpy as np
import pytest

pytest.importorskip("torch")

from isogap.theory.verdict import uneven
from isogap.torch.sampling import _apart
from isogap.torch.theory import growth_of


@pytest.mark.parametrize("networks", [2, 3, 10])
def test_even_networks_are_seldom_called_uneven(networks):
    """Independent steps of one law; at level 1 %. Three standard errors of 2 networks were passed by one in five."""
    rng = np.random.default_rng(networks)
    called = 0
    for _ in range(500):
        steps = rng.normal(0.05, 0.2, (networks, 50))
        called += not growth_of(np.cumsum(steps[:, ::-1], axis=1)[:, ::-1], readout=False).is_even
    assert called <= 15, "a binomial variable of 500 trials at 1 % exceeds 15 once in 14 000"


def test_uneven_networks_are_called_so():
    rng = np.random.default_rng(1)
    rates = np.repeat([0.3, 0.05], 25)
    for networks in (5, 10):
        steps = rng.normal(rates, 0.1, (networks, 50))
        growth = growth_of(np.cumsum(steps[:, ::-1], axis=1)[:, ::-1], readout=False)
        assert not growth.is_even
        assert growth.ends[0] == pytest.approx(0.3, abs=0.1)


def test_a_sum_over_the_layers_is_told_from_nothing_by_students_law():
    assert "explodes" in uneven(9.0, 0.5, (0.3, 0.06), depth=50, replicas=10)
    assert "explodes" not in uneven(9.0, 0.5, (0.3, 0.06), depth=50, replicas=2)
    assert "explodes" in uneven(9.0, 0.02, (0.3, 0.06), depth=50, replicas=2)


@pytest.mark.parametrize("entries", [1, 2, 4, 64])
def test_parameters_of_few_entries_are_seldom_called_trained(entries):
    """A bias of one number lies below a seventieth of others in one draw of a hundred; it was called trained for that."""
    rng = np.random.default_rng(entries)
    for others in (1, 2, 10):
        sizes = 0.5 * np.log((rng.uniform(-1, 1, (5000, others + 1, entries)) ** 2).mean(axis=2))
        assert sum(_apart(row[0], row[1:], entries) for row in sizes) <= 3


def test_a_matrix_of_another_size_is_told_from_those_drawn():
    rng = np.random.default_rng(1)
    sizes = 0.5 * np.log((rng.standard_normal((3, 256)) ** 2).mean(axis=1))
    for factor in (0.4, 2.5):
        assert _apart(sizes[0] + np.log(factor), sizes[1:], 256)
    assert not _apart(sizes[0], sizes[1:], 256)
    assert _apart(-np.inf, sizes[1:], 256)
