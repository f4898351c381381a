"""W11: Every sampler draws the law that is integrated."""

from fractions import Fraction

import numpy as np
import sympy as sp

import weingarten as wg
from isogap import sample
from weingarten import expectation, tr

A = np.array([[1.0, 2.0, 0.0, 0.0], [0.0, -1.0, 1.0, 0.0], [0.0, 0.0, 2.0, 1.0], [1.0, 0.0, 0.0, 1.0]])


def laws():
    """Yield: name of the sampler, its sizes, the symbol that is integrated."""
    yield "O", (4,), wg.orthogonal("X", 4)
    yield "U", (4,), wg.unitary("X", 4)
    yield "Sp", (4,), wg.symplectic("X", 4)
    yield "COE", (4,), wg.circular_orthogonal("X", 4)
    yield "CSE", (4,), wg.circular_symplectic("X", 4)
    for field, prefix in (("real", ""), ("complex", "complex "), ("quaternion", "quaternion ")):
        k = 2 if field == "quaternion" else 1
        yield prefix + "Ginibre", (4 // k, 4 // k), wg.ginibre("X", 4 // k, 4 // k, field=field)
        yield prefix + "Wishart", (4 // k, 6), wg.wishart("X", 4 // k, 6, field=field)
        yield prefix + "inverse Wishart", (4 // k, 30), wg.inverse_wishart("X", 4 // k, 30, field=field)
    yield "GOE", (4,), wg.goe("X", 4)
    yield "GUE", (4,), wg.gue("X", 4)
    yield "GSE", (2,), wg.gse("X", 4)
    yield "antisymmetric", (4,), wg.antisymmetric_gaussian("X", 4)
    yield "sign matrix", (4, 4), wg.sign_matrix("X", 4, 4)
    yield "AIII", (3, 1), wg.symmetric_space("X", "AIII", 3, 1)
    yield "BDI", (3, 1), wg.symmetric_space("X", "BDI", 3, 1)
    yield "CII", (1, 1), wg.symmetric_space("X", "CII", 1, 1)
    yield "DIII", (2,), wg.symmetric_space("X", "DIII", 2)
    yield "CI", (2,), wg.symmetric_space("X", "CI", 2)
    yield "permutation", (4,), wg.permutation("X", 4)
    yield "centred permutation", (4,), wg.centred_permutation("X", 4)
    yield "signed permutation", (4,), wg.signed_permutation("X", 4)
    yield "monomial unitary", (4,), wg.monomial_unitary("X", 4)
    yield "signs", (4,), wg.diagonal_phases("X", 4, order=2)
    yield "phases", (4,), wg.diagonal_phases("X", 4)
    yield "bistochastic", (4,), wg.bistochastic_orthogonal("X", 4)
    for field in ("real", "complex"):
        yield f"{field} projector", (4, 2), wg.random_projector("X", 4, 2, field=field)
        yield f"{field} corner", (4, 4, 6), wg.corner("X", 4, 4, 6, field=field)
        yield f"{field} Jacobi", (4, 5, 4), wg.jacobi("X", 4, 5, 4, field=field)
        yield f"{field} density matrix", (4, 3), wg.density_matrix("X", 4, 3, field=field)
        yield f"{field} pure state", (4,), wg.pure_state("X", 4, field=field)


def decide(case, *, damaged=None, change=None):
    """|X_11|², |X_12|² and Re tr(X A X* A'), Re tr(X X) of every law; a neighbour changes one sampler."""
    case.decides("~=")
    with case.illustrations():
        mean = case.claim.left.exact(N=7, f=lambda _: Fraction(1), X=lambda _: Fraction(0))
        case.exact("N samples of 1 have the mean 1", mean == 1)
    count = 20_000 if not case.deep else 200_000
    constant = sp.ImmutableMatrix(A.astype(int).tolist())
    for number, (name, sizes, X) in enumerate(laws()):
        case.hypothesis(True)
        if damaged is not None and name != damaged:
            continue
        drawn = sample(name, *sizes, size=count, rng=case.rng(number))
        drawn = drawn if change is None else change(drawn)
        adjoint = drawn.conj().swapaxes(1, 2)
        bar = X.H if np.iscomplexobj(drawn) else X.T
        features = {
            "|X11|²": (np.abs(drawn[:, 0, 0]) ** 2, X[1, 1] * sp.conjugate(X[1, 1])),
            "|X12|²": (np.abs(drawn[:, 0, 1]) ** 2, X[1, 2] * sp.conjugate(X[1, 2])),
            "Re tr XAX*A'": (
                np.einsum("nij,jk,nkl,il->n", drawn, A, adjoint, A).real,
                tr(X * constant * bar * constant.T),
            ),
            "Re tr XX": (np.einsum("nij,nji->n", drawn, drawn).real, tr(X * X)),
        }
        for what, (values, integral) in features.items():
            exact = float(sp.re(expectation(integral)))
            if np.ptp(values) < 1e-12:
                case.pathwise(f"{name}: {what}", np.abs(values - exact), 0.0, 1e-12)
            else:
                case.mean_equals(f"{name}: {what}", values, exact, None, ensemble=name)


def _variance_one(X):
    k = np.arange(4)
    X[:, k, k] /= np.sqrt(2)
    return X


FALSE_NEIGHBOURS = {
    "GOE with diagonal variance 1": {"damaged": "GOE", "change": _variance_one},
    "a Wishart matrix of one degree of freedom more": {"damaged": "Wishart", "change": lambda X: X * 7 / 6},
    "an orthogonal matrix without uniform signs": {
        "damaged": "O",
        "change": lambda X: X * np.where(X[:, :1, :1] < 0, -1, 1) + 0.05,
    },
    "real states for complex ones": {"damaged": "complex pure state", "change": lambda X: X.real},
}


def test_w11(judgement):
    judgement()
