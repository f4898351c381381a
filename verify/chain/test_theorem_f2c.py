"""Theorem F2c: (tr G - y) b ≥ z (z tr G - 1), y = vᵀGv, z = vᵀG⁻¹v, b = vᵀG⁻²v, |v| = 1: compressions contract, pointwise."""

import random
from fractions import Fraction

import sympy as sp


def decide(case, *, less=1):
    """Algebra of the Schur complement; many rational spectra and vectors exactly."""
    chooser = random.Random(case.seed)
    with case.illustrations():
        for width in (2, 3, 6, 16):
            for _ in range(60):
                lam = [Fraction(chooser.randint(1, 60) ** 2, 7) for _ in range(width)]
                raw = [Fraction(chooser.randint(-9, 9) ** 3) for _ in range(width)]
                size = sum(x * x for x in raw)
                if not case.hypothesis(size > 0):
                    continue
                weights = [x * x / size for x in raw]
                y, z, b = (sum(w * v**k for w, v in zip(weights, lam, strict=True)) for k in (1, -1, -2))
                total = sum(lam)
                case.exact("z(z tr G - 1) ≤ (tr G - y) b", z * (z * total - less) <= (total - y) * b, d=width)
    y, z, b, t, slack = sp.symbols("y z b t e")
    # r = G⁻¹v - zv: |r|² = b - z², vᵀGr = 1 - zy; C = G compressed to v^⊥, gᵀC⁻¹g = y - 1/z
    case.identity("|r|² = b - 2z·z + z²", b - 2 * z * z + z**2, b - z**2, computed=True)
    # (zy-1)² ≤ ((zy-1)/z)(t-y)(b-z²) gives z(zy-1) ≤ (t-y)(b-z²), that is the claim
    case.identity(
        "the claim is z(zy - 1) ≤ (t - y)(b - z²)",
        (t - y) * b - z * (z * t - less),
        (t - y) * (b - z**2) - z * (z * y - 1),
    )
    del slack
    case.argument("Schur complement", "gᵀC⁻¹g = y - 1/z for Gv = yv + g")
    case.argument("Cauchy-Schwarz", "(gᵀr)² ≤ (gᵀC⁻¹g)(rᵀCr), rᵀCr ≤ tr C · |r|²; equality trivial if zy = 1")


FALSE_NEIGHBOURS = {"without the -1": {"less": 0}}


def test_theorem_f2c(judgement):
    judgement()
