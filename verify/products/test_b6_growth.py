"""B6 growth: Lyapunov exponents and growth of the condition number."""

import numpy as np
from isogap.products import log_condition_growth, lyapunov_exponents

from isogap.verification import UndecidedError, replace


def decide(case):
    """The diagonal of one QR step from any frame is independent of it: its mean logarithm is the exponent, for every M."""
    case.decides("->", "->")
    exponent, growth_of = case.claims
    psi = {"psi": lambda z: z.digamma()}
    for size, count in ((2, 20000), (5, 8000), (12, 2000)):
        G = case.rng(size).standard_normal((count, size, size)) / np.sqrt(size)
        diagonal = _gram_schmidt(G)
        case.hypothesis(size >= 2)
        for i in (1, size):
            exact = exponent.right.ball(N=size, i=i, **psi)
            if not exact.is_finite():
                raise UndecidedError(f"the exponent {i} of {size} is no number: a pole of the digamma function")
            logs = exponent.left.evaluate({"log_s": np.log(diagonal[:, i - 1]), "M": 1}, float)
            case.mean_equals("mean of log r_ii", logs, float(exact), None, N=size, i=i)
            case.library("lyapunov_exponents", lyapunov_exponents(size)[i - 1], exact, 1e4, N=size, i=i)
        growth = growth_of.right.ball(N=size, **psi)
        ratio = growth_of.left.evaluate({"log_cond": np.log(diagonal[:, 0] / diagonal[:, -1]), "M": 1}, float)
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
    "ψ((N-i+2)/2)": replace("N - i + 1", "N - i + 2"),
    "ψ(N-i+1): complex entries": replace("psi((N - i + 1)/2)", "psi(N - i + 1)"),
}


def test_b6_growth(judgement):
    judgement()
