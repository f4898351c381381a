"""Theorem B4: Theorem 1 with constant 1."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.verification import replace
from isogap.verification.states import confinement_ball, few_spectra, one_apart


def decide(case):
    """One step by B2 and the concavity of δ²; the form ``(d+2)(1+u)`` by its scalar inequality."""
    case.decides("<=", "== <=", "==")
    decay, (_, length, simple), scaled = case.claims[0].right, case.claims[1].sides, case.claims[2].right
    with case.illustrations():
        for width in (2, 3, 8, 1000):
            spectra = [*few_spectra(width)] if width <= 8 else [one_apart(width, Fraction(1, 10**k)) for k in (20, 434)]
            for s in spectra:
                if case.hypothesis(s.low > 0):
                    phi = s.gap()
                    u = scaled.ball(d=width, phi0=phi)
                    after = phi + s.step()
                    wide = decay.ball(phi0=phi, k=simple.ball(d=width, u_0=u), ell=1)
                    case.at_most("one step: φ' ≤ φ(1 - 1/((d+2)(1+u)))", after, wide, d=width, spectrum=s)
                    k = length.ball(d=width, u_0=u, delta=confinement_ball)
                    case.at_most(
                        "one step: φ' ≤ φ(1 - 1/k)", after, decay.ball(phi0=phi, k=k, ell=1), d=width, spectrum=s
                    )
                    found = bounds.theorem_1_optimal(width, float(phi.mid()), 7)
                    case.library("bounds.theorem_1_optimal", found, decay.ball(phi0=phi, k=k, ell=7), 1e9, d=width)
    delta, phi = (sp.Symbol(name, positive=True) for name in ("delta", "phi0"))
    floor = case.below("Theorem B2")[0].sides[1].sympy()
    u = scaled.sympy()
    what = "one step by B2: φ - δ²/(d(d+2))"
    one = decay.sympy(ell=1, k=length.sympy(u_0=u, delta=lambda _: delta))
    case.identity(what, one, phi - floor, computed=True)
    # f = δ² in u: df/du = 2(1-δ), falling: concave, so f(u)/u falls
    u_of = case.below("Theorem B2")[1].left.sympy()
    case.identity("d(δ²)/du = 2(1-δ)", 2 * delta / sp.diff(u_of, delta), 2 * (1 - delta), computed=True)
    # f ≥ u/(1+u): with e^(-u) = l e^(1-l), (1-l)² ≥ 1 - det G (B2) and 1 - e^(-u) ≥ u/(1+u)
    v = sp.Symbol("v", positive=True)
    needed = sp.cancel(
        length.sympy(u_0=v, delta=lambda _: 1) / simple.sympy(u_0=v)
    )  # k ≤ the simple form if δ² is more
    case.identity("k ≤ (d+2)(1+u) if δ² ≥ u/(1+u)", needed, v / (1 + v), computed=True)
    case.rises("1 - e^(-u) ≥ u/(1+u): in logarithms", v + sp.log(1 - needed), v, 0, sp.oo)
    case.argument("concavity", "δ² is concave in u with value 0 at 0, so δ²(u)/u ≥ δ²(u_0)/u_0 for u ≤ u_0 (Lemma 2)")
    case.argument("tower property", "one layer into ℓ")


FALSE_NEIGHBOURS = {
    ".95 (d+2)(1+u_0)": replace("(d+2)*(1 + u_0)", "95/100*(d+2)*(1 + u_0)"),
    "(d+1) in place of d+2": replace("(d+2)*u_0", "(d+1)*u_0"),
}


def test_theorem_b4(judgement):
    judgement()
