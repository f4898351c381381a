"""Batch normalisation of many rows: values, and the product of its Jacobian with a vector.

Sums are reassociated, so that they run on vector registers: they are those of one processor type to the last bit, as those of
the matrix products around them.
"""

import numpy as np

from isogap.engine.kernels.compiling import kernel


@kernel(fastmath={"reassoc", "contract"})
def row_scales(h, centred, eps, scale):
    """Fill ``scale[i] = sqrt(mean square of row i + eps)``, of the row less its mean where ``centred``."""
    rows, n = h.shape
    for i in range(rows):
        mean = 0.0
        if centred:
            for j in range(n):
                mean += h[i, j]
            mean /= n
        square = 0.0
        for j in range(n):
            square += (h[i, j] - mean) * (h[i, j] - mean)
        scale[i] = np.sqrt(square / n + eps)


@kernel(fastmath={"reassoc", "contract"})
def normalise_rows(h, centred, scale, u):
    """Fill ``u`` with the rows of ``h``, less their means where ``centred``, over ``scale``."""
    rows, n = h.shape
    for i in range(rows):
        mean = 0.0
        if centred:
            for j in range(n):
                mean += h[i, j]
            mean /= n
        factor = 1.0 / scale[i]
        for j in range(n):
            u[i, j] = (h[i, j] - mean) * factor


@kernel(fastmath={"reassoc", "contract"})
def pull_rows(g, u, centred, scale, out):
    """Fill ``out`` with the gradient before the normalisation: ``(g - u (u·g)/n) / scale``, less its mean where ``centred``."""
    rows, n = g.shape
    for i in range(rows):
        inner, total = 0.0, 0.0
        for j in range(n):
            inner += g[i, j] * u[i, j]
            total += g[i, j]
        inner /= n
        # the rows of u sum to zero where they are centred
        mean = total / n if centred else 0.0
        factor = 1.0 / scale[i]
        for j in range(n):
            out[i, j] = (g[i, j] - mean - inner * u[i, j]) * factor
