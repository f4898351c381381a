"""Lemma C.3: Bounded sum of log-norms."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import Checks, bounds, simulate
from isogap.theory.bounds import depth
from isogap.verification import UndecidedError, replace

d, phi0, phi = sp.symbols("d phi0 phi", positive=True)


def decide(case):
    """Sums along the engine's paths, then the explicit bound and the powers of d and φ_0."""
    case.decides("<= <=", "<= if <=")
    every, close = case.claims
    explicit, powers = every.sides[1], every.right
    rows = []
    starts = [(2, "spectrum:1.999,0.001", 60), (4, "gaussian", 150), (8, "gaussian", 200), (16, "gaussian", 300)]
    starts += [(8, "spectrum:" + ",".join(["1.12", "0.88"] * 4), 200), (4, "spectrum:3.9997,0.0001,0.0001,0.0001", 150)]
    with case.illustrations():
        for width, start, layers in starts:
            run = simulate(
                width,
                layers,
                replicas=4000 if case.deep else 1000,
                input=start,
                rng=case.seed,
                keep_paths=True,
                checks=Checks(layers=0),
            )
            if case.hypothesis(np.isfinite(run.phi0)):
                sums = run.paths.log_jacobian.sum(axis=1)
                # log J ≤ ½(g + √(2g)) with Σ g ≤ dφ_0 (E4), and Cauchy-Schwarz over the layers
                span = width * run.phi0 / 2 + np.sqrt(layers * width * run.phi0 / 2)
                limit, tighter = (side.float(d=width, phi0=run.phi0) for side in (powers, explicit))
                found = bounds.lemma_c3(width, run.phi0)
                at_start = (close if run.phi0 <= close.condition.right.float(d=width) else every).sides[1]
                case.library("bounds.lemma_c3", found, at_start.ball(d=width, phi0=run.phi0), 100)
                case.mean_at_most("engine: E Σ log‖J‖ up to the depth ≤ bound", sums, limit, span, d=width, start=start)
                case.mean_at_most("engine: and ≤ the explicit constant", sums, tighter, span, d=width, start=start)
                # along every path, with g_k = d(φ_k - φ_{k+1}), whose differences carry a rounding error of dφ_0 2^-50
                g = np.maximum(width * (run.paths.phi[:, :-1] - run.paths.phi[:, 1:]), 0.0)
                most = ((g + np.sqrt(2 * g)) / 2).sum(axis=1) + layers * 2 * np.sqrt(width * run.phi0) * 2.0**-24
                case.pathwise("engine: Σ log‖J‖ ≤ Σ ½(g + √(2g)) on every path", sums, most, 0.0, d=width, start=start)
                case.notices("log‖J‖ times 5", lambda c, x=sums, y=most: c.pathwise("", 5 * x, y, 0.0))
                sharp = float(bounds.lemma_c3_sharp(width, run.phi0))
                rows.append(
                    (width, f"{run.phi0:.4g}", f"{sums.mean():.3f}", f"{sharp:.4g}", f"{tighter:.4g}", f"{limit:.4g}")
                )
                case.margin(limit / sums.mean(), "smallest bound / measured sum")
    case.table("expected sum of log‖J‖", ("d", "φ_0", "measured", "S5", "explicit", "27d⁵(φ_0³+1)"), rows)
    case.argument(
        "sum over the layers before and after τ",
        "before τ a term is ≤ dφ_0 + 1 (C.4), E τ ≤ 32d²(d+2)φ_0 (C.5); after τ ≤ 2√(dφ_k) (C.4), sum ≤ 2d(d+2) (C.6)",
    )
    far, near = case.below("Lemma C.4")
    hits, after = case.below("Lemma C.5")[0].right.sympy(), case.below("Lemma C.6")[0].right.sympy()
    slope = sp.sqrt(sp.cancel(near.right.sympy() ** 2 / (d * phi)))
    together = far.right.sympy(phi=phi0) * hits + slope * after
    case.follows(
        "the sum of both parts is at most the explicit bound", sp.expand(explicit.sympy() - together), {d: 1, phi0: 0}
    )
    # C.6's bound is proportional to √(dφ_τ), which is the root of dφ_0 where τ = 0, and at most √(1/16)
    end = close.condition.right.sympy() * d
    part = sp.cancel((slope * after) ** 2 * (d * phi0) / end)
    case.constant("where C.4 covers it", Fraction(str(end)), "<=", Fraction(str(near.condition.right.sympy() * d)))
    ratio = sp.cancel(close.right.sympy() ** 2 / part)
    case.constant(
        "τ = 0: 2√(dφ_k) alone, squared and over what C.4 and C.6 give", Fraction(str(ratio)), ">=", Fraction(1)
    )
    printed = depth.LEMMA_C3_CONSTANT * 2**5 * (3**3 + 1)  # C d⁵(φ_0³+1), as in the paper
    case.library("bounds.depth: C at d = 2, φ_0 = 3", printed, powers.ball(d=2, phi0=3), 4)
    x = phi0
    case.identity("2φ³ + 1 - 3φ² = (φ-1)²(2φ+1) ≥ 0", 2 * x**3 + 1 - 3 * x**2, (x - 1) ** 2 * (2 * x + 1))
    case.identity("φ³ + 2 - 3φ = (φ-1)²(φ+2) ≥ 0", x**3 + 2 - 3 * x, (x - 1) ** 2 * (x + 2))
    cube = sp.Symbol("c", nonnegative=True)  # φ³
    square, linear, constant = sp.Poly(explicit.sympy(), phi0).all_coeffs()
    in_cube = square * (2 * cube + 1) / 3 + linear * (cube + 2) / 3 + constant
    bound = powers.sympy()
    if bound.diff(phi0).subs(phi0, 0) != 0:
        raise UndecidedError("the claimed bound is no polynomial in φ³")
    rest = sp.expand(bound.expand().subs(phi0**3, cube) - in_cube)
    case.follows("explicit ≤ 27d⁵(φ³+1) for d ≥ 2", rest, {d: 2, cube: 0})
    case.argument("non-negative terms", "every log‖J‖ ≥ 0, as min_j Y_j ≤ 1: sums may be cut at any depth")


FALSE_NEIGHBOURS = {
    "dφ_0/2: nothing after the start": replace("27*d^5*(phi0^3+1)", "d*phi0/2"),
    "(φ_0³ + 1)/2: no power of d": replace("27*d^5*(phi0^3+1)", "(phi0^3+1)/2"),
}


def test_lemma_c_3(judgement):
    judgement()
