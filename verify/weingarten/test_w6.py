"""W6: Involutions of the symmetric spaces A III, BD I and C II."""

import sympy as sp

from isogap.verification import UndecidedError, replace
from weingarten import constant, expectation, orthogonal, symmetric_space, symplectic, tr, unitary
from weingarten.algebra.several import Ring
from weingarten.ensembles.symmetric_spaces import ClassAIII, ClassBDI, ClassCII

d, t = sp.symbols("d t", integer=True, positive=True)
WORDS = (
    lambda X, A, B: tr(X * A),
    lambda X, A, B: tr(X * A * X * B),
    lambda X, A, B: tr(X * A) * tr(X * B),
)


def decide(case):
    """The functions of degree two, and words at integer sizes with C given by its entries."""
    case.decides("==", "==", "==", "==")
    *functions, of_c2 = case.claims
    ring = Ring((d, t))
    laws = (("AIII", ClassAIII), ("BDI", ClassBDI), ("CII", ClassCII))
    for (kind, law), claim in zip(laws, functions, strict=True):
        made = law((d,), (d,), kind, t)
        lengths = claim.left.evaluate({claim.left.names[0]: lambda *parts: parts}, int)
        if lengths != (1, 1):
            raise UndecidedError(f"the formula is one of degree two, at the cycles 1, 1, not {lengths}")
        key = (1, lengths) if kind == "CII" else lengths
        formula = claim.right.sympy(d=d, D=d, t=t)
        case.identity(f"W(1,1) of {kind}", ring.sympy(made.weight(key, ring)), formula, computed=True)
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
    expected = of_c2.right.sympy(a=2, b=1) / sp.Integer(6) * sp.Trace(constant("A", 6))
    case.exact("C II: t = 2(a - b)", sp.simplify(trace - expected) == 0)


FALSE_NEIGHBOURS = {
    "C II with t = a - b": replace("2*(a - b)", "a - b"),
    "BD I with the function of A III": replace("((d + 1)*t^2 - 2*d)/(d*(d - 1)*(d + 2))", "(t^2 - 1)/(d^2 - 1)"),
}


def test_w6(judgement):
    judgement()
