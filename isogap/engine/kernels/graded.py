"""Columns of very different size in the form in X, kept independent while the small ones grow or shrink.

``X -> X Q`` with orthogonal ``Q`` leaves ``X Xᵀ`` alone, and rounding perturbs each column relative to its own norm only. So
singular values down to 1e-150 survive, as long as no two small columns become parallel; left alone they would, like any
two vectors under a product of random matrices. One sweep of one-sided Jacobi rotations a layer (Hestenes 1958; high relative
accuracy: Demmel & Veselić, SIAM J. Matrix Anal. Appl. 13 (1992) 1204) keeps them nearly orthogonal, each at the size of
its own singular value. Under Gaussian weights all columns would become parallel: at width 2 the logarithm of the smaller
singular value is a random walk without drift, which comes back from below 1e-16, and must not come back as rounding.
Layout of ``X``: `reflectors`.
"""

from isogap.engine.kernels.compiling import kernel
from isogap.engine.kernels.lanes.vectors import fma, load, root, spread, store, where_less
from isogap.engine.kernels.layout import height, place_in_x

# A singular value below this share of the largest makes a start graded.
SHARE = 1e-3


@kernel()
def orthogonalise_columns(X, columns, d):
    """One cyclic sweep: rotate each pair of columns to orthogonality.

    With ``a = ‖x_p‖²``, ``b = ‖x_q‖²``, ``g = x_p · x_q`` the tangent is ``t = 2g sign(b-a) / (|b-a| + sqrt((b-a)² + 4g²))``,
    taken relative to ``max(a, b)`` so that nothing underflows that matters.
    """
    rows = height(d)
    for p in range(columns - 1):
        at_p = place_in_x(0, p, rows)
        for q in range(p + 1, columns):
            at_q = place_in_x(0, q, rows)
            a = b = g = spread(0.0, load(X, 0))
            for i in range(d):
                x, y = load(X, at_p + 4 * i), load(X, at_q + 4 * i)
                a, b, g = fma(x, x, a), fma(y, y, b), fma(x, y, g)
            largest = where_less(a, b, b, a)
            largest = where_less(
                0.0, largest, largest, spread(1.0, largest)
            )  # of columns whose squares have underflowed
            difference = (b - a) / largest
            gap = where_less(difference, 0.0, 0.0 - difference, difference)
            twice = 2.0 * g / largest
            bottom = gap + root(fma(gap, gap, twice * twice))
            one = spread(1.0, bottom)
            t = where_less(0.0, bottom, twice, 0.0) / where_less(0.0, bottom, bottom, one)
            t = where_less(difference, 0.0, 0.0 - t, t)
            c = one / root(fma(t, t, 1.0))
            s = c * t
            for i in range(d):
                x, y = load(X, at_p + 4 * i), load(X, at_q + 4 * i)
                store(X, at_p + 4 * i, fma(c, x, 0.0 - s * y))
                store(X, at_q + 4 * i, fma(s, x, c * y))
