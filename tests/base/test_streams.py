"""Streams and normals against NumPy's SeedSequence, a plain xoshiro256++ and the math library."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from isogap.base import streams
from isogap.engine.kernels import chain_lanes as chain
from tests.twins import streams as plain

LEVEL = 1e-6


@given(
    entropy=st.one_of(st.integers(0, 2**40), st.integers(0, 2**300)),
    key=st.lists(st.integers(0, 2**40), max_size=3),
    first=st.integers(0, 2**31),
)
def test_replica_states_are_numpys_seed_sequences(entropy, key, first):
    root = np.random.SeedSequence(entropy, spawn_key=tuple(key))
    states = streams.replica_states(root, first, 2)
    for i in range(2):
        child = np.random.SeedSequence(entropy, spawn_key=(*key, 1, first + i))
        assert (states[i] == child.generate_state(4, np.uint64)).all()


def test_a_fresh_seed_is_short_exact_in_json_and_makes_the_same_streams():
    seeds = [streams.seed_of(streams.seed_sequence(None)) for _ in range(200)]
    assert len(set(seeds)) == 200
    for seed in seeds:
        assert 0 <= seed < 2**53
        assert int(float(seed)) == seed
    root = streams.seed_sequence(None)
    again = streams.seed_sequence(streams.seed_of(root))
    assert (streams.replica_states(root, 0, 5) == streams.replica_states(again, 0, 5)).all()


def test_sequence_entropy():
    root = np.random.SeedSequence([5, 2**33, 7])
    child = np.random.SeedSequence([5, 2**33, 7], spawn_key=(1, 4))
    assert (streams.replica_states(root, 4, 1)[0] == child.generate_state(4, np.uint64)).all()


@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_words_and_state_are_xoshiro256pp(seed):
    state = plain.replica_state(seed, 3)
    fast = np.array(state, np.uint64)
    out = np.empty(101, np.uint64)
    chain.fill_words(fast, out)
    assert out.tolist() == plain.xoshiro256pp(state, 101)
    assert fast.tolist() == state


def test_normals_match_the_math_library():
    # Polynomials of relative error 2 ulp; sqrt doubles nothing; the angle's reduction adds 2π·2^-54.
    words = np.random.default_rng(0).integers(0, 2**64, 20000, dtype=np.uint64)
    words[:4] = [0, 2**64 - 1, 2**63, 1 << 11]
    words[10000:10008] = (np.arange(8) * 2**61).astype(np.uint64)
    out = np.empty(words.size)
    chain.words_to_normals(words, out)
    expected = np.array(plain.box_muller([int(w) for w in words]))
    assert np.abs(out - expected).max() < 16 * np.finfo(float).eps * 8.6


def test_normals_are_normal():
    words, out = np.empty(400_000, np.uint64), np.empty(400_000)
    chain.fill_words(streams.replica_states(np.random.SeedSequence(7), 0, 1)[0], words)
    chain.words_to_normals(words, out)
    assert stats.kstest(out, "norm").pvalue > LEVEL
    assert abs(np.corrcoef(out[:200_000], out[200_000:])[0, 1]) < stats.norm.isf(LEVEL / 2) / np.sqrt(200_000)


def test_seed_forms():
    assert streams.seed_sequence(np.int64(4)).entropy == 4
    root = np.random.SeedSequence(9)
    assert streams.seed_sequence(root) is root
    generator = np.random.default_rng(1)
    first, second = streams.seed_sequence(generator), streams.seed_sequence(generator)
    assert first.spawn_key != second.spawn_key
    with pytest.raises(ValueError, match="non-negative"):
        streams.seed_sequence(-1)
    assert streams.seed_sequence([1, np.int64(2)]).entropy == [1, 2]
    keyed = streams.seed_sequence(np.random.Generator(np.random.Philox(key=1)))
    assert keyed.generate_state(1) == streams.seed_sequence(np.random.Philox(key=1)).generate_state(1)
    with pytest.raises(TypeError, match=r"got 1\.5"):
        streams.seed_sequence(1.5)
