"""W10: The integral of Harish-Chandra, Itzykson and Zuber."""

from fractions import Fraction
from math import factorial, prod

from flint import arb, arb_mat

from isogap.verification import UndecidedError, replace
from isogap.verification.balls import ball
from weingarten import hciz_series, hciz_value


def rational(value):
    return arb(int(value.p)) / int(value.q)


def vandermonde(x):
    return prod((ball(Fraction(x[i]) - Fraction(x[j])) for j in range(len(x)) for i in range(j)), start=ball(1))


def determinant(a, b):
    """``det exp(a_i b_j)`` as a ball."""
    return arb_mat([[ball(Fraction(x) * Fraction(y)).exp() for y in b] for x in a]).det()


def decide(case, *, alpha="O"):
    """Certified: the determinant as a ball, the partial sum exact, the rest bounded; O(2) by the Bessel function."""
    case.decides("== ==", "==")
    unitary, orthogonal = case.claims
    spectra = [([0, 1], [0, 1]), ([Fraction(1, 3), 0, Fraction(-1, 4)], [Fraction(1, 2), Fraction(1, 5), -1])]
    for a, b in spectra:
        if not case.hypothesis(len(set(a)) == len(a)):
            continue
        series = hciz_series(a, b, group="U", order=12)
        exact = unitary.sides[1].evaluate(
            {
                "G": lambda z: prod((factorial(j) for j in range(int(z) - 1)), start=1),
                "V": vandermonde, "a": a, "b": b, "d": len(a), "exp_det": determinant(a, b),
            },
            lambda q: int(q) if q.denominator == 1 else ball(q),
        )  # fmt: skip
        case.at_most("U: |determinant - partial sum| ≤ bound", abs(exact - rational(series.value)), ball(series.bound))
        case.at_most("U: the library", abs(hciz_value(a, b) - exact), ball(1e-12), d=len(a))
    size = orthogonal.left.evaluate({"I_O": int}, int)
    # O(2): tr A R B R' = s_A s_B/2 + Δ_A Δ_B cos(2θ)/2 at a = b = (0, 1)
    exact = orthogonal.right.ball(bessel=lambda x: x.bessel_i(arb(0)))
    if size < 2:
        raise UndecidedError("a = b = (0, 1), padded with 0, has at least two entries")
    spectrum = [0] * (size - 1) + [1]
    series = hciz_series(spectrum, spectrum, group=alpha, order=12)
    case.at_most("O(2): |average - partial sum| ≤ bound", abs(exact - rational(series.value)), ball(series.bound))


FALSE_NEIGHBOURS = {
    "O with α = 1": {"alpha": "U"},
    "factorials up to d - 2 alone": replace("G(d + 1)", "G(d)"),
}


def test_w10(judgement):
    judgement()
