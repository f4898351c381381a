"""Lemma C.3: Σ_k E log‖J_BN(H_k)‖_op ≤ C d⁵(φ(X_0)³ + 1) at any depth; the route C.4-C.6 gives C = 27 for d ≥ 2."""

import numpy as np
import sympy as sp

from isogap import Checks, bounds, simulate
from isogap.verification import UndecidedError

d, phi = sp.symbols("d phi", positive=True)
EXPLICIT = 32 * d**2 * (d + 2) * phi * (d * phi + 1) + 2 * d * (d + 2)


def decide(case, *, bound=27 * d**5 * (phi**3 + 1)):
    """Sums along the engine's paths, then the explicit bound and the powers of d and φ_0."""
    rows = []
    starts = [(2, "spectrum:1.999,0.001", 60), (4, "gaussian", 150), (8, "gaussian", 200), (16, "gaussian", 300)]
    starts += [(8, "spectrum:" + ",".join(["1.12", "0.88"] * 4), 200), (4, "spectrum:3.9997,0.0001,0.0001,0.0001", 150)]
    with case.illustrations():
        for width, start, depth in starts:
            run = simulate(
                width,
                depth,
                replicas=4000 if case.deep else 1000,
                input=start,
                rng=case.seed,
                keep_paths=True,
                checks=Checks(layers=0),
            )
            if case.hypothesis(np.isfinite(run.phi0)):
                sums = run.paths.log_jacobian.sum(axis=1)
                # log J ≤ ½(g + √(2g)) with Σ g ≤ dφ_0 (E4), and Cauchy-Schwarz over the layers
                span = width * run.phi0 / 2 + np.sqrt(depth * width * run.phi0 / 2)
                limit = float(bound.subs({d: width, phi: run.phi0}))
                explicit = float(bounds.lemma_c3(width, run.phi0))
                case.mean_at_most("engine: E Σ log‖J‖ up to the depth ≤ bound", sums, limit, span, d=width, start=start)
                case.mean_at_most("engine: and ≤ the explicit constant", sums, explicit, span, d=width, start=start)
                sharp = float(bounds.lemma_c3_sharp(width, run.phi0))
                rows.append(
                    (width, f"{run.phi0:.4g}", f"{sums.mean():.3f}", f"{sharp:.4g}", f"{explicit:.4g}", f"{limit:.4g}")
                )
                case.margin(limit / sums.mean(), "smallest bound / measured sum")
    case.table("expected sum of log‖J‖", ("d", "φ_0", "measured", "S5", "explicit", "27d⁵(φ_0³+1)"), rows)
    case.argument(
        "sum over the layers before and after τ",
        "before τ a term is ≤ dφ_0 + 1 (C.4), E τ ≤ 32d²(d+2)φ_0 (C.5); after τ ≤ 2√(dφ_k) (C.4), sum ≤ 2d(d+2) (C.6)",
    )
    case.identity("2φ³ + 1 - 3φ² = (φ-1)²(2φ+1) ≥ 0", 2 * phi**3 + 1 - 3 * phi**2, (phi - 1) ** 2 * (2 * phi + 1))
    case.identity("φ³ + 2 - 3φ = (φ-1)²(φ+2) ≥ 0", phi**3 + 2 - 3 * phi, (phi - 1) ** 2 * (phi + 2))
    cube = sp.Symbol("c", nonnegative=True)  # φ³
    square, linear, constant = sp.Poly(EXPLICIT, phi).all_coeffs()
    in_cube = square * (2 * cube + 1) / 3 + linear * (cube + 2) / 3 + constant
    if bound.diff(phi).subs(phi, 0) != 0:
        raise UndecidedError("the claimed bound is no polynomial in φ³")
    case.follows(
        "explicit ≤ 27d⁵(φ³+1) for d ≥ 2", sp.expand(bound.expand().subs(phi**3, cube) - in_cube), {d: 2, cube: 0}
    )
    case.argument("non-negative terms", "every log‖J‖ ≥ 0, as min_j Y_j ≤ 1: sums may be cut at any depth")


FALSE_NEIGHBOURS = {
    "dφ_0/2: nothing after the start": {"bound": d * phi / 2},
    "(φ_0³ + 1)/2: no power of d": {"bound": (phi**3 + 1) / 2},
}


def test_lemma_c_3(judgement):
    judgement()
