"""Figures 4, 6, F1, F2 and G1 to G4: training."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.figures.paper.trained import (
    EXPONENT,
    Cases,
    Runs,
    by_depth,
    curves_of,
    depths_of,
    diverged,
    finished,
    looked_at,
    recorded,
    setting,
    width_of,
)
from isogap.figures.product import OPEN, REFUTES, SUPPORTS, Product, Settings, columns, mean_and_error, with_error
from isogap.figures.style import BLACK, COLOURS, LAYER_GRADIENT_LABEL, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACTIVATIONS = ("sin", "tanh")
WEIGHT_WORDS = {"orthogonal": "orthogonal", "gaussian": "Gaussian"}
# "Trained": well above the ten per cent of guessing among ten classes.
TRAINED = 0.5

LEAST_SHOWN = 1e-12  # ours: of gaps on a logarithmic axis

# A legend that finds no place among the curves.
ABOVE: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.0, "ncols": 2}
Judge = Callable[[dict[str, FloatArray]], tuple[str, str]]


def _final(runs: Runs, part: str) -> dict[str, FloatArray]:
    """Accuracies of the runs after the last epoch, case by case."""
    return {label: np.array([getattr(run, part)[-1] for run in some]) for label, some in runs.items()}


def _percent(values: FloatArray) -> str:
    low, high = 100 * values.min(), 100 * values.max()
    return f"{values.mean():.0%} ({low:.0f}-{high:.0f})"


def _accuracy(
    name: str, settings: Settings, cases: Cases, part: str, claim: str, judged: Judge | None = None
) -> Product:
    """Accuracy over training: mean of the runs, and their whole range as a band."""
    data, runs = curves_of(settings, cases)
    group = len(cases) if len(cases) <= 3 else len(cases) // 2
    final = _final(runs, part)
    verdict, missing = _all_train(settings, final) if judged is None else judged(final)

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, (label, some) in enumerate(runs.items()):
            colour, dash = COLOURS[k % group], ("-", "--")[k // group]
            values = _padded([getattr(run, part) for run in some])
            epochs = np.arange(values.shape[1]) / some[0].marks
            ax.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.15, lw=0)
            gone = " (diverged)" if diverged(some) else ""
            ax.plot(epochs, values.mean(axis=0), color=colour, ls=dash, lw=1.4, label=label + gone)
        ax.axhline(1 / data.classes, color=BLACK, lw=0.8, ls=":", label="guessing")
        ax.set_ylim(0, 1)
        ax.yaxis.set_major_formatter("{x:.0%}")
        _epoch_axis(ax)
        ax.set_ylabel("accuracy on the " + ("training images" if part == "train_accuracy" else "test images"))
        tidy(ax, **(_each_once(ax, runs) if len(runs) > 4 else {"loc": "best"}))

    words = ", ".join(f"{label}: {diverged(runs[label]) or _percent(values)}" for label, values in final.items())
    caption = f"{setting(settings, data, runs)}{looked_at(runs)}. Mean (range) at the end: {words}."
    return Product(name, caption, verdict, claim, _accuracy_table(runs), draw, missing=missing)


def _each_once(ax: Axes, runs: Runs) -> dict[str, Any]:
    """A legend above: what the colours say, what the dashes say, and the line that is no case; cases are ``WORD, DEPTH``."""
    from matplotlib.lines import Line2D

    words, depths = (list(dict.fromkeys(label.split(", ")[part] for label in runs)) for part in (0, 1))
    square: dict[str, Any] = {"marker": "s", "ls": "none", "ms": 6}
    handles: list[Any] = [Line2D([], [], color=COLOURS[k], label=depth, **square) for k, depth in enumerate(depths)]
    for dash, word in zip(("-", "--"), words, strict=True):
        gone = [label for label, some in runs.items() if label.startswith(f"{word}, ") and diverged(some)]
        handles.append(Line2D([], [], color=BLACK, lw=1.4, ls=dash, label=word + (" (some diverged)" if gone else "")))
    return {**ABOVE, "handles": [*handles, ax.get_legend_handles_labels()[0][-1]]}


def _epoch_axis(ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))


def _padded(curves: list[list[float]]) -> FloatArray:
    """Curves of the runs, shape ``(R, epochs + 1)``; one that diverged keeps its last value."""
    longest = max(len(values) for values in curves)
    return np.array([values + [values[-1]] * (longest - len(values)) for values in curves])


def _all_train(settings: Settings, final: dict[str, FloatArray]) -> tuple[str, str]:
    slow = [label for label, values in final.items() if values.min() <= TRAINED]
    if not slow:
        return SUPPORTS, ""
    return OPEN, f"more epochs for {', '.join(slow)}, where a run is still below {TRAINED:.0%}"


def _accuracy_table(runs: Runs) -> dict[str, list[Any]]:
    rows = [
        (label, number, epoch, *values)
        for label, some in runs.items()
        for number, run in enumerate(some)
        for epoch, *values in zip(run.times.tolist(), run.loss, run.train_accuracy, run.test_accuracy, strict=True)
    ]
    return columns(("case", "run", "epoch", "loss", "train_accuracy", "test_accuracy"), rows)


def fig4(settings: Settings) -> Product:
    """Training accuracy of linear networks with orthogonal weights, by depth."""
    claim = f"linear networks with orthogonal weights train up to depth {depths_of(settings)[-1]}"
    return _accuracy("fig4", settings, by_depth(settings, "identity"), "train_accuracy", claim)


def g1(settings: Settings) -> Product:
    """Test accuracy of the networks of Figure 4."""
    claim = f"what linear networks learn holds for test images up to depth {depths_of(settings)[-1]}"
    return _accuracy("g1", settings, by_depth(settings, "identity"), "test_accuracy", claim)


def fig6(settings: Settings) -> Product:
    """Training accuracy with sin and tanh and gains ``ℓ^-0.4``."""
    claim = f"with gains ℓ^(-{EXPONENT:g}) networks with sin and tanh train up to depth {depths_of(settings)[-1]}"
    return _accuracy("fig6", settings, by_depth(settings, *ACTIVATIONS), "train_accuracy", claim)


def g3(settings: Settings) -> Product:
    """Test accuracy of the networks of Figure 6."""
    claim = f"what sin and tanh with gains ℓ^(-{EXPONENT:g}) learn holds for test images up to depth {depths_of(settings)[-1]}"
    return _accuracy("g3", settings, by_depth(settings, *ACTIVATIONS), "test_accuracy", claim)


def g2(settings: Settings) -> Product:
    """Training accuracy of linear networks, orthogonal against Gaussian weights, at the smallest and the largest depth."""
    depths = (depths_of(settings)[0], depths_of(settings)[-1])
    cases: Cases = [
        (f"{word}, depth {depth}", {"depth": depth, "weights": kind})
        for kind, word in WEIGHT_WORDS.items()
        for depth in depths
    ]

    def judged(final: dict[str, FloatArray]) -> tuple[str, str]:
        # The claim is about the largest depth; run r of both kinds sees the same images.
        ahead, behind = (final[f"{word}, depth {depths[1]}"] for word in WEIGHT_WORDS.values())
        mean, error = mean_and_error(ahead - behind)
        if abs(mean) > 3 * error:
            return (SUPPORTS if mean > 0 else REFUTES), ""
        return OPEN, f"a difference that more runs tell from zero ({100 * mean:.1f} ± {100 * error:.1f} % now)"

    claim = f"orthogonal weights train better than Gaussian ones at depth {depths[1]}"
    return _accuracy("g2", settings, cases, "train_accuracy", claim, judged)


def f1(settings: Settings) -> Product:
    """Isometry gap of the weights over training, linear networks."""
    return _gaps("f1", settings, by_depth(settings, "identity"))


def f2(settings: Settings) -> Product:
    """Isometry gap of the weights over training, sin and tanh with shaped gains."""
    return _gaps("f2", settings, by_depth(settings, *ACTIVATIONS))


def _gaps(name: str, settings: Settings, cases: Cases) -> Product:
    data, runs = curves_of(settings, cases)
    # Runs x epochs x layers. Before the first step the gap is that of float32 rounding, far below everything else.
    runs = finished(runs)
    gaps = {label: np.array([run.weight_gap[1:] for run in some]) for label, some in runs.items()}
    largest = max(float(values.max()) for values in gaps.values())
    gaussian = gaussian_gap(width_of(data))
    lowest = min(float(np.quantile(values, 0.25, axis=(0, 2)).min()) for values in gaps.values())
    below = f" Gaps below {LEAST_SHOWN:g} are drawn there." if lowest < LEAST_SHOWN else ""

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, (label, values) in enumerate(gaps.items()):
            colour, dash, epochs = COLOURS[k % 3], ("-", "--")[k // 3 % 2], recorded(runs[label][0])[1:]
            shown: FloatArray = np.maximum(values, LEAST_SHOWN)
            low, middle, high = np.quantile(shown, (0.25, 0.5, 0.75), axis=(0, 2))
            ax.plot(epochs, middle, marker=".", lw=1.3, label=label, color=colour, ls=dash)
            ax.fill_between(epochs, low, high, color=colour, alpha=0.15, lw=0)
        ax.axhline(gaussian, color=BLACK, ls=":", lw=1.2, label="Gaussian matrix (computed)")
        ax.set(yscale="log", xlim=(0, None))
        _epoch_axis(ax)
        ax.set_ylabel("isometry gap of the weights")
        tidy(ax, **(_each_once(ax, runs) if len(runs) > 4 else ABOVE))

    caption = (
        f"{setting(settings, data, runs)}. Median and quartiles over layers and runs; the largest gap of any layer is "
        f"{largest:.1e}, that of a Gaussian matrix {gaussian:.2f}.{below}"
    )
    rows = [
        (label, epoch, *np.quantile(values[:, at], (0.25, 0.5, 0.75)), values[:, at].max())
        for label, values in gaps.items()
        for at, epoch in enumerate(recorded(runs[label][0])[1:])
    ]
    table = columns(("case", "epoch", "q25", "median", "q75", "largest"), rows)
    claim = "the weights stay near the orthogonal ones they start from while the network learns"
    return Product(name, caption, SUPPORTS if largest < gaussian / 10 else REFUTES, claim, table, draw)


def gaussian_gap(d: int) -> float:
    """Gap of a Gaussian ``d x d`` matrix, from ``E log χ²``: ``log d - (1/d) Σ_k E log χ²_k`` up to the spread of its trace."""
    from scipy.special import digamma

    return float(math.log(d) - np.mean(digamma(np.arange(1, d + 1) / 2) + math.log(2.0)))


def _shown(profile: dict[float, FloatArray]) -> list[float]:
    """The first epoch of those recorded, the middle one, and the last."""
    epochs = list(profile)
    return sorted({epochs[0], epochs[len(epochs) // 2], epochs[-1]})


def _magnified(ax: Axes, profile: dict[float, FloatArray]) -> None:
    """An inset, where the curves lie within a tenth of the axis that both panels share."""
    means = np.concatenate([profile[epoch].mean(axis=0) for epoch in _shown(profile)])
    bottom, top = ax.get_ylim()
    if np.ptp(means) > 0.1 * (top - bottom):
        return
    inset = ax.inset_axes((0.2, 0.3, 0.75, 0.3))
    for k, epoch in enumerate(_shown(profile)):
        inset.plot(profile[epoch].mean(axis=0), color=COLOURS[k], lw=1.2)
    inset.tick_params(labelsize=7)
    inset.set_title("magnified", fontsize=7, pad=2)
    tidy(inset, legend=False)


def g4(settings: Settings) -> Product:
    """Gradient norm of every layer before and during training, orthogonal and Gaussian weights, at the largest depth."""
    depth = depths_of(settings)[-1]
    data, runs = curves_of(settings, [(word, {"depth": depth, "weights": kind}) for kind, word in WEIGHT_WORDS.items()])
    # Epoch by epoch, those runs that have not diverged: runs x layers.
    profiles = {
        label: {
            epoch: np.array([run.gradient[at] for run in some if len(run.gradient) > at])
            for at, epoch in enumerate(recorded(max(some, key=lambda run: len(run.recorded))))
        }
        for label, some in runs.items()
    }
    # From the last to the first square layer: the input layer and the readout have other shapes.
    spreads = {
        label: {epoch: mean_and_error(values[:, 1] - values[:, -2]) for epoch, values in profile.items()}
        for label, profile in profiles.items()
    }
    flat, grown = (spreads[word][0] for word in WEIGHT_WORDS.values())
    good = grown[0] > 3 * grown[1] and abs(flat[0]) < 0.25 * grown[0]

    def draw(figure: Figure) -> None:
        axes = figure.subplots(1, 2, sharey=True)
        for ax, (label, profile) in zip(axes, profiles.items(), strict=True):
            for k, epoch in enumerate(_shown(profile)):
                values = profile[epoch]
                ax.fill_between(
                    np.arange(values.shape[1]),
                    values.min(axis=0),
                    values.max(axis=0),
                    color=COLOURS[k],
                    alpha=0.15,
                    lw=0,
                )
                ax.plot(values.mean(axis=0), color=COLOURS[k], lw=1.2, label=f"epoch {epoch:g}")
            ax.set_title(f"{label} weights" + (" (diverged)" if diverged(runs[label]) else ""))
            ax.set_xlabel("layer ℓ")
            tidy(ax)
        for ax, profile in zip(axes, profiles.values(), strict=True):  # once the axis that they share is known
            _magnified(ax, profile)
        axes[0].set_ylabel(LAYER_GRADIENT_LABEL)

    def words(label: str) -> str:
        spread = list(spreads[label].values())
        after = diverged(runs[label]) or f"after training {with_error(*map(float, spread[-1]))}"
        return f"{label} {with_error(*map(float, spread[0]))} ({after})"

    caption = (
        f"{setting(settings, data, runs)}, depth {depth}; mean and range of the runs. From the last to the first square layer "
        f"the log gradient grows by: {', '.join(words(label) for label in spreads)}."
    )
    rows = [
        (label, epoch, layer, values.mean(), values.min(), values.max())
        for label, profile in profiles.items()
        for epoch in _shown(profile)
        for layer, values in enumerate(profile[epoch].T)
    ]
    table = columns(("weights", "epoch", "layer", "mean_log_gradient_norm", "least", "most"), rows)
    claim = "before training orthogonal weights have gradients of one size in all layers and Gaussian ones do not"
    missing = "" if good else f"a depth at which Gaussian growth exceeds the effect of the two ends ({depth} here)"
    return Product("g4", caption, SUPPORTS if good else OPEN, claim, table, draw, (7.0, 3.2), missing)
