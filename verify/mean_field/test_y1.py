"""Y1: Gauge: the scale of a row of weights does not matter."""

import numpy as np
import sympy as sp

from isogap.verification.normalised_networks import Layer, gradients, normalised
from isogap.verification.words import ONE, matrix, symmetric

FUNCTIONS = {
    "tanh": (np.tanh, lambda y: 1 - np.tanh(y) ** 2),
    "relu": (lambda y: np.maximum(y, 0), lambda y: (y > 0) * 1.0),
    "leaky": (lambda y: np.where(y > 0, y, 0.2 * y), lambda y: np.where(y > 0, 1.0, 0.2)),
    "abs": (np.abs, np.sign),
    "identity": (lambda y: y, np.ones_like),
}


def decide(case, *, phi="tanh", eps=0.0, sign=1, centred=True, after=False):
    """One row in symbols and words, the chain rule, and whole networks before and after the change, with all gradients."""
    case.decides("==", "==", "==", "==")
    same, at_x, at_w, inner = case.claims
    s, square, back, entry = sp.symbols("s N g x", positive=True)

    def rows(v):  # an entry of û at v times the row, whose own is s/√N
        return v * s / sp.sqrt(v**2 * square)

    # gradient of the row's h is (G - ûûᵀ) g/|Gh|: û does not move, |Gh| is multiplied by r
    def at_h(v):
        return back / sp.sqrt(v**2 * square)

    sides = (side.sympy(u=rows, w=sp.Integer(1)) for side in same.sides)
    case.identity("u: the root of |r Gh|² takes r out", *sides, computed=True)
    sides = (side.sympy(grad_w=lambda v: at_h(v) * entry, w=sp.Integer(1)) for side in at_w.sides)
    case.identity("∂loss/∂w = ∂loss/∂h xᵀ is divided by r", *sides, computed=True)
    sides = (side.sympy(grad_x=lambda v: v * s * at_h(v), w=sp.Integer(1)) for side in at_x.sides)
    case.identity("∂loss/∂x = Σ w ∂loss/∂h does not move", *sides, computed=True)
    u, G, one = matrix("u"), matrix("G"), matrix("o")
    unit = [((("u", True), ("u", False)), ONE), ((("G", False), ("u", False)), u), *symmetric("G")]
    case.words(
        "J h = 0: (G - ûûᵀ) û = 0, so <w, ∂loss/∂w> = <h, Jᵀ ...> = 0",
        G * u - u * u.T * u,
        u * inner.right.exact(),
        unit,
    )
    h, b = matrix("h"), matrix("b")
    centring = [((("o", True), ("G", False)), one - one)]
    case.words("a bias b1ᵀ is removed by the centring", (h + b * one.T) * G, h * G, centring)
    case.argument("chain rule", "from the last layer down: each layer's gradients are those of one row at a time")
    case.argument("induction over layers", "a state that does not move passes the same batch to the next layer")
    with case.illustrations():
        _networks(case, phi, eps, sign, centred, after)
        if not case.control and not after:
            for name in ("identity", "relu", "leaky", "abs"):
                _networks(case, name, 0.0, 1, True, True)


def _networks(case, phi, eps, sign, centred, after):
    """Three layers of width 6 and 16 samples, random rows multiplied by factors between 1/30 and 30."""
    layer = Layer(*FUNCTIONS[phi], centred=centred, eps=eps, after=after)
    where = "normalisation behind the activation (positively homogeneous)" if after else "networks"
    for seed in range(3):
        rng = case.rng(seed)
        case.hypothesis(eps == 0)
        x, cotangent = rng.standard_normal((2, 6, 16))
        W = [rng.standard_normal((6, 6)) for _ in range(3)]
        factors = [sign * np.exp(rng.uniform(-3.4, 3.4, (6, 1))) for _ in range(3)]
        plain = gradients(x, W, layer, cotangent)
        if not after:
            shifted = normalised(W[0] @ x + rng.standard_normal((6, 1)), layer)[0]
            u = normalised(W[0] @ x, layer)[0]
            case.pathwise("a bias before the normalisation changes nothing", np.abs(shifted - u), 0.0, 1e-12, seed=seed)
        moved = gradients(x, [f * w for f, w in zip(factors, W, strict=True)], layer, cotangent)
        for before, now in zip(plain[0] + plain[1], moved[0] + moved[1], strict=True):
            # condition: roots of rows vary by e^7; rounding of three layers
            case.pathwise(
                f"{where}: states and gradients in them", np.abs(before - now), 0.0, _rounding(before), seed=seed
            )
        for f, w, before, now in zip(factors, W, plain[2], moved[2], strict=True):
            case.pathwise(
                f"{where}: gradients of rows times r", np.abs(before - f * now), 0.0, _rounding(before), seed=seed
            )
            inner = np.abs((w * before).sum(axis=1))
            case.pathwise(f"{where}: <w, ∂loss/∂w> = 0", inner, 0.0, _rounding(before), seed=seed)


def _rounding(size):
    return 1e-11 * (1 + float(np.abs(size).max()))


FALSE_NEIGHBOURS = {
    "with eps = 0.01 under the root": {"eps": 0.01},
    "negative factors": {"sign": -1},
    "normalisation behind tanh, which is not positively homogeneous": {"after": True},
    "a bias before uncentred normalisation": {"centred": False},
}


def test_y1(judgement):
    judgement()
