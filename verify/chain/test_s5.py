"""S5: log‖J_BN(H_k)‖_op ≤ ½(g_k+√(2g_k)) pathwise; E Σ_k log‖J_BN(H_k)‖_op ≤ ½dφ_0 + √12 d√(d+2) φ_0 + 0.54(d+2)."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import Checks, bounds, simulate
from isogap.verification.balls import ball

d, phi = sp.symbols("d phi", positive=True)
ROOT_12 = sp.sqrt(12)


def decide(case, *, root=Fraction(2), middle=ROOT_12, after=Fraction(54, 100)):
    """The scalar inequality in balls and on its whole interval, the engine's paths, then the three sums."""
    with case.illustrations():
        for k in (1, 10, 50, 90, 99):
            y = Fraction(k, 100)
            g = ball(y - 1) - ball(y).log()
            case.at_most("-log y ≤ g(y) + √(2g(y))", -ball(y).log(), g + (ball(root) * g).sqrt(), y=y)
    starts = [(2, "spectrum:1.999,0.001", 60), (4, "gaussian", 120), (8, "gaussian", 200), (16, "gaussian", 250)]
    starts += [(8, "spectrum:" + ",".join(["1.12", "0.88"] * 4), 200), (8, "spectrum:1,1,1,1,1,1,1,1e-6", 200)]
    rows = []
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
                g = width * (run.paths.phi[:, :-1] - run.paths.phi[:, 1:])
                # differences of φ carry a rounding error of dφ_0 2^-50, which the root makes its square root
                slack = 2 * np.sqrt(width * run.phi0) * 2.0**-24
                right = (g + np.sqrt(np.maximum(float(root) * g, 0.0))) / 2
                case.pathwise(
                    "engine: log‖J‖ ≤ ½(g + √(2g)) in every layer", run.paths.log_jacobian, right, slack, d=width
                )
                sums = run.paths.log_jacobian.sum(axis=1)
                span = width * run.phi0 / 2 + np.sqrt(depth * width * run.phi0 / 2)
                near = run.phi0 <= 1 / (16 * width)
                limit = width * run.phi0 / 2 + float(after) * (width + 2)
                limit += 0.0 if near else float(middle) * width * np.sqrt(width + 2) * run.phi0
                case.mean_at_most("engine: E Σ log‖J‖ ≤ bound", sums, limit, span, d=width, start=start)
                case.margin(limit / sums.mean(), "smallest bound / measured sum")
                rows.append(
                    (
                        width,
                        f"{run.phi0:.4g}",
                        f"{sums.mean():.3f}",
                        f"{limit:.3f}",
                        f"{float(bounds.lemma_c3(width, run.phi0)):.4g}",
                    )
                )
    case.table("expected sum of log‖J‖", ("d", "φ_0", "measured", "S5", "explicit Lemma C.3"), rows)
    _proof(case, root, middle, after)


def _proof(case, root, middle, after):
    y = sp.Symbol("y", positive=True)
    case.rises("(1-y)² ≤ 2g(y) on (0, 1)", sp.Rational(root) * (y - 1 - sp.log(y)) - (1 - y) ** 2, y, 1, 0)
    case.argument(
        "bound of one row by the sum over the rows",
        "-log y = g(y) + (1-y); min_j Y_j ≤ 1 and g(min Y) ≤ g_k; Σ_k g_k ≤ dφ_0 (E4)",
    )
    hits = 24 * d * (d + 2) * phi  # S2
    case.argument("Cauchy-Schwarz", "before τ: (E Σ √(g_k/2))² ≤ E τ · E Σ g_k/2")
    claimed = middle**2 * d**2 * (d + 2) * phi**2
    case.follows(
        "E τ · dφ_0/2 is at most the square of the middle term", sp.expand(claimed - hits * d * phi / 2), {d: 1, phi: 0}
    )
    case.argument("Jensen", "after τ: E √φ ≤ √(E φ), with φ ≤ 1/(16d) and the factor ρ = 1 - 1/(1.5(d+2)) (S2)")
    # Σ √(g/2): √(1/32)/(1-√ρ) ≤ √(1/32)·2/(1-ρ) = 3(d+2)/√32
    case.constant("3/√32 ≤ the last constant", ball(3) / ball(32).sqrt(), "<=", ball(after))
    for width in (2, 8, 64):
        near = Fraction(1, 32 * width)
        exact = ball(width * near) / 2 + 3 / ball(2).sqrt() * (width + 2) * ball(width * near).sqrt()
        case.library("bounds.lemma_c3_sharp, near", bounds.lemma_c3_sharp(width, float(near)), exact, 50)
        exact = ball(width) / 2 + ball(12).sqrt() * width * ball(width + 2).sqrt() + 3 / ball(32).sqrt() * (width + 2)
        case.library("bounds.lemma_c3_sharp, far", bounds.lemma_c3_sharp(width, 1.0), exact, 50)


FALSE_NEIGHBOURS = {
    "½(g + √g) in place of ½(g + √(2g))": {"root": Fraction(1)},
    "without the two last terms: ½dφ_0 alone": {"middle": sp.Integer(0), "after": Fraction(0)},
}


def test_s5(judgement):
    judgement()
