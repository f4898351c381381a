"""B6 growth: (1/M) log s_i -> ½[log(2/N) + ψ((N-i+1)/2)], so log cond grows by ½[ψ(N/2) - ψ(½)] a factor."""

import numpy as np
import sympy as sp
from flint import arb
from isogap.products import log_condition_growth, lyapunov_exponents

M, N = sp.symbols("M N", positive=True)


def decide(case, *, shift=1, halves=2):
    """The diagonal of one QR step from any frame is independent of it: its mean logarithm is the exponent, for every M."""
    for size, count in ((2, 20000), (5, 8000), (12, 2000)):
        G = case.rng(size).standard_normal((count, size, size)) / np.sqrt(size)
        diagonal = _gram_schmidt(G)
        case.hypothesis(size >= 2)
        for i in (1, size):
            exact = (
                ((arb(2) / size).log() + (arb(size - i + shift) / halves).digamma()) / 2
                if size - i + shift > 0
                else None
            )
            if exact is None:
                continue
            case.mean_equals("mean of log r_ii", np.log(diagonal[:, i - 1]), float(exact), None, N=size, i=i)
            if shift == 1 and halves == 2:
                case.library("lyapunov_exponents", lyapunov_exponents(size)[i - 1], exact, 1e4, N=size, i=i)
        growth = ((arb(size) / halves).digamma() - (arb(1) / halves).digamma()) / 2
        ratio = np.log(diagonal[:, 0] / diagonal[:, -1])
        case.mean_equals("growth of log cond per factor", ratio, float(growth), None, N=size)
        case.library("log_condition_growth", log_condition_growth(size), growth, 1e4, N=size)
    case.argument("rotational invariance", "A Q is Gaussian for every frame Q that the factors before have made")
    case.argument("Oseledets' theorem", "(1/M) log s_i and the mean of log r_ii have one limit")


def _gram_schmidt(G):
    """Lengths of the columns of each matrix after projection off the earlier ones."""
    left, lengths = G.copy(), np.zeros(G.shape[:2])
    for i in range(G.shape[2]):
        lengths[:, i] = np.linalg.norm(left[:, :, i], axis=1)
        unit = left[:, :, i] / lengths[:, i, None]
        left = left - unit[:, :, None] * np.einsum("nr,nrc->nc", unit, left)[:, None, :]
    return lengths


FALSE_NEIGHBOURS = {
    "ψ((N-i)/2)": {"shift": 0},
    "ψ(N-i+1): complex entries": {"halves": 1},
}


def test_b6_growth(judgement):
    judgement()
