"""Y4: Growth of the squared gradient."""

import numpy as np
import sympy as sp

from isogap import mean_field
from isogap.model.activations import activation
from isogap.verification import UndecidedError, replace
from isogap.verification.spheres import at, gegenbauer, pair_moment, pair_rule, rows

n = sp.Symbol("n", positive=True)
degree, d1, d2, u1, u2 = sp.symbols("l d1 d2 u1 u2", positive=True)
B = n + 1
SAMPLED = (("identity", 8), ("relu", 8), ("tanh", 12), ("gelu", 16))
DEEP = tuple(
    (name, b)
    for name in ("identity", "relu", "leaky-relu:0.3", "tanh", "sin", "gelu", "elu", "softplus")
    for b in (8, 16, 64)
)


def decide(case):
    """Every step of the derivation for powers against powers, for every n; then sampled layers."""
    case.decides("== ==", "==")
    law, weight = case.claims
    _, by_degree, by_derivatives = law.sides
    case.argument(
        "density of polynomials", "both sides are continuous in φ, in the norm of L² with one weak derivative"
    )
    case.argument("law of large numbers in the width", "rows are independent; û is independent of |Gh|, û uniform (Y3)")
    case.argument(
        "integration by parts on the sphere", "E<∇f_i, ∇f_j> = E f_i (-Δ) f_j; f_i has spherical harmonics of degree l"
    )
    case.argument("Γ function", "E 1/χ²_n = Γ(n/2-1)/(2Γ(n/2))")
    inverse = sp.gammasimp(sp.gamma(n / 2 - 1) / (2 * sp.gamma(n / 2)))
    one_degree = by_degree.sympy(sum=lambda low, high, body: body(degree), w=lambda _: sp.Integer(1), n=n)
    eigenvalue = degree * (degree + n - 2)
    case.identity("one degree: l(l+n-2) times E 1/χ²_n = 1/(n-2)", one_degree, eigenvalue * inverse, computed=True)
    t = sp.Symbol("t")
    family = gegenbauer(5, n)
    for k, p in enumerate(family[1:], start=1):
        value = at(p, t)
        laplacian = sp.factor((1 - t**2) * sp.diff(value, t, 2) - (n - 1) * t * sp.diff(value, t))
        case.identity("Δ_S P_l = -l(l+n-2)P_l, l ≤ 5", laplacian, sp.factor(-k * (k + n - 2) * value), computed=True)
    coefficients = [_coefficients(family, k) for k in range(5)]
    for j in range(1, 5):
        for k in range(j, 5, 2):  # degrees of different parity have no common term
            spread = _mean(j, k, None) - _mean(j, k, 2)
            weights = _weights(weight.right, family, coefficients[j], coefficients[k])
            total = _series(weights)(1, sp.oo, weights.__getitem__)
            case.identity("Σ_(l≥1) w_l = q - ĉ", total, spread, computed=True)
            first = by_degree.sympy(sum=_series(weights), w=weights.__getitem__, n=n)
            second = by_derivatives.sympy(
                E=lambda x, j=j, k=k: _bilinear(x, j, k), B=B, q=spread, c=sp.Integer(0), d_1=d1, d_2=d2, u_1=u1, u_2=u2
            )
            case.identity("both forms, t^j against t^k, j, k ≤ 4, every n", first, second, computed=True)
    with case.illustrations():
        _numbers(case)
        _sampled(case)


def _coefficients(family, power):
    """Gegenbauer coefficients of ``t^power``, from the top degree down."""
    rest, found = {power: sp.Integer(1)}, {}
    for k in range(power, -1, -1):
        found[k] = sp.cancel(rest.get(k, 0) / family[k][k])
        for a, x in family[k].items():
            rest[a] = rest.get(a, 0) - found[k] * x
    return found


def _weights(weight, family, left, right):
    """Degree -> w_l of two powers, bilinear; e_l = φ̂_l² E P_l²."""
    found = {}
    for k in range(min(len(left), len(right))):
        square = sum(x * y * _mean(a, b, None) for a, x in family[k].items() for b, y in family[k].items())
        share = left[k] * right[k] * square
        w = weight.sympy(e=lambda _, share=share: share, P=lambda k, t: at(family[int(k)], t), l=sp.Integer(k), n=n)
        found[k] = sp.factor(w)
    return found


def _series(weights):
    """A sum over all degrees from a given one on, which ends with the powers."""

    def total(low, high, body):
        if high != sp.oo:
            raise UndecidedError(f"the sum ends at {high}")
        return sp.factor(sum((body(k) for k in weights if k >= low), sp.Integer(0)))

    return total


def _mean(a, b, second):
    """``E t_1^a t_2^b`` for two samples, or for one (``second`` None)."""
    return (
        pair_moment(a, b, n, 1 if second is None else None) / n ** ((a + b) // 2) if (a + b) % 2 == 0 else sp.Integer(0)
    )


def _bilinear(product, j, k):
    """Mean of a product of two derivatives and powers of u, for ``t^j`` and ``t^k``; u = n^(1/2) t."""
    ((powers, one),) = sp.Poly(product, d1, d2, u1, u2).terms()
    slopes, (a, b) = powers[:2], powers[2:]
    if slopes not in ((2, 0), (1, 1)) or (a + b) % 2 or one != 1:
        raise UndecidedError(f"no mean is known of {product}")
    second = None if slopes == (2, 0) else 2
    return j * k / n * n ** ((a + b) // 2) * _mean(j - 1 + a, k - 1 + b, second)


def _numbers(case):
    """The library against Gauss-Jacobi quadrature of the second form, analytic activations."""
    for name in ("tanh", "gelu", "softplus", "sin"):
        phi = activation(name)
        for batch in (5, 8, 32, 128):
            case.hypothesis(batch > 3)
            a, b, w = pair_rule(batch - 1, 80 if batch < 32 else 130)
            d1, d2 = phi.derivative(a), phi.derivative(b)
            spread = w @ phi.function(a) ** 2 - w @ (phi.function(a) * phi.function(b))
            inside = w @ ((batch - 1) * d1**2 + d1 * d2 - d1**2 * a**2 + d1 * d2 * a * b) / ((batch - 3) * spread)
            found = mean_field.gradient_rate(name, batch)
            what = "library: gradient_rate against Gauss-Jacobi quadrature"
            case.pathwise(what, abs(found.value - inside), found.error, 1e-11, activation=name, B=batch)
    relu = [f"{mean_field.gradient_rate('relu', b):.6f}" for b in (8, 16, 64)]
    case.exact("library: the numbers of relu", relu == ["1.788190", "1.589950", "1.493063"], found=relu)
    odd = mean_field.gradient_rate("tanh", 12, centred=False)
    case.exact("library: tanh uncentred, B = 12", f"{odd:.5f}" == "1.28277", found=odd)


def _sampled(case):
    """Neurons one by one: ``B/|Gh|² Σ_ij G_ij φ'_i φ'_j (G - ûûᵀ)_ij / (B-1)``, in units where q - ĉ = 1."""
    count, found = (1_000_000, DEEP) if case.deep else (150_000, SAMPLED)
    lines = []
    for k, (name, batch) in enumerate(found):
        phi, rng = activation(name), case.rng(k)
        q, c = mean_field.fixed_point(name, batch)
        parts = []
        for _ in range(max(1, count // 50_000)):
            unit, squares = rows(batch, min(count, 50_000), rng)
            d = phi.derivative(np.sqrt(batch) * unit)
            # with G = I - 11ᵀ/B: Σ_ij G_ij d_i d_j (G_ij - û_i û_j)
            trace = (1 - 2 / batch) * (d * d).sum(axis=1) + d.sum(axis=1) ** 2 / batch**2
            trace += (d * unit).sum(axis=1) ** 2 / batch - (d * d * unit * unit).sum(axis=1)
            parts.append(batch * trace / (squares * (batch - 1)))
        values = np.concatenate(parts) / (q.value - c.value)
        rate = mean_field.gradient_rate(name, batch).value
        case.mean_equals("one sampled layer", values, rate, None, activation=name, B=batch)
        error = values.std() / np.sqrt(values.size)
        lines.append(
            (name, batch, f"{values.mean():.5f} ± {error:.5f}", f"{rate:.5f}", f"{(values.mean() - rate) / error:+.1f}")
        )
    case.table(
        "growth of the squared gradient in one layer", ("activation", "B", "sampled", "λ", "standard errors"), lines
    )


FALSE_NEIGHBOURS = {
    "1/(n-1) for the mean of 1/χ²": replace("((n - 2)*sum", "((n - 1)*sum"),
    "w_l = e_l: centring forgotten": replace("e(l)*(1 - P(l, -1/n))", "e(l)"),
    "the term Eφ'_1φ'_2û_1û_2 with the other sign": replace("+ E(u_1*u_2", "- E(u_1*u_2"),
}


def test_y4(judgement):
    judgement()
