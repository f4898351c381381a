"""Step of A.4: The mean row norm is at most 1."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap.verification import UndecidedError, replace, sampling
from isogap.verification.balls import Spectrum
from weingarten import moment


def decide(case):
    """``√y ≤ (1+y)/2`` for every y ≥ 0, and ``E Y = 1`` by Weingarten calculus; samples of two spectra."""
    case.decides("<=")
    limit = case.claim.right
    with case.illustrations():
        for width, values in ((2, (Fraction(19, 10), Fraction(1, 10))), (8, (Fraction(3, 2), Fraction(1, 2)))):
            s = Spectrum.of(list(values), [width // 2] * 2)
            lam = np.array([float(x) for x in s.full()])
            if case.hypothesis(sum(s.full()) == width):
                Y = (sampling.haar(width, 20_000, case.rng(width))[:, 0] ** 2) @ lam
                root, top = np.sqrt(Y), float(s.top) ** 0.5
                case.mean_at_most("sampled: E √Y ≤ 1", root, limit.float(), top, d=width, spectrum=s)
    r, d, trace = sp.symbols("r d t", positive=True)
    case.identity("(1 + y)/2 - √y = (1 - √y)²/2 ≥ 0, with r = √y", (1 + r**2) / 2 - r, (1 - r) ** 2 / 2)
    case.identity("E Y_1 = Σ_k λ_k E w_1k² = tr XXᵀ/d", trace * moment([[2]], d), trace / d, computed=True)
    case.argument("taking the mean of a pointwise bound", "E √Y ≤ (1 + E Y)/2, with E Y = 1 as tr XXᵀ = d")
    if limit.sympy() != 1:
        raise UndecidedError("the route gives (1 + 1)/2 = 1")


FALSE_NEIGHBOURS = {"at most 0.9": replace("<= 1", "<= 0.9")}


def test_step_of_a_4(judgement):
    judgement()
