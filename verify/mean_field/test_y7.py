"""Y7: Closed forms of the rate."""

import sympy as sp
from flint import arb

from isogap import mean_field
from isogap.verification import UndecidedError, replace
from isogap.verification.balls import ball
from isogap.verification.spheres import mean_product, pair_moment, slope, times

B, J0, J1 = sp.symbols("B J0 J1", positive=True)
n = B - 1


def decide(case, *, swapped=False):
    """From the form in derivatives (Y4) with the orthant expectations, and from exact sphere moments."""
    case.decides("==", "==", "==", "==", "==", "==")
    closed, correlation, limit, square, degree, infinite = case.claims
    forms = case.below("Y4")[0].sides
    case.identity("the correlation of two samples", pair_moment(1, 1, n), correlation.right.sympy(), computed=True)
    case.argument("arc-cosine kernels", "E 1(a>0)1(b>0) = J0/2, E relu(a)relu(b) = J1/2 at correlation c = -1/(B-1)")
    case.argument("homogeneity", "degree 0 and 2: the expectations of u are those of normal variables")
    # relu: φ' = 1(u>0), u φ' = relu(u): Eφ'² = 1/2, Eφ'_1φ'_2 = J0/2, E u²φ'² = 1/2, E u_1φ'_1u_2φ'_2 = J1/2
    half = sp.Rational(1, 2)
    n_re = ((B - 1) * half + J0 / 2 + J1 / 2 - half) * (n - 2) / (B - 3)
    w_re = (1 - J1) / 2
    relu = closed.right.sympy(J_0=lambda _: J0, J_1=lambda _: J1)
    case.identity("relu", n_re / ((n - 2) * w_re), relu, computed=True)
    # |y| = 2 relu - y: odd and even functions are orthogonal, over one sample and over two
    case.argument(
        "parity", "y and |y| have no common degree: the forms add, and those of |y| are 4 times relu's less those of y"
    )
    p1, p2 = sp.symbols("p1 p2")
    w_id, n_id = B / (B - 1), (n - 1) * B / (B - 1)
    w_abs, n_abs = 4 * w_re - w_id, 4 * n_re - n_id
    q1, q2 = (p2, p1) if swapped else (p1, p2)
    leaky = (q1**2 * n_id + q2**2 * n_abs) / ((n - 2) * (q1**2 * w_id + q2**2 * w_abs))
    case.identity("leaky at a = 1 is the identity", leaky.subs({p1: 1, p2: 0}), (B - 2) / (B - 3), computed=True)
    case.identity("leaky at a = 0 is relu", leaky.subs({p1: half, p2: half}), relu, computed=True)
    y, l = sp.symbols("y l", positive=True)  # noqa: E741
    case.identity(
        "y²: 2(B-1)/(B-3)", square.left.sympy(lam=lambda p: _rate(p, y), y=y), square.right.sympy(), computed=True
    )
    only = forms[1].sympy(sum=lambda low, high, body: body(l), w=lambda _: sp.Integer(1), n=n)
    case.identity("P_l: the only weight is w_l", only, degree.right.sympy(l=l, n=n), computed=True)
    _infinite_batch(case, relu, limit, infinite.right, forms[2])
    _numbers(case, closed.right, correlation.right)


def _rate(power, y):
    """Form in derivatives of ``y^p``, from exact sphere moments."""
    p = {int(sp.degree(power, y)): 1}
    d = slope(p)
    spread = mean_product(p, p, n, same=True) - mean_product(p, p, n)
    energy = (B - 1) * mean_product(d, d, n, same=True) + mean_product(d, d, n)
    energy += mean_product(times(d, 1), times(d, 1), n) - mean_product(times(d, 1), times(d, 1), n, same=True)
    return energy / ((B - 3) * spread)


def _known(value, names):
    """Mean of an expression that has one here."""
    if value not in names:
        raise UndecidedError(f"no mean is known of {value}")
    return names[value]


def _infinite_batch(case, relu, limit, infinite, form):
    """Limits, by the Gaussian form Eφ'²/Var φ; the correction of relu by a series in 1/B."""
    d, q, c, first, rest = sp.symbols("d q c D R", positive=True)

    def gaussian(mean_square, variance):
        return infinite.sympy(slope=d, phi=q, E=lambda x: _known(x, {d**2: mean_square}), var=lambda _: variance)

    # of the form in Y4 the first term stays, the others are bounded and over B; q - ĉ tends to the variance
    far = form.sympy(E=lambda x: first if x == sp.Symbol("d_1", positive=True) ** 2 else rest, q=q, c=c)
    case.identity("B → ∞: Eφ'²/Var φ", sp.limit(far, B, sp.oo), gaussian(first, q - c), computed=True)
    e = sp.Symbol("e", positive=True)
    # J0 = 1/2 + O(e), J1 = 1/π - e/2 + O(e²) with e = 1/B
    series = sp.cancel(sp.together(relu.subs({B: 1 / e, J0: sp.Rational(1, 2), J1: 1 / sp.pi - e / 2})))
    end = limit.left.sympy(lim=lambda end, body: body(1 / e).subs(e, 1 / end), lam=lambda _: series, relu=q)
    case.identity("relu, B → ∞: π/(π-1)", end, limit.right.sympy(), computed=True)
    first = sp.simplify(sp.diff(series, e).subs(e, 0))
    case.constant("relu: the correction is 1.5914/B", ball(str(sp.N(first, 30))), ">", ball("1.59135"))
    case.constant("relu: the correction is 1.5914/B, from above", ball(str(sp.N(first, 30))), "<", ball("1.59145"))
    g = sp.Symbol("g", positive=True)
    E = sp.exp(-2 * g**2)  # E cos(2γZ)
    case.identity(
        "sin(γy), B = ∞: γ² coth γ²",
        gaussian(g**2 * (1 + E) / 2, (1 - E) / 2),
        g**2 * sp.coth(g**2).rewrite(sp.exp),
        computed=True,
    )
    b, Phi, phi = sp.symbols("b P f", positive=True)
    second, mean = (1 + b**2) * Phi + b * phi, b * Phi + phi
    z = sp.Symbol("z")
    density = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    known = {Phi: sp.integrate(density, (z, -b, sp.oo)), phi: density.subs(z, b)}
    direct = sp.integrate((z + b) ** 2 * density, (z, -b, sp.oo)), sp.integrate((z + b) * density, (z, -b, sp.oo))
    case.identity("relu(y+b): second moment", sp.simplify(direct[0] - second.subs(known)), sp.Integer(0), computed=True)
    case.identity("relu(y+b): mean", sp.simplify(direct[1] - mean.subs(known)), sp.Integer(0), computed=True)


def _numbers(case, relu, correlation):
    """The numbers that are printed, in balls, and the library's."""
    with case.illustrations():
        for batch, printed in ((8, "1.788190"), (16, "1.589950"), (64, "1.493063")):
            case.hypothesis(batch > 3)
            exact = relu.ball(B=batch, rho=correlation.ball(B=batch), J_0=_j0, J_1=_j1)
            case.at_most("relu: the number printed", abs(exact - ball(printed)), ball(5) / 10**7, B=batch)
            case.library("gradient_rate of relu", mean_field.gradient_rate("relu", batch).value, exact, 40, B=batch)
        found = [f"{mean_field.gradient_rate(f'leaky-relu:{a}', 8):.7f}" for a in (0.3, -1)]
        case.exact("leaky: the numbers printed", found == ["1.4052142", "3.6718212"], found=found)
        found = [f"{mean_field.shifted_relu_rate(b):.5f}" for b in (0, 0.5, 1, 2)]
        case.exact(
            "relu(y+b), B = ∞: the numbers printed", found == ["1.46694", "1.24939", "1.12017", "1.01776"], found=found
        )
        absolute = abs(mean_field.gradient_rate("abs", float("inf")).value - float(1 / (1 - 2 / arb.pi())))
        case.pathwise("library: |y| at B = ∞ is 1/(1-2/π)", absolute, 0.0, 1e-13)


def _j0(c):
    return (arb.pi() - c.acos()) / arb.pi()


def _j1(c):
    return ((1 - c * c).sqrt() + (arb.pi() - c.acos()) * c) / arb.pi()


FALSE_NEIGHBOURS = {
    "relu without J1 in the numerator": replace("J_0(rho) + J_1(rho)", "J_0(rho)"),
    "leaky with odd and even part exchanged": {"swapped": True},
    "y²: 3(B-1)/(B-3)": replace("2*(B - 1)/(B - 3)", "3*(B - 1)/(B - 3)"),
}


def test_y7(judgement):
    judgement()
