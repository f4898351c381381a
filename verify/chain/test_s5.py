"""S5: Theorem 5, sharp."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import Checks, bounds, simulate
from isogap.verification import UndecidedError, replace
from isogap.verification.balls import ball

d, phi, phi0 = sp.symbols("d phi phi0", positive=True)


def decide(case):
    """The scalar inequality in balls and on its whole interval, the engine's paths, then the three sums."""
    case.decides("<=", "<=", "<= if <=")
    layer, first, middle, after = case.claims[0].right, *case.claims[1].right.terms
    close = case.claims[2]
    with case.illustrations():
        for k in (1, 10, 50, 90, 99):
            y = Fraction(k, 100)
            g = ball(y - 1) - ball(y).log()
            case.at_most("-log y ≤ g(y) + √(2g(y))", -ball(y).log(), 2 * layer.ball(g_k=g), y=y)
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
                right = layer.evaluate({"g_k": np.maximum(g, 0.0), "sqrt": np.sqrt}, float)
                case.pathwise(
                    "engine: log‖J‖ ≤ ½(g + √(2g)) in every layer", run.paths.log_jacobian, right, slack, d=width
                )
                sums = run.paths.log_jacobian.sum(axis=1)
                span = width * run.phi0 / 2 + np.sqrt(depth * width * run.phi0 / 2)
                near = run.phi0 <= close.condition.right.float(d=width)
                limit = (close if near else case.claims[1]).right.float(d=width, phi0=run.phi0)
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
    _proof(case, layer, first, middle, after)


def _proof(case, layer, first, middle, after):
    y = sp.Symbol("y", positive=True)
    g = sp.Symbol("g_k", positive=True)
    factor = sp.cancel((2 * layer.sympy() - g) ** 2 / g)  # -log y ≤ g + √(factor g)
    case.rises("(1-y)² ≤ 2g(y) on (0, 1)", factor * (y - 1 - sp.log(y)) - (1 - y) ** 2, y, 1, 0)
    least = sp.limit((1 - y) ** 2 / (y - 1 - sp.log(y)), y, 1)
    if factor != least:
        raise UndecidedError(f"the smallest factor is {least}, at y → 1")
    case.identity("the first term is Σ g_k/2 ≤ dφ_0/2", first.sympy() * 2, d * phi0, computed=True)
    case.argument(
        "bound of one row by the sum over the rows",
        "-log y = g(y) + (1-y); min_j Y_j ≤ 1 and g(min Y) ≤ g_k; Σ_k g_k ≤ dφ_0 (E4)",
    )
    hits = phi0 / (phi - case.below("S2")[1].right.sympy())  # E τ, as in C.5
    case.argument("Cauchy-Schwarz", "before τ: (E Σ √(g_k/2))² ≤ E τ · E Σ g_k/2")
    rest = sp.expand(sp.cancel(middle.sympy() ** 2 - hits * d * phi0 / 2))
    what = "E τ · dφ_0/2 is the square of the middle term"
    if rest == 0:
        case.identity(what, middle.sympy() ** 2, sp.cancel(hits * d * phi0 / 2), computed=True)
    else:
        case.follows(what, rest, {d: 1, phi0: 0})
    case.argument("Jensen", "after τ: E √φ ≤ √(E φ), with φ ≤ 1/(16d) and the factor ρ = 1 - 1/(1.5(d+2)) (S2)")
    near = case.below("S2")[0]
    gap = sp.cancel((phi - near.right.sympy()) / phi)  # 1-ρ
    largest = near.condition.right.sympy() * d  # dφ_τ
    # Σ √(g/2) ≤ √(dφ_τ/2)/(1-√ρ) ≤ √(dφ_τ/2)·2/(1-ρ)
    rest = sp.expand(sp.cancel(after.sympy() ** 2 - largest / 2 * 4 / gap**2))
    if rest == 0:
        case.identity("after τ: the square of the last term", after.sympy() ** 2, largest * 2 / gap**2, computed=True)
    else:
        case.follows("after τ: at most the square of the last term", rest, {d: 1})
    start = case.claims[2]
    end = Fraction(str(start.condition.right.sympy() * d))
    if end != Fraction(str(largest)):
        raise UndecidedError(f"S2 covers φ_0 up to {largest}/d")
    case.constant("where S2 covers it", end, "<=", Fraction(str(largest)))
    alone = sum((term.sympy() for term in start.right.terms[1:]), start=sp.Integer(0))
    ratio = sp.cancel(alone**2 / (d * phi0 / 2 * 4 / gap**2))
    if ratio != 1:
        raise UndecidedError(f"the route gives another bound at τ = 0: its square is {ratio} of the claim's")
    case.identity("τ = 0: the same with φ_0 for φ_τ, squared", alone**2, d * phi0 * 2 / gap**2, computed=True)
    for width in (2, 8, 64):
        gap = 1 / (32 * ball(width))
        exact = start.right.ball(d=width, phi0=gap)
        case.library("bounds.lemma_c3_sharp, near", bounds.lemma_c3_sharp(width, float(gap.mid())), exact, 50)
        exact = case.claims[1].right.ball(d=width, phi0=1)
        case.library("bounds.lemma_c3_sharp, far", bounds.lemma_c3_sharp(width, 1.0), exact, 50)


FALSE_NEIGHBOURS = {
    "½(g + √g) in place of ½(g + √(2g))": replace("sqrt(2*g_k)", "sqrt(g_k)"),
    "without the two last terms: ½dφ_0 alone": replace("sqrt(12)*d*sqrt(d+2)*phi0 + 3*(d+2)/sqrt(32)", "0*d + 0*d"),
}


def test_s5(judgement):
    judgement()
