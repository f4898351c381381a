"""Claim 1: E W_11⁴ = 3/(d(d+2)) for Haar on O(d)."""

import sympy as sp

from weingarten import moment

d = sp.Symbol("d", positive=True)


def decide(case, *, numerator=3):
    case.hypothesis(True)
    case.identity("fourth moment by the calculus", moment([[4]], d), numerator / (d * (d + 2)), computed=True)


FALSE_NEIGHBOURS = {"numerator 2": {"numerator": 2}}
