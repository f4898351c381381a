"""Printed: Table 1: The text against the table."""

from fractions import Fraction
from math import ceil, floor

from isogap.verification import RefutedError, UndecidedError

WITH = {18: Fraction("251.8"), 54: Fraction("112.8"), 90: Fraction("40.7")}
WITHOUT = {18: Fraction("1.7"), 54: Fraction("2.6"), 90: Fraction("2.1")}


def decide(case, *, corrected=False):
    """The six printed ratios against both sentences; 'of a factor 10^2' is read as at least 10^2."""
    case.decides("<=", ">=", "<=", "<= <=")
    within, apart, most, band = case.claims
    said, tenfold = within.right.exact(), apart.right.exact()
    highest = most.right.exact() if corrected else said
    least, largest = band.sides[0].exact(), band.sides[2].exact()
    if (said, tenfold) != (2, 100):
        raise UndecidedError("the text of section 3 says 'within a factor 2 or less' and 'a factor of 10^2'")
    if not _nearest(most, band):
        raise UndecidedError("the corrected ends are not the nearest: the largest without BN, whole numbers with BN")
    for layer in WITH:
        case.hypothesis(True)
        for what, value, bound, good in (
            ("without BN: agree to within the factor", WITHOUT[layer], highest, WITHOUT[layer] <= highest),
            (
                "with BN: differ by the factor",
                WITH[layer],
                least if corrected else tenfold,
                least <= WITH[layer] <= largest if corrected else WITH[layer] >= tenfold,
            ),
        ):
            if not good:
                raise RefutedError(what, violation=float(abs(value / bound - 1)), layer=layer, printed=float(value))
            case.exact(what, good, layer=layer)


def _nearest(most, band):
    found = max(WITHOUT.values()), Fraction(floor(min(WITH.values()))), Fraction(ceil(max(WITH.values())))
    return found == (most.right.exact(), band.sides[0].exact(), band.sides[2].exact())


FALSE_NEIGHBOURS = {"corrected: within 2.6; from 40 to 252": {"corrected": True}}


def test_printed_table_1(judgement):
    judgement()
