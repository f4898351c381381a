"""Products of random matrices: density of the law (F8), matrices (F9), condition numbers (F20) of arXiv:1806.02375."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.engine.products import sample_products
from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings, with_error
from isogap.figures.style import BLACK, COLOURS, MARKERS, tidy
from isogap.theory.products import condition_number_law, fuss_catalan, log_condition_growth, log_condition_slope

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DENSITIES = (1, 2, 3, 6)
MATRICES, SIZE, DRAWS = (1, 2, 5), 1000, 10
SIZES, FACTORS = (10, 30, 100), (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
LARGEST, FEW = 300, (1, 2, 3, 4)


def f8(settings: Settings) -> Product:
    """Density of the squared singular values for M = 1, 2, 3, 6."""
    del settings
    laws = [fuss_catalan(M) for M in DENSITIES]
    x = [np.geomspace(1e-3, law.support()[1], 400)[:-1] for law in laws]

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        for k, (M, law, points) in enumerate(zip(DENSITIES, laws, x, strict=True)):
            left.plot(points, law.pdf(points), color=COLOURS[k], lw=1.5, label=f"M = {M}")
            s = np.linspace(1e-3, np.sqrt(law.support()[1]), 400)[:-1]
            right.plot(s, law.singular_values().pdf(s), color=COLOURS[k], lw=1.5)
        left.set(xscale="log", yscale="log", xlabel="squared singular value", ylabel="density", ylim=(1e-4, 300))
        right.set(ylim=(0, 1.5), xlabel="singular value", ylabel="density")
        tidy(left)
        tidy(right, legend=False)

    edges = ", ".join(f"{law.support()[1]:.4g}" for law in laws)
    caption = (
        f"The Fuss-Catalan law of products of M matrices, upper ends {edges}; left the squares, to which the printed formula "
        "belongs, right the singular values: for M = 1 the quarter circle, bounded at 0."
    )
    table = {
        "factors": np.repeat(DENSITIES, [len(p) for p in x]),
        "squared_singular_value": np.concatenate(x),
        "density": np.concatenate([law.pdf(p) for law, p in zip(laws, x, strict=True)]),
    }
    spread = all(a.support()[1] < b.support()[1] and a.pdf(1e-6) < b.pdf(1e-6) for a, b in pairwise(laws))
    claim = "the more matrices are multiplied, the heavier are both ends of the spectrum"
    return Product("bjorck-f8", caption, SUPPORTS if spread else REFUTES, claim, table, draw, (7.0, 3.3))


def f9(settings: Settings) -> Product:
    """Histograms of all singular values of ten products of 1000 x 1000 matrices, M = 1, 2, 5, against the law."""
    size = settings.pick(400, SIZE)

    def drawn(M: int) -> FloatArray:
        def compute() -> dict[str, FloatArray]:
            run = sample_products(
                size, M, replicas=DRAWS, accuracy=1e-2, rng=settings.root(M), threads=settings.threads,
                progress=settings.progress,
            )  # fmt: skip
            return {"log": run.log_singular_values}

        return settings.piece({"kind": "bjorck-f9", "M": M, "size": size, "draws": DRAWS}, compute)["log"]

    logs = {M: drawn(M) for M in MATRICES}
    share = np.arange(1, size * DRAWS + 1) / (size * DRAWS)
    distance = {
        M: float(np.abs(fuss_catalan(M).cdf(np.exp(2 * np.sort(log.ravel()))) - share).max()) for M, log in logs.items()
    }
    bins = {M: np.linspace(0, 1.02 * np.sqrt(fuss_catalan(M).support()[1]), 61) for M in MATRICES}
    heights = {M: np.histogram(np.exp(logs[M]), bins[M], density=True)[0] for M in MATRICES}

    def draw(figure: Figure) -> None:
        for ax, M in zip(figure.subplots(1, len(MATRICES)), MATRICES, strict=True):
            law = fuss_catalan(M).singular_values()
            ax.stairs(heights[M], bins[M], fill=True, color=COLOURS[0], alpha=0.45, label="matrices")
            s = np.linspace(1e-3, law.support()[1] * (1 - 1e-9), 500)
            ax.plot(s, law.pdf(s), color=BLACK, lw=1.3, label="law")
            ax.set(xlabel="singular value", title=f"M = {M}", ylim=(0, 1.15 * heights[M].max()))
            ax.set_ylabel("density" if MATRICES[0] == M else "")
            tidy(ax, legend=MATRICES[-1] == M)

    words = ", ".join(f"{distance[M]:.4f} (M = {M})" for M in MATRICES)
    near = all(distance[M] < (M + 3) / size for M in MATRICES)
    caption = (
        f"All singular values of {DRAWS} products of M matrices of size {size}, entries of variance 1/{size} (of "
        f"variance 1, divided by N^(M/2)); largest distance of the distributions {words}."
    )
    table = {
        "factors": np.repeat(MATRICES, 60),
        "from": np.concatenate([bins[M][:-1] for M in MATRICES]),
        "to": np.concatenate([bins[M][1:] for M in MATRICES]),
        "density": np.concatenate([heights[M] for M in MATRICES]),
    }
    claim = "singular values of products follow the law of their squares, whose density Theorem 1 prints"
    return Product("bjorck-f9", caption, SUPPORTS if near else REFUTES, claim, table, draw, (7.5, 2.9))


def f20(settings: Settings) -> Product:
    """Mean logarithm of the condition number against the number of factors."""
    replicas = settings.pick(200, 1000)
    rows = [_condition(settings, N, M, replicas) for N in SIZES for M in FACTORS]
    rows += [_condition(settings, LARGEST, M, replicas) for M in FEW]
    data = np.array(rows)

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        for k, N in enumerate(SIZES):
            part = data[data[:, 0] == N]
            style = {"color": COLOURS[k], "marker": MARKERS[k], "ms": 4, "lw": 0, "elinewidth": 1}
            left.errorbar(part[:, 1], part[:, 2], yerr=2 * part[:, 3], label=f"N = {N}", **style)
            left.plot(part[:, 1], part[:, 4], color=COLOURS[k], lw=1)
        for k, M in enumerate(FEW):
            part = data[data[:, 1] == M]
            style = {"color": COLOURS[k], "marker": MARKERS[k], "ms": 4, "lw": 0, "elinewidth": 1}
            right.errorbar(part[:, 0], part[:, 2], yerr=2 * part[:, 3], label=f"M = {M}", **style)
            sizes = np.array([40.0, LARGEST])
            right.plot(sizes, part[-1, 2] + log_condition_slope(M) * np.log(sizes / LARGEST), color=COLOURS[k], lw=1)
        left.set(xscale="log", yscale="log", xlabel="factors M", ylabel="mean log condition number")
        left.set_title("lines: M times the Lyapunov spread", fontsize=8)
        right.set(xscale="log", xlabel="size N", ylabel="mean log condition number")
        right.set_title("lines: slope (M+1)/2 in log N through the last point", fontsize=8)
        tidy(left)
        tidy(right)

    first = data[(data[:, 1] == 1) & (data[:, 0] <= 100)]
    z = [abs(r[2] - condition_number_law(int(r[0])).log_mean()) / r[3] for r in first]
    grows = all((np.diff(data[data[:, 0] == N][:, 2]) > 0).all() for N in SIZES)
    last = ", ".join(f"{r[2]:.1f} of {r[4]:.1f} (N = {r[0]:.0f})" for r in data[data[:, 1] == FACTORS[-1]])
    slopes = []
    for M in FEW:
        part = data[data[:, 1] == M][-2:]
        step = np.log(part[1, 0] / part[0, 0])
        slopes.append(with_error((part[1, 2] - part[0, 2]) / step, float(np.hypot(*part[:, 3])) / step))
    caption = (
        f"{replicas} products each, two standard errors. One factor: within {max(z):.1f} standard errors of the exact mean. At "
        f"{FACTORS[-1]} factors {last}. Slopes in log N from 100 to {LARGEST}: {', '.join(slopes)} for M = 1 to "
        "4; (M+1)/2 = 1, 1.5, 2, 2.5 in the limit."
    )
    names = ("size", "factors", "mean_log_condition", "stderr", "many_factors")
    table = {name: data[:, i] for i, name in enumerate(names)}
    claim = "the condition number grows exponentially in the number of factors"
    return Product("bjorck-f20", caption, SUPPORTS if grows and max(z) < 4 else REFUTES, claim, table, draw, (7.0, 3.3))


def _condition(settings: Settings, N: int, M: int, replicas: int) -> tuple[float, ...]:
    """Size, factors, mean of log cond, standard error, M times the Lyapunov spread."""

    def compute() -> dict[str, FloatArray]:
        run = sample_products(N, M, replicas=replicas, accuracy=1e-6, rng=settings.root(N, M), threads=settings.threads)
        return {"log": run.log_singular_values[:, 0] - run.log_singular_values[:, -1]}

    log = settings.piece({"kind": "bjorck-f20", "N": N, "M": M, "replicas": replicas}, compute)["log"]
    return N, M, float(log.mean()), float(log.std(ddof=1)) / replicas**0.5, log_condition_growth(N) * M
