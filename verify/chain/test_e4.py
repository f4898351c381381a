"""E4: Energy law."""

import sympy as sp

from isogap import Checks, Where, simulate
from isogap.verification import rational as q
from isogap.verification import replace
from isogap.verification.balls import ball


def decide(case):
    """E2 and Σ Y_j = d; exact paths of several layers; the engine's own paths."""
    case.decides("==", "==", ">=")
    total, g = (claim.right for claim in case.claims[:2])
    for claim in case.claims[1:]:
        claim.left.evaluate({"g": lambda y: y, "y": 1}, int)
    d, sum_y, sum_log, phi0 = sp.symbols("d Y S phi0", real=True)
    y, log_y = sp.symbols("y l", real=True)
    one = g.sympy(
        y=y, log=lambda _: log_y
    )  # linear in y, log y and 1: its sum over the rows puts Σ y, Σ log y and d there
    summed = sp.expand(sum_y * one.coeff(y, 1) + sum_log * one.coeff(log_y, 1) + d * one.subs({y: 0, log_y: 0}))
    claimed = total.sympy(d=d, phi0=phi0, phi_L=phi0 + sum_log / d)  # E2
    case.identity("one layer: Σ g(Y_j), by E2 and Σ Y_j = d", summed.subs(sum_y, d), claimed, computed=True)
    y, least = sp.Symbol("y", positive=True), case.claims[2].right.sympy()
    for end in (0, sp.oo):
        case.rises("no term of the energy is negative", g.sympy() - least, y, 1, end)
    case.argument("telescoping sum", "the sum over the layers telescopes")
    with case.illustrations():
        for size in (2, 3, 4, 6):
            H = q.cayley(size, 2) * q.unit_rows(size, size, size)
            if not case.hypothesis(H.det() != 0):
                continue
            G = H * H.transpose()
            Y = q.diagonal_of(G)
            energy = sum((g.ball(y=y) for y in Y), ball(0))
            after = -(q.log_det(G) - sum((ball(y).log() for y in Y), ball(0))) / size
            case.agree("one exact layer", energy, total.ball(d=size, phi0=q.gap(G), phi_L=after), 20, d=size)
            # the rows are not unit vectors: Σ (Y - 1) counts, and the trace is not d
            stretched = q.diagonal(range(1, size + 1)) * H
            lengths = q.diagonal_of(stretched * stretched.transpose())
            energy = sum((g.ball(y=y) for y in lengths), ball(0))
            after = (
                -(q.log_det(stretched * stretched.transpose()) - sum((ball(y).log() for y in lengths), ball(0))) / size
            )
            mean = sum(lengths) / size
            expected = size * (q.gap(stretched * stretched.transpose()) - after) + size * g.ball(y=mean)
            case.agree("any trace: Σ g(Y_j) = d(φ - φ') + d g(mean Y)", energy, expected, 20, d=size)
    with case.illustrations():
        for width, depth in ((4, 200), (16, 60)):
            run = simulate(width, depth, replicas=20, rng=case.seed, checks=Checks(layers=0), where=Where(threads=1))
            case.pathwise("engine: energy law over whole paths", run.energy_residual, 0.0, 1e-10, d=width)


FALSE_NEIGHBOURS = {
    "g(y) = 2(y - 1) - log y": replace("y - 1 - log(y)", "2*(y-1) - log(y)"),
    "g(y) = y - 1 - 2 log y": replace("- log(y)", "- 2*log(y)"),
}


def test_e4(judgement):
    judgement()
