"""Lemma C.6: After the hitting time."""

import numpy as np
import sympy as sp

from isogap import Checks, simulate
from isogap.verification import UndecidedError, replace

d = sp.Symbol("d", positive=True)


def decide(case):
    """Sums along the engine's paths from τ on, then the geometric series of Lemma B.2."""
    case.decides("<=")
    bound, rows = case.claim.right, []
    with case.illustrations():
        for width, depth in ((4, 120), (8, 200), (16, 300)):
            epsilon = 0.99 * (8 * width) ** -0.5  # dφ just below 1/16: the worst start after τ
            start = "spectrum:" + ",".join([str(1 + epsilon), str(1 - epsilon)] * (width // 2))
            run = simulate(
                width,
                depth,
                replicas=8000 if case.deep else 2500,
                input=start,
                rng=case.seed,
                keep_paths=True,
                checks=Checks(layers=0),
            )
            if case.hypothesis(run.phi0 <= 1 / (16 * width)):
                sums = np.sqrt(width * run.paths.phi).sum(axis=1)
                span = (depth + 1) * np.sqrt(width * run.phi0)
                limit = bound.float(d=width)
                case.mean_at_most("engine: E Σ √(dφ_k) up to the depth ≤ bound", sums, limit, span, d=width)
                rows.append((width, f"{run.phi0:.4g}", f"{sums.mean():.2f}", f"{limit:g}"))
                case.margin(limit / sums.mean(), "smallest bound / measured sum")
    case.table("sums from τ on", ("d", "φ_τ", "measured", "bound"), rows)
    rho = sp.Symbol("rho", positive=True)
    case.identity("1 - √ρ = (1-ρ)/(1+√ρ), with ρ for √ρ", 1 - rho, (1 - rho**2) / (1 + rho))
    case.argument(
        "Jensen, and Lemma 2 after τ",
        "E √φ ≤ √(E φ) (Jensen); after τ φ stays below 1/(16d) (Lemma 2), so E φ_{τ+j} ≤ ρ^j φ_τ with ρ = 1 - 1/(2d(d+2))",
    )
    phi = sp.Symbol("phi", positive=True)
    near = case.below("Lemma B.2")[0]
    gap = sp.cancel((phi - near.right.sympy()) / phi)  # 1-ρ
    largest = sp.sqrt(near.condition.right.sympy() * d)  # √(dφ_τ)
    # Σ_j √ρ^j √(dφ_τ) ≤ √(1/16)/(1-√ρ) ≤ √(1/16)·2/(1-ρ)
    route = sp.cancel(2 * largest / gap)
    if sp.cancel(bound.sympy() - route) != 0:
        raise UndecidedError(f"the route gives {route}, neither more nor less")
    case.identity("√(1/16) · 2/(1-ρ) is the bound", bound.sympy(), route, computed=True)


FALSE_NEIGHBOURS = {
    "≤ (d+2)/10": replace("d*(d+2)", "(d+2)/10"),
}


def test_lemma_c_6(judgement):
    judgement()
