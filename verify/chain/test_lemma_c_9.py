"""Lemma C.9: Derivative of x/‖x‖."""

import numpy as np
import sympy as sp

import isogap
from isogap.verification import rational as q
from isogap.verification import replace


def decide(case):
    """Directional derivative for any n through three invariants; then every entry at n = 2, 3."""
    case.decides("==")
    t, square, inner, other = sp.symbols("t N s q", positive=True)
    # ‖x+tv‖^-1 with N = ‖x‖², s = x·v, q = ‖v‖²; the vectors x and v are treated as free symbols
    x, v = sp.symbols("x v")
    curve = (x + t * v) * (square + 2 * t * inner + t**2 * other) ** sp.Rational(-1, 2)
    derivative = sp.diff(curve, t).subs(t, 0) * sp.sqrt(square)
    # on v: the unit matrix gives v, xxᵀ gives x (x·v)
    claimed = sp.expand(case.claim.right.sympy(one=v, x_x=x * inner, norm_x=sp.sqrt(square)) * sp.sqrt(square))
    case.identity("d/dt (x+tv)/‖x+tv‖ at 0, any n", sp.expand(derivative), claimed, computed=True)
    with case.illustrations():
        for n in (2, 3):
            xs = sp.symbols(f"x1:{n + 1}", positive=True)
            norm2 = sum(c**2 for c in xs)
            for i in range(n):
                for j in range(n):
                    entry = sp.diff(xs[i] * norm2 ** sp.Rational(-1, 2), xs[j]) * sp.sqrt(norm2)
                    at = {"one": int(i == j), "x_x": xs[i] * xs[j], "norm_x": sp.sqrt(norm2)}
                    claim = sp.expand(case.claim.right.sympy(**at) * sp.sqrt(norm2))
                    case.identity("every entry at n = 2, 3", sp.expand(entry), claim, computed=True)
    with case.illustrations():
        for seed in range(4):
            X = q.unit_rows(3, 5, seed)
            if case.hypothesis(all(X[i, j] != 0 for i in range(3) for j in range(1))):
                H = np.array(q.to_floats(X)) * 3.0
                cotangent = np.arange(15.0).reshape(3, 5)
                step = 1e-6
                up, down = (isogap.batch_norm(H + e * cotangent) for e in (step, -step))
                product = np.einsum("jab,jb->ja", isogap.batch_norm_jacobian(H), cotangent)
                # central differences: the third derivative is below 6‖v‖³/‖x‖³ per row, rounding below 1e-15/step
                limit = 6 * (np.linalg.norm(cotangent) / 3) ** 3 * step**2 + 1e-8
                case.pathwise(
                    "library: batch_norm_jacobian, finite differences",
                    np.abs((up - down) / (2 * step) - product),
                    0,
                    limit,
                )
                vjp = isogap.batch_norm_vjp(H, cotangent)
                case.pathwise("library: batch_norm_vjp is the transpose", np.abs(vjp - product), 0, 1e-12)


FALSE_NEIGHBOURS = {
    "(1/‖x‖)(I - 2xxᵀ/‖x‖²), a reflection": replace("x_x", "2*x_x"),
    "I/‖x‖, the norm held fixed": replace("x_x", "0*x_x"),
}


def test_lemma_c_9(judgement):
    judgement()
