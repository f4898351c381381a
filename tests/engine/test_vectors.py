"""Lanes against plain floats, bit for bit; double-double arithmetic against exact fractions."""

import runpy
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numba import njit

import isogap
from isogap.engine.kernels import normals
from isogap.engine.kernels.compiling import Operation
from isogap.engine.kernels.lanes import bits as words
from isogap.engine.kernels.lanes import probe, vectors
from isogap.engine.kernels.lanes.bits import left, plus, rotate, xor
from isogap.engine.kernels.lanes.vectors import any_less, fma, lift, load, root, spread, store, where_less
from tests.twins import kernels as twin

BITS = Path(__file__).parents[2] / ".ci" / "bits.py"
needs_lanes = pytest.mark.skipif(probe.lanes_available() == 1, reason="this numba has no lanes")


@njit
def operations(a, out):
    x, y, z = load(a, 0), load(a, 1), load(a, 2)
    store(out, 0, x + y)
    store(out, 1, x - 2)
    store(out, 2, 3.0 * y)
    store(out, 3, x / y)
    store(out, 4, fma(x, y, z))
    store(out, 5, root(x * x))
    store(out, 6, where_less(x, y, z, 1.5))
    store(out, 7, spread(0.25, x))
    store(out, 8, normals.log_of(x * x))
    store(out, 9, normals.curvature(where_less(x, y, x / (y + 9.0), 0.01)))
    store(out, 10, normals.excess(x * x))
    return any_less(x, y)


@njit
def word_operations(a, out):
    x = load(a, 0)
    store(out, 0, xor(plus(x, left(x, 17)), rotate(x, 23)))
    store(out, 1, words.right(x, 11))
    store(out, 2, words.right_signed(x, 60))
    store(out, 3, words.minus(x, np.uint64(5)))


@needs_lanes
def test_every_operation_has_the_bits_of_floats(rng):
    wide, out = vectors.aligned(3, 8), vectors.aligned(11, 8)
    for _ in range(50):
        wide[...] = rng.uniform(0.1, 8.0, wide.shape)
        some = operations(wide, out)
        plain = []
        for lane in range(8):
            one = np.zeros(11)
            plain.append(operations(wide[:, lane].copy(), one))
            assert (one == out[:, lane]).all()
        assert some == any(plain)


@needs_lanes
def test_words_have_the_bits_of_integers(rng):
    wide, out = vectors.aligned(1, 8, np.uint64), vectors.aligned(4, 8, np.uint64)
    wide[...] = rng.integers(0, 2**64, wide.shape, dtype=np.uint64)
    word_operations(wide, out)
    mask = 2**64 - 1
    for lane in range(8):
        x = int(wide[0, lane])
        signed = x - 2**64 if x >> 63 else x
        assert int(out[0, lane]) == ((x + (x << 17)) & mask) ^ ((x << 23 | x >> 41) & mask)
        assert [int(v) for v in out[1:, lane]] == [x >> 11, (signed >> 60) & mask, (x - 5) & mask]


def test_fma_rounds_once(rng):
    out = np.zeros(11)
    for _ in range(200):
        a = rng.standard_normal(3) * 2.0 ** rng.integers(-30, 30, 3)
        operations(a, out)
        assert out[4] == twin.exact_fma(*(float(v) for v in a))


@needs_lanes
def test_normals_have_the_bits_of_one_stream(rng):
    states, z = vectors.aligned(4, 8, np.uint64), vectors.aligned(34, 8)
    states[...] = rng.integers(0, 2**64, states.shape, dtype=np.uint64)
    alone = [states[:, lane].copy() for lane in range(8)]
    normals.fill_normals(states, 17, z)
    for lane in range(8):
        one = np.zeros(34)
        normals.fill_normals(alone[lane], 17, one)
        assert (one == z[:, lane]).all()
        assert (alone[lane] == states[:, lane]).all()


def test_log_and_excess_to_a_few_ulp(rng):
    import mpmath as mp

    @njit
    def values(x):
        return normals.log_of(x), normals.excess(x), normals.curvature(x - 1.0)

    with mp.workdps(40):
        for x in np.concatenate([np.exp(rng.uniform(-30, 30, 300)), 1 + rng.uniform(-0.3, 0.3, 300)]).tolist():
            log, excess, curvature = values(x)
            exact = mp.log(mp.mpf(x))
            assert abs(log - exact) <= 2.3e-16 * max(1.0, abs(float(exact)))
            assert excess == pytest.approx(float(mp.mpf(x) - 1 - exact), rel=4e-15)
            if x > 0.02:
                u = mp.mpf(x - 1.0)
                assert curvature == pytest.approx(float((u - mp.log1p(u)) / u**2), rel=2e-14)


@njit
def pair_operations(a, floats, out):
    x, y = load(a, 0), load(a, 1)
    store(out, 0, x + y)
    store(out, 1, x - y)
    store(out, 2, x * y)
    store(out, 3, x / y)
    store(out, 4, root(x * x))
    store(out, 5, fma(x, y, lift(load(floats, 0), a)))
    store(out, 6, where_less(x, y, x, y))
    store(out, 7, load(floats, 0) - x)


@pytest.mark.parametrize("lanes", [1, pytest.param(8, marks=needs_lanes)])
def test_pairs_have_a_hundred_bits(rng, lanes):
    a, out, floats = (vectors.aligned(n, lanes, parts=p) for n, p in ((2, 2), (8, 2), (1, 1)))
    flat, results = a.reshape(2, 2, lanes), out.reshape(8, 2, lanes)
    for _ in range(30):
        flat[:, 0] = rng.uniform(0.5, 3.0, (2, lanes))
        flat[:, 1] = flat[:, 0] * rng.uniform(-1, 1, (2, lanes)) * 2.0**-54
        floats[...] = rng.uniform(0.5, 3.0, floats.shape)
        pair_operations(a, floats, out)
        for lane in range(lanes):
            x, y = (Fraction(flat[i, 0, lane]) + Fraction(flat[i, 1, lane]) for i in (0, 1))
            f = Fraction(floats.reshape(lanes)[lane])
            exact = [x + y, x - y, x * y, x / y, x, x * y + f, min(x, y), f - x]
            for got, want in zip(results[:, :, lane], exact, strict=True):
                # Operands of size one: sums may cancel, so the error is measured against 1 where they do.
                assert abs(Fraction(got[0]) + Fraction(got[1]) - want) <= Fraction(1, 2**99) * max(1, abs(want))


def test_probe_asks_for_the_plain_form(monkeypatch):
    monkeypatch.setenv("ISOGAP_LANES", "1")
    assert probe.lanes_available.__wrapped__() == 1


def test_probe_tries_every_operation():
    made = {name for module in (vectors, words) for name, what in vars(module).items() if isinstance(what, Operation)}
    made -= {"borrowed", "flat"}  # of whole arrays
    assert {"touch", "any_less", "to_floats"} < made
    assert made <= {name for kernel in (probe._probe, probe._turn) for name in kernel.py_func.__code__.co_names}
    assert probe.transposes() is (probe.lanes_available() > 1)


@needs_lanes
@pytest.mark.parametrize("wrong", range(6))
def test_probe_falls_back_on_a_wrong_bit_or_an_error(monkeypatch, wrong):
    right = probe._probe

    def other(*arrays):
        said = right(*arrays)
        if arrays[0].ndim == 1:
            return said
        if wrong < 3:
            array = arrays[wrong][-1:, ..., 5]  # the last result of lane 5
            array.view(np.uint64)[...] ^= np.uint64(1)
        elif wrong == 3:
            return (not said[0], *said[1:])
        elif wrong == 4:
            raise RuntimeError("LLVM has no such operation")
        return said

    monkeypatch.setattr(probe, "_probe", other)
    monkeypatch.delenv("ISOGAP_LANES", raising=False)
    assert probe.lanes_available.__wrapped__() == (8 if wrong == 5 else 1)


@pytest.mark.skipif(not BITS.exists(), reason="a source distribution comes without .ci")
def test_comparison_of_lanes_needs_lanes(monkeypatch):
    """Else plain floats would be compared with plain floats."""

    def run(*arguments, **options):
        raise InterruptedError("it runs")

    monkeypatch.setattr(isogap, "simulate", run)
    monkeypatch.setattr(probe, "lanes_available", lambda: 1)
    for wanted in (None, "8"):
        monkeypatch.delenv("ISOGAP_LANES", raising=False)
        if wanted is not None:
            monkeypatch.setenv("ISOGAP_LANES", wanted)
        with pytest.raises(SystemExit, match="no lanes to compare"):
            runpy.run_path(str(BITS), run_name="__main__")
    monkeypatch.setenv("ISOGAP_LANES", "1")
    with pytest.raises(InterruptedError, match="it runs"):
        runpy.run_path(str(BITS), run_name="__main__")
    monkeypatch.setenv("ISOGAP_LANES", "8")
    monkeypatch.setattr(probe, "lanes_available", lambda: 8)
    with pytest.raises(InterruptedError, match="it runs"):
        runpy.run_path(str(BITS), run_name="__main__")


def test_aligned_arrays():
    for lanes, parts, shape in ((8, 1, (3, 8)), (1, 1, (3,)), (8, 2, (3, 2, 8)), (1, 2, (3, 2, 1, 1))):
        array = vectors.aligned(3, lanes, parts=parts)
        assert array.shape == shape
        assert array.ctypes.data % 64 == 0
        assert not array.any()


def test_rows_are_the_array_and_know_its_kind(rng):
    @njit
    def doubled(a):
        r = vectors.rows(a)
        vectors.store(r, 1, 2.0 * vectors.load(r, 0))
        return vectors.holds_pairs(r)

    for lanes in (1, vectors.LANES):
        for parts in (1, 2):
            a = vectors.aligned(3, lanes, parts=parts)
            a[...] = rng.standard_normal(a.shape)
            if parts == 2:
                a[:, 1] = 2.0**-60 * a[:, 0]
            before = a.copy()
            assert doubled(a) == (parts == 2)
            assert (a[1] == 2 * before[0]).all()
            assert (a[::2] == before[::2]).all()
