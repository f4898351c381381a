"""Y2: Exact conditional mean Gram at every width."""

import math
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import acb, arb

from isogap import mean_field
from isogap.verification import UndecidedError, replace, sampling
from isogap.verification.balls import ball
from isogap.verification.normalised_networks import Layer, normalised
from isogap.verification.words import matrix, symmetric

FAR = 35
"""Integrals over s run from e^-35 over the largest eigenvalue to e^35."""


class Diagonal(tuple):
    """Eigenvalues of a matrix in the frame of S: sums, products and whole powers."""

    def __add__(self, other):
        return Diagonal(x + y for x, y in zip(self, other, strict=True))

    def __mul__(self, other):
        return Diagonal(x * y for x, y in zip(self, other, strict=True))

    def __rmul__(self, number):
        return Diagonal(number * x for x in self)

    def __pow__(self, exponent):
        return Diagonal(x**exponent for x in self)


def decide(case, *, centred=True):
    """Ball integrals against closed forms for the identity and against an integral over the circle for ReLU; sampled layers."""
    case.decides("==", "==", "==")
    law, centring, gram = case.claims
    x, G, width = matrix("x"), matrix("G"), Fraction(7)
    found = centring.right.words(G=G, A=gram.right.words(x=x, N=width))
    case.words("S is the Gram of the centred samples", (x * G.T).T * (x * G.T), found * width, symmetric("G"))
    case.argument(
        "spherical symmetry", "u does not see the length of a row of W: a row may be replaced by a normal one"
    )
    case.argument(
        "Fubini", "1/|y|² = ∫ e^(-s|y|²) ds; e^(-s|y|²) turns N(0,S) into N(0,S(I+2sS)^(-1)) times det(I+2sS)^(-1/2)"
    )
    s = sp.Symbol("s", positive=True)
    lam = sp.symbols("a b c", positive=True)
    det = sp.prod([(1 + 2 * s * x) ** sp.Rational(-1, 2) for x in lam])
    trace = sum(x / (1 + 2 * s * x) for x in lam)
    case.identity(
        "tr V_id: the integrand is -d/ds det(I+2sS)^(-1/2)", sp.cancel(-sp.diff(det, s) / det), trace, computed=True
    )
    with case.illustrations():
        _sampled(case, centred)
    for a, b in ((1, 1), (3, 1), (20, 1), (1000, 7)):
        if not case.hypothesis(a > 0 and b > 0):
            continue
        # n = 2, B = 3: û on a circle; the mean of cos² on the ellipse
        shares = [_share(law, (a, b), lambda D, k=k: D[k]) for k in range(2)]
        roots = [ball(a).sqrt(), ball(b).sqrt()]
        for k in range(2):
            case.agree(
                "identity, two eigenvalues: √a/(√a+√b)", shares[k], roots[k] / (roots[0] + roots[1]), 11, a=a, b=b
            )
        if a != b:
            pairs = _share(law, (a, a, b, b), lambda D: D[0])
            case.agree("identity, eigenvalues in pairs: a ∂_a E log", pairs, _pairs(a, b), 11, a=a, b=b)
        case.agree(
            "relu, three samples: Laplace form and the circle",
            _share(law, (a, b), _relu),
            _relu_circle(a, b),
            10,
            a=a,
            b=b,
        )


def _share(law, values, entry):
    """Right side over B at a Gram of these eigenvalues, all at least 1: the integral with s = e^v.

    The parts cut off: the integrand is at most the largest eigenvalue near 0, and 1/(2s²) beyond the end.
    """
    rest = arb(0, 2) * arb(-FAR).exp()

    def integral(low, high, body):
        if not (low >= 0 and high == arb("inf")):
            raise UndecidedError(f"the integral runs from {low} to {high}")
        start = acb(low).log() if low > 0 else acb(-FAR) - acb(max(values)).log()
        small = arb(2) ** -50
        whole = acb.integral(lambda v, _: body(v.exp()) * v.exp(), start, acb(FAR), rel_tol=small, abs_tol=small)
        return whole.real + rest

    names = {"I": Diagonal([1] * len(values)), "S": Diagonal(values), "det": _determinant, "V": entry}
    return law.right.evaluate({**names, "B": 1, "inf": arb("inf"), "integral": integral}, ball)


def _determinant(D):
    """Product, where no factor turns by more than an eighth of the circle: its root is analytic there."""
    value = acb(1)
    for x in D:
        value *= x if _right_half(x) else acb("nan")
    return value


def _right_half(x):
    return bool(x.real > abs(x.imag))


def _pairs(a, b):
    """Half of ``a ∂_a F``, ``F = (a log a - b log b)/(a - b)`` up to a constant: E log of a D + b (1-D), D uniform."""
    a, b = ball(a), ball(b)
    return a * ((a.log() + 1) * (a - b) - (a * a.log() - b * b.log())) / (a - b) ** 2 / 2


# Three samples: two orthonormal directions of the complement of 1, and rows y = √a g_1 e + √b g_2 f.
E = (Fraction(1), Fraction(-1), Fraction(0))  # over √2
F = (Fraction(1), Fraction(1), Fraction(-2))  # over √6


def _relu(D):
    """``E relu(y_1)relu(y_3)`` of normal variables with the covariance D in the frame of E and F."""
    a, b = D
    c11, c33, c13 = a / 2 + b / 6, b * 4 / 6, -b * 2 / 6
    if not (_right_half(c11) and _right_half(c33)):
        return acb("nan")
    root = (c11 * c33).sqrt()
    c = c13 / root
    if not (1 - c * c).real > 0:  # off the cuts of root and arc cosine
        return acb("nan")
    return root * ((1 - c * c).sqrt() + (acb.pi() - c.acos()) * c) / acb.pi() / 2


def _relu_circle(a, b):
    """The same as a mean over the circle ``g = (cos θ, sin θ)`` of relu(y_1)relu(y_3)/|y|²."""
    ra, rb = ball(a).sqrt(), ball(b).sqrt()
    # y_1 = ra cos/√2 + rb sin/√6, y_3 = -2 rb sin/√6: both positive for sin < 0 and tan θ > -√3 ra/rb (cos > 0)
    start = -(arb(3).sqrt() * ra / rb).atan()

    def integrand(t, _):
        c, s = t.cos(), t.sin()
        y1 = ra * c / arb(2).sqrt() + rb * s / arb(6).sqrt()
        y3 = -2 * rb * s / arb(6).sqrt()
        return y1 * y3 / (ra * ra * c * c + rb * rb * s * s)

    return acb.integral(integrand, acb(start), acb(0)).real / (2 * arb.pi())


def _sampled(case, centred):
    """Mean Gram of one layer of width 4 on 6 samples: Gaussian and Haar weights, identity and relu, against the library."""
    B, N, count = 6, 4, 4000
    x = case.rng(1).standard_normal((N, B)) * np.array([1.0, 0.3, 2.0, 1.0])[:, None] + 2.0
    for name, function in (("identity", lambda y: y), ("relu", lambda y: np.maximum(y, 0))):
        law = mean_field.conditional_gram(x.T @ x / N, name, centred=True)
        layer = Layer(function, np.ones_like, centred=centred)
        for weights in ("gaussian", "haar"):
            rng = case.rng(2 + (weights == "haar"))
            W = rng.standard_normal((count, N, N)) if weights == "gaussian" else sampling.haar(N, count, rng)
            out = function(normalised(W @ x, layer)[0])
            grams = np.einsum("kri,krj->kij", out, out) / N
            for i, j in ((0, 0), (0, 1), (2, 5), (3, 3)):
                what = f"sampled mean Gram at width 4: {name}, {weights}"
                span = 2.0 * (B - 1) if centred else 2.0 * B
                case.mean_equals(what, grams[:, i, j], float(law.value[i, j]), span, i=i, j=j)
    if not math.isclose(float(np.trace(law.value)), 0.5 * B, rel_tol=1e-9):
        raise AssertionError("tr V_relu is B/2")


FALSE_NEIGHBOURS = {
    "with ds/s in place of ds: that is the mean of a logarithm": replace("(I + 2*s*S)^(-1))", "(I + 2*s*S)^(-1))/s"),
    "S = GAG for normalisation without centring": {"centred": False},
}


def test_y2(judgement):
    judgement()
