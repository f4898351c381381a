"""Types of arrays, and arithmetic on them that NumPy does not have on every system."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# What the states of one run may take.
MEMORY_LIMIT = 8 * 2**30

FloatArray = npt.NDArray[np.float64]


def ldexp(x: Any, exponent: Any) -> FloatArray:
    """``x 2^exponent``; NumPy's own takes C ints only, and 64-bit exponents are not that on every system."""
    clipped = np.minimum(np.maximum(exponent, -(2**30)), 2**30).astype(np.intc)
    result: FloatArray = np.ldexp(x, clipped)
    return result


IntArray = npt.NDArray[np.int64]
