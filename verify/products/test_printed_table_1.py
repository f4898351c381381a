"""Printed: Table 1: the text says 'within a factor 2 or less' without BN, 'by a factor of 10^2' with; not so the table."""

from fractions import Fraction

from isogap.verification import RefutedError

WITH = {18: Fraction("251.8"), 54: Fraction("112.8"), 90: Fraction("40.7")}
WITHOUT = {18: Fraction("1.7"), 54: Fraction("2.6"), 90: Fraction("2.1")}


def decide(case, *, without=Fraction(2), with_bn=Fraction(100)):
    """The six printed ratios against both sentences; 'of a factor 10^2' is read as at least 10^2."""
    for layer in WITH:
        case.hypothesis(True)
        for what, value, good in (
            (f"without BN: agree to within a factor {float(without):g}", WITHOUT[layer], WITHOUT[layer] <= without),
            (f"with BN: differ by a factor {float(with_bn):g}", WITH[layer], WITH[layer] >= with_bn),
        ):
            if not good:
                bound = without if "without" in what else with_bn
                raise RefutedError(what, violation=float(abs(value / bound - 1)), layer=layer, printed=float(value))
            case.exact(what, good, layer=layer)


FALSE_NEIGHBOURS = {"corrected: within 2.6; at least 40": {"without": Fraction("2.6"), "with_bn": Fraction(40)}}


def test_printed_table_1(judgement):
    judgement()
