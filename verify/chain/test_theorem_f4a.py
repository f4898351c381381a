"""Theorem F4a: Activations close to linear, explicit."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap import bounds
from isogap.verification import UndecidedError, replace, sampling
from isogap.verification.balls import ball
from isogap.verification.states import confinement_ball


def decide(case):
    """The scalar constants in balls; a sampled network beside them."""
    case.decides("==", "<=", "<=")
    size, limit, bound = (claim.right for claim in case.claims)
    one = {"sqrt": lambda _: 1, "d": 1, "k": 1, "L": None}
    lipschitz = size.evaluate({**one, "u_0": 0, "sum": _one_term, "alpha_at": lambda _: 1}, Fraction) - size.evaluate(
        {**one, "u_0": 0, "sum": _one_term, "alpha_at": lambda _: 0}, Fraction
    )
    radius, slope = limit.exact(), bound.exact(d=1, S=1) - bound.exact(d=0, S=1)  # bound: slope (d+2) S
    d = sp.Symbol("d", positive=True)
    proportional = sp.Rational(slope.numerator, slope.denominator) * (d + 2)
    case.identity("the bound is proportional to d + 2", bound.sympy(S=1), proportional, computed=True)
    case.constant("√2.4 ≤ 1.55", (ball(Fraction(12, 5))).sqrt(), "<=", lipschitz)
    case.constant("... rounded up in the last digit", (ball(Fraction(12, 5))).sqrt(), ">", lipschitz - Fraction(1, 100))
    case.constant(".316² ≤ .1", radius**2, "<=", Fraction(1, 10))
    case.constant("... rounded down in the last digit", (radius + Fraction(1, 1000)) ** 2, ">", Fraction(1, 10))
    # x = Σ(σ-1/σ)² = ¼ in one direction needs U ≥ 5/48: |2U/x - 1| ≤ √x/3 (F1a) at x = ¼
    case.constant("x = ¼ forces U ≥ 5/48 > .1", Fraction(1, 8) * (1 - Fraction(1, 6)), ">", Fraction(1, 10))
    case.constant("x/U ≤ 2/(1 - √x/3) ≤ 2.4 for x ≤ ¼", 2 / (1 - Fraction(1, 6)), "<=", Fraction(12, 5))
    delta = confinement_ball(ball(Fraction(1, 10)))
    case.constant("δ²(.1)/.1 ≥ 1.4", delta * delta * 10, ">=", Fraction(14, 10))
    c = sp.Symbol("c", positive=True)
    case.identity(
        "1 - s - (1-s²)/2 = (1-s)²/2 ≥ 0 at s = √(1-c): 1 - √(1-c) ≥ c/2", 1 - c - (1 - c**2) / 2, (1 - c) ** 2 / 2
    )
    case.constant(".775 · 2/1.4 ≤ 1.11", Fraction(775, 1000) * 2 / Fraction(14, 10), "<=", slope)
    case.constant(
        "... rounded up in the last digit", Fraction(775, 1000) * 2 / Fraction(14, 10), ">", slope - Fraction(1, 100)
    )
    case.constant("½√2.4 ≤ .775", ball(Fraction(12, 5)).sqrt() / 2, "<=", Fraction(775, 1000))
    z = sp.Symbol("z", positive=True)
    for name, f, k in (("sin", sp.sin(z), sp.Rational(1, 6)), ("tanh", sp.tanh(z), sp.Rational(1, 3))):
        case.identity(
            f"{name}: z - σ(z) = k z³ to leading order", sp.series(z - f, z, 0, 4).removeO(), k * z**3, computed=True
        )
    case.identity(
        "(sin z - z + z³/6)'' = z - sin z", sp.diff(sp.sin(z) - z + z**3 / 6, z, 2), z - sp.sin(z), computed=True
    )
    case.interval("z > sin z: so sin z ≥ z - z³/6, integrating twice", lambda t: t - t.sin(), 0, 3)
    case.identity(
        "(tanh z - z + z³/3)' = z² - tanh² z",
        sp.diff(sp.tanh(z) - z + z**3 / 3, z),
        z**2 - sp.tanh(z) ** 2,
        computed=True,
    )
    case.interval("z > tanh z: so tanh z ≥ z - z³/3", lambda t: t * (t.exp() + (-t).exp()) - t.exp() + (-t).exp(), 0, 3)
    case.argument(
        "Lipschitz constants add up along a path",
        "√u(B') ≤ √U(σ_α(B)) ≤ √u(B) + 1.55 √d k α²; a row of norm 1 has Σx⁶ ≤ 1",
    )
    case.argument("B2 in mean", "E[u(B')|.] ≤ (1 - 1.4/(d+2)) U; L² norms add up as a geometric series")
    case.argument("chain rule", "log‖J‖ ≤ ½√x, |σ'| ≤ 1")
    with case.illustrations():
        width, depth, count = 3, 150, 100
        rng, gains = case.rng(1), 0.25 / np.arange(1, depth + 1)
        state = np.linalg.qr(rng.standard_normal((count, width, width)))[0]
        total = float(np.sum(gains**2))
        found = bounds.near_linear_gradient(width, 0.0, total, "sin")
        case.hypothesis(found.size <= limit.float())
        exact = size.ball(
            u_0=0, d=width, k=Fraction(1, 6), L=depth, alpha_at=lambda layer: ball(gains[int(layer.unique_fmpz()) - 1])
        )
        case.library("bounds.near_linear_gradient, S", found.size, exact, 1e3)
        claimed = bound.ball(d=width, S=exact)
        case.library("bounds.near_linear_gradient", found.log_jacobian, claimed, 1e3)
        jacobian = np.repeat(np.eye(width * width)[None], count, axis=0)
        for a in gains:
            w = sampling.haar(width, count, rng)
            active = np.sin(a * state) / a
            h = w @ active
            norm = np.linalg.norm(h, axis=2, keepdims=True)
            unit = h / norm
            tangent = jacobian.reshape(count, width, width, -1) * np.cos(a * state)[..., None]
            moved = np.einsum("rij,rjkp->rikp", w, tangent) / norm[..., None]
            moved -= unit[..., None] * np.einsum("rik,rikp->rip", unit, moved)[:, :, None, :]
            state, jacobian = unit, moved.reshape(count, width * width, -1)
        logs = np.log(np.linalg.norm(jacobian, 2, axis=(1, 2)))
        case.mean_at_most("sampled E log‖∂B_L/∂B_0‖ ≤ 1.11(d+2)S", logs, float(claimed.mid()), None, d=width)
        gram = state @ np.swapaxes(state, 1, 2)
        case.pathwise("u(B_L) ≤ S²", -np.linalg.slogdet(gram)[1], np.full(count, float(exact.mid()) ** 2), 1e-12)


def _one_term(low, high, body):
    """The sum over the layers with one gain; it starts at the first."""
    if low != 1 or high is not None:
        raise UndecidedError(f"the sum over the layers starts at 1, not {low}")
    return body(low)


FALSE_NEIGHBOURS = {"Lipschitz constant 1.5": replace("1.55", "1.5"), "1.05(d+2)S": replace("1.11", "1.05")}


def test_theorem_f4a(judgement):
    judgement()
