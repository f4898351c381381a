"""Corollary A.3: The best rotation."""

import isogap
from isogap.verification import rational as q
from isogap.verification.words import ONE, inverse, matrix, orthogonal, symmetric


def decide(case, *, rotation="U"):
    """Words for every size; exact U, σ, V; the library on the same matrices."""
    with case.illustrations():
        for seed, d in enumerate((2, 3, 4, 6)):
            U, V = q.cayley(d, seed), q.cayley(d, seed + 50)
            sigma = [k + 1 for k in range(d)]
            X = U * q.diagonal(sigma) * V.transpose()
            if case.hypothesis(X.det() != 0):
                W = U.transpose() if rotation == "U" else U
                H = W * X
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
    H = (U.T if rotation == "U" else U) * U * S * V.T
    case.words("(UᵀX)(UᵀX)ᵀ = diag(σ²), so BN divides row j by σ_j", H * H.T, S * S, rules)
    case.words("BN(UᵀX) = Vᵀ", R * H, V.T, rules)
    case.words("orthonormal rows: I = 1", (R * H) * (R * H).T, ONE, rules)


FALSE_NEIGHBOURS = {"U in place of Uᵀ": {"rotation": "U twice"}}


def test_corollary_a_3(judgement):
    judgement()
