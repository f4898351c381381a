"""Theorem D3: Exponents outside of the row space (conjecture)."""

import numpy as np

from isogap.theory.rank import complement_exponents
from isogap.verification import replace, sampling


def decide(case):
    """Lyapunov exponents of ``z' = D^(-1/2) W z`` on the complement, by repeated orthogonalisation."""
    case.decides("<= <=", "==")
    (lowest, scaled, highest), share = case.claims[0].sides, case.claims[1].right
    width, chains = 24, 40
    rows = []
    for rho in (0.5, 0.75):
        rank = round(rho * width)
        case.hypothesis(rank < width)
        measured = _exponents(width, rank, chains, case.rng(rank))
        exponents = scaled.evaluate({"r": rank, "exponent": measured}, float)
        least, greatest = (end.float(rho=share.float(r=rank, d=width)) for end in (lowest, highest))
        for k, claim in ((-1, least), (0, greatest)):
            found = exponents[:, k]
            slack = 1.5 / rank + 1.0 / width  # finite width, relative
            what = "least exponent" if k else "greatest exponent"
            case.mean_at_most(f"r × {what} ≤ law(1 + 3/(2r) + 1/d)", found, claim * (1 + slack), None, d=width, r=rank)
            case.mean_at_most(
                f"r × {what} ≥ law(1 - 3/(2r) - 1/d)", -found, -claim * (1 - slack), None, d=width, r=rank
            )
        law = complement_exponents(width, rank)
        for end, found in ((lowest, law.least), (highest, law.greatest)):
            exact = end.ball(rho=share.exact(r=rank, d=width))
            case.library("theory.rank.complement_exponents", rank * found, exact, 1e3, d=width, r=rank)
        means = exponents.mean(axis=0)
        rows.append(
            (
                width,
                rank,
                f"{means[-1]:.3f}",
                f"{rank * float(law.least):.3f}",
                f"{means[0]:.3f}",
                f"{rank * float(law.greatest):.3f}",
            )
        )
    case.table("exponents times r", ("d", "r", "least", "law", "greatest", "law"), rows)


def _exponents(width, rank, chains, rng):
    state = rng.standard_normal((chains, width, rank))
    state /= np.linalg.norm(state, axis=2, keepdims=True)
    tangent = rng.standard_normal((chains, width, width - rank))
    sums, counted = np.zeros((chains, width - rank)), 0
    for layer in range(8 * width):
        w = sampling.haar(width, chains, rng)
        state = w @ state
        scale = 1 / np.linalg.norm(state, axis=2, keepdims=True)
        state, tangent = state * scale, (w @ tangent) * scale
        if layer % 8 == 7:
            # modulo the column space of the state: what is left moves there by itself
            basis = np.linalg.qr(state)[0]
            tangent -= basis @ (np.swapaxes(basis, 1, 2) @ tangent)
            tangent, r = np.linalg.qr(tangent)
            if layer >= 3 * width:
                sums += 2 * np.log(np.abs(np.diagonal(r, axis1=1, axis2=2)))
                counted += 8
    return np.sort(sums / counted, axis=1)[:, ::-1]


FALSE_NEIGHBOURS = {
    "all exponents equal": replace("4*(1-rho)", "0*(1-rho)"),
    "twice the spread": replace("4*(1-rho)", "8*(1-rho)"),
}


def test_theorem_d3(judgement):
    judgement()
