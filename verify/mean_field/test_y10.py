"""Y10: Gradients that tell samples apart grow more slowly."""

import numpy as np
import sympy as sp

from isogap import mean_field
from isogap.model.activations import activation
from isogap.verification import replace
from isogap.verification.spheres import pair_moment, rows

n = sp.Symbol("n", positive=True)


def decide(case, *, dominant="trivial"):
    """Fourth moments of the sphere for the identity, every n; sampled rows for the other activations."""
    case.decides("== < ==")
    _, claim, whole, _ = (side.sympy(n=n) for side in case.claim.sides)
    fourth = pair_moment(4, 0, n) / n**2 / 3  # E û_i²û_j² = (1/3) E û_i⁴ = 1/(n(n+2)) along orthogonal directions
    case.identity("E û_1²û_2² over orthogonal directions", fourth, 1 / (n * (n + 2)), computed=True)
    case.argument("invariance", "E ûûᵀ(ûᵀKû) = (2K + tr(K) G) E û_1²û_2² for symmetric K with K1 = 0")
    # E[(G-ûûᵀ)K(G-ûûᵀ)] = K - 2K/n + 2K/(n(n+2)), times B/(σ²(n-2)) with σ² = q - ĉ = B/(B-1): n/(n-2)
    traceless = (1 - 2 / n + 2 * fourth) * n / (n - 2)
    case.identity("traceless types, identity", traceless, claim, computed=True)
    trivial = (1 - 2 / n + (2 + n) * fourth) * n / (n - 2)
    case.identity("trivial type, identity: (B-2)/(B-3)", trivial, whole, computed=True)
    difference = sp.factor(sp.cancel(whole - claim))
    case.nonnegative("the trivial type is larger", sp.expand(sp.cancel(difference * (n**2 - 4))) - 1, {n: 3})
    lines = []
    for k, (name, batch) in enumerate((("identity", 8), ("relu", 8), ("tanh", 8), ("power:2", 8), ("relu", 12))):
        found = _sampled(case, name, batch, k)
        case.hypothesis(batch > 5)
        rate = mean_field.gradient_rate(name, batch).value
        case.mean_equals("sampled: trivial type grows by λ", found[0], rate, None, activation=name, B=batch)
        for values, kind in zip(found[1:], ("(B-1,1)", "(B-2,2)"), strict=True):
            if name == "identity":
                case.mean_equals(
                    f"sampled: type {kind} of the identity", values, float(claim.subs(n, batch - 1)), None, B=batch
                )
            elif dominant == "trivial":
                case.mean_at_most(f"sampled: type {kind} is smaller", values, rate, None, activation=name, B=batch)
            else:
                case.mean_at_most(f"sampled: type {kind} is larger", -values, -rate, None, activation=name, B=batch)
        lines.append((name, batch, *(f"{x.mean():.4f} ± {x.std() / np.sqrt(x.size):.4f}" for x in found)))
    case.table("growth of covariances by type", ("activation", "B", "trivial", "(B-1,1)", "(B-2,2)"), lines)


def _sampled(case, name, batch, key):
    """``<K, T(K)>/<K, K>`` row by row, T(K) = E Jᵀ K J, in units where q - ĉ = 1; J = √B diag(φ')(G-ûûᵀ)/|Gh|."""
    phi, rng, half = activation(name), case.rng(key), batch // 2
    q, c = mean_field.fixed_point(name, batch)
    G = np.eye(batch) - 1 / batch
    d = np.zeros(batch)
    d[:half], d[half : 2 * half] = 1, -1
    a, b = np.zeros((2, batch))
    a[0], a[1], b[2], b[3] = 1, -1, 1, -1
    types = [G, G @ np.diag(d) @ G, np.outer(a, b) + np.outer(b, a)]
    values = [[] for _ in types]
    for _ in range(4):
        unit, squares = rows(batch, 40_000, rng)
        slope = phi.derivative(np.sqrt(batch) * unit)
        for K, found in zip(types, values, strict=True):
            # tr(K P D K D P) with P = G - ûûᵀ: M = D K D, then tr(PKP M)
            M = slope[:, :, None] * K * slope[:, None, :]
            ku = unit @ K
            mu = np.einsum("rij,rj->ri", M, unit)
            total = np.einsum("rij,ij->r", M, K) - 2 * (mu * ku).sum(axis=1)
            total += (unit * ku).sum(axis=1) * (unit * mu).sum(axis=1)
            found.append(batch * total / (squares * (K * K).sum() * (q.value - c.value)))
    return [np.concatenate(v) for v in values]


FALSE_NEIGHBOURS = {
    "(n²-1)/(n²-4) for the traceless types": replace("n^2 - 2", "n^2 - 1"),
    "the types that tell samples apart grow fastest": {"dominant": "other"},
}


def test_y10(judgement):
    judgement()
