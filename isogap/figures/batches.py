"""Figure G6, and what decides growth: the rank of the batch, mean removal, BatchNorm1d's eps; conjecture C1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isogap._validate import FloatArray
from isogap.figures._common import (
    BLACK,
    COLOURS,
    GRADIENT_LABEL,
    GREY,
    MARKERS,
    OPEN,
    REFUTES,
    SUPPORTS,
    Product,
    Settings,
    curve,
    gaussian_batch,
    long_run,
    mean_and_error,
    tidy,
)
from isogap.networks import simulate_variant
from isogap.rank_deficient import FITTED, rank_law
from isogap.rates import Slope, end_to_end_rate
from isogap.variants import Variant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TORCH_EPS = 1e-5
# Growth per layer below this is called none: 1000 layers then change the gradient by a factor e^0.5 at most.
FLAT = 5e-4


def _is_flat(rate: Slope) -> bool:
    return abs(rate.value) <= FLAT or abs(rate.value) <= 3 * rate.stderr


def g6(settings: Settings) -> Product:
    """Gradient of every layer with and without mean removal, at ``n = d`` and ``n = d + 1``."""
    # At width 100 the transients of both ends fill the paper's 1000 layers: growth is seen behind them only.
    d, depth = settings.pick(16, 100), settings.pick(600, 2500)
    replicas = settings.pick(16, 10)
    profiles = {}
    for removal in (False, True):
        for n in (d, d + 1):
            variant = Variant(d, depth, batch=n, mean_removal=removal, root_n=True)
            run = simulate_variant(
                variant, replicas=replicas, rng=settings.root(60, n, removal), progress=settings.progress
            )
            profiles[removal, n] = run.log_norm[:, :-1]
    # Away from both ends: start and readout are felt over some 8 d layers.
    margin = min(8 * d, 2 * depth // 5)
    window = (margin, depth - margin)
    rates = {key: end_to_end_rate(values, window) for key, values in profiles.items()}

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, ((removal, n), values) in enumerate(profiles.items()):
            mean, error = mean_and_error(values.T)
            label = f"n = {'d' if n == d else 'd + 1'}, mean {'removed' if removal else 'kept'}"
            ax.plot(mean, color=COLOURS[k], ls="--" if removal else "-", lw=1.4, label=label)
            ax.fill_between(np.arange(depth), mean - 2 * error, mean + 2 * error, color=COLOURS[k], alpha=0.2, lw=0)
        ax.set_xlabel("layer ℓ")
        ax.set_ylabel(GRADIENT_LABEL.replace("W_0", r"W_\ell"))
        tidy(ax)

    removed = rates[True, d]
    grows = removed.value > 3 * removed.stderr
    others = all(
        abs(rate.value) <= max(3 * rate.stderr, 0.2 * removed.value) for key, rate in rates.items() if key != (True, d)
    )
    caption = (
        f"Width {d}: with mean removal and n = d (rank d - 1) the log gradient grows by {removed.value:.6f} ± "
        f"{removed.stderr:.6f} a layer; without it, or with one sample more, it {'does' if not others else 'does not'} (S8)"
    )
    caption += (
        ': the paper sees "no influence" because its depth is too small.' if grows else "; depth is too small to tell."
    )
    table = {
        "mean_removal": np.repeat([key[0] for key in profiles], depth),
        "batch": np.repeat([key[1] for key in profiles], depth),
        "layer": np.tile(np.arange(depth), len(profiles)),
        "log_gradient_norm_mean": np.concatenate([v.mean(axis=0) for v in profiles.values()]),
        "log_gradient_norm_stderr": np.concatenate([mean_and_error(v.T)[1] for v in profiles.values()]),
    }
    verdict = SUPPORTS if grows and others else OPEN if others else REFUTES
    return Product("g6", caption, verdict, table, draw)


def rank(settings: Settings) -> Product:
    """Growth per layer over ``n/d``: mean kept, mean removed, and ``BatchNorm1d`` with its eps."""
    d, depth = settings.pick(16, 32), settings.pick(500, 1500)
    sizes = sorted({d // 2, 3 * d // 4, d - 2, d - 1, d, d + 1, d + 2, 5 * d // 4, 2 * d, 4 * d})
    kinds = {
        "mean kept": {},
        "mean removed": {"mean_removal": True, "root_n": True},
        f"BatchNorm1d, eps {TORCH_EPS:g}": {"mean_removal": True, "root_n": True, "eps": TORCH_EPS},
    }
    window = (depth // 4, depth - 4 * d)
    rates: dict[str, list[Slope]] = {}
    for i, (kind, options) in enumerate(kinds.items()):
        rates[kind] = []
        for n in sizes:
            variant = Variant(d, depth, batch=n, **options)  # type: ignore[arg-type]
            run = simulate_variant(
                variant, replicas=settings.pick(16, 24), rng=settings.root(61, n, i > 0), progress=settings.progress
            )
            rates[kind].append(end_to_end_rate(run.log_norm, window))
    first = {"mean kept": d, "mean removed": d + 1, f"BatchNorm1d, eps {TORCH_EPS:g}": d + 1}
    good = all(
        _is_flat(rate) == (n >= first[kind]) for kind in kinds for n, rate in zip(sizes, rates[kind], strict=True)
    )

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, kind in enumerate(kinds):
            mean = [rate.value for rate in rates[kind]]
            curve(ax, np.array(sizes) / d, mean, [rate.stderr for rate in rates[kind]], k, kind, mfc="none")
        ax.axvline(1.0, color=GREY, ls=":", lw=1)
        ax.axhline(0, color=BLACK, lw=0.6)
        ax.set_xscale("log", base=2)
        ax.set_xticks([0.5, 0.75, 1, 1.25, 2, 4], ["1/2", "3/4", "1", "5/4", "2", "4"])
        ax.minorticks_off()
        ax.set_yscale("symlog", linthresh=FLAT)
        ax.set_ylim(bottom=-FLAT)
        ax.set_xlabel("batch over width, n/d")
        ax.set_ylabel("growth of log gradient per layer")
        tidy(ax)

    eps_kind = f"BatchNorm1d, eps {TORCH_EPS:g}"
    difference = max(abs(a.value - b.value) for a, b in zip(rates["mean removed"], rates[eps_kind], strict=True))
    caption = (
        f"Width {d}: growth stops exactly from n = d on with the mean kept (S7) and from n = d + 1 on with the mean removed "
        f"(S8); BatchNorm1d's eps = 1e-5 changes a rate by at most {difference:.1g}."
    )
    table = {
        "kind": np.repeat(list(kinds), len(sizes)),
        "width": np.full(len(kinds) * len(sizes), d),
        "batch": np.tile(sizes, len(kinds)),
        "growth_per_layer": [rate.value for kind in kinds for rate in rates[kind]],
        "stderr": [rate.stderr for kind in kinds for rate in rates[kind]],
    }
    return Product("rank", caption, SUPPORTS if good else REFUTES, table, draw)


def c1(settings: Settings) -> Product:
    """Growth of the squared gradient per layer over ``(d, r)``, as a ratio to C1's formula."""
    widths = settings.pick((16, 32, 64), (16, 32, 64, 100, 128))
    shares = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875)
    rows: list[tuple[int, int, float, float, float]] = []
    for d in widths:
        depth = settings.pick(3000, 10000)
        for share in shares:
            r = round(share * d)
            if r < 4:
                continue
            window = [4 * d, depth - 4 * d]
            paths = long_run(
                settings, gaussian_batch(settings, d, r), depth, window, replicas=16, key=7000 + 100 * d + r
            )
            rate = end_to_end_rate(2 * paths.log_norm, (0, 1))
            span = window[1] - window[0]
            rows.append((d, r, rate.value / span, rate.stderr / span, float(rank_law(d, r))))
    data: FloatArray = np.array(rows)
    ratio, error = data[:, 2] / data[:, 4], data[:, 3] / data[:, 4]
    share_of = data[:, 1] / data[:, 0]

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, d in enumerate(widths):
            mine = data[:, 0] == d
            ax.errorbar(share_of[mine], ratio[mine], yerr=2 * error[mine], color=COLOURS[k], marker=MARKERS[k], ms=4,
                        lw=1, capsize=2, label=f"d = {d}")  # fmt: skip
        ax.axhline(1, color=BLACK, lw=0.8, label="C1")
        share = np.linspace(0.05, 0.95)
        ax.plot(share, 1.0 / (1.0 - FITTED * share**3), color=GREY, ls="--", lw=1, label="fit, not theory")
        ax.set_xlabel("rank over width, r/d")
        ax.set_ylabel("measured growth / formula C1")
        tidy(ax)

    low = (share_of <= 0.4) & (data[:, 0] >= 32) & (data[:, 1] >= 8)
    worst = f"{np.abs(ratio - 1)[low].max():.0%}" if low.any() else "an untested share"
    caption = (
        f"(1 - r/d) log((r-1)/(r-2)) is right to {worst} for r/d below 0.4, r ≥ 8 and d ≥ 32, and too small by up to "
        f"{ratio.max() - 1:.0%} towards r = d: C1 is the leading order in r/d, as conjectured, and not the law."
    )
    table = {
        "width": data[:, 0].astype(int),
        "rank": data[:, 1].astype(int),
        "growth_of_square_per_layer": data[:, 2],
        "stderr": data[:, 3],
        "formula_c1": data[:, 4],
        "ratio": ratio,
        "ratio_stderr": error,
    }
    return Product("c1", caption, OPEN, table, draw)
