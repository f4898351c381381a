"""The column kernel writes inside its arrays: margins around every one of them keep what they held."""

import numpy as np
import pytest

from isogap import Where, simulate
from isogap.engine.chain import buffers

MARK, MARGIN = 77, 128


class Guarded:
    """NumPy whose zeros lie between margins, and an ``aligned`` that does the same."""

    def __init__(self):
        self.kept = []

    def __getattr__(self, name):
        return getattr(np, name)

    def zeros(self, shape, dtype=np.float64):
        count = int(np.prod(shape))
        raw = np.full(count + 2 * MARGIN, MARK, dtype=dtype)
        raw[MARGIN : MARGIN + count] = 0
        self.kept.append(raw)
        return raw[MARGIN : MARGIN + count].reshape(shape)

    def aligned(self, count, lanes, dtype=np.float64, parts=1, **options):
        whole = ALIGNED(count + 2 * MARGIN, lanes, dtype, parts, **options)
        flat = whole.reshape(-1)
        margin = flat.size // (count + 2 * MARGIN) * MARGIN
        flat[:margin] = flat[-margin:] = MARK
        self.kept.append((flat, margin))
        return whole[MARGIN:-MARGIN]

    def untouched(self):
        for kept in self.kept:
            raw, margin = kept if isinstance(kept, tuple) else (kept, MARGIN)
            if (raw[:margin] != MARK).any() or (raw[-margin:] != MARK).any():
                return False
        return True


ALIGNED = buffers.aligned


@pytest.mark.parametrize(
    ("width", "weights", "depth"),
    [(2, "hadamard", 4), (4, "dct", 40), (8, "hadamard", 80), (16, "dct", 4), (64, "hadamard", 3), (193, "gaussian", 2),
     (200, "orthogonal", 2)],
)  # fmt: skip
def test_no_array_is_overrun(width, weights, depth, monkeypatch):
    guarded = Guarded()
    monkeypatch.setattr(buffers, "np", guarded)
    monkeypatch.setattr(buffers, "aligned", guarded.aligned)
    simulate(width, depth, replicas=3, weights=weights, rng=1, where=Where(threads=1))
    assert len(guarded.kept) > 10
    assert guarded.untouched()
