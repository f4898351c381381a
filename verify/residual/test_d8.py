"""D8: Mean volume of a residual block: the integral of the main chain."""

import warnings
from functools import lru_cache
from math import factorial, prod

import numpy as np
import sympy as sp
from scipy.integrate import IntegrationWarning, quad

from isogap import residual
from isogap.verification import UndecidedError, sampling
from isogap.verification.balls import ball
from weingarten import constant, expectation, moment, orthogonal, tr

d = sp.Symbol("d", integer=True, positive=True)
p1, p2 = sp.symbols("p1 p2", positive=True)
CONTRACTIONS = (
    (0.99, 0.9, 0.8, 0.3, 0.2),
    (0.8, 0.8, 0.8, 0.8),
    (0.95, 0.7, 0.9),
    (0.5, 0.1),
    (0.9, 0.9, 0.6, 0.6, 0.2, 0.2),
)


def decide(case, *, formula="own", contractions=CONTRACTIONS):
    """Traces of powers by Weingarten calculus against the sphere, for every d; samples at five contractions a group."""
    case.decides("== ==")
    W, T = orthogonal("W", d), constant("T", d)
    # E r and E r², r = Σ σ_k² w_k², from moments of one row
    second = moment([[2]], d) * p1
    fourth = moment([[4]], d) * p2 + moment([[2, 2]], d) * (p1**2 - p2)
    for power, sphere in ((1, 0), (2, second), (3, 0), (4, fourth)):
        word = _in_power_sums(expectation(tr(sp.MatMul(*([W, T] * power)))))
        case.identity(f"E tr (WT)^{power} is E r^{power / 2:g}, or 0", word, sphere, computed=True)
    case.argument(
        "hook Schur functions", "of the hooks in tr (WT)^k only the row survives, k even: E r^(k/2) for every k"
    )
    case.argument("power series of log(1 + x)", "‖T‖ < 1, and its limit at 1")
    for number, sigma in enumerate(contractions):
        for group in ("O", "SO", "U", "Sp"):
            if group == "Sp" and len(sigma) % 2 and formula == "own":
                sigma = sigma[:2] * 2
            if formula != "own" and group != "O":
                continue
            values = _sample(case.seed, number, group, tuple(sigma), 150_000 if case.deep else 40_000)
            expected = _law(formula if formula != "own" else group, sigma)
            case.hypothesis(max(sigma) <= 1)
            if group == "O" and max(sigma) <= 1:
                _printed(case, sigma, _law("O", sigma))
            case.mean_equals(f"mean of log|det(I + WT)| on {group}", values, expected, None, T=sigma)
            if formula == "own" and max(sigma) <= 1:
                given = np.repeat(sorted(sigma)[::2], 2) if group == "Sp" else sigma
                target = _law(group, given)
                if group != "U":
                    case.library(
                        f"residual.log_det on {group}", residual.log_det(given, group), ball(target), 1e6, T=sigma
                    )


def _printed(case, sigma, series):
    """The two right sides of the claim at given singular values, against the series."""
    _, halved, integral = case.claim.sides
    value = integral.evaluate(
        {
            "d": len(sigma),
            "sigma": lambda k: sigma[int(k) - 1],
            "inf": np.inf,
            "integral": lambda low, high, body: _quadrature(body, low, 1) + _quadrature(body, 1, high),
        },
        float,
    )
    means = _sphere_means(np.square(sigma), 4000)
    form = sp.Symbol("r")
    half = halved.evaluate({"E": _mean_log(form, means), "log": lambda x: x, "form": form}, float)
    with case.illustrations():
        case.pathwise("half of E log(1 - r) by its series", abs(half - series), 0.0, 1e-9, T=sigma)
        case.pathwise("the integral is the series", abs(value - series), 0.0, 1e-8, T=sigma)


def _mean_log(form, means):
    """``E log(1 - r)`` by its series; the logarithm of nothing else is known."""

    def mean(inside):
        if sp.simplify(inside - (1 - form)) != 0:
            raise UndecidedError(f"the mean is known of log(1 - r), not of log({inside})")
        return -(means[1:] / np.arange(1, len(means))).sum()

    return mean


def _quadrature(f, low, high):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return quad(f, low, high, epsabs=1e-12)[0]
        except (IntegrationWarning, TypeError, ZeroDivisionError) as error:
            raise UndecidedError(f"the integral has no value: {str(error).splitlines()[0]}") from None


def _in_power_sums(expression):
    """``tr (TTᵀ)^j`` as p_j: a trace of two factors is p_1, of four p_2."""
    return expression.xreplace({t: {2: p1, 4: p2}[len(t.arg.args)] for t in expression.atoms(sp.Trace)})


def _law(group, sigma):
    """By series in the mean powers of r, no integral: 4000 terms of the sphere's moments."""
    squares = np.square(sigma)
    if group == "U":
        return 0.0
    if group == "Sp":
        values = np.sort(squares)[::2]
        m = len(values)
        e = np.poly(-values)
        return float(sum(e[j] * factorial(j) * factorial(m - j) / factorial(m) / (2 * j) for j in range(1, m + 1)))
    if group == "beyond":
        w = np.random.default_rng(0).standard_normal((400_000, len(sigma)))
        return float(0.5 * np.log(np.abs(1 - (w**2 @ squares) / (w**2).sum(axis=1))).mean())
    size, terms = len(sigma), 4000
    means = _sphere_means(squares, terms)
    j = np.arange(1, terms + 1)
    total = -(means[1:] / (2 * j)).sum()
    if group == "SO":
        total += prod(sigma) * (means / (size + 2 * np.arange(terms + 1))).sum()
    return float(total)


def _sphere_means(squares, terms):
    """``E r^j`` by ``Π (1 - σ²y)^(-1/2) = Σ (d/2)_j/j! E r^j y^j``: one factor after the other."""
    g = np.zeros(terms + 1)
    g[0] = 1.0
    half = np.concatenate([[1.0], np.cumprod((np.arange(1, terms + 1) - 0.5) / np.arange(1, terms + 1))])
    for s in squares:
        g = np.convolve(g, half * float(s) ** np.arange(terms + 1))[: terms + 1]
    j = np.arange(1, terms + 1)
    return g / np.concatenate([[1.0], np.cumprod((len(squares) / 2 + j - 1) / j)])


@lru_cache(maxsize=64)
def _sample(seed, number, group, sigma, count):
    rng = np.random.default_rng([seed, number, len(group)])
    size = len(sigma)
    if group == "Sp":
        sigma = tuple(np.concatenate([np.sort(sigma)[::2]] * 2))
        half = size // 2
        A, B = (
            rng.standard_normal((count // 2, half, half)) + 1j * rng.standard_normal((count // 2, half, half))
            for _ in range(2)
        )
        U, _, V = np.linalg.svd(np.block([[A, B], [-B.conj(), A.conj()]]))
        W = U @ V
    elif group == "U":
        Q, R = np.linalg.qr(rng.standard_normal((count, size, size)) + 1j * rng.standard_normal((count, size, size)))
        diagonal = np.diagonal(R, axis1=1, axis2=2)
        W = Q * (diagonal / np.abs(diagonal))[:, None, :]
    else:
        W = sampling.haar(size, count, rng)
        if group == "SO":
            W[:, 0] *= np.linalg.det(W).round()[:, None]
    return np.linalg.slogdet(np.eye(size) + W * np.asarray(sigma))[1]


FALSE_NEIGHBOURS = {
    "the value of U(d), 0, for O(d)": {"formula": "U"},
    "the value of SO(d) for O(d)": {"formula": "SO", "contractions": CONTRACTIONS[1:2]},
    "beyond contractions: ½ E log|1 - r| for T = diag(2, 1.3, 0.8, 0.4)": {
        "formula": "beyond",
        "contractions": ((2.0, 1.3, 0.8, 0.4),),
    },
}


def test_d8(judgement):
    judgement()
