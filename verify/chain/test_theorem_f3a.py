"""Theorem F3a: BatchNorm with eps leaves no gap."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import replace, sampling
from isogap.verification.forms import d, mean_of_forms, power_sum
from isogap.verification.states import inverse_trace


def decide(case):
    """``E tr G'⁻¹`` exactly; the recursion of a; a sampled layer."""
    case.decides("<=", "==", "==", "<=")
    law, scaled, factor, gap = (claim.right for claim in case.claims)
    eps, m = sp.symbols("epsilon m", positive=True)
    T = power_sum(-1)
    q_eps = factor.sympy(d=d, eps=eps)
    with_trace = (
        d * mean_of_forms([(0, 0, 1), (0, 0, -1)]).subs(power_sum(1), d * m) + eps * T
    )  # tr G'⁻¹ = Σ (Y_j + ε) Z_j
    case.identity(
        "E tr G'⁻¹ = (d m T + 2d)/(d+2) + ε T", with_trace, (d * m * T + 2 * d) / (d + 2) + eps * T, computed=True
    )
    a = scaled.sympy(eps=eps, **inverse_trace(T, "G"), d=d)
    step = scaled.sympy(eps=eps, **inverse_trace(with_trace.subs(m, 1 - eps), "G"), d=d)
    case.identity("at m = 1 - ε: E a' = q_ε a", step, law.sympy(ell=1, q_eps=q_eps, a_0=a), computed=True)
    mean = (law.sympy() + sp.Symbol("d", positive=True)) / sp.Symbol("d", positive=True)  # of m T/d at m = 1 - ε
    case.identity("φ ≤ log(m T/d)", sp.exp(gap.sympy()), mean, computed=True)
    y = sp.Symbol("y", positive=True)
    case.identity("y/(y+ε) is concave", sp.diff(y / (y + eps), y, 2), -2 * eps / (y + eps) ** 3, computed=True)
    case.identity(
        "(1-ε)I is fixed: y/(y+ε) = 1 - ε at y = 1 - ε",
        sp.cancel((y / (y + eps)).subs(y, 1 - eps)),
        1 - eps,
        computed=True,
    )
    case.argument("Jensen", "m' ≤ m/(m+ε), so m stays at most 1 - ε; log is concave; tr G'⁻¹ grows with m")
    case.argument("AM-GM", "φ ≤ log(m T/d)")
    case.argument("tower property", "one layer into ℓ")
    with case.illustrations():
        for lam, e in (((0.2, 0.8, 1.4), 0.2), ((0.25, 0.5, 0.75, 1.5), 0.1)):
            width = len(lam)
            case.hypothesis(True)
            w2 = sampling.haar(width, 6000, case.rng(width)) ** 2
            values = ((w2 @ np.array(lam) + e) * (w2 @ (1 / np.array(lam)))).sum(axis=1)
            expected = (width * np.mean(lam) * np.sum(1 / np.array(lam)) + 2 * width) / (width + 2) + e * np.sum(
                1 / np.array(lam)
            )
            case.mean_equals(
                "sampled E tr G'⁻¹", values, float(expected), float(width * (max(lam) + e) / min(lam)), d=width
            )
    half = Fraction(1, 2)
    q = factor.ball(d=4, eps=half)
    case.library("bounds.eps_factor", bounds.eps_factor(4, 0.5), q, 4)


FALSE_NEIGHBOURS = {"factor q without eps": replace("(d + 2*eps)", "d")}


def test_theorem_f3a(judgement):
    judgement()
