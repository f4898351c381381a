"""Y11: Two batches decorrelate."""

import numpy as np
from flint import acb, arb

from isogap import mean_field
from isogap.model.activations import activation
from isogap.verification import replace
from isogap.verification.balls import ball

SHORT = (("relu", 8), ("tanh", 8))


def decide(case):
    """The hypergeometric function against a ball integral over the angle, its value at 1, and sampled pairs of rows."""
    case.decides("==", "==", "==", ">=")
    image, slope, contraction, price = case.claims
    dearer = price.right.sympy(lam_x=contraction.right.sympy())
    case.identity("the price of Y6 by θ = 1 - λ_x/κ", dearer, case.below("Y6")[1].right.sympy(), computed=True)
    case.argument(
        "pairs of normal rows",
        "E<ĝ, ĝ'> at correlation ρ is κ_n ρ ₂F₁(½,½;n/2+1;ρ²); E[f(û)] shifts at first order by nκ_n",
    )
    case.argument(
        "positive coefficients", "C_n(ρ)/ρ grows from κ_n to C_n(1) = 1: the only attracting fixed point is 0"
    )
    for n in (1, 2, 3, 7, 20, 63):
        case.hypothesis(n >= 1)
        case.agree("C_n(1) = 1", _map(image, slope, ball(1), n), ball(1), 20, n=n)
        for k in (1, 3, 6):
            rho = ball(k) / 7
            value = _map(image, slope, rho, n)
            case.agree("C_n(ρ) by the angle between two projected rows", value, _angle(rho, n), 15, n=n)
            if n == 1:
                case.agree("n = 1: (2/π) arcsin ρ", value, 2 * rho.asin() / arb.pi(), 15)
            found = mean_field.cross_batch_map(float(k / 7), n)
            exact = _map(image, slope, arb(float(k / 7)), n)
            with case.illustrations():
                case.at_most(
                    "library: cross_batch_map is within its error",
                    abs(ball(found.value) - exact),
                    ball(found.error),
                    n=n,
                )
    _relu(case, contraction, slope)
    for key, (name, batch) in enumerate(SHORT):
        values = _sampled(case, name, batch, key)
        theta = mean_field.nonlinearity_price(name, batch).value
        claim = contraction.right.float(kappa_n=mean_field.kappa(batch - 1).value, theta=theta)
        case.mean_equals(
            "sampled: derivative of the cross-Gram at independence", values, claim, None, activation=name, B=batch
        )
    with case.illustrations():
        for name in ("tanh", "relu", "gelu", "abs", "power:3"):
            for batch in (5, 8, 64):
                excess, found = mean_field.rate_excess(name, batch), mean_field.cross_batch_contraction(name, batch)
                kappa = mean_field.kappa(batch - 1).value
                paid = price.right.float(B=batch, lam_x=found.value, kappa_n=kappa) - (batch - 2) / (batch - 3)
                case.pathwise(
                    "fast decorrelation costs growth: excess ≥ (1-λ_x/κ)B/(B-3)",
                    paid,
                    excess.value,
                    1e-12,
                    activation=name,
                )


def _map(image, slope, rho, n):
    """The image of a correlation, as claimed."""
    return image.right.ball(kappa_n=_kappa(slope, n), rho=rho, n=n, F=lambda a, b, c, z: z.hypgeom_2f1(a, b, c))


def _kappa(slope, n):
    return slope.right.ball(n=n, Gamma=lambda x: x.gamma())


def _angle(rho, n):
    """``C_n(ρ) = E sign-like projection``: Euler's integral with s = sin² as a ratio of two integrals."""

    def top(a, _):
        return a.cos() ** n / (1 - rho**2 * a.sin() ** 2).sqrt()

    def bottom(a, _):
        return a.cos() ** (n - 1)

    end = acb.pi() / 2
    return rho * acb.integral(top, acb(0), end).real / acb.integral(bottom, acb(0), end).real


def _relu(case, contraction, slope):
    """ReLU: ``w_1 = (B/(B-1))/4``, ``q - ĉ = (1-J1)/2``, so 1 - θ = B/(2(B-1)(1-J1)); the numbers printed."""
    batch = 8
    c = ball(-1) / (batch - 1)
    j1 = ((1 - c * c).sqrt() + (arb.pi() - c.acos()) * c) / arb.pi()
    theta = 1 - ball(batch) / (batch - 1) / (2 * (1 - j1))
    value = contraction.right.ball(kappa_n=_kappa(slope, batch - 1), theta=theta)
    case.at_most("relu, B = 8: the number printed", abs(value - ball("0.7096772")), ball(1) / 10**7)
    with case.illustrations():
        case.library(
            "cross_batch_contraction of relu", mean_field.cross_batch_contraction("relu", batch).value, value, 40
        )
        limit = 1 / (2 * (1 - 1 / arb.pi()))
        case.library("... and its limit", mean_field.cross_batch_contraction("relu", float("inf")).value, limit, 40)


def _sampled(case, name, batch, key):
    """``E[<Gf, Gf'> <h, h'>]/((q-ĉ)(B-1))`` over independent normal rows: the derivative in their correlation, at 0."""
    phi, rng = activation(name), case.rng(key)
    q, c = mean_field.fixed_point(name, batch)
    parts = []
    for _ in range(4):
        h = rng.standard_normal((2, 100_000, batch))
        h -= h.mean(axis=2, keepdims=True)
        u = np.sqrt(batch) * h / np.linalg.norm(h, axis=2, keepdims=True)
        f = phi.function(u)
        f = f - f.mean(axis=2, keepdims=True)
        parts.append((f[0] * f[1]).sum(axis=1) * (h[0] * h[1]).sum(axis=1))
    return np.concatenate(parts) / ((q.value - c.value) * (batch - 1))


FALSE_NEIGHBOURS = {
    "₂F₁(½,½;n/2;ρ²)": replace("n/2 + 1", "n/2"),
    "κ_n = 1 - 1/(2n) exactly": replace("2/n*(Gamma((n + 1)/2)/Gamma(n/2))^2", "1 - 1/(2*n)"),
    "contraction κ_n for every φ": replace("kappa_n*(1 - theta)", "kappa_n"),
}


def test_y11(judgement):
    judgement()
