"""Residual networks that are trained: accuracy against depth, and over learning rate and batch size (D9, D10)."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.batch.datasets import Dataset, load_dataset
from isogap.figures.finished import Arrays
from isogap.figures.product import OPEN, REFUTES, SUPPORTS, Product, Settings, columns
from isogap.figures.style import BLACK, COLOURS, MARKERS, tidy
from isogap.run.residual_tables import ROWS, Sweep, depth_table, rate_sweep
from isogap.run.residual_training import Plan, step_law

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LIGHT, DARK = "#fafafa", "#111111"  # marks on a map, which is the same on dark pages: neither paper nor ink
NETWORKS = 3  # a cell of the table over depths
CHANCE, WELL = 0.2, 0.6  # ours: accuracy that is called chance, and one that is called training


def _data(settings: Settings) -> tuple[Dataset, int | None, int]:
    """Data set, number of training images used, and how many passes give about the steps of one pass over the digits."""
    if settings.data is None:
        return load_dataset("digits"), None, 1
    return load_dataset("fashion-mnist", settings.data), settings.pick(2000, 10_000), settings.pick(1, 5)


def depth(settings: Settings) -> Product:
    """Test accuracy at the best learning rate against depth, for five kinds of network."""
    data, limit, longer = _data(settings)
    depths = settings.pick((10, 100), (10, 100, 400, 1000))
    epochs = settings.pick((3, 3), (8, 8, 4, 3))
    rates = settings.pick((1e-3, 1e-2), (1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1))
    rows, seen = [], {}
    for blocks, passes in zip(depths, epochs, strict=True):
        train = partial(
            depth_table, data, [blocks], epochs=max(1, round(passes / longer)), limit=limit, keep=settings.piece,
            progress=settings.progress,
        )  # fmt: skip
        found = train(rates, seed=settings.seed)
        rows += found
        for row in found:  # the rate is chosen on the first network alone
            more = [
                train([row.best_rate], names=[row.name], seed=settings.seed + k)[0].best for k in range(1, NETWORKS)
            ]
            seen[row.name, blocks] = np.array([row.best, *more])
    best = {case: float(values.mean()) for case, values in seen.items()}
    names = [row[0] for row in ROWS]

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, name in enumerate(names):
            # curves lie on each other: open marks, the later the larger
            style: dict[str, Any] = {
                "color": COLOURS[k],
                "marker": MARKERS[k],
                "ms": 4 + 1.5 * k,
                "mfc": "none",
                "lw": 1.2,
            }
            mean = np.array([best[name, L] for L in depths])
            ends = np.array([(seen[name, L].min(), seen[name, L].max()) for L in depths]).T
            ax.errorbar(depths, mean, yerr=np.abs(ends - mean), capsize=2, elinewidth=1, label=name, **style)
        ax.axhline(1 / data.classes, color=BLACK, ls=":", lw=0.8, label="guessing")
        ax.set_xscale("log")
        ax.set_xticks(depths, [str(L) for L in depths])
        ax.minorticks_off()
        ax.set_ylim(0, 1.02)
        ax.set_xlabel("blocks")
        ax.set_ylabel("test accuracy, best learning rate")
        ax.yaxis.set_major_formatter("{x:.0%}")
        tidy(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))

    last = depths[-1]
    failed = max(best[name, last] for name in names[:2])
    trained = min(best[name, last] for name in names[2:])
    told = "; ".join(f"{name} " + ", ".join(_mean_and_range(seen[name, L]) for L in depths) for name in names)
    used = f", {limit} images" if limit else ""
    caption = (
        f"{data.title}{used}, width 64, batch 64, momentum 0.9; the best of {len(rates)} rates for the "
        f"first network, mean (range) of {NETWORKS} networks at it. At depths {', '.join(map(str, depths))}: {told}."
    )
    table = [(row.name, row.blocks, rate, 0, value) for row in rows for rate, value in row.accuracies.items()]
    table += [
        (row.name, row.blocks, row.best_rate, k, float(value))
        for row in rows
        for k, value in enumerate(seen[row.name, row.blocks])
        if k > 0
    ]
    claim = (
        f"at depth {last} SkipInit and BN with skip connections train, and skip connections without BN and BN without them "
        "are at chance"
    )
    verdict = SUPPORTS if failed <= CHANCE and trained >= WELL else REFUTES
    product_table = columns(("net", "blocks", "rate", "network", "test_accuracy"), table)
    return Product("residual-depth", caption, verdict, claim, product_table, draw, (6.4, 3.4))


def _mean_and_range(values: FloatArray) -> str:
    """In per cent."""
    return f"{values.mean():.1%} ({100 * values.min():.1f}-{100 * values.max():.1f})"


def batch(settings: Settings) -> Product:
    """Test accuracy over learning rate and batch size, and the critical batch of D9."""
    data, limit, longer = _data(settings)
    sizes = (8, 32, 128, 512)
    rates = tuple(2.0**k for k in settings.pick((-11, -9, -7, -5, -3, -1, 1), (-13, -11, -9, -7, -5, -3, -1, 1)))
    epochs, seeds = max(1, round(settings.pick(4, 10) / longer)), settings.pick(1, 2)
    sweeps = rate_sweep(
        data, sizes, rates, blocks=10, epochs=epochs, seeds=seeds, limit=limit, keep=settings.piece,
        progress=settings.progress,
    )  # fmt: skip
    critical = {sweep.name: _critical(settings, data, sweep, limit) for sweep in sweeps}

    def draw(figure: Figure) -> None:
        axes = figure.subplots(1, len(sweeps), sharey=True)
        for ax, sweep in zip(axes, sweeps, strict=True):
            image = _heat(ax, sweep, critical[sweep.name])
        axes[0].set_ylabel("learning rate, $\\log_2$")
        figure.colorbar(image, ax=axes, label="test accuracy", shrink=0.9)

    bn, skipinit, plain = sweeps
    told = "; ".join(_rates_told(s, critical[s.name]) for s in sweeps)
    spread = [s.best_rate(8) for s in sweeps]
    tolerates = bn.largest_rate(8) / float(np.nanmax([plain.largest_rate(8), skipinit.largest_rate(8)]))
    beyond = bn.best_rate(512) >= np.nanmax([plain.largest_rate(512), skipinit.largest_rate(512)])
    agree = max(spread) / min(spread)
    cells = f"{epochs} epochs, {seeds} network{'s' if seeds > 1 else ''} a cell"
    marks = "dots: best rate; dashed: critical batch B*, measured after one epoch"
    caption = f"{data.title}, 10 blocks, {cells} ({marks}). At batch {', '.join(map(str, sizes))}: {told}."
    rows = [
        (s.name, b, r, float(s.accuracy[i, j]))
        for s in sweeps
        for i, b in enumerate(sizes)
        for j, r in enumerate(rates)
    ]
    claim = "BN tolerates far larger rates, but the best rate at a small batch is small for all: large rates need large batches"
    verdict, missing = _judged(tolerates, agree, beyond)
    table = columns(("net", "batch", "rate", "test_accuracy"), rows)
    return Product("residual-batch", caption, verdict, claim, table, draw, (9.0, 3.3), missing)


def _judged(tolerates: float, agree: float, beyond: bool) -> tuple[str, str]:
    """Verdict, and what is missing: the rates of the grid are a factor 4 apart, so best rates agree within one step."""
    if tolerates >= 64 and agree <= 4 and beyond:
        return SUPPORTS, ""
    if tolerates >= 64:
        far = f"best rates at batch 8 differ by a factor {agree:g}"
        return (
            OPEN,
            f"more seeds and epochs ({far}, at batch 512 BN's best is {'' if beyond else 'not '}beyond the others' largest)",
        )
    return REFUTES, ""


def _rates_told(sweep: Sweep, critical: float) -> str:
    best = ", ".join(_power(sweep.best_rate(b)) for b in sweep.batches)
    largest = ", ".join(_power(sweep.largest_rate(b)) for b in sweep.batches)
    return f"{sweep.name}: best {best}, largest {largest}, B* {_critical_words(critical)}"


def _critical(settings: Settings, data: Dataset, sweep: Sweep, limit: int | None) -> float:
    """B* after one epoch at the best rate of batch 32; NaN where the quadratic has none."""
    row = next(row for row in ROWS if row[0] == sweep.name)
    plan = Plan(row[1], 10, sweep.best_rate(32), alpha=row[2](10), batch=32, epochs=1, seed=settings.seed, limit=limit)

    def compute() -> Arrays:
        law = step_law(plan, data)
        return {"law": np.array([law.slope, law.curvature, law.noise])}

    about = {"kind": "residual-step-law", "net": sweep.name, "rate": plan.rate, "data": data.name, "limit": limit}
    _, curvature, noise = settings.piece(about, compute)["law"]
    return float(noise / curvature) if curvature > 0 and noise > 0 else math.nan


def _heat(ax: Any, sweep: Sweep, critical: float) -> Any:
    """One panel; dots at the best rates, a line at B*."""
    image = ax.imshow(sweep.accuracy.T, origin="lower", aspect="auto", vmin=0, vmax=1, cmap="viridis")
    ax.set_xticks(range(len(sweep.batches)), [str(b) for b in sweep.batches])
    ax.set_yticks(range(len(sweep.rates)), [f"{math.log2(r):g}" for r in sweep.rates])
    for i, b in enumerate(sweep.batches):
        ax.plot(i, sweep.rates.index(sweep.best_rate(b)), marker="o", color=LIGHT, ms=6, mec=DARK)
    if sweep.batches[0] <= critical <= sweep.batches[-1]:
        place = np.interp(math.log2(critical), np.log2(sweep.batches), np.arange(len(sweep.batches)))
        ax.axvline(place, color=LIGHT, ls="--", lw=1.4)
    ax.set_xlabel("batch")
    ax.set_title(f"{sweep.name}, B* = {_critical_words(critical)}")
    return image


def _critical_words(critical: float) -> str:
    return f"{critical:.0f}" if math.isfinite(critical) else "none"


def _power(rate: float) -> str:
    return f"2^{math.log2(rate):g}" if rate > 0 else "none"
