"""Figures 4, 6, F1, F2 and G1 to G4: training. The runs are shared between the figures through their checkpoints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isogap._validate import FloatArray
from isogap.datasets import Dataset, DatasetError, MissingDataError, load_dataset
from isogap.figures._common import BLACK, COLOURS, OPEN, REFUTES, SUPPORTS, Product, Settings, tidy
from isogap.training import History, Training, train
from isogap.variants import Variant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATE, BATCH, EXPONENT = 0.001, 100, 0.4
# "Trained": well above the ten per cent of guessing among ten classes.
TRAINED = 0.5


def _data(settings: Settings) -> Dataset:
    """The first of CIFAR-10, MNIST, Fashion-MNIST that the data folder holds; the digits without a folder."""
    if settings.data is None:
        return load_dataset("digits")
    names = ("cifar10", "mnist", "fashion-mnist")
    for name in names:
        try:
            return load_dataset(name, settings.data)
        except MissingDataError:
            continue
    raise DatasetError(f"data folder {settings.data} holds none of {', '.join(names)}")


def _depths(settings: Settings) -> tuple[int, ...]:
    return settings.pick((10, 50, 100), (100, 500, 1000))


def _run(settings: Settings, data: Dataset, depth: int, **options: Any) -> History:
    # Digits have 64 pixels: a batch mapped to a larger width cannot have full row rank, and the theorem asks for that.
    width = settings.pick(32, 100 if data.features >= 100 else 32)
    variant = Variant(width, depth, batch=BATCH, root_n=True, **options)
    epochs = settings.pick(30, 60 if data.name == "digits" else 20)
    job = Training(variant, epochs=epochs, rate=RATE, record=settings.pick(5, 10))
    path = None
    if settings.work is not None:
        settings.work.mkdir(parents=True, exist_ok=True)
        words = [variant.activation.name, variant.weights, f"d{width}", f"L{depth}", f"p{variant.exponent:g}"]
        path = settings.work / ("-".join([data.name, *words, f"s{settings.seed}", f"r{job.record}"]) + ".pt")
    return train(job, data, rng=settings.root(70), checkpoint=path, progress=settings.progress)


def _curves(settings: Settings, cases: Sequence[tuple[str, dict[str, Any]]]) -> tuple[Dataset, dict[str, History]]:
    data = _data(settings)
    return data, {label: _run(settings, data, **options) for label, options in cases}


def _by_depth(settings: Settings, *activations: str) -> list[tuple[str, dict[str, Any]]]:
    cases = []
    for name in activations:
        shaped = {} if name == "identity" else {"activation": name, "exponent": EXPONENT}
        for depth in _depths(settings):
            prefix = "" if len(activations) == 1 else f"{name}, "
            cases.append((f"{prefix}depth {depth}", {"depth": depth, **shaped}))
    return cases


def _accuracy(name: str, settings: Settings, cases: Any, part: str, claim: str, judged: Any = None) -> Product:
    data, runs = _curves(settings, cases)
    group = len(cases) if len(cases) <= 3 else len(cases) // 2
    curves = {label: getattr(run, f"{part}_accuracy") for label, run in runs.items()}
    final = {label: values[-1] for label, values in curves.items()}
    if judged is None:
        good = all(value > TRAINED for value in final.values())
        verdict = SUPPORTS if good else OPEN
    else:
        verdict = judged(runs)

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, (label, values) in enumerate(curves.items()):
            colour, dash = COLOURS[k % group], ("-", "--")[k // group]
            ax.plot(values, color=colour, ls=dash, marker=".", ms=4, lw=1.3, label=label)
        ax.axhline(1 / data.classes, color=BLACK, lw=0.6, ls=":")
        ax.set_ylim(0, 1)
        ax.set_xlabel("epoch")
        ax.set_ylabel(f"{'training' if part == 'train' else 'test'} accuracy")
        tidy(ax, ncols=2 if len(curves) > 4 else 1)

    words = ", ".join(f"{label} {value:.0%}" for label, value in final.items())
    caption = (
        f"{claim} ({data.name}, SGD, learning rate {RATE:g}, batch {BATCH}): after {_epochs(runs)} epochs {words}."
    )
    return Product(name, caption, verdict, _accuracy_table(runs), draw)


def _epochs(runs: dict[str, History]) -> int:
    return max(run.epoch for run in runs.values())


def _accuracy_table(runs: dict[str, History]) -> dict[str, list[Any]]:
    rows = [
        (label, epoch, *values)
        for label, run in runs.items()
        for epoch, values in enumerate(zip(run.loss, run.train_accuracy, run.test_accuracy, strict=True))
    ]
    names = ("run", "epoch", "loss", "train_accuracy", "test_accuracy")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def fig4(settings: Settings) -> Product:
    """Training accuracy of linear networks with orthogonal weights, by depth."""
    return _accuracy("fig4", settings, _by_depth(settings, "identity"), "train", "Linear networks train at every depth")


def g1(settings: Settings) -> Product:
    """Test accuracy of the networks of Figure 4."""
    return _accuracy("g1", settings, _by_depth(settings, "identity"), "test", "Test accuracy of the linear networks")


def fig6(settings: Settings) -> Product:
    """Training accuracy with sin and tanh and gains ``ℓ^-0.4``."""
    claim = f"With gains of exponent {EXPONENT} sin and tanh train at every depth"
    return _accuracy("fig6", settings, _by_depth(settings, "sin", "tanh"), "train", claim)


def g3(settings: Settings) -> Product:
    """Test accuracy of the networks of Figure 6."""
    return _accuracy(
        "g3", settings, _by_depth(settings, "sin", "tanh"), "test", "Test accuracy with sin and tanh, shaped gains"
    )


def g2(settings: Settings) -> Product:
    """Training accuracy of linear networks, orthogonal against Gaussian weights, at the smallest and the largest depth."""
    depths = (_depths(settings)[0], _depths(settings)[-1])
    cases = [
        (f"{kind}, depth {depth}", {"depth": depth, "weights": kind})
        for kind in ("orthogonal", "gaussian")
        for depth in depths
    ]

    def judged(runs: dict[str, History]) -> str:
        # The claim is about the largest depth only: there orthogonal weights must be ahead.
        ahead = runs[f"orthogonal, depth {depths[1]}"].train_accuracy[-1]
        behind = runs[f"gaussian, depth {depths[1]}"].train_accuracy[-1]
        return SUPPORTS if ahead > behind + 0.05 else OPEN if ahead > behind - 0.05 else REFUTES

    claim = "At the larger depth orthogonal weights are to train better than Gaussian ones"
    return _accuracy("g2", settings, cases, "train", claim, judged)


def f1(settings: Settings) -> Product:
    """Isometry gap of the weights over training, linear networks."""
    return _gaps("f1", settings, _by_depth(settings, "identity"))


def f2(settings: Settings) -> Product:
    """Isometry gap of the weights over training, sin and tanh with shaped gains."""
    return _gaps("f2", settings, _by_depth(settings, "sin", "tanh"))


def _gaps(name: str, settings: Settings, cases: Any) -> Product:
    data, runs = _curves(settings, cases)
    medians = {label: [float(np.median(g)) for g in run.weight_gap] for label, run in runs.items()}
    largest = max(max(values) for values in medians.values())
    gaussian = _gaussian_gap(settings, data)
    close = largest < gaussian / 10

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, (label, run) in enumerate(runs.items()):
            # Before the first step the gap is that of float32 rounding, far below everything else.
            gap: FloatArray = np.maximum(np.array(run.weight_gap[1:]), 1e-12)
            colour, dash, epochs = COLOURS[k % 3], ("-", "--")[k // 3 % 2], run.recorded[1:]
            ax.plot(epochs, np.median(gap, axis=1), marker=".", lw=1.3, label=label, color=colour, ls=dash)
            ax.fill_between(epochs, gap.min(axis=1), gap.max(axis=1), color=colour, alpha=0.12, lw=0)
        ax.axhline(gaussian, color=BLACK, ls=":", lw=1, label="Gaussian matrix (computed)")
        ax.set_yscale("log")
        ax.set_xlabel("epoch")
        ax.set_ylabel("isometry gap of the weights (median, range over layers)")
        tidy(ax, loc="upper right", bbox_to_anchor=(1.0, 0.93), ncols=2 if len(runs) > 4 else 1)

    caption = (
        f"The weights start orthogonal (up to float32) and stay near it while {data.name} is learned: the median gap over the "
        f"layers reaches {largest:.1e}, that of a Gaussian matrix is {gaussian:.2f}."
    )
    rows = [
        (label, epoch, layer + 1, value)
        for label, run in runs.items()
        for epoch, gaps in zip(run.recorded, run.weight_gap, strict=True)
        for layer, value in enumerate(gaps)
    ]
    names = ("run", "epoch", "layer", "weight_gap")
    table = {column: list(values) for column, values in zip(names, zip(*rows, strict=True), strict=True)}
    return Product(name, caption, SUPPORTS if close else REFUTES, table, draw)


def _gaussian_gap(settings: Settings, data: Dataset) -> float:
    """Gap of a Gaussian ``d x d`` matrix, from ``E log χ²``: ``log d - (1/d) Σ_k E log χ²_k`` up to the spread of its trace."""
    from scipy.special import digamma

    d = settings.pick(32, 100 if data.features >= 100 else 32)
    return float(math.log(d) - np.mean(digamma(np.arange(1, d + 1) / 2) + math.log(2.0)))


def g4(settings: Settings) -> Product:
    """Gradient norm of every layer before and during training, orthogonal and Gaussian weights, at the largest depth."""
    depth = _depths(settings)[-1]
    cases = [(kind, {"depth": depth, "weights": kind}) for kind in ("orthogonal", "gaussian")]
    data, runs = _curves(settings, cases)

    def spread(run: History, k: int) -> float:
        # Without the input layer (other shape) and the readout.
        return run.gradient[k][1] - run.gradient[k][-2]

    spreads = {label: (spread(run, 0), spread(run, -1)) for label, run in runs.items()}
    good = abs(spreads["orthogonal"][0]) < 0.25 * spreads["gaussian"][0]

    def draw(figure: Figure) -> None:
        axes = figure.subplots(1, 2, sharey=True)
        for ax, (label, run) in zip(axes, runs.items(), strict=True):
            for k, at in enumerate(sorted({0, len(run.recorded) // 2, len(run.recorded) - 1})):
                ax.plot(run.gradient[at], color=COLOURS[k], lw=1.2, label=f"epoch {run.recorded[at]}")
            ax.set_title(f"{label} weights", fontsize=9)
            ax.set_xlabel("layer ℓ")
            tidy(ax, legend=ax is axes[0])
        axes[0].set_ylabel(r"$\log\,\Vert\partial\mathcal{L}/\partial W_\ell\Vert_F$")

    caption = (
        f"Depth {depth}, {data.name}: from the last to the first square layer the log gradient grows by "
        f"{spreads['orthogonal'][0]:.2f} (after training {spreads['orthogonal'][1]:.2f}) with orthogonal weights and by "
        f"{spreads['gaussian'][0]:.2f} ({spreads['gaussian'][1]:.2f}) with Gaussian ones."
    )
    rows = [
        (label, epoch, layer, value)
        for label, run in runs.items()
        for epoch, values in zip(run.recorded, run.gradient, strict=True)
        for layer, value in enumerate(values)
    ]
    names = ("run", "epoch", "layer", "log_gradient_norm")
    table = {column: list(values) for column, values in zip(names, zip(*rows, strict=True), strict=True)}
    return Product("g4", caption, SUPPORTS if good else OPEN, table, draw, (7.2, 3.8))
