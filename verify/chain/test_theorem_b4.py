"""Theorem B4: E φ_ℓ ≤ φ_0 (1 - 1/k)^ℓ, k = (d+2) u_0/δ(u_0)² ≤ (d+2)(1+u_0), u_0 = dφ_0: Theorem 1 with constant 1, optimal."""

from fractions import Fraction

import sympy as sp

from isogap import bounds
from isogap.theory.enclosures import exact_step_enclosure
from isogap.verification.balls import ball
from isogap.verification.states import confinement_ball, few_spectra, one_apart


def decide(case, *, constant=1):
    """One step by B2 and the concavity of δ²; the form ``(d+2)(1+u)`` by its scalar inequality."""
    with case.illustrations():
        for width in (2, 3, 8, 1000):
            spectra = [*few_spectra(width)] if width <= 8 else [one_apart(width, Fraction(1, 10**k)) for k in (20, 434)]
            for s in spectra:
                if case.hypothesis(s.low > 0):
                    phi = s.gap()
                    u, step = width * phi, exact_step_enclosure(s.values, 15, multiplicities=s.counts)
                    simple = ball(constant) * (width + 2) * (1 + u)
                    case.at_most(
                        "one step: φ' ≤ φ(1 - 1/((d+2)(1+u)))", phi + step, phi * (1 - 1 / simple), d=width, spectrum=s
                    )
                    if constant == 1:
                        delta = confinement_ball(u)
                        k = (width + 2) * u / (delta * delta)
                        case.at_most("one step: φ' ≤ φ(1 - 1/k)", phi + step, phi * (1 - 1 / k), d=width, spectrum=s)
                        found = bounds.theorem_1_optimal(width, float(phi.mid()), 7)
                        case.library("bounds.theorem_1_optimal", found, phi * (1 - 1 / k) ** 7, 1e9, d=width)
    delta = sp.Symbol("delta", positive=True)
    u = -sp.log(1 - delta) - delta
    # f = δ² in u: df/du = 2(1-δ), falling: concave, so f(u)/u falls
    case.identity("d(δ²)/du = 2(1-δ)", 2 * delta / sp.diff(u, delta), 2 * (1 - delta), computed=True)
    # f ≥ u/(1+u): with e^(-u) = l e^(1-l), (1-l)² ≥ 1 - det G (B2) and 1 - e^(-u) ≥ u/(1+u)
    v = sp.Symbol("v", positive=True)
    case.rises("1 - e^(-u) ≥ u/(1+u): e^u ≥ 1 + u, in logarithms", v - sp.log(1 + v), v, 0, sp.oo)
    case.argument("concavity", "δ² is concave in u with value 0 at 0, so δ²(u)/u ≥ δ²(u_0)/u_0 for u ≤ u_0 (Lemma 2)")
    case.argument("tower property", "one layer into ℓ")


FALSE_NEIGHBOURS = {".95 (d+2)(1+u_0)": {"constant": Fraction(95, 100)}}


def test_theorem_b4(judgement):
    judgement()
