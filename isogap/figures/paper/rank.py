"""Figure G6, and what decides growth: the rank of the batch, mean removal, BatchNorm1d's eps; the law D4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.figures.measured import variant_gradients
from isogap.figures.product import OPEN, REFUTES, SUPPORTS, Product, Settings, mean_and_error, slope_words
from isogap.figures.style import BLACK, COLOURS, GREY, LAYER_GRADIENT_LABEL, MARKERS, curve, tidy
from isogap.model.variant import Variant
from isogap.run.explosion import tangent_growth
from isogap.run.rates import Slope, end_to_end_rate
from isogap.theory.growth import growth_at_share
from isogap.theory.rank import rank_law, rank_law_leading

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
            profiles[removal, n] = variant_gradients(settings, variant, replicas, (60, n, int(removal)))[:, :-1]
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
        ax.set_ylabel(LAYER_GRADIENT_LABEL)
        tidy(ax)

    removed = rates[True, d]
    grows = removed.value > 3 * removed.stderr
    flat = [
        abs(rate.value) <= max(3 * rate.stderr, 0.2 * removed.value) for key, rate in rates.items() if key != (True, d)
    ]
    largest = 1000 * max(abs(rate.value) for key, rate in rates.items() if key != (True, d))
    caption = (
        f"Width {d}, {replicas} runs, two standard errors. Growth per 1000 layers between layers {window[0]} and {window[1]}: "
        f"mean removed and n = d (rank d - 1) {slope_words(removed)}; of the others {largest:.2g} at most."
    )
    table = {
        "mean_removal": np.repeat([key[0] for key in profiles], depth),
        "batch": np.repeat([key[1] for key in profiles], depth),
        "layer": np.tile(np.arange(depth), len(profiles)),
        "log_gradient_norm_mean": np.concatenate([v.mean(axis=0) for v in profiles.values()]),
        "log_gradient_norm_stderr": np.concatenate([mean_and_error(v.T)[1] for v in profiles.values()]),
    }
    claim = "mean removal makes the gradient grow at n = d, though slowly, and not at n = d + 1 (S8)"
    verdict = REFUTES if not all(flat) else SUPPORTS if grows else OPEN
    missing = "a depth that shows the growth beyond three standard errors" if verdict == OPEN else ""
    return Product("g6", caption, verdict, claim, table, draw, missing=missing)


def rank(settings: Settings) -> Product:
    """Growth per layer over ``n/d``: mean kept, mean removed, and ``BatchNorm1d`` with its eps.

    The width stays small: one rank below the width growth falls like ``1/d²`` (at width 100 it is 2e-5 a layer, see `g6`), and
    the depth at which it shows grows likewise.
    """
    d, depth = settings.pick(16, 32), settings.pick(500, 1500)
    replicas = settings.pick(16, 24)
    sizes = sorted({d // 2, 3 * d // 4, d - 2, d - 1, d, d + 1, d + 2, 5 * d // 4, 2 * d, 4 * d})
    eps_kind = f"BatchNorm1d, eps {TORCH_EPS:g}"
    kinds: dict[str, dict[str, Any]] = {
        "mean kept": {},
        "mean removed": {"mean_removal": True, "root_n": True},
        eps_kind: {"mean_removal": True, "root_n": True, "eps": TORCH_EPS},
    }
    window = (depth // 4, depth - 4 * d)
    rates: dict[str, list[Slope]] = {}
    for i, (kind, options) in enumerate(kinds.items()):
        rates[kind] = []
        for n in sizes:
            variant = Variant(d, depth, batch=n, **options)
            values = variant_gradients(settings, variant, replicas, (61, n, int(i > 0)))
            rates[kind].append(end_to_end_rate(values, window))
    first = {"mean kept": d, "mean removed": d + 1, eps_kind: d + 1}
    good = all(
        _is_flat(rate) == (n >= first[kind]) for kind in kinds for n, rate in zip(sizes, rates[kind], strict=True)
    )

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, kind in enumerate(kinds):
            mean = [rate.value for rate in rates[kind]]
            style = {"mfc": "none", "ls": ("-", "-", "none")[k], "ms": (4, 4, 7)[k]}
            curve(ax, np.array(sizes) / d, mean, [rate.stderr for rate in rates[kind]], k, kind, **style)
        ax.axvline(1.0, color=GREY, ls=":", lw=1)
        ax.axhline(0, color=BLACK, lw=0.6)
        ax.set_xscale("log", base=2)
        ax.set_xticks([0.5, 0.75, 1, 1.25, 2, 4], ["1/2", "3/4", "1", "5/4", "2", "4"])
        ax.set_yscale("symlog", linthresh=FLAT, linscale=0.5)
        ax.set_yticks([0, 1e-3, 1e-2, 1e-1], ["0", "0.001", "0.01", "0.1"])
        ax.minorticks_off()
        ax.set_ylim(bottom=-FLAT / 2)
        ax.set_xlabel("batch over width, n/d")
        ax.set_ylabel("growth of log gradient per layer")
        tidy(ax)

    difference = max(abs(a.value - b.value) for a, b in zip(rates["mean removed"], rates[eps_kind], strict=True))
    caption = (
        f"Width {d}, depth {depth}, {replicas} runs, two standard errors; linear between 0 and {FLAT:g}. BatchNorm1d's eps = "
        f"1e-5 changes a rate by {difference:.1g} at most."
    )
    claim = "growth stops exactly at n = d with the mean kept (S7) and at n = d + 1 with the mean removed (S8)"
    table = {
        "kind": np.repeat(list(kinds), len(sizes)),
        "width": np.full(len(kinds) * len(sizes), d),
        "batch": np.tile(sizes, len(kinds)),
        "growth_per_layer": [rate.value for kind in kinds for rate in rates[kind]],
        "stderr": [rate.stderr for kind in kinds for rate in rates[kind]],
    }
    return Product("rank", caption, SUPPORTS if good else REFUTES, claim, table, draw)


def c1(settings: Settings) -> Product:
    """Growth of the squared gradient per layer over ``(d, r)``, as a ratio to the law D4; no curve is fitted.

    Long runs of the tangent chain, the conserved part (which does not grow, and hides growth in short runs) removed.
    """
    widths = settings.pick((16, 32), (16, 32, 64, 96))
    shares = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875)
    layers, replicas = settings.pick(4000, 20000), 8
    rows = []
    for d in widths:
        for r in sorted({round(share * d) for share in shares} - {1, 2, 3}):
            rate = _tangent_growth(settings, d, r, layers, replicas)
            rows.append((d, r, *rate, float(rank_law(d, r)), float(rank_law_leading(d, r))))
    data: FloatArray = np.array(rows)
    ratio, error = data[:, 2] / data[:, 4], data[:, 3] / data[:, 4]
    share_of = data[:, 1] / data[:, 0]

    def draw(figure: Figure) -> None:
        ax = figure.subplots()
        for k, d in enumerate(widths):
            mine = data[:, 0] == d
            ax.errorbar(share_of[mine], ratio[mine], yerr=2 * error[mine], color=COLOURS[k], marker=MARKERS[k], ms=4,
                        lw=1, capsize=2, label=f"d = {d}")  # fmt: skip
        ax.axhline(1, color=BLACK, lw=0.8, label="conjecture D4")
        share = np.linspace(0.02, 0.98, 49)
        leading = [(1 - x) / growth_at_share(float(x)) for x in share]
        ax.plot(share, leading, color=GREY, ls="--", lw=1, label="leading order in r/d (C1)")
        ax.set_xlabel("rank over width, r/d")
        ax.set_ylabel("measured growth / law D4")
        tidy(ax)

    # Finite size: the factor 1 + a/(d-r) with an unknown a of order 1/2, and 1/r² for few samples.
    slack = 1.0 / (data[:, 0] - data[:, 1]) + 4.0 / data[:, 1] ** 2
    away = np.maximum(np.abs(ratio - 1) - slack, 0.0) / error
    worst = int(np.argmax(away))
    wide = data[:, 0] == max(widths)
    caption = (
        f"Conjecture D4 against the growth of the squared gradient: {replicas} chains of {layers} layers, conserved part "
        f"removed, two standard errors. At d = {max(widths)} the ratio is {ratio[wide].min():.3f} to {ratio[wide].max():.3f}; "
        "the law leaves out a finite-size factor 1 + a/(d-r)."
    )
    claim = "the law D4 (a conjecture) gives the growth for every rank, up to a factor 1 + a/(d-r)"
    table = {
        "width": data[:, 0].astype(int),
        "rank": data[:, 1].astype(int),
        "growth_of_square_per_layer": data[:, 2],
        "stderr": data[:, 3],
        "law_d4": data[:, 4],
        "leading_order_c1": data[:, 5],
        "ratio": ratio,
        "ratio_stderr": error,
    }
    return Product("c1", caption, SUPPORTS if away[worst] < 5 else REFUTES, claim, table, draw)


def _tangent_growth(settings: Settings, d: int, r: int, layers: int, replicas: int) -> tuple[float, float]:
    def compute() -> dict[str, Any]:
        rate = tangent_growth(d, r, layers, replicas=replicas, rng=settings.root(70, d, r))
        return {"rate": np.array([rate.value, rate.stderr])}

    about = {"kind": "tangent", "width": d, "rank": r, "layers": layers, "replicas": replicas}
    value, error = settings.piece(about, compute)["rate"]
    return float(value), float(error)
