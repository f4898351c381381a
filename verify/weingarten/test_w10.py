"""W10: the determinant of Harish-Chandra, Itzykson and Zuber equals the zonal series; on O(2) an average over one angle."""

from fractions import Fraction

from flint import arb

from isogap.verification.balls import ball
from weingarten import hciz_series, hciz_value


def decide(case, *, power_of_alpha=True):
    """Certified: the determinant as a ball, the partial sum exact, the rest bounded; O(2) by the Bessel function."""
    spectra = [([0, 1], [0, 1]), ([Fraction(1, 3), 0, Fraction(-1, 4)], [Fraction(1, 2), Fraction(1, 5), -1])]
    for a, b in spectra:
        if not case.hypothesis(len(set(a)) == len(a)):
            continue
        series = hciz_series(a, b, group="U", order=12)
        error = abs(hciz_value(a, b) - arb(int(series.value.p)) / int(series.value.q))
        case.at_most("U: |determinant - partial sum| ≤ bound", error, ball(series.bound), d=len(a))
    # O(2): tr A R B R' = s_A s_B/2 + Δ_A Δ_B cos(2θ)/2, so e^{1/2} I_0(1/2) at a = b = (0, 1)
    exact = arb(0.5).exp() * arb(0.5).bessel_i(arb(0))
    series = hciz_series([0, 1], [0, 1], group="O" if power_of_alpha else "U", order=12)
    error = abs(exact - arb(int(series.value.p)) / int(series.value.q))
    case.at_most("O(2): |√e I_0(1/2) - partial sum| ≤ bound", error, ball(series.bound))


FALSE_NEIGHBOURS = {"O with α = 1": {"power_of_alpha": False}}


def test_w10(judgement):
    judgement()
