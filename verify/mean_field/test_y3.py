"""Y3: Fixed point in one step."""

from fractions import Fraction

import sympy as sp
from flint import acb, arb

from isogap import mean_field
from isogap.verification import replace
from isogap.verification.balls import ball
from isogap.verification.normalised_networks import Layer, normalised
from isogap.verification.spheres import pair_moment
from isogap.verification.words import ONE, matrix, symmetric

u1, u2 = sp.symbols("u1 u2")


def decide(case):
    """The centred Gram of an exchangeable one is a multiple of G; the two values for the identity and for ReLU."""
    case.decides("==", "==", "==", "==", "==", "==")
    *meaning, q_linear, c_linear, relu, limit = case.claims
    G, one = matrix("G"), matrix("o")
    rules = [((("G", False), ("G", False)), G), ((("G", False), ("o", False)), one - one), *symmetric("G")]
    case.words("GG = G: the multiple of I stays", G * ONE * G, G, rules)
    case.words("G(I + 11ᵀ)G = G: the constant part goes", G * (ONE + one * one.T) * G, G, rules)
    case.argument(
        "rotation",
        "rows of covariance aG have û uniform on the sphere of 1⊥: E φ(u)φ(u)ᵀ has one diagonal, one other value",
    )
    B = sp.Symbol("B", positive=True)
    q, c = sp.symbols("q c")
    found = sp.solve([B * q - B, B * q + B * (B - 1) * c], [q, c], dict=True)[0]  # |u|² = B, 1ᵀu = 0
    said = q_linear.right.sympy(), c_linear.right.sympy()
    case.identity("identity, every width and path on average: q = 1", found[q], said[0], computed=True)
    case.identity("identity: ĉ = -1/(B-1), from |u|² = B and Σ u = 0", found[c], said[1], computed=True)
    for claim, value in zip(meaning, said, strict=True):
        mean = claim.right.sympy(E=lambda x: _mean(x, B - 1), phi=lambda y: y, u_1=u1, u_2=u2)
        case.identity("q, ĉ as means over the sphere, φ the identity", mean, value, computed=True)
    case.identity("the correlation of two samples", found[c], relu.right.sympy(J_1=lambda x: x), computed=True)
    case.argument("homogeneity", "E φ(y_1)φ(y_2) of a normal row is E|y|²/B times that of u, for φ of degree 1")
    t, e = sp.symbols("t e", positive=True)
    # a = r cos t, b = r cos(t-e) with cos e the correlation; E r² = 2, and both are positive for t in (e-π/2, π/2)
    angles = sp.integrate(sp.expand_trig(sp.cos(t) * sp.cos(t - e)), (t, e - sp.pi / 2, sp.pi / 2)) / sp.pi
    x, y = sp.symbols("x y")  # cos e, sin e with y² = 1 - x²
    found = sp.expand(sp.expand_trig(sp.expand(2 * angles))).subs({sp.cos(e): x, sp.sin(e): y})
    claim = relu.right.sympy(J_1=lambda _: (y + (sp.pi - e) * x) / sp.pi)
    found = relu.left.sympy(c=found / 2, q=sp.Rational(1, 2))  # E relu² = 1/2
    case.identity(
        "relu: 2E relu(a)relu(b) = J1 (mod y² = 1 - x²)",
        sp.rem(sp.expand(found - claim), x**2 + y**2 - 1, y),
        sp.Integer(0),
        computed=True,
    )
    kernel = relu.right.sympy(J_1=lambda x: (sp.sqrt(1 - x**2) + (sp.pi - sp.acos(x)) * x) / sp.pi)
    far = limit.left.sympy(lim=lambda end, body: sp.limit(body(B), B, end), c=kernel, q=sp.Integer(1))
    case.identity("relu, B → ∞: 1/π", far, limit.right.sympy(), computed=True)
    with case.illustrations():
        _numbers(case, relu.right)
        _one_step(case)


def _mean(polynomial, n):
    """Mean of a polynomial in two samples."""
    terms = sp.Poly(polynomial, u1, u2).terms()
    return sum((x * pair_moment(a, b, n) for (a, b), x in terms), sp.Integer(0))


def _numbers(case, correlation):
    """ReLU in balls: an integral over the quadrant, the numbers printed, the library."""
    for batch, printed in ((2, "0"), (8, "0.2501349"), (32, "0.3023465")):
        if not case.hypothesis(batch >= 2):
            continue
        claim = correlation.ball(B=batch, J_1=_j1)
        if batch == 2:
            case.at_most("relu, B = 2: two opposite samples, J1(-1) = 0", abs(claim), ball(1) / 10**40)
        else:
            exact = _relu_product(ball(-1) / (batch - 1)) * 2
            case.agree("relu: ĉ/q = J1(-1/(B-1)), by an integral over the quadrant", claim, exact, 12, B=batch)
        case.at_most("relu: the number printed", abs(claim - ball(Fraction(printed))), ball(5) / 10**8, B=batch)
        library = mean_field.fixed_point("relu", batch).correlation.value
        case.at_most("library: fixed_point", abs(ball(library) - claim), ball(1) / 10**12, B=batch)


def _j1(c):
    return ((1 - c * c).sqrt() + (arb.pi() - c.acos()) * c) / arb.pi()


def _relu_product(rho):
    """``E relu(a)relu(b)`` in polar coordinates: ``E r² = 2`` and an integral over the angles where both are positive."""
    edge = rho.acos()

    def integrand(t, _):
        return t.cos() * (t - edge).cos()

    low, high = edge - arb.pi() / 2, arb.pi() / 2
    return acb.integral(integrand, acb(low), acb(high)).real / arb.pi()


def _one_step(case):
    """Layers of 60 neurons from a Gram that is exchangeable but far from fixed: means of the diagonal and off it."""
    import numpy as np

    batch, width, count = 6, 60, 3000
    rng = case.rng(0)
    start = np.linalg.cholesky(0.2 * np.eye(batch) + 5.0)
    for name, f in (("tanh", np.tanh), ("relu", lambda y: np.maximum(y, 0)), ("identity", lambda y: y)):
        h = rng.standard_normal((count, width, batch)) @ start.T
        x = f(normalised(h, Layer(f, f))[0])
        gram = np.einsum("kri,krj->kij", x, x) / width
        q, c = mean_field.fixed_point(name, batch)
        diagonal = np.trace(gram, axis1=1, axis2=2) / batch
        other = (gram.sum(axis=(1, 2)) - diagonal * batch) / (batch * (batch - 1))
        case.mean_equals("one sampled layer: diagonal", diagonal, q.value, 5.0, activation=name)
        case.mean_equals("one sampled layer: off the diagonal", other, c.value, 6.0, activation=name)


FALSE_NEIGHBOURS = {
    "ĉ = -1/B for the identity and J1(-1/B) for relu": replace("-1/(B - 1)", "-1/B"),
    "twice the kernel for relu": replace("J_1(", "2*J_1("),
}


def test_y3(judgement):
    judgement()
