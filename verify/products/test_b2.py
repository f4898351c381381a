"""B2: Noise of stochastic gradients, an equality."""

from fractions import Fraction
from itertools import combinations, product

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
        data = [(Fraction(i * i % 7), Fraction(3 * i - 2, 2)) for i in range(size)]
        mean = tuple(sum(column) / size for column in zip(*data, strict=True))
        origin = mean if centred else (0, 0)
        spread = spread_of.right.evaluate(
            {"E": lambda f, data=data: sum(map(f, data)) / len(data), "deviation": _Deviation(origin)}, int
        )
        with case.illustrations():
            for replacement in (True, False):
                case.hypothesis(size >= 2 and (replacement or count <= size))
                batches = list(product(data, repeat=count) if replacement else combinations(data, count))
                means = [tuple(sum(column) / count for column in zip(*batch, strict=True)) for batch in batches]
                found = sum(_square(g, mean) for g in means) / len(means)
                formula = with_it if replacement else without
                expected = formula.right.exact(eta=1, B=count, C=spread, m=size)
                case.exact("every batch enumerated", found == expected, m=size, B=count, found=found, expected=expected)


class _Deviation:
    """The length of g less a point; a power of it is a function of g."""

    def __init__(self, origin):
        self.origin = origin

    def __pow__(self, power):
        if power != 2:
            raise UndecidedError(f"the enumeration takes squares, not the power {power}")
        return lambda g: _square(g, self.origin)


def _square(g, origin):
    return sum((x - o) ** 2 for x, o in zip(g, origin, strict=True))


FALSE_NEIGHBOURS = {
    "η in place of η²": replace("eta^2*C/B", "eta*C/B"),
    "C without subtracting the mean": {"centred": False},
    "no correction without replacement": replace("eta^2*C*(m - B)/(B*(m - 1))", "eta^2*C/B"),
}


def test_b2(judgement):
    judgement()
