"""Printed: Figure 1: the curve of Theorem 1 drawn with the constant 0.015, φ_0 exp(-ℓ/(0.015 d²(1+dφ_0))), at d = 10, 20."""

from fractions import Fraction

from isogap.verification.balls import Spectrum, ball, two_level, widths


def decide(case, *, constant=Fraction(15, 1000), first=10):
    """One layer from a nearly orthogonal start: ``E φ_1 > φ_0 e^(-1/k)`` in ball arithmetic."""
    rows = []
    for d in sorted({10, 20, 30, 33, 34, *widths()}):
        s = two_level(d, 1, Fraction(1, 10**6))
        gap = s.gap()
        k = ball(constant) * d**2 * (1 + d * gap)
        after, curve = gap + s.step(30), gap * (-1 / k).exp()
        rows.append(
            (
                d,
                f"{float((after / gap).mid()):.6f}",
                f"{float((curve / gap).mid()):.6f}",
                "violated" if after > curve else "holds",
            )
        )
        if case.hypothesis(d >= first):
            case.at_most("E φ_1 ≤ the drawn curve", after, curve, d=d, spectrum=s, phi0=gap.str(8))
    case.table("near orthogonality", ("d", "E φ_1/φ_0", "drawn factor", "the curve"), rows)
    for d in (10, 20, 64):
        far = Spectrum((Fraction(d, d - 1) - Fraction(1, 10**60) / (d - 1), Fraction(1, 10**60)), (d - 1, 1))
        k = ball(constant) * d**2 * (1 + d * far.gap())
        if d >= first:
            case.at_most("nearly singular start", far.gap() + far.step(30), far.gap() * (-1 / k).exp(), d=d)


FALSE_NEIGHBOURS = {
    "corrected: C = 0.3607, above the smallest constants of all d ≥ 2": {"constant": Fraction(3607, 10000), "first": 2}
}


def test_printed_figure_1(judgement):
    judgement()
