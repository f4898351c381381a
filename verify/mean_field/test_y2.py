"""Y2: E[x'ᵀx'/N | x] = B ∫ det(I+2sS)^(-1/2) V_φ(S(I+2sS)^(-1)) ds at every width, Gaussian and Haar weights alike."""

import math
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import acb, arb

from isogap import mean_field
from isogap.verification import sampling
from isogap.verification.balls import ball
from isogap.verification.normalised_networks import Layer, normalised


def decide(case, *, power=0, centred=True):
    """Ball integrals against closed forms for the identity and against an integral over the circle for ReLU; sampled layers."""
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
    for a, b in ((1, 1), (3, 1), (20, 1), (1000, 7)):
        if not case.hypothesis(a > 0 and b > 0):
            continue
        # n = 2, B = 3: û on a circle; the mean of cos² on the ellipse
        shares = [_linear((a, b), k, power) for k in range(2)]
        roots = [ball(a).sqrt(), ball(b).sqrt()]
        for k in range(2):
            case.agree(
                "identity, two eigenvalues: √a/(√a+√b)", shares[k], roots[k] / (roots[0] + roots[1]), 15, a=a, b=b
            )
        if a != b:
            pairs = _linear((a, a, b, b), 0, power)
            case.agree("identity, eigenvalues in pairs: a ∂_a E log", pairs, _pairs(a, b), 15, a=a, b=b)
        case.agree(
            "relu, three samples: Laplace form and the circle",
            _relu_laplace(a, b, power),
            _relu_circle(a, b),
            10,
            a=a,
            b=b,
        )
    if power == 0:
        with case.illustrations():
            _sampled(case, centred)


def _linear(values, k, power):
    """``λ_k ∫ (1+2sλ_k)^-1 Π(1+2sλ)^(-1/2) s^-power ds`` with s = x/(1-x); the number of eigenvalues is even."""

    def integrand(x, _):
        total = acb(1)
        for v in values:
            total *= (1 - x + 2 * x * v).rsqrt()
        return (
            total * (1 - x) ** (len(values) // 2 - 1) * values[k] / (1 - x + 2 * x * values[k]) * ((1 - x) / x) ** power
        )

    low = acb(Fraction(1, 10**9).numerator) / 10**9 if power else acb(0)
    return acb.integral(integrand, low, acb(1)).real


def _pairs(a, b):
    """Half of ``a ∂_a F``, ``F = (a log a - b log b)/(a - b)`` up to a constant: E log of a D + b (1-D), D uniform."""
    a, b = ball(a), ball(b)
    return a * ((a.log() + 1) * (a - b) - (a * a.log() - b * b.log())) / (a - b) ** 2 / 2


# Three samples: two orthonormal directions of the complement of 1, and rows y = √a g_1 e + √b g_2 f.
E = (Fraction(1), Fraction(-1), Fraction(0))  # over √2
F = (Fraction(1), Fraction(1), Fraction(-2))  # over √6


def _relu_laplace(a, b, power):
    """``E relu(u_1)relu(u_3)/B`` by the Laplace form."""

    def integrand(x, _):
        ca, cb = a / (1 - x + 2 * x * a), b / (1 - x + 2 * x * b)  # covariances over 1 - x
        c11, c33, c13 = ca / 2 + cb / 6, cb * 4 / 6, -cb * 2 / 6
        root = (c11 * c33).sqrt()
        c = c13 / root
        j1 = ((1 - c * c).sqrt() + (acb.pi() - c.acos()) * c) / acb.pi()
        weight = ((1 - x + 2 * x * a) * (1 - x + 2 * x * b)).rsqrt()
        return weight * root * j1 / 2 * ((1 - x) / x) ** power

    low = acb(1) / 10**9 if power else acb(0)
    return acb.integral(integrand, low, acb(1)).real


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
    "with ds/s in place of ds: that is the mean of a logarithm": {"power": 1},
    "S = GAG for normalisation without centring": {"centred": False},
}


def test_y2(judgement):
    judgement()
