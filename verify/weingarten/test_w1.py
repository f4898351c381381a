"""W1: sixth moments of GOE, GUE and GSE, by Wick's rule, by recursions, and by closed walks on tridiagonal matrices."""

from fractions import Fraction
from math import prod

import sympy as sp

from weingarten import expectation, goe, gse, gue, tr
from weingarten.algebra.several import Ring
from weingarten.ensembles.trace_formulas import goe_trace, gue_trace

d = sp.Symbol("d", integer=True, positive=True)
PRINTED = {
    "GOE": 5 * d**4 + 22 * d**3 + 52 * d**2 + 41 * d,
    "GUE": 5 * d**4 + 10 * d**2,
    "GSE": 5 * d**4 - 11 * d**3 + 13 * d**2 - sp.Rational(41, 8) * d,
}


def closed_walks(length, size, beta):
    """Return the trace of the tridiagonal model, each power of an entry replaced by its moment."""

    def double_odd(k):
        return prod(range(1, k, 2))

    def diagonal(power):  # N(0, 2/β)
        return Fraction(0) if power % 2 else Fraction(2, beta) ** (power // 2) * double_odd(power)

    def beside(power, c):  # power/2 of χ²_{βc}/β
        return prod((c + Fraction(2 * s, beta) for s in range(power // 2)), start=Fraction(1))

    total = Fraction(0)

    def walk(at, left, stays, steps):
        nonlocal total
        if left == 0:
            if at == start:
                value = prod((diagonal(k) for k in stays.values()), start=Fraction(1))
                total += value * prod((beside(k, size - 1 - edge) for edge, k in steps.items()), start=Fraction(1))
            return
        walk(at, left - 1, {**stays, at: stays.get(at, 0) + 1}, steps)
        for edge, target in ((at, at + 1), (at - 1, at - 1)):
            if 0 <= target < size:
                walk(target, left - 1, stays, {**steps, edge: steps.get(edge, 0) + 1})

    for start in range(size):
        walk(start, length, {}, {})
    return total


def decide(case, *, name=None, value=None):
    """Wick's rule and the recursions for every d; the tridiagonal matrices at d = 1, 2, 3."""
    claim = dict(PRINTED)
    if name is not None:
        claim[name] = value
    by_wick = {
        "GOE": expectation(tr(goe("A", d) ** 4 * goe("A", d) ** 2)),
        "GUE": expectation(tr(gue("H", d) ** 6)),
        "GSE": expectation(tr(gse("H", 2 * d) ** 6)) / 2,
    }
    ring = Ring((d,))
    x = ring.polynomial(d)
    recursion = {"GOE": goe_trace(3, x, ring), "GUE": gue_trace(3, x, ring)}
    for ensemble, formula in claim.items():
        case.identity(f"{ensemble} by the calculus", by_wick[ensemble], formula, computed=True)
    for ensemble, polynomial in recursion.items():
        from weingarten.algebra.several import Several

        case.identity(
            f"{ensemble} by its recursion", ring.sympy(Several(ring, polynomial)), claim[ensemble], computed=True
        )
    with case.illustrations():
        for size in (1, 2, 3):
            if case.hypothesis(size >= 1):
                for ensemble, beta in (("GOE", 1), ("GUE", 2), ("GSE", 4)):
                    exact = closed_walks(6, size, beta)
                    expected = claim[ensemble].subs(d, size)
                    case.exact(
                        f"{ensemble} by closed walks",
                        sp.Rational(exact.numerator, exact.denominator) == expected,
                        d=size,
                    )


FALSE_NEIGHBOURS = {
    "GOE with diagonal variance 1": {"name": "GOE", "value": 5 * d**4 + 22 * d**3 + 52 * d**2 + 41 * d - 45 * d},
    "GSE as GOE at twice the size": {"name": "GSE", "value": PRINTED["GOE"].subs(d, 2 * d) / 2},
    "GUE by its leading term": {"name": "GUE", "value": 5 * d**4},
}


def test_w1(judgement):
    judgement()
