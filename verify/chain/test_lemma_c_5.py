"""Lemma C.5: Hitting time."""

import numpy as np
import sympy as sp

from isogap import Checks, bounds, simulate
from isogap.verification import replace


def decide(case):
    """The engine's hitting times, cut at the depth of the run, then the supermartingale that Lemma B.2 makes."""
    case.decides("<=", "<=")
    (bound, level), rows = (claim.right for claim in case.claims), []
    starts = [
        (4, "gaussian", 300),
        (8, "gaussian", 300),
        (16, "gaussian", 300),
        (4, "spectrum:3.999997,0.000001,0.000001,0.000001", 300),
    ]
    with case.illustrations():
        for width, start, depth in starts:
            run = simulate(
                width,
                depth,
                replicas=2000 if case.deep else 600,
                input=start,
                rng=case.seed,
                keep_paths=True,
                checks=Checks(layers=0),
            )
            threshold = level.float(d=width)
            if case.hypothesis(run.phi0 > threshold):
                hits = run.paths.phi <= threshold
                tau = np.where(hits.any(axis=1), hits.argmax(axis=1), depth)
                limit = bound.float(d=width, phi0=run.phi0)
                case.mean_at_most("engine: E min(τ, L) ≤ bound", tau, limit, depth, d=width, phi0=f"{run.phi0:.4g}")
                case.library(
                    "bounds.hitting_time",
                    bounds.hitting_time(width, run.phi0),
                    bound.ball(d=width, phi0=run.phi0),
                    20,
                )
                sharp = float(bounds.hitting_time_sharp(width, run.phi0))
                rows.append((width, f"{run.phi0:.4g}", f"{tau.mean():.1f}", f"{sharp:.0f}", f"{limit:.0f}"))
                case.margin(limit / max(tau.mean(), 1.0), "smallest bound / measured E τ")
    case.table("hitting times", ("d", "φ_0", "measured E τ", "24d(d+2)φ_0 (S2)", "Lemma C.5"), rows)
    d, phi, phi0 = sp.symbols("d phi phi0", positive=True)
    above = case.below("Lemma B.2")[1].condition.right.sympy()
    case.identity("above the level that B.2's second case starts from", level.sympy(), above, computed=True)
    step = phi - case.below("Lemma B.2")[1].right.sympy()
    case.argument("optional stopping of a supermartingale", "φ_{ℓ∧τ} + step·(ℓ∧τ) is one, and non-negative")
    case.argument("monotone convergence", "E min(τ, ℓ) rises to E τ")
    rest = sp.cancel(bound.sympy() * step - phi0)
    what = "φ_0 over the least mean decrease before τ (B.2) is at most the bound"
    if rest == 0:
        case.identity(what, bound.sympy() * step, phi0, computed=True)
    else:
        case.follows(what, sp.expand(sp.cancel(bound.sympy() - phi0 / step)), {d: 1, phi0: 0})


FALSE_NEIGHBOURS = {
    "E τ ≤ dφ_0/2": replace("32*d^2*(d+2)", "d/2"),
}


def test_lemma_c_5(judgement):
    judgement()
