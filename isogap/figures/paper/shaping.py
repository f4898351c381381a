"""Figures 5, E1, E2 and G5: activations, gains, and which gains keep the gradient bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.figures.measured import variant_gradients
from isogap.figures.product import OPEN, REFUTES, SUPPORTS, Product, Settings, columns, mean_and_error, with_error
from isogap.figures.style import COLOURS, GRADIENT_LABEL, GREY, LAYER_GRADIENT_LABEL, curve, tidy
from isogap.model.variant import Variant
from isogap.run.rates import end_to_end_rate, fitted_power

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAINS = (0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 1.0)
# Behind the others, whose seeds depend on their place.
MORE_GAINS = (0.1, 0.125, 0.175)
EXPONENTS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5)
ACTIVATIONS = ("sin", "tanh")
CRITICAL = 0.25


def _width(settings: Settings) -> int:
    return settings.pick(24, 100)


def _variant(settings: Settings, depth: int, **kwargs: Any) -> Variant:
    # Unit variance before the activation, as BatchNorm has it: with unit row norms its argument would vanish like n^-1/2.
    return Variant(_width(settings), depth, root_n=True, **kwargs)


def _log_norms(settings: Settings, variant: Variant, key: int) -> FloatArray:
    return variant_gradients(settings, variant, settings.pick(16, 10), (50, key))


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
        for name, exponent, values in rows:
            style = {"ls": "-", "mfc": None} if exponent == 0 else {"ls": "--", "mfc": "none"}
            gain = r"$\alpha_\ell=1$" if exponent == 0 else rf"$\alpha_\ell=\ell^{{-{exponent:g}}}$"
            curve(ax, depths, *mean_and_error(values), ACTIVATIONS.index(name), f"{name}, {gain}", **style)
        ax.set_xlabel("depth L")
        ax.set_ylabel(GRADIENT_LABEL)
        tidy(ax)
        inset = ax.inset_axes((0.63, 0.14, 0.35, 0.17))  # the two level curves lie on each other
        for name, exponent, values in rows:
            if exponent:
                curve(inset, depths, *mean_and_error(values), ACTIVATIONS.index(name), "", ls="--", mfc="none")
        inset.tick_params(labelsize=7)
        inset.set_xticks([0, depths[-1] // 2, depths[-1]])
        inset.set_title("magnified", fontsize=7, pad=2)
        tidy(inset, legend=False)

    table = columns(
        ("activation", "exponent", "depth", "run", "log_gradient_norm"),
        [
            (name, p, depth, run, value)
            for name, p, values in rows
            for depth, row in zip(depths, values, strict=True)
            for run, value in enumerate(row.tolist())
        ],
    )
    words = ", ".join(f"{name} {growth[name, 0.0]:.1f} and {growth[name, 0.4]:.1f}" for name in ACTIVATIONS)
    caption = (
        f"Width and batch {_width(settings)}, {rows[0][2].shape[1]} runs, two standard errors. From depth {depths[2]} to "
        f"{depths[-1]} the log gradient of the first layer grows, with gains 1 and ℓ^(-0.4), by: {words}."
    )
    claim = "gains ℓ^(-0.4) stop the explosion that sin and tanh cause"
    return Product("fig5", caption, SUPPORTS if good else REFUTES, claim, table, draw)


def e1(settings: Settings) -> Product:
    """Growth of the gradient per layer against a constant gain; the exponent is measured, ``α⁴`` is the claim."""
    depth = settings.pick(900, 1500)
    # Away from both ends: the start is felt over some 8 d layers (all runs share its batch, so that the error bars do not
    # show it), the readout over 4 d.
    window = (8 * _width(settings), depth - 4 * _width(settings))
    gains = settings.pick(GAINS, GAINS + MORE_GAINS)
    # What is small depends on the width: the larger it is, the slower a linear network returns to isometry.
    limit = settings.pick(0.3, 0.2)
    rates: dict[str, dict[float, tuple[float, float]]] = {name: {} for name in ACTIVATIONS}
    for k, name in enumerate(ACTIVATIONS):
        for j, gain in enumerate(gains):
            values = _log_norms(settings, _variant(settings, depth, activation=name, gain=gain), 100 + 10 * k + j)
            rate = end_to_end_rate(values, window)
            rates[name][gain] = (rate.value, rate.stderr)
    powers = {name: _power(values, limit) for name, values in rates.items()}
    shown = sorted(gains)

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        fourth = np.array(shown) ** 4
        for k, name in enumerate(ACTIVATIONS):
            mean, error = np.array([rates[name][gain] for gain in shown]).T
            curve(ax, shown, mean / fourth, error / fourth, k, f"{name}: exponent {with_error(*powers[name])}")
        ax.set_xscale("log")
        ax.set_ylim(bottom=0)
        labelled = [gain for gain in shown if round(1000 * gain) % 50 == 0]
        ax.set_xticks(labelled, [f"{gain:g}" for gain in labelled])
        ax.minorticks_off()
        ax.axvspan(
            shown[0], limit, color=GREY, alpha=0.12, lw=0, zorder=0, label=f"exponents are of gains to {limit:g}"
        )
        ax.set_xlabel(r"gain $\alpha$")
        ax.set_ylabel(r"growth of log gradient per layer / $\alpha^4$")
        tidy(ax)

    words = ", ".join(f"{name} {with_error(*power)}" for name, power in powers.items())
    off = [name for name, (p, e) in powers.items() if not abs(p - 4.0) < max(0.3, 2 * e)]
    caption = (
        f"Width and batch {_width(settings)}, {settings.pick(16, 10)} runs, two standard errors; a rate proportional to α⁴ is "
        f"level. Measured exponents over α = {shown[0]:g} to {limit:g}: {words}."
    )
    table = columns(
        ("activation", "gain", "rate", "stderr"),
        [(name, gain, *rates[name][gain]) for name in ACTIVATIONS for gain in shown],
    )
    claim = "for small gains the gradient grows at a rate proportional to α⁴"
    missing = f"smaller gains, or more runs, for {' and '.join(off)}" if off else ""
    return Product("e1", caption, OPEN if off else SUPPORTS, claim, table, draw, missing=missing)


def _power(rates: dict[float, tuple[float, float]], limit: float) -> tuple[float, float]:
    """Exponent over the gains up to ``limit`` whose rate is positive at two standard errors."""
    kept = [(gain, r, e) for gain, (r, e) in rates.items() if gain <= limit and r > 2 * e]
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
    change = {p: mean_and_error(grown[p][last] - grown[p][middle]) for p in EXPONENTS}
    rise = {p: (float(mean), float(error)) for p, (mean, error) in change.items()}

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, p in enumerate(EXPONENTS):
            style = {"ls": "--" if p > CRITICAL else "-"}
            curve(ax, marks, *mean_and_error(grown[p]), k, f"p = {p:g}", **style)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlabel("layer ℓ")
        ax.set_ylabel("growth of log gradient, layer ℓ to 0")
        tidy(ax, title=r"$\alpha_\ell=\ell^{-p}$, tanh", title_fontsize=8, loc="upper left")

    low, high = rise[0.1], rise[0.5]
    words = ", ".join(f"{with_error(*rise[p])} for p = {p:g}" for p in (0.1, CRITICAL, 0.4, 0.5))
    good = low[0] > 3 * low[1] and high[0] < 0.2 * low[0]
    caption = (
        f"Width and batch {_width(settings)}, {settings.pick(16, 10)} runs. Growth of the log gradient between layers "
        f"{marks[middle]} and {marks[last]}: {words}."
    )
    table = columns(
        ("exponent", "layer", "run", "log_growth"),
        [
            (p, int(mark), run, value)
            for p in EXPONENTS
            for mark, row in zip(marks, grown[p], strict=True)
            for run, value in enumerate(row.tolist())
        ],
    )
    claim = "the gradient stays bounded for exponents p above 1/4 and grows without bound below"
    missing = "" if good else "a depth at which the curves for p = 0.1 and 0.5 part"
    return Product("e2", caption, SUPPORTS if good else OPEN, claim, table, draw, missing=missing)


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
                rate = rates[name, order]
                ax.plot(layers, mean, color=COLOURS[k], lw=1.4, label=f"{name}: {with_error(rate.value, rate.stderr)}")
                ax.fill_between(layers, mean - 2 * error, mean + 2 * error, color=COLOURS[k], alpha=0.2, lw=0)
            ax.set_title("normalise, then activate" if order == "norm-act" else "activate, then normalise")
            ax.set_xlabel("layer ℓ")
            tidy(ax, title="growth per layer", title_fontsize=8)
        axes[0].set_ylabel(LAYER_GRADIENT_LABEL)

    flat = [f"{name} ({order})" for (name, order), rate in rates.items() if rate.value <= 3 * rate.stderr]
    low, high = min(rate.value for rate in rates.values()), max(rate.value for rate in rates.values())
    caption = (
        f"Width and batch {_width(settings)}, depth {depth}, {settings.pick(16, 10)} runs, two standard errors, gains 1: the log "
        f"gradient grows by {low:.3f} to {high:.3f} a layer on its way back."
    )
    table = columns(
        ("activation", "order", "layer", "run", "log_gradient_norm"),
        [
            (name, order, layer, run, value)
            for (name, order), values in profiles.items()
            for run, row in enumerate(values.tolist())
            for layer, value in enumerate(row)
        ],
    )
    claim = "the gradient explodes with activations that are not odd as well, in either order"
    missing = f"depth or runs that tell {', '.join(flat)} from no growth" if flat else ""
    return Product("g5", caption, OPEN if flat else SUPPORTS, claim, table, draw, (7.0, 3.2), missing)
