"""D7: SkipInit starts as the identity and learns through its scalar."""

from fractions import Fraction

import sympy as sp

from isogap.verification import UndecidedError
from isogap.verification import rational as q


def decide(case, *, zero_weights=False, through="scalar"):
    """Derivatives of the block; exact gradient descent of a chain of two blocks with rational numbers."""
    case.decides("== if ==", "== if ==", "== if ==")
    same, still, first = case.claims
    a, g, w, f, x = sp.symbols("alpha g w f x")
    at = [claim.condition.right.sympy() for claim in case.claims]
    branch = a * w * f  # one entry of the branch: bilinear in α and W
    case.identity("output at α = 0", (x + branch).subs(a, at[0]), same.right.sympy(x=x), computed=True)
    case.identity("∂L/∂W at α = 0", (g * sp.diff(branch, w)).subs(a, at[1]), still.right.sympy(), computed=True)
    inner = first.right.sympy(inner=lambda u, v: u * v, g=g, W=w, f=lambda x: f, x=x)
    case.identity("∂L/∂α, the same for every α", g * sp.diff(branch, a), inner, computed=True)
    if at[2] != 0:
        raise UndecidedError("the third claim is on the start, α = 0")
    with case.illustrations():
        weights = [
            q.from_rows([[0, 0], [0, 0]] if zero_weights else rows) for rows in ([[1, 2], [-1, 3]], [[2, -1], [1, 1]])
        ]
        start = q.from_rows([[1, -2, 3], [2, 1, -1]])
        target = q.from_rows([[3, 1, 2], [0, 2, -2]])
        scalars = [Fraction(0), Fraction(0)]
        gradients = _gradients(start, target, weights, scalars)
        case.hypothesis(True)
        moved = [gradient for gradient, _ in gradients] if through == "scalar" else [_norm(dw) for _, dw in gradients]
        for block, value in enumerate(moved):
            case.exact("the gradient by which learning starts is not 0", value != 0, block=block, value=value)
        case.exact("∂L/∂W_l = 0 in every block", all(_norm(dw) == 0 for _, dw in gradients))
        before = _loss(start, target, weights, scalars)
        scalars = [s - Fraction(1, 1000) * da for s, (da, _) in zip(scalars, gradients, strict=True)]
        after = _loss(start, target, weights, scalars)
        case.exact("one small step along α lowers the loss", after < before, before=before, after=after)


def _relu(m):
    return q.from_rows([[max(v, Fraction(0)) for v in row] for row in q.rows_of(m)])


def _scaled(m, s):
    return q.from_rows([[s * v for v in row] for row in q.rows_of(m)])


def _forward(x, weights, scalars):
    states = [x]
    for W, s in zip(weights, scalars, strict=True):
        states.append(states[-1] + _scaled(W * _relu(states[-1]), s))
    return states


def _loss(x, target, weights, scalars):
    return _norm(_forward(x, weights, scalars)[-1] - target) / 2


def _norm(m):
    return sum(v * v for row in q.rows_of(m) for v in row)


def _gradients(x, target, weights, scalars):
    """``(∂L/∂α_l, ∂L/∂W_l)`` of ``½‖x_L - target‖²`` by backpropagation in rationals."""
    states = _forward(x, weights, scalars)
    g, found = states[-1] - target, []
    for W, s, state in zip(reversed(weights), reversed(scalars), reversed(states[:-1]), strict=True):
        f = _relu(state)
        branch = q.rows_of(W * f)
        inner = sum(a * b for ra, rb in zip(q.rows_of(g), branch, strict=True) for a, b in zip(ra, rb, strict=True))
        found.append((inner, _scaled(g * f.transpose(), s)))
        through = q.rows_of(W.transpose() * g)
        mask = q.rows_of(state)
        pulled = q.from_rows(
            [[s * t * (m > 0) for t, m in zip(rt, rm, strict=True)] for rt, rm in zip(through, mask, strict=True)]
        )
        g = g + pulled
    return found[::-1]


FALSE_NEIGHBOURS = {
    "α = 0 and W = 0: stuck for ever, both gradients vanish": {"zero_weights": True},
    "learning starts through W": {"through": "weights"},
}


def test_d7(judgement):
    judgement()
