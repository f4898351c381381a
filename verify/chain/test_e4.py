"""E4: Σ_j g(Y_j) = d(φ_ℓ - φ_{ℓ+1}) with g(y) = y - 1 - log y, and so Σ_ℓ Σ_j g(Y_{ℓ,j}) = d(φ_0 - φ_L) on every path."""

import sympy as sp

from isogap import Checks, Where, simulate
from isogap.verification import rational as q
from isogap.verification.balls import ball


def decide(case, *, linear=1):
    """E2 and Σ Y_j = d; exact paths of several layers; the engine's own paths."""
    d, sum_y, sum_log, phi = sp.symbols("d Y S phi")
    total = linear * (sum_y - d) - sum_log
    case.identity(
        "Σ g(Y_j) = d(φ - φ'), by E2 and Σ Y_j = d",
        total.subs(sum_y, d),
        d * (phi - (phi + sum_log / d)),
        computed=True,
    )
    case.argument("telescoping sum", "the sum over the layers telescopes")
    with case.illustrations():
        for size in (2, 3, 4, 6):
            H = q.cayley(size, 2) * q.unit_rows(size, size, size)
            if not case.hypothesis(H.det() != 0):
                continue
            G = H * H.transpose()
            Y = q.diagonal_of(G)
            energy = sum((linear * ball(y - 1) - ball(y).log() for y in Y), ball(0))
            after = -(q.log_det(G) - sum((ball(y).log() for y in Y), ball(0))) / size
            case.agree("one exact layer", energy, size * (q.gap(G) - after), 20, d=size)
            # the rows are not unit vectors: Σ (Y - 1) counts, and the trace is not d
            stretched = q.diagonal(range(1, size + 1)) * H
            lengths = q.diagonal_of(stretched * stretched.transpose())
            energy = sum((linear * ball(y - 1) - ball(y).log() for y in lengths), ball(0))
            after = (
                -(q.log_det(stretched * stretched.transpose()) - sum((ball(y).log() for y in lengths), ball(0))) / size
            )
            mean = sum(lengths) / size
            expected = size * (q.gap(stretched * stretched.transpose()) - after) + size * (
                ball(mean) - 1 - ball(mean).log()
            )
            case.agree("any trace: Σ g(Y_j) = d(φ - φ') + d g(mean Y)", energy, expected, 20, d=size)
    with case.illustrations():
        for width, depth in ((4, 200), (16, 60)):
            run = simulate(width, depth, replicas=20, rng=case.seed, checks=Checks(layers=0), where=Where(threads=1))
            case.pathwise("engine: energy law over whole paths", run.energy_residual, 0.0, 1e-10, d=width)


FALSE_NEIGHBOURS = {"g(y) = 2(y - 1) - log y": {"linear": 2}}


def test_e4(judgement):
    judgement()
