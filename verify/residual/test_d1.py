"""D1: Mean square and batch variance grow by one a block, at every width."""

from itertools import permutations, product

import numpy as np
import sympy as sp

from isogap import residual
from isogap.verification import replace
from isogap.verification.words import ONE, matrix, symmetric
from weingarten import moment

d = sp.Symbol("d", positive=True)


def decide(case, *, mean="variance"):
    """Words for the mean; entry moments for the variance; enumeration of a finite group at N = 1, 2, 3."""
    case.decides("==", "==", "==")
    mean_square, variance, spread_of = case.claims
    growth, centred = (
        claim.right.exact(ell=1, **{start: 0}) for claim, start in ((mean_square, "Q_0"), (variance, "V_0"))
    )
    x, y, W, G = (matrix(name) for name in "xyWG")
    # E WᵀW = 1; BN's rows are centred: y G = y, G y ᵀ= yᵀ
    averaged = [
        ((("W", True), ("W", False)), ONE),
        ((("y", False), ("G", False)), y),
        ((("G", False), ("y", True)), y.T),
    ]
    averaged += symmetric("G")
    after = x + W * y
    odd = x.T * W * y
    case.words(
        "E xᵀx after the block, but for the part odd in W",
        after.T * after,
        x.T * x + odd + odd.T + y.T * y * growth,
        averaged,
    )
    odd = G * x.T * W * y
    case.words(
        "the same centred over the batch",
        G * after.T * after * G,
        G * x.T * x * G + odd + odd.T + y.T * y * centred,
        averaged,
    )
    case.argument(
        "linearity of the mean", "given x, E W = 0 takes the part odd in W away and E WᵀW = I is the rule used"
    )
    case.argument("rows of BN have mean square 1", "tr yᵀy = NB: Q and V grow by 1")
    N, size, B = sp.symbols("N S B", positive=True)
    entry = moment([[2]], d).subs(d, N)  # E W_ij² = 1/N, and different entries are uncorrelated
    said = spread_of.right.sympy(norm_F=sp.sqrt, y=size, x=1, T=lambda v: v, N=N, B=B)
    case.identity(
        "Var of 2 tr(xᵀWy)/(NB), S = ‖yxᵀ‖²",
        4 * entry * size / (N * B) ** 2,
        said,
        computed=True,
    )
    for exponents in ([[1, 1]], [[1, 0], [0, 1]]):
        case.identity("different entries of W are uncorrelated", moment(exponents, d), 0, computed=True)
    for width, batch, blocks in ((1, 3, 6), (2, 4, 4), (3, 4, 3)):
        x0 = case.rng(width).standard_normal((width, batch)) + 0.3
        q0, v0 = (x0**2).mean(), x0.var(axis=1).mean()
        for block, states in enumerate(_enumerated(x0, blocks)):
            case.hypothesis(bool((states.std(axis=2) > 0).all()))
            q, v = (states**2).mean(axis=(1, 2)), states.var(axis=2).mean(axis=1)
            with case.illustrations():
                expected = mean_square.right.float(Q_0=q0, ell=block)
                case.pathwise("mean of Q_l over a finite group", abs(q.mean() - expected), 0.0, 1e-11, N=width, l=block)
                if mean == "variance":
                    expected = variance.right.float(V_0=v0, ell=block)
                    case.pathwise("mean of V_l", abs(v.mean() - expected), 0.0, 1e-11, N=width, l=block)
                else:
                    case.pathwise("mean of 1/V_l", abs((1 / v).mean() - 1 / (v0 + block)), 0.0, 1e-11, N=width, l=block)
        spread = (_next(x0) ** 2).mean(axis=(1, 2)).var()
        with case.illustrations():
            outer = float(((_norm(x0) @ x0.T) ** 2).sum())
            exact = spread_of.right.float(norm_F=np.sqrt, y=outer, x=1, T=lambda v: v, N=width, B=batch)
            case.pathwise("Var(Q_1|x)", abs(exact / spread - 1), 0.0, 1e-11, N=width)
            found = residual.mean_square_variance(x0, "orthogonal")
            case.pathwise("library: Var(Q_1|x)", abs(found / spread - 1), 0.0, 1e-11, N=width)


def _group(N):
    """Signed permutations: E W = 0, E WᵀW = I, and the second moments of Haar measure."""
    eye = np.eye(N)
    return np.array(
        [eye[list(p)] * np.array(s) for p in permutations(range(N)) for s in product((1.0, -1.0), repeat=N)]
    )


def _norm(x):
    return (x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)


def _next(x):
    return x + _group(len(x)) @ _norm(x)


def _enumerated(x, blocks):
    states = x[None]
    yield states
    for _ in range(blocks):
        states = (states[:, None] + _group(len(x))[None] @ _norm(states)[:, None]).reshape(-1, *x.shape)
        yield states


FALSE_NEIGHBOURS = {
    "two a block, as for W of variance 2/N": replace("Q_0 + ell", "Q_0 + 2*ell"),
    "E 1/V_l = 1/(V_0 + l): the mean of the ratio": {"mean": "inverse"},
    "variance with 2 in place of 4": replace("4*norm_F", "2*norm_F"),
}


def test_d1(judgement):
    judgement()
