"""W8: frame potentials 1, 2, 5, 15 of the one-qubit Clifford group against 1, 2, 5, 14: a 3-design and no 4-design."""

import functools

import sympy as sp

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


def decide(case, *, design=3):
    """Exact potentials of the group, and the least ones from characters."""
    group = clifford()
    case.exact("24 elements", case.hypothesis(len(group) == 24))
    for k, least in zip((1, 2, 3, 4), CATALAN, strict=True):
        result = frame_test(k)
        case.exact(
            "the least potential is a Catalan number", haar_frame_potential(k, 2) == least == result.least[0], k=k
        )
        case.exact("design up to degree 3 alone", bool(result) == (k <= design), k=k)
    case.exact("F_4 = 15", frame_test(4).potentials == (15,))


FALSE_NEIGHBOURS = {"a 4-design": {"design": 4}, "a 2-design only": {"design": 2}}


def test_w8(judgement):
    judgement()
