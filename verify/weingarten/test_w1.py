"""W1: Sixth moments of GOE, GUE and GSE."""

from fractions import Fraction
from math import prod

import sympy as sp

from isogap.verification import replace
from weingarten import expectation, goe, gse, gue, tr
from weingarten.algebra.several import Ring, Several
from weingarten.ensembles.trace_formulas import goe_trace, gue_trace

d = sp.Symbol("d", integer=True, positive=True)


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


def decide(case):
    """Wick's rule and the recursions for every d; the tridiagonal matrices at d = 1, 2, 3."""
    case.decides("==", "==", "==")
    symbols = {"A": goe("A", d), "H": gue("H", d), "Q": gse("Q", 2 * d)}
    ring = Ring((d,))
    recursions = (goe_trace, gue_trace, None)
    for (name, beta), claim, recursion in zip(
        (("GOE", 1), ("GUE", 2), ("GSE", 4)), case.claims, recursions, strict=True
    ):
        formula = claim.right.sympy(d=d)
        by_wick = claim.left.sympy(E=expectation, tr=tr, **symbols)
        case.identity(f"{name} by the calculus", by_wick, formula, computed=True)
        if recursion is not None:
            polynomial = ring.sympy(Several(ring, recursion(3, ring.polynomial(d), ring)))
            case.identity(f"{name} by its recursion", polynomial, formula, computed=True)
        with case.illustrations():
            for size in (1, 2, 3):
                if case.hypothesis(size >= 1):
                    exact = closed_walks(6, size, beta)
                    case.exact(f"{name} by closed walks", exact == claim.right.exact(d=size), d=size)


FALSE_NEIGHBOURS = {
    "GOE with diagonal variance 1": replace("52*d^2 + 41*d", "52*d^2 - 4*d"),
    "GSE as GOE at twice the size": replace("5*d^4 - 11*d^3 + 13*d^2 - 41/8*d", "40*d^4 + 88*d^3 + 104*d^2 + 41*d"),
    "GUE by its leading term": replace("5*d^4 + 10*d^2", "5*d^4"),
}


def test_w1(judgement):
    judgement()
