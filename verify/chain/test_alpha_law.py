"""Alpha law: Growth with nearly linear activations goes with the fourth power of the gain."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import Variant, simulate_variant
from isogap.verification import UndecidedError, replace
from isogap.verification.sampling import estimate


def decide(case):
    """Backpropagation of tanh networks at two gains, a factor 2 apart; the exponent 1/4 by the p-series.

    tanh is odd, so that the gains α and -α have one law and the growth is an even power of the gain to leading order. The two
    ends stand halfway, in logarithms, between the fourth power and the even powers beside it.
    """
    case.decides(">=", "<=", "<", "==", ">")
    least, most, *series = case.claims
    asked = []
    for claim in (least, most):
        for side in claim.sides:
            side.exact(rate=lambda gain: asked.append(gain) or 1)
    if asked != [1, Fraction(1, 2)] * 2:
        raise UndecidedError(f"measured at the gains 1 and 1/2, not at {', '.join(map(str, asked))}")
    k = _power_of_the_series(case, *series)
    for claim, beside in ((least, k - 2), (most, k + 2)) if not case.control else ():
        square = claim.right.exact(rate=lambda _: 1) ** 2
        case.identity(f"halfway between 2^{k} and 2^{beside}", square, 2**k * 2**beside, computed=True)
    one, half = _rates(case, 1.0), _rates(case, 0.5)
    case.hypothesis(True)
    _compare(case, least, one, half, "the growth is nearer to the fourth power than to the second")
    _compare(case, most, one, half, "the growth is nearer to the fourth power than to the sixth")
    case.mean_below("there is growth at gain 1", -one, 0.0, None, d=8)
    case.notices("the square law", lambda c: _compare(c, least, one, one[::-1] / 4))
    found = [estimate(rates, None) for rates in (half, one)]
    rows = [
        (a, f"{x.mean:.3e} ± {x.stderr:.1e}", f"{x.mean / a**4:.4f}") for a, x in zip((0.5, 1.0), found, strict=True)
    ]
    case.table("growth of log‖∂L/∂W‖² per layer, tanh, d = 8", ("gain α", "rate", "rate/α⁴"), rows)


def _power_of_the_series(case, finite, gains, exponent):
    """The power of the gains that is summed; that it is finite exactly beyond the exponent of the claim."""
    p, ell = sp.symbols("p l", positive=True)
    gain = gains.right.sympy(ell=ell, p=p)

    def from_one(low, high, body):
        case.identity("the series starts at the first layer", low, 1, computed=True)
        return body(ell) if high == sp.oo else 0

    term = finite.left.sympy(sum=from_one, alpha_at=lambda _: gain)
    power = sp.cancel(-sp.diff(sp.log(term), ell) * ell)
    case.identity("α_l = l^(-p): Σ α_l⁴ is the p-series of 4p", sp.log(term), -power * sp.log(ell), computed=True)
    case.identity("... at the exponent 1 if p = 1/4", power.subs(p, exponent.right.sympy()), 1, computed=True)
    case.argument("p-series", "Σ l^(-4p) is finite exactly for p > 1/4")
    case.argument("an odd activation", "tanh(-αx) = -tanh(αx), and W and -W have one law: the growth is even in α")
    return int(power / p)


def _compare(case, claim, one, half, what=""):
    left, right = (side.evaluate({"rate": {1.0: one, 0.5: half}.__getitem__}, float) for side in claim.sides)
    low, high = (left, right) if claim.ops == ("<=",) else (right, left)
    case.mean_at_most(what, low - high, 0.0, None, d=8)


def _rates(case, gain):
    depth = 400
    run = simulate_variant(Variant(8, depth, activation="tanh", gain=gain), replicas=200, rng=case.seed + int(8 * gain))
    first, last = depth // 10, depth - depth // 10
    logs = np.asarray(run.log_norm)
    return 2 * (logs[:, first] - logs[:, last]) / (last - first)


FALSE_NEIGHBOURS = {
    "the square law: at most 4 times": replace("32*rate(1/2)", "4*rate(1/2)"),
    "no growth": replace("32*rate(1/2)", "0*rate(1/2)"),
}


def test_alpha_law(judgement):
    judgement()
