"""B2: Noise of stochastic gradients, an equality."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import sympy as sp

from isogap.verification import UndecidedError, replace

m, B, C, eta = sp.symbols("m B C eta", positive=True)


def decide(case, *, centred=True):
    """Sum of |B| deviations a_i of sum 0: |B| squares and |B|(|B|-1) products of two."""
    case.decides("==", "==", "==")
    with_it, without, spread_of = case.claims
    claim = with_it.right.sympy(eta=eta, B=B, C=C)
    # with replacement two draws are independent: their product has mean 0
    case.identity("with replacement: η² (|B| C + 0)/|B|²", eta**2 * B * C / B**2, claim, computed=True)
    # without: Σ_{i≠j} <a_i, a_j> = ‖Σ a_i‖² - Σ‖a_i‖² = -m C over m(m-1) ordered pairs
    pair = (0 - m * C) / (m * (m - 1))
    fewer = without.right.sympy(eta=eta, B=B, C=C, m=m)
    case.identity("without replacement", eta**2 * (B * C + B * (B - 1) * pair) / B**2, fewer, computed=True)
    case.argument("linearity of expectation", "a batch mean's square is a double sum over its members")
    for size, count in ((2, 1), (3, 2), (4, 3), (5, 2)):
        data = np.array([(Fraction(i * i % 7), Fraction(3 * i - 2, 2)) for i in range(size)])
        mean = _average(data)
        spread = spread_of.right.evaluate(
            {"E": _average, "norm": _Length, "dl_i": data, "dl": mean if centred else 0 * mean}, int
        )
        with case.illustrations():
            for replacement in (True, False):
                case.hypothesis(size >= 2 and (replacement or count <= size))
                batches = list(product(data, repeat=count) if replacement else combinations(data, count))
                means = np.array([_average(np.array(batch)) for batch in batches])
                formula = with_it if replacement else without
                names = {"norm": _Length, "dl": mean, "dl_SGD": means, "eta": Fraction(1)}
                found = formula.left.evaluate({"E": _average, "E_without": _average, **names}, int)
                expected = formula.right.exact(eta=1, B=count, C=spread, m=size)
                case.exact("every batch enumerated", found == expected, m=size, B=count, found=found, expected=expected)


class _Length:
    """Lengths of exact vectors, one a row; only their squares are exact."""

    def __init__(self, vectors):
        self.vectors = vectors

    def __pow__(self, power):
        if power != 2:
            raise UndecidedError(f"the enumeration takes squares, not the power {power}")
        return (self.vectors**2).sum(axis=-1)


def _average(values):
    return sum(values) / len(values)


FALSE_NEIGHBOURS = {
    "η in place of η²": replace("eta^2*C/B", "eta*C/B"),
    "C without subtracting the mean": {"centred": False},
    "no correction without replacement": replace("eta^2*C*(m - B)/(B*(m - 1))", "eta^2*C/B"),
}


def test_b2(judgement):
    judgement()
