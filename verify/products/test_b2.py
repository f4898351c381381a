"""B2: E‖η∇ℓ - η∇_SGD‖² = η² C/|B| with replacement, and times (m-|B|)/(m-1) without."""

from fractions import Fraction
from itertools import combinations, product

import sympy as sp

m, B, C, eta = sp.symbols("m B C eta", positive=True)


def decide(case, *, power=2, centred=True, correction=True):
    """Sum of |B| deviations a_i of sum 0: |B| squares and |B|(|B|-1) products of two."""
    claim = eta**power * C / B
    # with replacement two draws are independent: their product has mean 0
    case.identity("with replacement: η² (|B| C + 0)/|B|²", eta**2 * B * C / B**2, claim, computed=True)
    # without: Σ_{i≠j} <a_i, a_j> = ‖Σ a_i‖² - Σ‖a_i‖² = -m C over m(m-1) ordered pairs
    pair = (0 - m * C) / (m * (m - 1))
    factor = (m - B) / (m - 1) if correction else 1
    case.identity("without replacement", eta**2 * (B * C + B * (B - 1) * pair) / B**2, claim * factor, computed=True)
    case.argument("linearity of expectation", "a batch mean's square is a double sum over its members")
    for size, count in ((2, 1), (3, 2), (4, 3), (5, 2)):
        data = [(Fraction(i * i % 7), Fraction(3 * i - 2, 2)) for i in range(size)]
        mean = tuple(sum(column) / size for column in zip(*data, strict=True))
        origin = mean if centred else (0, 0)
        spread = sum(_square(g, origin) for g in data) / size
        with case.illustrations():
            for replacement in (True, False):
                case.hypothesis(size >= 2 and (replacement or count <= size))
                batches = list(product(data, repeat=count) if replacement else combinations(data, count))
                means = [tuple(sum(column) / count for column in zip(*batch, strict=True)) for batch in batches]
                found = sum(_square(g, mean) for g in means) / len(means)
                expected = spread / count * (1 if replacement else Fraction(size - count, size - 1))
                case.exact("every batch enumerated", found == expected, m=size, B=count, found=found, expected=expected)


def _square(g, origin):
    return sum((x - o) ** 2 for x, o in zip(g, origin, strict=True))


FALSE_NEIGHBOURS = {
    "η in place of η²": {"power": 1},
    "C without subtracting the mean": {"centred": False},
    "no correction without replacement": {"correction": False},
}


def test_b2(judgement):
    judgement()
