"""Spectrum of the Gram of deep linear networks at finite ratio of batch and width, and the collapse of its rank."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.wide.dense import Dense, Gaussian, Haar, WeightLaw
from isogap.engine.wide.grams import gaussian_start, participation, spectrum
from isogap.engine.wide.layers import BatchNorm, Chain
from isogap.engine.wide.network import run_wide
from isogap.figures.finished import Arrays
from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings
from isogap.figures.style import BLACK, BLUE, GREY, ORANGE, RED, tidy
from isogap.theory import mean_field

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Weights, width, batch.
CASES = (
    ("haar", 64, 32),
    ("haar", 120, 30),
    ("haar", 160, 80),
    ("gaussian", 512, 32),
    ("gaussian", 1024, 32),
    ("gaussian", 4096, 64),
)
LAWS: dict[str, WeightLaw] = {"haar": Haar(), "gaussian": Gaussian()}


def mf_spectrum(settings: Settings) -> Product:
    """Eigenvalues of deep linear networks against Marchenko and Pastur's law, six cases."""
    seen = [_eigenvalues(settings, *case) for case in CASES]
    laws = [mean_field.spectrum_law(batch, width, weights) for weights, width, batch in CASES]
    others = [_neighbour(*case) for case in CASES]
    distance = [_distance(values, law.distribution) for values, law in zip(seen, laws, strict=True)]
    further = [_distance(values, law.distribution) for values, law in zip(seen, others, strict=True)]

    def draw(figure: Figure) -> None:
        axes = figure.subplots(2, 3)
        for ax, case, values, law, off in zip(axes.flat, CASES, seen, laws, distance, strict=False):
            low, high = (float(edge) for edge in law.edges)
            a = np.linspace(low, high, 400)
            ax.hist(values, bins=60, range=(0, high * 1.3), density=True, color=BLUE, alpha=0.45)
            ax.plot(a, law.density(a), color=BLACK, lw=1.3)
            ax.set_title(f"{case[0].capitalize()}, N = {case[1]}, B = {case[2]}, v = {law.ratio:.3f}", fontsize=8)
            ax.text(0.97, 0.93, f"distance {off:.3f}", transform=ax.transAxes, ha="right", va="top", fontsize=8)
            tidy(ax, legend=False)
        for ax in axes[1]:
            ax.set_xlabel("eigenvalue of A")
        for ax in axes[:, 0]:
            ax.set_ylabel("density")

    good = all(mine < other for mine, other in zip(distance, further, strict=True))
    caption = (
        "Spectrum of A = xᵀx/N of linear uncentred networks, width N, batch B, stationary; line: Marchenko-Pastur of "
        "ratio v = ζ(1-ζ)/(2-ζ) (Haar, ζ = B/N) and B²/(4N) (Gaussian). Kolmogorov-Smirnov distances "
        f"{', '.join(f'{d:.3f}' for d in distance)}; to the laws with ζ(1-ζ)/2 and B²/(2N) instead "
        f"{', '.join(f'{d:.3f}' for d in further)}."
    )
    claim = "the spectrum at finite ratio of batch and width is Marchenko-Pastur's with these ratios, up to corrections in 1/B"
    table = _quantiles(seen)
    return Product("mf-spectrum", caption, SUPPORTS if good else REFUTES, claim, table, draw, (8.0, 4.6))


def _quantiles(seen: list[FloatArray]) -> dict[str, Any]:
    """A hundred quantiles a case: the eigenvalues themselves are too many to write down."""
    levels = (np.arange(100) + 0.5) / 100
    return {
        "weights": np.repeat([case[0] for case in CASES], 100),
        "width": np.repeat([case[1] for case in CASES], 100),
        "batch": np.repeat([case[2] for case in CASES], 100),
        "level": np.tile(levels, len(CASES)),
        "eigenvalue": np.concatenate([np.quantile(values, levels) for values in seen]),
    }


def _neighbour(weights: str, width: int, batch: int) -> Any:
    """The law with a wrong ratio: ``ζ(1-ζ)/2`` or ``B²/(2N)``, as that of Gaussian weights at another width."""
    share = batch / width
    wrong = share * (1 - share) / 2 if weights == "haar" else batch**2 / (2 * width)
    return mean_field.spectrum_law(1000, round(1000**2 / (4 * wrong)), "gaussian")


def _distance(values: FloatArray, distribution: Any) -> float:
    """Kolmogorov and Smirnov's distance."""
    a = np.sort(values)
    expected = distribution(a)
    steps = np.arange(a.size + 1) / a.size
    return float(max(np.abs(expected - steps[1:]).max(), np.abs(expected - steps[:-1]).max()))


def _eigenvalues(settings: Settings, weights: str, width: int, batch: int) -> FloatArray:
    """Eigenvalues after 4 B layers, two replicas, every eighth of a batch's layers."""
    depth = settings.pick(24, 100) * batch

    def compute() -> Arrays:
        values = _long_run(settings, weights, width, batch, depth, spectrum)
        kept = values[:, 4 * batch :: max(batch // 8, 1)]
        return {"values": kept.ravel()}

    about = {"kind": "spectrum", "weights": weights, "width": width, "batch": batch, "depth": depth}
    return settings.piece(about, compute)["values"]


def _long_run(settings: Settings, weights: str, width: int, batch: int, depth: int, statistic: Any) -> FloatArray:
    layer = Chain((Dense(LAWS[weights]), BatchNorm(centred=False)))
    run = run_wide(
        [layer] * depth, gaussian_start(width, batch), replicas=2, observe={"s": statistic},
        rng=settings.root(16, width, batch), threads=settings.threads, progress=settings.progress,
    )  # fmt: skip
    return run.statistics["s"]


def mf_rank(settings: Settings) -> Product:
    """Participation ratio of the spectrum against the batch at fixed width, Gaussian weights."""
    width = settings.pick(256, 1024)
    root = math.sqrt(width)
    batches = [round(root * f) for f in (0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 6, 8, 12, 16)]
    mean, error = np.array([_participation(settings, width, batch) for batch in batches]).T
    theory = np.array([float(mean_field.spectrum_law(b, width, "gaussian").participation) for b in batches])
    neighbour = np.array([b / (1 + b**2 / (4 * width)) if b <= 2 * root else b / 2 for b in batches])

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        fine = np.unique(np.round(np.geomspace(batches[0], batches[-1], 200)).astype(int))
        line = [float(mean_field.spectrum_law(int(b), width, "gaussian").participation) for b in fine]
        ax.plot(fine, line, color=BLACK, lw=1.3, label=r"$B/(1+B^2/4N)$, then $\sqrt{N}$")
        ax.plot(fine, fine, color=GREY, lw=0.9, ls="--", label="B")
        ax.plot(fine, fine / 2, color=ORANGE, lw=0.9, ls=":", label="B/2")
        ax.axvline(2 * root, color=GREY, lw=0.9, ls=":")
        ax.text(2 * root * 1.05, 1.15 * batches[0], r"$B = 2\sqrt{N}$", fontsize=8, color=GREY)
        ax.errorbar(batches, mean, yerr=2 * error, color=RED, marker="o", ms=4, lw=0, elinewidth=1, label="measured")
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_ylim(batches[0] * 0.7, batches[-1])
        ax.set_xlabel("batch B")
        ax.set_ylabel("participation ratio")
        tidy(ax, loc="upper left")

    off = np.abs(mean / theory - 1)
    good = bool((np.abs(mean - theory) < np.abs(mean - neighbour))[np.array(batches) > 2.5 * root].all())
    caption = (
        f"Linear uncentred networks of width {width}, Gaussian weights, stationary, two standard errors. Dashed: every "
        "sample counts; dotted: half of them do, as the first formula has it at B = 2√N. Measured over theory: "
        f"{1 - off.max():.2f} at worst, {mean[-1] / theory[-1]:.2f} at B = {batches[-1]}."
    )
    claim = "beyond B = 2√N the rank collapses to a number of directions that the width sets, whatever the batch"
    table = {"batch": batches, "participation": mean, "stderr": error, "theory": theory}
    return Product("mf-rank", caption, SUPPORTS if good else REFUTES, claim, table, draw)


def _participation(settings: Settings, width: int, batch: int) -> tuple[float, float]:
    """Mean and error over blocks of ``B`` layers, after ``4 B``, or as many as the surviving directions need."""
    slow = min(batch, 2 * round(math.sqrt(width)))
    depth = settings.pick(24, 60) * max(slow, 16)

    def compute() -> Arrays:
        values = _long_run(settings, "gaussian", width, batch, depth, participation)[:, 4 * slow + 1 :]
        blocks = values[:, : values.shape[1] // slow * slow].reshape(2, -1, slow).mean(axis=2).ravel()
        return {"found": np.array([blocks.mean(), blocks.std(ddof=1) / math.sqrt(blocks.size)])}

    about = {"kind": "participation", "width": width, "batch": batch, "depth": depth}
    found = settings.piece(about, compute)["found"]
    return float(found[0]), float(found[1])
