"""Theorem F2c: Compression inequality."""

import random
from fractions import Fraction

import sympy as sp

from isogap.verification import replace


def decide(case):
    """Algebra of the Schur complement; many rational spectra and vectors exactly."""
    case.decides(">=", "==", "==", "==")
    left, right = case.claims[0].sides
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
                at = {"y": y, "z": z, "b": b, "tr_G": total}
                case.exact("z(z tr G - 1) ≤ (tr G - y) b", right.exact(**at) <= left.exact(**at), d=width)
        G = sp.Matrix([[2, 1, 0], [1, 3, 1], [0, 1, 2]])
        v = sp.Matrix([2, 1, 2]) / 3
        for claim, power in zip(case.claims[1:], (1, -1, -2), strict=True):
            found = claim.right.sympy(G=_Exact(G), v=_Exact(v), T=lambda x: x.T).inner
            case.exact(f"vᵀ G^{power} v", found == v.T * G**power * v, found=found)
    y, z, b, t = sp.symbols("y z b t")
    at = {"y": y, "z": z, "b": b, "tr_G": t}
    # r = G⁻¹v - zv: |r|² = b - z², vᵀGr = 1 - zy; C = G compressed to v^⊥, gᵀC⁻¹g = y - 1/z
    case.identity("|r|² = b - 2z·z + z²", b - 2 * z * z + z**2, b - z**2, computed=True)
    # (zy-1)² ≤ ((zy-1)/z)(t-y)(b-z²) gives z(zy-1) ≤ (t-y)(b-z²), that is the claim
    case.identity(
        "the claim is z(zy - 1) ≤ (t - y)(b - z²)",
        left.sympy(**at) - right.sympy(**at),
        (t - y) * (b - z**2) - z * (z * y - 1),
        computed=True,
    )
    case.argument("Schur complement", "gᵀC⁻¹g = y - 1/z for Gv = yv + g")
    case.argument("Cauchy-Schwarz", "(gᵀr)² ≤ (gᵀC⁻¹g)(rᵀCr), rᵀCr ≤ tr C · |r|²; equality trivial if zy = 1")


class _Exact:
    """A sympy matrix whose powers may be sympy numbers."""

    def __init__(self, inner):
        self.inner = inner

    @property
    def T(self):
        return _Exact(self.inner.T)

    def __mul__(self, other):
        return _Exact(self.inner * other.inner)

    def __pow__(self, power):
        return _Exact(self.inner ** int(power))


FALSE_NEIGHBOURS = {"without the -1": replace("z*tr_G - 1", "z*tr_G")}


def test_theorem_f2c(judgement):
    judgement()
