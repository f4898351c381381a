"""S3: Theorem 1, sharp."""

from fractions import Fraction

import sympy as sp

from isogap import Checks, bounds, simulate
from isogap.verification import replace
from isogap.verification.balls import Spectrum, family, widths

d, phi, phi0 = sp.symbols("d phi phi0", positive=True)


def decide(case):
    """One layer in ball arithmetic, the link to S2, then the engine's means over the depth."""
    case.decides("<=", "==")
    decay, length = (claim.right for claim in case.claims)
    with case.illustrations():
        for width in widths(deep=case.deep):
            for s in _spectra(width, case.deep):
                if case.hypothesis(s.low > 0):
                    gap = s.gap()
                    k = length.ball(d=width, phi0=gap)
                    left, right = gap + s.step(), decay.ball(phi0=gap, ell=1, k_sharp=k)
                    case.at_most("one layer: E φ' ≤ φ e^(-1/k')", left, right, d=width, spectrum=s)
                    case.margin(
                        float((-(left / gap).log() * k).mid()), "smallest (decrease of log E φ)·k' in one layer"
                    )
                    if s.low > Fraction(1, 1000) and s.top - 1 > Fraction(1, 1000):
                        found = bounds.theorem_1_sharp(width, float(gap.mid()), 3)
                        case.library(
                            "bounds.theorem_1_sharp", found, decay.ball(phi0=gap, ell=3, k_sharp=k), 1e4, d=width
                        )
    near, far = (sp.cancel(phi / (phi - claim.right.sympy())).subs(phi, phi0) for claim in case.below("S2"))
    case.follows("near: 1/(1.5(d+2)) ≥ 1/k'", sp.expand(length.sympy() - near), {d: 1, phi0: 0})
    case.follows("far: 1/(24d(d+2)φ) ≥ 1/k'", sp.expand(length.sympy() - far), {d: 1, phi0: 0})
    x = sp.Symbol("x", positive=True)
    case.rises("log(1-x) ≤ -x", -x - sp.log(1 - x), x, 0, 1)
    case.argument(
        "tower property", "k' grows with φ and φ_ℓ ≤ φ_0 (Lemma 2); the tower property turns one layer into ℓ"
    )
    with case.illustrations():
        for width, layers in ((4, 150), (16, 250)):
            run = simulate(
                width,
                layers,
                replicas=3000 if case.deep else 600,
                rng=case.seed,
                keep_paths=True,
                checks=Checks(layers=0),
            )
            for layer in (1, 3, 10, 30, 100, layers):
                what = "engine: mean φ_ℓ ≤ φ_0 e^(-ℓ/k')"
                case.mean_at_most(
                    what, run.paths.phi[:, layer], run.bounds.sharp[layer], run.phi0, d=width, layer=layer
                )


def _spectra(width, deep):
    yield from family(width, deep=deep)
    for k in (5, 50, 500):
        tiny = Fraction(1, 10**k)
        yield Spectrum(((width - tiny) / (width - 1), tiny), (width - 1, 1))


FALSE_NEIGHBOURS = {
    "k' = (9/10)(d+2)(1+dφ_0)": replace("24*(d+2)", "9/10*(d+2)"),
    "k' without 1 + dφ_0": replace("*(1+d*phi0)", ""),
}


def test_s3(judgement):
    judgement()
