"""Theorem A: E[tr G_ℓ⁻¹] - d = (d/(d+2))^ℓ (tr G_0⁻¹ - d): an eigenfunction of the whole chain, exact at every depth."""

from fractions import Fraction

from isogap import bounds
from isogap.verification.balls import Spectrum
from isogap.verification.forms import d, mean_of_forms, power_sum
from isogap.verification.states import excess, haar_images


def decide(case, *, factor=d / (d + 2), group="O"):
    """The moment ``E[(wᵀGw)(wᵀG⁻¹w)]`` from the Weingarten calculus, for every d; sampled means beside it."""
    T = power_sum(-1)
    one_row = mean_of_forms([(0, 0, 1), (0, 0, -1)], group).subs(power_sum(1), d)
    case.identity("E T' - d = q (T - d)", d * one_row - d, factor * (T - d), computed=True)
    hat = mean_of_forms([(0, 0, 1), (0, 0, -1)], group)  # not row-normalised: tr G tr G⁻¹/d in place of T
    case.identity("E T' - d = q (T̂ - d), any G", d * hat - d, factor * (power_sum(1) * T / d - d), computed=True)
    unitary = mean_of_forms([(0, 0, 1), (0, 0, -1)], "U").subs(power_sum(1), d)
    case.identity("U(d): the factor is d/(d+1)", d * unitary - d, d / (d + 1) * (T - d), computed=True)
    case.argument("tower property", "one layer into ℓ; W_ℓ is independent of X_ℓ")
    case.hypothesis(True)
    with case.illustrations():
        for width in (2, 3, 8):
            s = Spectrum.of([Fraction(1, 2)] + [Fraction(k + 2, 2) for k in range(width - 1)])
            y, z = haar_images(s.full(), 4000, case.rng(width))
            span = float(width * s.top / s.low)
            expected = float(bounds.inverse_trace_mean(1, width, float(excess(s) + width)))
            case.mean_equals("sampled E T'", (y * z).sum(axis=1), expected, span, d=width)


FALSE_NEIGHBOURS = {
    "factor (d-1)/(d+1)": {"factor": (d - 1) / (d + 1)},
    "factor d/(d+1) for O(d)": {"factor": d / (d + 1)},
    "factor (d+1)/(d+3)": {"factor": (d + 1) / (d + 3)},
}


def test_theorem_a(judgement):
    judgement()
