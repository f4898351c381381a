"""One seed, one result: whatever the threads, the streams beside it, the form in which the seed is given."""

import json

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from isogap.run.chain import Checks, Where, simulate


def numbers(run):
    data = run.to_dict()
    data.pop("timing")
    data["provenance"].pop("threads")
    return json.dumps(data)


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
def test_bits_do_not_depend_on_threads(weights):
    one, two, three = (simulate(7, 60, replicas=101, weights=weights, rng=2, where=Where(threads=t)) for t in (1, 2, 3))
    assert numbers(one) == numbers(two) == numbers(three)
    assert numbers(simulate(7, 60, replicas=101, weights=weights, rng=3)) != numbers(one)


def test_start_does_not_depend_on_the_threads_of_blas():
    """At this width the decomposition of the batch has other last bits on two BLAS threads."""
    one, two = (simulate(100, 1, replicas=8, rng=1, checks=Checks(layers=0), where=Where(threads=t)) for t in (1, 2))
    with threadpool_limits(2):
        three = simulate(100, 1, replicas=8, rng=1, checks=Checks(layers=0), where=Where(threads=1))
    assert numbers(one) == numbers(two) == numbers(three)


def test_replicas_have_their_own_streams():
    few = simulate(5, 20, replicas=3, rng=2, keep_paths=True)
    many = simulate(5, 20, replicas=50, rng=2, keep_paths=True)
    assert (few.paths.phi == many.paths.phi[:3]).all()
    assert len(np.unique(many.paths.phi[:, 1])) == 50


def test_seed_reproduces_an_unseeded_run():
    first = simulate(3, 5, replicas=4)
    again = simulate(3, 5, replicas=4, rng=first.parameters.seed)
    assert numbers(first) == numbers(again)


def test_generator_and_sequence_as_rng():
    a = simulate(3, 5, replicas=4, rng=np.random.SeedSequence(7))
    assert numbers(a) == numbers(simulate(3, 5, replicas=4, rng=7))
    generator = np.random.default_rng(7)
    assert numbers(simulate(3, 5, replicas=4, rng=generator)) != numbers(simulate(3, 5, replicas=4, rng=generator))
