"""W6: one sum instead of two for the involutions A III, BD I, C II; against words in U, O and Sp with an explicit C."""

import sympy as sp

from weingarten import constant, expectation, orthogonal, symmetric_space, symplectic, tr, unitary
from weingarten.algebra.several import Ring
from weingarten.ensembles.symmetric_spaces import ClassAIII, ClassBDI, ClassCII

d, t, D = sp.symbols("d t D", integer=True, positive=True)
PRINTED = {
    "AIII": (t**2 - 1) / (d**2 - 1),
    "BDI": ((d + 1) * t**2 - 2 * d) / (d * (d - 1) * (d + 2)),
    "CII": ((d - 1) * t**2 - 2 * d) / (d * (d + 1) * (d - 2)),
}

WORDS = (
    lambda X, A, B: tr(X * A),
    lambda X, A, B: tr(X * A * X * B),
    lambda X, A, B: tr(X * A) * tr(X * B),
)


def decide(case, *, halve=False, name=None, value=None):
    """The functions of degree two, and words at integer sizes with C given by its entries."""
    claim = dict(PRINTED)
    if name is not None:
        claim[name] = value
    ring = Ring((d, t))
    for kind, law in (("AIII", ClassAIII), ("BDI", ClassBDI), ("CII", ClassCII)):
        made = law((d,), (d,), kind, t)
        key = (1, (1, 1)) if kind == "CII" else (1, 1)
        case.identity(f"W(1,1) of {kind}", ring.sympy(made.weight(key, ring)), claim[kind], computed=True)
    for kind, a, b in (("AIII", 2, 1), ("BDI", 2, 1), ("BDI", 3, 1), ("CII", 1, 1)):
        k = 2 if kind == "CII" else 1
        size = k * (a + b)
        if not case.hypothesis(size >= 2):
            continue
        C = sp.ImmutableMatrix(sp.diag(*([1] * (k * a) + [-1] * (k * b))))
        A, B = constant("A", size), constant("B", size)
        g = {"AIII": unitary, "BDI": orthogonal, "CII": symplectic}[kind]("g", size)
        V = symmetric_space("V", kind, a, b)
        word = g * C * (g.T if kind == "BDI" else g.H)
        for f in WORDS:
            difference = sp.simplify(expectation(f(V, A, B)) - expectation(f(word, A, B)))
            case.exact(f"{kind}: one sum equals two", difference == 0, size=size)
    trace = expectation(tr(symmetric_space("V", "CII", 2, 1) * constant("A", 6)))
    expected = sp.Rational(1 if halve else 2, 6) * sp.Trace(constant("A", 6))
    case.exact("C II: t = 2(a - b)", sp.simplify(trace - expected) == 0)


FALSE_NEIGHBOURS = {
    "C II with t = a - b": {"halve": True},
    "BD I with the function of A III": {"name": "BDI", "value": PRINTED["AIII"]},
}


def test_w6(judgement):
    judgement()
