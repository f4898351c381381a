"""W8: The Clifford group of one qubit is a 3-design."""

import functools

import sympy as sp

from isogap.verification import replace
from weingarten import haar_frame_potential, is_design

CATALAN = [1, 2, 5, 14]


@functools.lru_cache(maxsize=1)
def clifford():
    """Return the 24 elements, one of each class of phases."""
    h, s = sp.Matrix([[1, 1], [1, -1]]) / sp.sqrt(2), sp.diag(1, sp.I)
    found = [sp.eye(2)]
    for u in found:
        for g in (h, s):
            v = (g * u).applyfunc(sp.simplify)
            if all(sp.simplify(sp.Abs((v * w.H).trace())) != 2 for w in found):
                found.append(v)
    return found


@functools.lru_cache(maxsize=8)
def frame_test(k):
    """Return the exact test of degree k."""
    return is_design(clifford(), k)


def decide(case):
    """Exact potentials of the group, and the least ones from characters."""
    case.decides(*["=="] * 5)
    *potentials, catalan = case.claims
    group = clifford()
    case.exact("24 elements", case.hypothesis(len(group) == 24))
    for k, least, claim in zip((1, 2, 3, 4), CATALAN, potentials, strict=True):
        result = frame_test(k)
        case.exact("the printed potential", result.potentials[-1] == claim.right.exact(), k=k)
        case.exact(
            "the least potential is a Catalan number", haar_frame_potential(k, 2) == least == result.least[0], k=k
        )
        case.exact("a design where the potential is the least", bool(result) == (claim.right.exact() == least), k=k)
    case.exact("the least potential of degree 4", haar_frame_potential(4, 2) == catalan.right.exact())


FALSE_NEIGHBOURS = {"a 4-design": replace("F_4 == 15", "F_4 == 14"), "a 2-design only": replace("F_3 == 5", "F_3 == 6")}


def test_w8(judgement):
    judgement()
