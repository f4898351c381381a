"""E6: Norm of the Jacobian of BN."""

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import fmpq

import isogap
from isogap.verification import rational as q
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.words import ONE, matrix


def decide(case, *, block="projector"):
    """Exact Jacobians of matrices with rational row norms, rebuilt from first differences of the exact series."""
    case.decides("==")
    case.argument("norm of a block-diagonal matrix", "it is the largest norm of its blocks; each is 1/‖x_j‖ by C.10")
    x = matrix("x")
    unit = [((("x", True), ("x", False)), ONE)]
    projector = ONE - x * x.T if block == "projector" else ONE
    case.words("J‖x‖ on a unit row annihilates it", projector * x, x - x, unit)
    case.words("(J‖x‖)² = J‖x‖: eigenvalues 1/‖x‖ and 0", projector * projector, projector, unit)
    y = sp.Symbol("Y_min", positive=True)
    claimed = sp.exp(-2 * case.claim.right.sympy())
    case.identity("1/‖x‖ at the shortest row, ‖x‖² = min Y_j", claimed, y, computed=True)
    with case.illustrations():
        for seed, (d, n) in enumerate([(2, 2), (3, 3), (4, 6), (6, 3)]):
            norms = [1 + abs(k - 1) * (seed + 1) for k in range(d)]
            X = q.unit_rows(d, n, seed)
            H = q.diagonal(norms) * X
            if not case.hypothesis(all(r > 0 for r in norms)):
                continue
            for j, (x, r) in enumerate(zip(q.rows_of(X), norms, strict=True)):
                J = _block(x, r, block, n)
                case.exact(
                    "J annihilates the row itself", J * q.from_rows([[v] for v in x]) == q.from_rows([[0]] * n), row=j
                )
                case.exact("J² = J/‖x‖: eigenvalues 1/‖x‖ and 0", J * q.diagonal([1] * n) * _over(r) == J * J, row=j)
                case.exact("trace (n-1)/‖x‖: multiplicity n-1", sum(q.diagonal_of(J)) == Fraction(n - 1, r), row=j)
            largest = max(Fraction(1, r) for r in norms)
            exact = case.claim.right.ball(Y_min=min(norms) ** 2)
            case.agree("the largest of the 1/‖x_j‖", ball(largest).log(), exact, 20, norms=norms)
            found = isogap.log_jacobian_norm(np.array(q.to_floats(H)))
            case.at_most("library: log_jacobian_norm", abs(ball(float(found)) - exact), ball(1e-14), rows=norms)
            blocks = isogap.batch_norm_jacobian(np.array(q.to_floats(H)))
            worst = max(
                float(np.abs(blocks[j] - np.array(q.to_floats(_block(x, r, block, n)))).max())
                for j, (x, r) in enumerate(zip(q.rows_of(X), norms, strict=True))
            )
            case.pathwise("library: batch_norm_jacobian entry by entry", worst, 0.0, 1e-14)


def _block(x, r, block, n):
    projector = q.identity(n)
    if block == "projector":
        column = q.from_rows([[v] for v in x])
        projector = projector - column * column.transpose()
    return projector * _over(r)


def _over(r):
    return fmpq(1, r)


FALSE_NEIGHBOURS = {
    "half the power: -¼ log min Y": replace("/2", "/4"),
    "the Jacobian I/‖x‖, without the projection": {"block": "unit"},
}


def test_e6(judgement):
    judgement()
