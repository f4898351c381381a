"""B5: Second moments at finite size."""

from fractions import Fraction

import sympy as sp
from isogap.products import second_moment, squared_trace_moment

from isogap.verification import UndecidedError, replace

N, p, q = sp.symbols("N p q", positive=True)

# G A Gᵀ G A Gᵀ as a list of its four G's: (row index, column index); A joins the columns within a pair of G's.
PAIRS = {"tr (GAGᵀ)²": ("tr", (0, 1, 1, 0)), "(tr GAGᵀ)²": ("product", (0, 0, 1, 1))}
PAIRINGS = (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))


def decide(case):
    """One factor G more, with A = XXᵀ fixed: Wick's three pairings of the four G's, loops counted by machine."""
    case.decides("==", "==", "==", "==")
    next_p, next_q, *meaning = case.claims
    found = {name: _wick(rows) for name, (_, rows) in PAIRS.items()}
    # what p and q are of E tr A² and E (tr A)²; entries of variance 1/N make N^-2
    shares = [_share(claim, kind) for claim, kind in zip(meaning, ("tr", "trace"), strict=True)]
    of_square, of_trace = p / shares[0], q / shares[1]
    values = {
        name: sum(c * v for c, v in zip(terms, (of_square, of_trace), strict=True)) / N**2
        for name, terms in found.items()
    }
    case.hypothesis(True)
    after = [claim.right.sympy(p_M=p, q_M=q, N=N) for claim in (next_p, next_q)]
    case.identity("p of one factor more", values["tr (GAGᵀ)²"] * shares[0], after[0], computed=True)
    case.identity("q of one factor more", values["(tr GAGᵀ)²"] * shares[1], after[1], computed=True)
    case.argument("Wick's theorem", "E of four normals is the sum over three pairings; the factors are independent")
    with case.illustrations():
        case.exact("N = 2: 5/2, 21/4", (second_moment(2, 1), second_moment(2, 2)) == (Fraction(5, 2), Fraction(21, 4)))
        case.exact("N = 1000, M = 5: 6.01506", round(float(second_moment(1000, 5)), 5) == 6.01506)
        for size in (1, 3, 50):
            a = b = Fraction(1)
            for M in range(6):
                case.exact("library", (second_moment(size, M), squared_trace_moment(size, M)) == (a, b), N=size, M=M)
                a, b = (claim.right.exact(p_M=a, q_M=b, N=size) for claim in (next_p, next_q))


def _share(claim, kind):
    """What the claim makes of one E tr A², or of one E (tr A)², where A = X T(X)."""
    A = sp.Symbol("A", positive=True)
    wanted = A**2

    def mean(value):
        if value != wanted:
            raise UndecidedError(f"the second moments are tr A² and (tr A)², not {kind} of {value}")
        return sp.Integer(1)

    # a trace of a square keeps its square inside, the square of a trace has it outside: both are A² here
    return claim.right.sympy(E=mean, X=A, T=lambda _: sp.Integer(1), N=N, **{kind: lambda value: value})


def _wick(rows):
    """Coefficients of ``tr A²`` and ``(tr A)²``: G_k has row ``rows[k]`` and a column of its own; A joins columns 01 and 23."""
    of_square, of_trace = sp.Integer(0), sp.Integer(0)
    for pairing in PAIRINGS:
        row_classes = _classes([(rows[a], rows[b]) for a, b in pairing], set(rows))
        column_loops = _classes([*pairing, (0, 1), (2, 3)], set(range(4)))
        weight = N**row_classes
        of_square, of_trace = (of_square + weight, of_trace) if column_loops == 1 else (of_square, of_trace + weight)
    return of_square, of_trace


def _classes(equalities, items):
    """How many classes remain when the pairs are made equal."""
    parent = {i: i for i in items}

    def top(i):
        return i if parent[i] == i else top(parent[i])

    for a, b in equalities:
        parent[top(a)] = top(b)
    return len({top(i) for i in items})


FALSE_NEIGHBOURS = {
    "p' = q + p/N": replace("(1 + 1/N)*p_M", "p_M/N"),
    "q' = q + p/N²: complex entries": replace("2/N^2*p_M", "p_M/N^2"),
}


def test_b5(judgement):
    judgement()
