"""D5: the number of branches on a path, plus one, is the number of cycles of a uniform permutation of d + 1."""

from fractions import Fraction
from itertools import permutations

import sympy as sp

from isogap import residual
from isogap.verification.balls import ball

z, d = sp.symbols("z d", positive=True)


def decide(case, *, extra=1, taken="1/(l+1)", mean_shift=1):
    """One more block against one more element; permutations counted up to 7; moments as rationals."""
    lower, same = sp.symbols("c_lower c_same")
    share = {"1/(l+1)": 1 / (d + 1), "1/2": sp.Rational(1, 2)}[taken]
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
        law = _law(blocks, taken)
        counts = [0] * (blocks + 3)
        for permutation in permutations(range(blocks + extra)):
            counts[_cycles(permutation) - 1] += 1
        total = sum(counts)
        case.hypothesis(total > 0)
        with case.illustrations():
            for k in range(blocks + 1):
                case.exact("law of paths = law of cycles", law[k] == Fraction(counts[k], total), d=blocks, k=k)
    law = _law(50, taken)
    mean = sum(k * p for k, p in enumerate(law))
    harmonic = sum(Fraction(1, n) for n in range(1, 52))
    case.argument("mean of independent choices", "E k = Σ p_l = Σ_{l=1}^d 1/(l+1) = H_{d+1} - 1")
    with case.illustrations():
        case.exact("mean H_{d+1} - 1 at d = 50", mean == harmonic - mean_shift, mean=float(mean))
    found = residual.path_law(50)
    case.library("residual.path_law: mean", found.mean, ball(mean), 100)
    for k in (0, 3, 20):
        case.library("residual.path_law: probabilities", found.probabilities[k], ball(law[k]), 200, k=k)


def _law(blocks, taken):
    law = [Fraction(1)]
    for l in range(1, blocks + 1):  # noqa: E741
        p = Fraction(1, l + 1) if taken == "1/(l+1)" else Fraction(1, 2)
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
    "permutations of d + 2": {"extra": 2},
    "binomial with 1/2, as without normalisation": {"taken": "1/2"},
    "mean H_{d+1}": {"mean_shift": 0},
}


def test_d5(judgement):
    judgement()
