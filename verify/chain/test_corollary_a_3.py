"""Corollary A.3: The best rotation."""

from fractions import Fraction

import isogap
from isogap.verification import rational as q
from isogap.verification import replace
from isogap.verification.words import ONE, inverse, matrix, orthogonal, symmetric


def decide(case):
    """Words for every size; exact U, σ, V; the library on the same matrices."""
    case.decides("==", "==")
    form, (left, best) = case.claims[0].right, case.claims[1].sides
    with case.illustrations():
        for seed, d in enumerate((2, 3, 4, 6)):
            U, V = q.cayley(d, seed), q.cayley(d, seed + 50)
            sigma = [k + 1 for k in range(d)]
            turn = {"T": lambda m: m.transpose(), "U": U}
            X = form.evaluate({**turn, "V": V, "sigma": sigma, "diag": q.diagonal}, Fraction)
            if case.hypothesis(X.det() != 0):
                H = left.evaluate({**turn, "X": X, "BN": lambda h: h, "I": lambda h: h}, Fraction)
                G = H * H.transpose()
                scale = 1
                for y in q.diagonal_of(G):
                    scale *= y
                # det(BN(H) BN(H)ᵀ) = det(G)/Π Y_j, and it is 1 exactly when I = 1
                case.exact(
                    "det(HHᵀ) = Π Y_j for exact U, σ, V",
                    G.det() == q.from_rows([[scale]])[0, 0],
                    d=d,
                    det=G.det(),
                    product=scale,
                )
                found = isogap.isometry_gap(isogap.batch_norm(q.to_floats(H)))
                case.pathwise("library: φ(BN(UᵀX)) vanishes", found, 0.0, 1e-28)
    U, S, R, V = (matrix(x) for x in "USRV")
    rules = [*orthogonal("U"), *symmetric("S"), *symmetric("R"), *inverse("S", "R"), *orthogonal("V")]
    H = left.words(U=U, X=form.words(U=U, V=V, sigma=S, diag=lambda s: s), BN=lambda h: h, I=lambda h: h)
    case.words("(UᵀX)(UᵀX)ᵀ = diag(σ²), so BN divides row j by σ_j", H * H.T, S * S, rules)
    case.words("BN(UᵀX) = Vᵀ", R * H, V.T, rules)
    case.words("orthonormal rows: XᵀX = I times the identity, I = 1", (R * H) * (R * H).T, ONE * best.exact(), rules)


FALSE_NEIGHBOURS = {"U in place of Uᵀ": replace("T(U)*X", "U*X")}


def test_corollary_a_3(judgement):
    judgement()
