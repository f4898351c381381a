"""Theorem F2d: Widths that shrink."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace, sampling
from isogap.verification.balls import ball
from isogap.verification.states import excess, inverse_trace, one_apart


def decide(case):
    """Theorem A after a compression; F2c telescoped; sampled traces from one large eigenvalue, where it is nearly attained."""
    case.decides("<=", "==")
    law, share = (claim.right for claim in case.claims)
    with case.illustrations():
        for d, n in ((3, 2), (4, 2), (8, 5)):
            s = one_apart(d, d - Fraction(d - 1, 20))
            case.hypothesis(n < d)
            lam = np.array([float(x) for x in s.full()])
            w = sampling.haar(d, 6000, case.rng(d, n))[:, :n, :]
            g = np.einsum("rik,k,rjk->rij", w, lam, w)
            traces = np.einsum("rii->ri", g) * np.einsum("rii->ri", np.linalg.inv(g))
            before = share.exact(**inverse_trace(d + excess(s), "G_l"), d_ell=d)
            bound = law.exact(s_0=before, ell=1, d_at=lambda _, n=n: n)
            claim = n + float(bound / share.exact(**inverse_trace(Fraction(n + 1), "G_l"), d_ell=n))
            case.mean_at_most(
                "sampled E T' ≤ d' + factor (T - d)", traces.sum(axis=1), claim, float(n * s.top / s.low), d=d, width=n
            )
        sizes = [8, 6, 6, 3]
        found = bounds.shrinking_widths(sizes, 4.5, excess=True).excess
        start = share.exact(**inverse_trace(8 + Fraction(9, 2), "G_l"), d_ell=8)
        for depth in (1, 3):
            bound = law.exact(s_0=start, ell=depth, d_at=lambda k: sizes[int(k)])
            exact = bound / share.exact(**inverse_trace(Fraction(sizes[depth] + 1), "G_l"), d_ell=sizes[depth])
            case.library("bounds.shrinking_widths", found[depth], ball(exact), 100, layer=depth)
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
    start = share.sympy(**inverse_trace(T, "G_l"), d_ell=d)
    after = law.sympy(s_0=start, ell=1, d_at=lambda _: n)  # of s: times n - 1 for the excess
    scale = sp.cancel(share.sympy(**inverse_trace(n + m, "G_l"), d_ell=n) / m)
    case.identity("d - d' compressions, then one layer of width d'", telescoped, after / scale, computed=True)
    case.argument("independence", "WGWᵀ = V K Vᵀ with V Haar on O(d') and K the compression to a random subspace")
    case.argument("tower property", "one layer into ℓ")


FALSE_NEIGHBOURS = {
    "d'/(d'+3) a layer": replace("d_at(k) + 2", "d_at(k) + 3"),
    "without the share d - 1": replace("(d_ell - 1)", "(d_ell - 0)"),
}


def test_theorem_f2d(judgement):
    judgement()
