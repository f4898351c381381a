"""W5: Functions of free quantum groups."""

import sympy as sp

from isogap.verification import replace
from weingarten import moment
from weingarten.algebra.several import Ring
from weingarten.combinatorics.set_partitions import join_count, noncrossing_pairings, noncrossing_partitions
from weingarten.ensembles.quantum import FreeOrthogonal, FreePermutation

d = sp.Symbol("d", integer=True, positive=True)


class Entries:
    """A word in entries: places in the order in which they stand."""

    def __init__(self, *places):
        self.places = places

    def __mul__(self, other):
        return Entries(*self.places, *other.places)

    def __pow__(self, power):
        return Entries(*self.places * int(power))

    def state(self, group):
        """The Haar state of the word."""
        rows, columns = (list(x) for x in zip(*self.places, strict=True))
        return moment(rows=rows, cols=columns, d=d, group=group)


def decide(case):
    """G W = 1 for both families, the printed functions, and rows of norm and sum one."""
    case.decides("==", "==")
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
    entries = {"u_11": Entries((1, 1)), "u_22": Entries((2, 2))}
    for group, claim in zip(("O+", "S+"), case.claims, strict=True):
        found = claim.left.evaluate({**entries, "h": lambda word, group=group: word.state(group)}, int)
        case.identity(f"the printed function of {group}", found, claim.right.sympy(d=d), computed=True)
    rows = moment(rows=[1, 1], cols=[1, 1], d=d, group="O+")
    case.identity("Σ_j h(u_1j u_1j) = 1", d * rows, 1, computed=True)
    case.hypothesis(True)


FALSE_NEIGHBOURS = {
    "the value of S_d for S_d^+": replace("(2*d - 5)/(d*(d - 1)*(d^2 - 3*d + 1))", "1/(d*(d - 1))"),
    "factors in sorted order": replace("u_11*u_22*u_11*u_22", "u_11*u_11*u_22*u_22"),
    "the value of O_d for O_d^+": replace("(5*d - 7)/(d*(d + 1)*(d^2 - 2))", "15/(d*(d + 2)*(d + 4))"),
}


def test_w5(judgement):
    judgement()
