"""W5: functions of O_d^+ and S_d^+; the inverse of the Gram matrix is one, identically in d."""

import sympy as sp

from weingarten import moment
from weingarten.algebra.several import Ring
from weingarten.combinatorics.set_partitions import join_count, noncrossing_pairings, noncrossing_partitions
from weingarten.ensembles.quantum import FreeOrthogonal, FreePermutation

d = sp.Symbol("d", integer=True, positive=True)
PRINTED = {
    "O+": (5 * d - 7) / (d * (d + 1) * (d**2 - 2)),
    "S+": (2 * d - 5) / (d * (d - 1) * (d**2 - 3 * d + 1)),
}


def decide(case, *, name=None, value=None, sorted_factors=False):
    """G W = 1 for both families, the printed functions, and rows of norm and sum one."""
    claim = dict(PRINTED)
    if name is not None:
        claim[name] = value
    ring = Ring((d,))
    for kind, law, family in (
        ("O+", FreeOrthogonal((d,), (d,), "O+"), noncrossing_pairings(6)),
        ("S+", FreePermutation((d,), (d,), "S+"), noncrossing_partitions(3)),
    ):
        marks = (False,) * len(family[0])
        for a, pi in enumerate(family):
            row = [sp.S.Zero] * len(family)
            for c, middle in enumerate(family):
                weight = ring.sympy(law.weight((marks, a, c), ring))
                for b, rho in enumerate(family):
                    row[b] += weight * d ** join_count(middle, rho)
            for b in range(len(family)):
                case.identity(f"{kind}: W G = 1 at {pi}", sp.together(row[b]), sp.Integer(a == b), computed=True)
    case.identity("h(u11^6) of O_d^+", moment([[6]], d, "O+"), claim["O+"], computed=True)
    alternating = [1, 2, 1, 2] if not sorted_factors else [1, 1, 2, 2]
    found = moment(rows=alternating, cols=alternating, d=d, group="S+")
    case.identity("h(u11 u22 u11 u22) of S_d^+", found, claim["S+"], computed=True)
    rows = moment(rows=[1, 1], cols=[1, 1], d=d, group="O+")
    case.identity("Σ_j h(u_1j u_1j) = 1", d * rows, 1, computed=True)
    case.hypothesis(True)


FALSE_NEIGHBOURS = {
    "the value of S_d for S_d^+": {"name": "S+", "value": 1 / (d * (d - 1))},
    "factors in sorted order": {"sorted_factors": True},
    "the value of O_d for O_d^+": {"name": "O+", "value": 15 / (d * (d + 2) * (d + 4))},
}


def test_w5(judgement):
    judgement()
