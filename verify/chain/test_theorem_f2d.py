"""Theorem F2d: widths that shrink: s = (T-d)/(d-1) obeys E s_ℓ ≤ s_0 Π_k d_k/(d_k+2), the constant 1 in front is the best."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import sampling
from isogap.verification.states import excess, one_apart


def decide(case, *, factor=lambda d, n: Fraction(n * (n - 1), (d - 1) * (n + 2))):
    """Theorem A after a compression; F2c telescoped; sampled traces from one large eigenvalue, where it is nearly attained."""
    with case.illustrations():
        for d, n in ((3, 2), (4, 2), (8, 5)):
            s = one_apart(d, d - Fraction(d - 1, 20))
            case.hypothesis(n < d)
            lam = np.array([float(x) for x in s.full()])
            w = sampling.haar(d, 6000, case.rng(d, n))[:, :n, :]
            g = np.einsum("rik,k,rjk->rij", w, lam, w)
            traces = np.einsum("rii->ri", g) * np.einsum("rii->ri", np.linalg.inv(g))
            claim = n + float(factor(d, n)) * float(excess(s))
            case.mean_at_most(
                "sampled E T' ≤ d' + factor (T - d)", traces.sum(axis=1), claim, float(n * s.top / s.low), d=d, width=n
            )
        found = bounds.shrinking_widths([8, 6, 6, 3], 4.5, excess=True).excess
        case.pathwise(
            "library: shrinking_widths multiplies the factors", [found[3]], [4.5 / 7 * 2 * 0.75 * 0.75 * 0.6], 1e-12
        )
    m, T, d = sp.symbols("m T d", positive=True)
    # supermartingale ratio (tr K tr K⁻¹ - m²)/(m(m-1)) from F2c: E[tr K' tr K'⁻¹] with E z = t/m
    z, t, b, y = sp.symbols("z t b y")
    gone = (T - y) * (t - b / z)  # trace and inverse trace after compression to v^⊥
    bounded = (T - y) * t - (z * T - 1)  # by (T-y) b ≥ z (zT-1)
    case.identity("(T-y)(t - b/z) = bounded - ((T-y) b/z - (zT - 1))", gone, bounded - ((T - y) * b / z - (z * T - 1)))
    mean = (T - T / m) * t - (t / m * T - 1)  # E y = T/m, E z = t/m
    case.identity(
        "its mean, less (m-1)²: (m-2)/m of T t - m², the ratio of (m-1)(m-2) to m(m-1)",
        mean - (m - 1) ** 2,
        (m - 2) / m * (T * t - m**2),
        computed=True,
    )
    n = sp.Symbol("n", positive=True)
    q = n / (n + 2)
    telescoped = q / n * (n * (n - 1)) / (d * (d - 1)) * (d * T - d**2)
    case.identity(
        "d - d' compressions, then one layer of width d'", telescoped, n * (n - 1) / ((d - 1) * (n + 2)) * (T - d)
    )
    case.argument("independence", "WGWᵀ = V K Vᵀ with V Haar on O(d') and K the compression to a random subspace")
    case.argument("tower property", "one layer into ℓ")


FALSE_NEIGHBOURS = {"d'(d'-1)/((d-1)(d+2))": {"factor": lambda d, n: Fraction(n * (n - 1), (d - 1) * (d + 2))}}


def test_theorem_f2d(judgement):
    judgement()
