"""Theorem F2b: Any orthogonal matrix times signed permutations."""

from fractions import Fraction
from itertools import permutations, product

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.rational import from_rows, rows_of


def decide(case, *, permute=True):
    """Second moments over signs, row sums of M; all signs (and permutations) enumerated at exact matrices."""
    case.decides("==", "==", "==", "==")
    law, factor, fourth, hadamard = case.claims
    # over signs s: E[(wᵀAw)(wᵀBw)], w = s∘o, for A with unit diagonal: symbolic at d = 3, all 8 signs
    o, a, b = sp.symbols("o1:4"), sp.symbols("a12 a13 a23"), sp.symbols("b11 b22 b33 b12 b13 b23")
    A = sp.Matrix([[1, a[0], a[1]], [a[0], 1, a[2]], [a[1], a[2], 1]])
    B = sp.Matrix([[b[0], b[3], b[4]], [b[3], b[1], b[5]], [b[4], b[5], b[2]]])
    total = sp.Integer(0)
    for s in product((1, -1), repeat=3):
        w = sp.Matrix([s[i] * o[i] for i in range(3)])
        total += (w.T * A * w)[0] * (w.T * B * w)[0] / 8
    pairs = [(i, k) for i in range(3) for k in range(3) if i != k]
    formula = sum(o[i] ** 2 * o[k] ** 2 * (B[k, k] + 2 * A[i, k] * B[i, k]) for i, k in pairs)
    formula += sum(o[i] ** 4 * B[i, i] for i in range(3))
    case.identity("E_s[(wᵀAw)(wᵀBw)], A of unit diagonal (d = 3, all signs)", sp.expand(total), formula, computed=True)
    case.argument("fourth moments of independent signs", "the same index pairs at every d")
    d, K, T, c = sp.symbols("d K T c")
    mean = (d - d * K) / (d * (d - 1))  # average of M_ik over i ≠ k: rows of M sum to 1, M_ii averages to K
    case.identity("Σ_{i≠k} M_ik/(d(d-1)) = (1-K)/(d-1)", mean, (1 - K) / (d - 1))
    case.identity(
        "T + 2c Σ_{i≠k} G_ik(G⁻¹)_ik - d, as Σ_k G_ik(G⁻¹)_ki = 1", T + 2 * c * (d - T) - d, (1 - 2 * c) * (T - d)
    )
    claimed = law.right.sympy(ell=1, q_W=factor.right.sympy(d=d, K=K), T_0=T, d=d)
    case.identity("so E T' - d = q_W (T - d)", (1 - 2 * (1 - K) / (d - 1)) * (T - d), claimed, computed=True)
    flat = factor.right.sympy(d=d, K=1 / d)
    case.identity("Hadamard: K = 1/d gives 1 - 2/d", flat, hadamard.right.sympy(d=d), computed=True)
    case.argument("tower property", "one layer into ℓ; signs and permutation fresh at every layer")
    for n in (4, 8) if case.deep else (4,):
        case.hypothesis(True)
        G = _state(n)
        found = _mean(_sylvester(n), *G)
        start = _trace(G[1])
        case.exact(
            f"Hadamard times signs, all {2**n} signs, d = {n}",
            law.left.exact(E_T_l=found, d=n) == law.right.exact(q_W=hadamard.right.exact(d=n), T_0=start, d=n, ell=1),
            factor=(found - n) / (start - n),
        )
    n, rotation = 4, _rotation(4)
    G = _state(n)
    orders = list(permutations(range(n))) if permute else [tuple(range(n))]
    values = [_mean([[row[k] for k in p] for row in rotation], *G) for p in orders]
    k = fourth.right.exact(d=n, O_at=lambda i, j: rotation[int(i) - 1][int(j) - 1])
    q, start = factor.right.exact(K=k, d=n), _trace(G[1])
    mean_excess = sum(values, Fraction(0)) / len(values) - n
    case.exact(
        "a rotation (3, 4)/5 times all signed permutations, d = 4",
        mean_excess == law.right.exact(q_W=q, T_0=start, d=n, ell=1),
        factor=mean_excess / (start - n),
    )
    if permute:
        floats = [[float(x) for x in row] for row in rotation]
        case.library("bounds.contraction_factor", bounds.contraction_factor(floats, n), ball(q), 10)


def _state(n):
    """A rational matrix of unit diagonal, positive definite."""
    entries = [
        [Fraction(1) if i == j else Fraction(((i * j + i + j) % 5) - 2, 4 * n) for j in range(n)] for i in range(n)
    ]
    return entries, rows_of(from_rows(entries).inv())


def _sylvester(n):
    """Hadamard matrix over √n, its rows times √n as integers over a common square: entries ±1, norm² n."""
    h = [[Fraction(1)]]
    while len(h) < n:
        h = [r + r for r in h] + [r + [-x for x in r] for r in h]
    return h


def _rotation(n):
    c, s = Fraction(3, 5), Fraction(4, 5)
    rows = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    rows[0][0], rows[0][1], rows[1][0], rows[1][1] = c, s, -s, c
    return rows


def _mean(rows, G, inverse):
    """``E Σ_j (w_jᵀGw_j)(w_jᵀG⁻¹w_j)/|w_j|⁴`` over all signs of the columns; exact."""
    n = len(rows)
    total = Fraction(0)
    for signs in product((1, -1), repeat=n):
        for row in rows:
            w = [s * x for s, x in zip(signs, row, strict=True)]
            size = sum(x * x for x in w)
            total += _form(G, w) * _form(inverse, w) / size**2
    return total / 2**n


def _form(G, w):
    return sum(G[i][k] * w[i] * w[k] for i in range(len(w)) for k in range(len(w)))


def _trace(G):
    return sum(G[i][i] for i in range(len(G)))


FALSE_NEIGHBOURS = {
    "d/(d+2) for Hadamard times signs": replace("1 - 2/d", "1 - 2/(d+2)"),
    "a rotation times signs without permutation": {"permute": False},
}


def test_theorem_f2b(judgement):
    judgement()
