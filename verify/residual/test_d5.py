"""D5: Path lengths are the cycles of a random permutation."""

from fractions import Fraction
from functools import lru_cache
from itertools import permutations

import sympy as sp

from isogap import residual
from isogap.verification import replace
from isogap.verification.balls import ball

z, d = sp.symbols("z d", positive=True)


def decide(case):
    """One more block against one more element; permutations counted up to 7; moments as rationals."""
    case.decides("==", "==")
    law_of, mean_of = case.claims
    lower, same = sp.symbols("c_lower c_same")
    last = sp.expand(law_of.left.sympy(prod=lambda low, high, body: body(high), d=d, z=z))
    share = last.coeff(z, 1)
    case.identity("a block is taken or not", last.coeff(z, 0), 1 - share, computed=True)
    # P(k) = c(d, k+1)/d!, one block more: P'(k) = (1-p) P(k) + p P(k-1), p the share of block d in the sum behind it
    step = (1 - share) * same + share * lower
    case.identity(
        "block d and element d + 1: c(d+1, k) = d c(d, k) + c(d, k-1)",
        step,
        (d * same + lower) / (d + 1),
        computed=True,
    )
    case.argument("induction over the depth", "d = 0 is the one permutation of one element")
    case.argument(
        "cycles of a permutation",
        "element d + 1 is a new cycle or stands behind one of d elements: c(d+1,k) = d c(d,k) + c(d,k-1)",
    )
    for blocks in range(6):
        case.hypothesis(blocks >= 0)
        with case.illustrations():
            product, cycles = (
                sp.Poly(side.sympy(d=blocks, z=z, c=_permutations, factorial=sp.factorial), z) for side in law_of.sides
            )
            case.exact("law of paths = law of cycles", product == cycles, d=blocks)
            case.exact("probabilities by blocks", [*map(str, product.all_coeffs()[::-1])] == [*map(str, _law(blocks))])
    law = _law(50)
    mean = sum(k * p for k, p in enumerate(law))
    case.argument("mean of independent choices", "E k = Σ p_l = Σ_{l=1}^d 1/(l+1) = H_{d+1} - 1")
    with case.illustrations():
        said = mean_of.right.exact(d=50, H=_harmonic)
        case.exact("mean at d = 50", mean == said, mean=float(mean), said=float(said))
    found = residual.path_law(50)
    case.library("residual.path_law: mean", found.mean, ball(mean), 100)
    for k in (0, 3, 20):
        case.library("residual.path_law: probabilities", found.probabilities[k], ball(law[k]), 200, k=k)


def _harmonic(n):
    return sum((Fraction(1, k) for k in range(1, int(n) + 1)), Fraction(0))


@lru_cache(maxsize=64)
def _permutations(n, cycles):
    """How many permutations of n have so many cycles, counted."""
    return sum(_cycles(p) == cycles for p in permutations(range(int(n))))


def _law(blocks):
    law = [Fraction(1)]
    for l in range(1, blocks + 1):  # noqa: E741
        p = Fraction(1, l + 1)
        law = [(law[k] * (1 - p) if k < len(law) else 0) + (law[k - 1] * p if k else 0) for k in range(len(law) + 1)]
    return law


def _cycles(permutation):
    seen, count = set(), 0
    for start in range(len(permutation)):
        if start not in seen:
            count += 1
            while start not in seen:
                seen.add(start)
                start = permutation[start]
    return count


FALSE_NEIGHBOURS = {
    "permutations of d + 2": replace("c(d + 1, k + 1)*z^k)/factorial(d + 1)", "c(d + 2, k + 1)*z^k)/factorial(d + 2)"),
    "binomial with 1/2, as without normalisation": replace("(ell + z)/(ell + 1)", "(1 + z)/2"),
    "mean H_{d+1}": replace("H(d + 1) - 1", "H(d + 1)"),
}


def test_d5(judgement):
    judgement()
