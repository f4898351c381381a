"""Convergence: The gap tends to 0 almost surely."""

import sympy as sp


def decide(case, *, decay=True):
    """Monotone paths have a limit; the means, and so the mean of the limit, tend to 0."""
    case.decides("->")
    limit = case.claim.right.exact()
    decays, length = case.below("Theorem 1")
    d, phi0 = (sp.Symbol(name, positive=True) for name in ("d", "phi0"))
    ell, k = sp.Symbol("ell", positive=True), sp.Symbol("k", positive=True)
    for width in (2, 3, 10):
        case.hypothesis(bool(length.right.ball(d=width, phi0=1) > 0))
    least = length.right.sympy(phi0=0)
    case.nonnegative(
        "the length k is positive and finite: it grows with φ_0",
        sp.expand(length.right.sympy() - least),
        {d: 0, phi0: 0},
    )
    bound = decays.right.sympy() if decay else phi0
    case.identity("its bound tends to 0 with ℓ", sp.limit(bound.subs(k, 7), ell, sp.oo), limit, computed=True)
    case.argument("monotone limit", "φ_ℓ ≥ 0 falls on every path (Lemma 2): it has a limit φ_∞ ≥ 0")
    case.argument("dominated convergence", "φ_ℓ ≤ φ_0, so E φ_∞ = lim E φ_ℓ ≤ lim φ_0 e^(-ℓ/k) = 0")
    case.argument("a non-negative variable of mean 0 vanishes almost surely", "φ_∞ = 0")


FALSE_NEIGHBOURS = {"from the pathwise bound φ_ℓ ≤ φ_0 alone": {"decay": False}}


def test_convergence(judgement):
    judgement()
