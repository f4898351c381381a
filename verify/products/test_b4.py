"""B4: The law of Theorem 1."""

from fractions import Fraction
from math import factorial

import sympy as sp
from flint import acb, arb
from isogap.products import fuss_catalan

from isogap.verification import UndecidedError, replace

t, T, M, F = sp.symbols("t T M F")


def known(names):
    """A sine that is known at the angles of the claim, by their multiples of ω."""

    def sine(angle):
        key = sp.expand(angle)
        if key not in names:
            raise UndecidedError(f"the claim has the sine of {angle}")
        return names[key]

    return sine


def logarithm(value, symbols):
    """``log value`` as a linear form in the logarithms of its positive symbols."""
    return sp.expand(sp.expand_log(sp.log(value), force=True)).subs({sp.log(s): sp.Symbol(f"log_{s}") for s in symbols})


def decide(case):
    """``t = e^{iω}`` and ``T = e^{iMω}`` are independent symbols: identities in both hold for every M at once."""
    case.decides("==", "==", "==", "==")
    density, place, moments, mean_log = case.claims
    s1, sM, sM1 = (v - 1 / v for v in (t, T, t * T))  # 2i sin of ω, Mω, (M+1)ω
    omega, x, pi, *sines = sp.symbols("omega x pi a b c", positive=True)
    a, b, c = sines  # sin of (M+1)ω, ω, Mω
    sine = known({sp.expand((M + 1) * omega): a, omega: b, sp.expand(M * omega): c})
    where = place.right.sympy(sin=sine, M=M, omega=omega)
    case.identity(
        "F^{M+1}/x = b/c up to its phase, where F = a/c", logarithm((a / c) ** (M + 1) / where, sines),
        logarithm(b / c, sines), computed=True,
    )  # fmt: skip
    rho = density.right.sympy(sin=sine, M=M, omega=omega, pi=pi, x=x)
    case.identity("π x ρ_M as printed", pi * x * rho, a * b / c, computed=True)
    F_cut = t * sM1 / sM
    # F^{M+1}/x = t^{M+1} (sM1/sM)^{M+1} s1 sM^M/sM1^{M+1} = t T s1/sM
    case.identity("F - 1 = F^{M+1}/x where F = e^{iω} sin((M+1)ω)/sin(Mω)", F_cut - 1, t * T * s1 / sM)
    case.identity("1 + F^{M+1}/x at the conjugate too", 1 / t * sM1 / sM - 1, 1 / (t * T) * s1 / sM)
    case.identity("Im F = a b/c", (F_cut - sM1 / sM / t) / 2, sM1 / sM * s1 / 2, computed=True)
    # the distribution in closed form: F dlog z = d(M F - log(F-1)) with log z = (M+1) log F - log(F-1)
    log_z = (M + 1) / F - 1 / (F - 1)
    case.identity("F dlog z/dF = M - 1/(F-1)", F * log_z, M - 1 / (F - 1))
    case.argument("Stieltjes inversion", "the density is Im F/(πx) on the cut; F ~ 1 at infinity, so the mass is 1")
    case.argument("Lagrange inversion", "F = 1 + w F^{M+1} has the coefficients C((M+1)k, k)/(Mk+1)")
    with case.illustrations():
        for factors in (1, 2, 3, 6):
            case.hypothesis(factors >= 1)
            m = [
                moments.right.exact(factorial=lambda n: factorial(int(n)), k_factorial=factorial(k), M=factors, k=k)
                for k in range(9)
            ]
            case.exact(
                "coefficients of F = 1 + w F^{M+1} up to order 8", m[1:] == _power(m, factors + 1)[:-1], M=factors
            )
            case.agree("∫ log x ρ_M = -M", _mean_log(factors), mean_log.right.ball(M=factors), digits=8, M=factors)
            for x in (Fraction(1, 1000), Fraction(1), Fraction(3)):
                case.library("fuss_catalan(1).pdf", fuss_catalan(1).pdf(float(x)), _one(float(x)), 400, x=x)


def _power(series, exponent):
    out = [Fraction(1)] + [Fraction(0)] * (len(series) - 1)
    for _ in range(exponent):
        out = [sum((out[i] * series[k - i] for i in range(k + 1)), Fraction(0)) for k in range(len(series))]
    return out


def _one(x):
    """Marchenko-Pastur density of ratio 1."""
    return ((4 - arb(x)) / arb(x)).sqrt() / (2 * arb.pi())


def _mean_log(M):
    """``∫ log x dP``, integrated by parts over P(ω): ``P = (1/π)[(M+1)ω - M sin ω sin((M+1)ω)/sin(Mω)]`` above x.

    ``E log x = log edge + ∫ (P/π-part) dlog x``; near ω = π/(M+1) the integrand is 1 - P times the slope of log x, bounded.
    """
    end, middle = arb.pi() / (M + 1), arb.pi() / (2 * (M + 1))

    def above(w):
        return ((M + 1) * w - M * w.sin() * ((M + 1) * w).sin() / (M * w).sin()) / acb.pi()

    def slope(w):  # -dlog x/dω
        return w.cot() + M * M * (M * w).cot() - (M + 1) ** 2 * ((M + 1) * w).cot()

    def log_x(w):
        return (M + 1) * ((M + 1) * w).sin().log() - w.sin().log() - M * (M * w).sin().log()

    cut = arb("1e-12")
    head = acb.integral(lambda w, _: above(w) * slope(w), cut, middle, rel_tol=arb("1e-12"), abs_tol=arb("1e-12"))
    tail = acb.integral(
        lambda w, _: (1 - above(w)) * slope(w), middle, end - cut, rel_tol=arb("1e-12"), abs_tol=arb("1e-12")
    )
    # E log x = log x(middle) + ∫_{edge side} P dlog x - ∫_{zero side} (1-P) |dlog x|; the parts cut off are below 1e-9
    rest = arb(0, 1e-9)
    return log_x(acb(middle)).real + head.real - tail.real + rest


FALSE_NEIGHBOURS = {
    "F = 1 + F^{2M+1}/x": replace("sin((M + 1)*omega)^(M + 1)", "sin((M + 1)*omega)^(2*M + 1)"),
    "moments C((M+1)k, k)/(k+1)": replace("factorial(M*k + 1)", "(factorial(M*k)*(k + 1))"),
    "mean logarithm -M/2": replace("-M", "-M/2"),
}


def test_b4(judgement):
    judgement()
