"""B7: Steps of gradient descent on least squares."""

from fractions import Fraction

import sympy as sp

from isogap.verification import UndecidedError, replace

a, b, e, c = sp.symbols("a b e c", positive=True)


def decide(case, *, over="one factor"):
    """With a = σ_max², b = σ_min²: the error along a singular direction is multiplied by 1 - curvature η σ²."""
    case.decides("==", "==", "==")
    *limits, best_rate = case.claims
    value = best_rate.right.sympy(cond=sp.sqrt(a / b))
    case.hypothesis(True)
    case.argument("singular value decomposition", "the steps separate along the singular directions")
    for claim in limits:
        # the Hessian of s‖Ax - y‖² along a singular direction is 2 s σ²
        doubled = 2 * sp.Rational(str(_share(claim)))
        limit = claim.right.sympy(sigma=sp.sqrt(a))
        case.identity(f"factor -1 at the limit, curvature {doubled}", 1 - doubled * limit * a, -1, computed=True)
        best = 2 / (doubled * (a + b))
        case.identity("factors of both ends at the best step: slow", (1 - doubled * best * b), value)
        case.identity("and fast", (1 - doubled * best * a), -value)
    if {2 * _share(claim) for claim in limits} != {1, 2}:
        raise UndecidedError("the claims are on the square and on half of it")
    # a step longer by e makes the fast factor worse, a shorter one the slow factor: nothing is better than the best
    case.nonnegative(
        "slower by e: 1 - η(1-e) b grows", sp.expand((a + b) * ((2 * b / (a + b)) * e)), {a: 0, b: 0, e: 0}
    )
    _convexity(case, over)


def _share(claim):
    """What the loss is of the square of the length."""
    size = sp.Symbol("size", positive=True)
    found = sp.cancel(claim.left.sympy(eta_max=lambda loss: loss, size=size) / size**2)
    if not found.is_number:
        raise UndecidedError(f"the loss is a share of the square: {claim.text}")
    return found


def _convexity(case, over):
    """f(x, y) = (xy - 1)² for the product of two 1 x 1 factors: convex in x; its Hessian at 0 has the eigenvalues ±2."""
    x, y = sp.symbols("x y")
    f = (x * y - 1) ** 2
    case.identity("in one factor: ∂²f/∂x² = 2y²", sp.diff(f, x, 2), 2 * y**2, computed=True)
    hessian = sp.hessian(f, (x, y)).subs({x: 0, y: 0})
    determinant = Fraction(int(hessian.det()))
    with case.illustrations():
        case.exact(
            "convex over all factors" if over == "all factors" else "over both factors at once: a saddle at 0",
            (determinant >= 0) == (over == "all factors"),
            determinant=determinant,
        )


FALSE_NEIGHBOURS = {
    "‖Ax-y‖² stable up to 2/σ_max²": replace("1/sigma^2", "2/sigma^2"),
    "rate (cond-1)/(cond+1)": replace("(cond^2 - 1)/(cond^2 + 1)", "(cond - 1)/(cond + 1)"),
    "convex over all factors": {"over": "all factors"},
}


def test_b7(judgement):
    judgement()
