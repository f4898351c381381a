"""Figures 5, E1, E2 and G5: activations, gains, and which gains keep the gradient bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isogap._validate import FloatArray
from isogap.figures._common import (
    COLOURS,
    GRADIENT_LABEL,
    GREY,
    OPEN,
    REFUTES,
    SUPPORTS,
    Product,
    Settings,
    curve,
    mean_and_error,
    tidy,
)
from isogap.networks import simulate_variant
from isogap.rates import end_to_end_rate, fitted_power
from isogap.variants import Variant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAINS = (0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 1.0)
SMALL = 4
EXPONENTS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5)
ACTIVATIONS = ("sin", "tanh")
CRITICAL = 0.25


def _width(settings: Settings) -> int:
    return settings.pick(24, 100)


def _variant(settings: Settings, depth: int, **kwargs: Any) -> Variant:
    # Unit variance before the activation, as BatchNorm has it: with unit row norms its argument would vanish like n^-1/2.
    return Variant(_width(settings), depth, root_n=True, **kwargs)


def _log_norms(settings: Settings, variant: Variant, key: int) -> FloatArray:
    run = simulate_variant(
        variant, replicas=settings.pick(16, 10), rng=settings.root(50, key), progress=settings.progress
    )
    return run.log_norm


def fig5(settings: Settings) -> Product:
    """First-layer gradient against depth: sin and tanh, exponents 0 and 0.4."""
    depths = settings.pick((5, 20, 50, 100, 200, 400), (5, 20, 50, 100, 200, 500, 1000))
    rows: list[tuple[str, float, FloatArray]] = []
    for k, name in enumerate(ACTIVATIONS):
        for exponent in (0.0, 0.4):
            values = [
                _log_norms(settings, _variant(settings, depth, activation=name, exponent=exponent), 10 * k + j)[:, 0]
                for j, depth in enumerate(depths)
            ]
            rows.append((name, exponent, np.array(values)))
    growth = {(name, p): float(values[-1].mean() - values[2].mean()) for name, p, values in rows}
    good = all(growth[name, 0.0] > 5 * max(growth[name, 0.4], 0.1) for name in ACTIVATIONS)

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, (name, exponent, values) in enumerate(rows):
            style = {"ls": "-" if exponent == 0 else "--"}
            gain = r"$\alpha_\ell=1$" if exponent == 0 else rf"$\alpha_\ell=\ell^{{-{exponent:g}}}$"
            curve(ax, depths, *mean_and_error(values), k, f"{name}, {gain}", **style)
        ax.set_xlabel("depth L")
        ax.set_ylabel(GRADIENT_LABEL)
        tidy(ax)

    table = _long_table(
        ("activation", "exponent", "depth", "run", "log_gradient_norm"),
        [
            (name, p, depth, run, value)
            for name, p, values in rows
            for depth, row in zip(depths, values, strict=True)
            for run, value in enumerate(row.tolist())
        ],
    )
    words = ", ".join(f"{name} {growth[name, 0.0]:.1f} against {growth[name, 0.4]:.1f}" for name in ACTIVATIONS)
    caption = (
        f"From depth {depths[2]} to {depths[-1]} at width and batch {_width(settings)} the log gradient of the first layer grows "
        f"by, with constant gains against exponent 0.4: {words}."
    )
    return Product("fig5", caption, SUPPORTS if good else REFUTES, table, draw)


def e1(settings: Settings) -> Product:
    """Growth of the gradient per layer against a constant gain; the exponent is measured, ``α⁴`` is the claim."""
    depth = settings.pick(900, 1500)
    # Away from the transient of the start and from the readout, near which the norm rises by itself.
    window = (depth // 3, depth - 6 * _width(settings))
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in ACTIVATIONS}
    for k, name in enumerate(ACTIVATIONS):
        for j, gain in enumerate(GAINS):
            values = _log_norms(settings, _variant(settings, depth, activation=name, gain=gain), 100 + 10 * k + j)
            rate = end_to_end_rate(values, window)
            rates[name].append((rate.value, rate.stderr))
    powers = {name: _power(values) for name, values in rates.items()}

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, name in enumerate(ACTIVATIONS):
            mean, error = np.array(rates[name]).T
            curve(ax, GAINS, np.where(mean > 0, mean, np.nan), error, k, name, ls="none")
        gains = np.array(GAINS)
        anchor = rates["tanh"][SMALL - 1][0] / GAINS[SMALL - 1] ** 4
        ax.plot(
            gains, anchor * gains**4, color=GREY, ls=":", label=rf"slope 4 through tanh at $\alpha={GAINS[SMALL - 1]}$"
        )
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xticks(GAINS, [f"{g:g}" for g in GAINS])
        ax.minorticks_off()
        ax.set_xlabel(r"gain $\alpha$")
        ax.set_ylabel("growth of log gradient per layer")
        tidy(ax)

    words = ", ".join(f"{name} {p:.2f} ± {e:.2f}" for name, (p, e) in powers.items())
    good = all(abs(p - 4.0) < max(0.3, 3 * e) for p, e in powers.values())
    caption = (
        f"Measured exponent of the rate in the gain over α = {GAINS[0]} to {GAINS[SMALL - 1]} at width and batch "
        f"{_width(settings)}: {words}; the claim is 4 for small gains."
    )
    table = _long_table(
        ("activation", "gain", "rate", "stderr"),
        [(name, gain, *pair) for name in ACTIVATIONS for gain, pair in zip(GAINS, rates[name], strict=True)],
    )
    return Product("e1", caption, SUPPORTS if good else OPEN, table, draw)


def _power(rates: list[tuple[float, float]]) -> tuple[float, float]:
    """Exponent over the small gains whose rate is positive at two standard errors."""
    kept = [(g, r, e) for g, (r, e) in zip(GAINS[:SMALL], rates[:SMALL], strict=True) if r > 2 * e]
    if len(kept) < 2:
        return float("nan"), float("inf")
    x, y, error = np.array(kept).T
    power = fitted_power(x, y, error)
    return power.value, power.stderr


def e2(settings: Settings) -> Product:
    """Growth of the gradient through the network against depth for several exponents: bounded above 1/4, unbounded below."""
    depth = settings.pick(600, 1000)
    marks = np.unique(np.geomspace(10, depth - 4 * _width(settings), 12).astype(int))
    grown: dict[float, FloatArray] = {}
    for j, p in enumerate(EXPONENTS):
        values = _log_norms(settings, _variant(settings, depth, activation="tanh", exponent=p), 200 + j)
        # Growth over the first L layers of one deep network: gains depend on the layer's own number.
        grown[p] = (values[:, 0][:, None] - values[:, marks - 1]).T
    last, middle = len(marks) - 1, int(np.argmin(np.abs(marks - depth // 4)))
    rise = {p: mean_and_error(grown[p][last] - grown[p][middle]) for p in EXPONENTS}

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, p in enumerate(EXPONENTS):
            curve(ax, marks, *mean_and_error(grown[p]), k, f"p = {p:g}")
        ax.set_xscale("log")
        ax.set_xlabel("layer ℓ")
        ax.set_ylabel(r"$\log\,\Vert\partial W_0\Vert - \log\,\Vert\partial W_\ell\Vert$")
        tidy(ax, title=r"$\alpha_\ell=\ell^{-p}$, tanh", title_fontsize=8)

    low, high = rise[0.1], rise[0.5]
    expected = _expected_rise(marks[middle], marks[last])
    words = ", ".join(f"{p:g}: {rise[p][0]:.2f} ± {rise[p][1]:.2f}" for p in (0.1, CRITICAL, 0.4, 0.5))
    good = low[0] > 3 * low[1] and high[0] < 0.2 * low[0]
    caption = (
        f"Growth between layers {marks[middle]} and {marks[last]} by exponent: {words}; a rate α⁴ makes the ratio of 0.5 to 0.1 "
        f"{expected:.1g}, and the sum over all layers finite above 1/4 only."
    )
    table = _long_table(
        ("exponent", "layer", "run", "log_growth"),
        [
            (p, int(mark), run, value)
            for p in EXPONENTS
            for mark, row in zip(marks, grown[p], strict=True)
            for run, value in enumerate(row.tolist())
        ],
    )
    return Product("e2", caption, SUPPORTS if good else OPEN, table, draw)


def _expected_rise(first: int, last: int) -> float:
    """``Σ ℓ^-2 / Σ ℓ^-0.4`` over the layers in between: fourth powers of gains with exponents 0.5 and 0.1."""
    layers = np.arange(first + 1, last + 1, dtype=np.float64)
    return float((layers**-2.0).sum() / (layers**-0.4).sum())


def g5(settings: Settings) -> Product:
    """Gradient of every layer for activations that are not odd, in both orders of normalisation and activation."""
    depth = settings.pick(100, 200)
    names, orders = ("relu", "leaky-relu", "selu"), ("norm-act", "act-norm")
    profiles = {
        (name, order): _log_norms(settings, _variant(settings, depth, activation=name, order=order), 300 + 10 * j + i)
        for i, name in enumerate(names)
        for j, order in enumerate(orders)
    }
    rates = {key: end_to_end_rate(values, (0, depth - 1)) for key, values in profiles.items()}

    def draw(figure: Figure) -> None:
        axes = figure.subplots(1, 2, sharey=True)
        for ax, order in zip(axes, orders, strict=True):
            for k, name in enumerate(names):
                mean, error = mean_and_error(profiles[name, order].T[:-1])
                layers = np.arange(depth)
                ax.plot(layers, mean, color=COLOURS[k], lw=1.4, label=name)
                ax.fill_between(layers, mean - 2 * error, mean + 2 * error, color=COLOURS[k], alpha=0.2, lw=0)
            ax.set_title("normalise, then activate" if order == "norm-act" else "activate, then normalise", fontsize=9)
            ax.set_xlabel("layer ℓ")
            tidy(ax)
        axes[0].set_ylabel(GRADIENT_LABEL.replace("W_0", r"W_\ell"))

    words = ", ".join(f"{name} ({order}) {r.value:.3f}" for (name, order), r in rates.items())
    explodes = all(rate.value > 3 * rate.stderr for rate in rates.values())
    caption = f"Without shaping the gradient grows on its way back with every one of these activations; rate a layer: {words}."
    table = _long_table(
        ("activation", "order", "layer", "run", "log_gradient_norm"),
        [
            (name, order, layer, run, value)
            for (name, order), values in profiles.items()
            for run, row in enumerate(values.tolist())
            for layer, value in enumerate(row)
        ],
    )
    return Product("g5", caption, SUPPORTS if explodes else OPEN, table, draw, (7.2, 3.8))


def _long_table(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    columns = zip(*rows, strict=True)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}
