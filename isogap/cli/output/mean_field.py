"""What ``isogap-mean-field`` prints, writes and draws."""

from __future__ import annotations

import argparse
import math
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.files import atomic_path
from isogap.base.records import plain
from isogap.base.student import error_note
from isogap.cli.common import write_stdout
from isogap.cli.writing import csv_text, write_asked
from isogap.model.activations import Activation
from isogap.model.activations import activation as activation_named
from isogap.run.mean_field import MeanFieldRun
from isogap.run.mean_field_sweep import Sweep
from isogap.theory.mean_field.stability import first_unstable_batch
from isogap.theory.mean_field.summary import MeanFieldTheory

Found = MeanFieldTheory | MeanFieldRun | Sweep


def write_files(found: Found, options: argparse.Namespace, written: list[str]) -> None:
    """Write what was asked for, each file completely or not at all, and its name to ``written``."""
    write_asked(
        options,
        written,
        data=lambda: as_data(found),
        table=lambda: _csv(found),
        plot=lambda path: save_plot(found, path),
    )


def as_data(found: Found) -> dict[str, Any]:
    """Return plain data; what is infinite or does not exist is ``None``."""
    if isinstance(found, MeanFieldTheory):
        data: dict[str, Any] = plain({"format": "isogap-mean-field/1", "theory": found, "verdict": found.verdict})
        return data
    return found.to_dict()


def _csv(found: Found) -> str:
    if isinstance(found, MeanFieldTheory):
        return ""
    columns = found.columns() if isinstance(found, Sweep) else layers(found)
    rows = zip(*columns.values(), strict=True)
    return csv_text(columns, ([str(v) if v == math.inf else v for v in row] for row in rows))


def layers(run: MeanFieldRun) -> dict[str, list[Any]]:
    """The table of a run, layer by layer: gradient of the weights into layer ``l + 1``, Gram statistics of state ``l``."""
    pad = np.full((run.replicas, 1), np.nan)
    table: dict[str, list[Any]] = {"layer": list(range(run.depth + 1))}
    gradient = np.hstack([np.where(np.isfinite(run.log_gradient), run.log_gradient, np.nan), pad])
    for name, values in (("log_gradient", gradient), ("q", run.q), ("c", run.c), ("dispersion", run.dispersion)):
        mean, error = _mean_and_error(values)
        table[name], table[f"{name}_stderr"] = mean.tolist(), error.tolist()
    return table


def _mean_and_error(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    count = len(values)
    error = values.std(axis=0, ddof=1) / math.sqrt(count) if count > 1 else np.full(values.shape[1], np.nan)
    return values.mean(axis=0), error


def print_report(found: Found, activation: Any) -> None:
    """Print the lines, or the table of a sweep, for a person."""
    if isinstance(found, Sweep):
        write_stdout(sweep_table(found))
        return
    theory = found.theory if isinstance(found, MeanFieldRun) else found
    lines = [*_head(found), *_theory_lines(theory, activation)]
    if isinstance(found, MeanFieldRun):
        lines += _measured_lines(found)
    write_stdout("\n".join([*lines, found.verdict]) + "\n")


def _head(found: MeanFieldTheory | MeanFieldRun) -> list[str]:
    theory = found.theory if isinstance(found, MeanFieldRun) else found
    head = f"{theory.activation}, batch {theory.batch:.0f}" + (f", gain {theory.gain:g}" if theory.gain != 1 else "")
    if isinstance(found, MeanFieldRun):
        head += (
            f", width {found.width}, depth {found.depth}, {found.weights} weights, {found.replicas} networks, "
            f"seed {found.provenance['seed']}"
        )
    return [head]


def _theory_lines(t: MeanFieldTheory, activation: Any) -> list[str]:
    correlation = t.c.value / t.q.value if t.q.value else 0.0
    state = {True: "stable", False: "unstable", None: "neutral within its error"}[t.stable]
    return [
        _line("fixed Gram", f"q = {t.q:.6f}, c = {t.c:.6f}, correlation {correlation:.6f}"),
        _line(
            "rate of the square",
            f"λ = {_rate(t)}; identity {t.linear_rate:.6f}, price of nonlinearity θ = {t.price:.6f}",
        ),
        _line("norm doubles every", f"{t.doubling_depth:.4g} layers" if t.doubling_depth < math.inf else "never"),
        _line(
            "fixed point",
            f"{state}: μ_S = {t.stability.mu_S:.6f}, μ_M = {t.stability.mu_M:.6f}; {_onset(activation, t.gain)}",
        ),
        _line("two batches", f"cross-Gram contracts {t.contraction:.6f}-fold a layer"),
    ]


def _line(name: str, text: str) -> str:
    return f"{name:<20}{text}"


def _rate(t: MeanFieldTheory) -> str:
    return f"{t.rate:.6f} ± {t.rate.error:.1g}" if math.isfinite(t.rate.value) else f"{t.rate.value}"


def _onset(activation: Any, gain: float) -> str:
    """From which batch on the fixed point is unstable; derivatives, which may be slow, do not enter."""
    phi = activation_named(activation)
    values_only = Activation(phi.name, phi.function, np.zeros_like, kinks=phi.kinks, jumps=phi.jumps)
    try:
        first = first_unstable_batch(values_only, gain=gain)
    except (ArithmeticError, ValueError):
        return "where it becomes unstable is not decided"
    return "stable at every batch" if first == math.inf else f"unstable from batch {first} on"


def _measured_lines(run: MeanFieldRun) -> list[str]:
    rate, error = run.measured_rate
    last = {name: float(getattr(run, name)[:, -1].mean()) for name in ("q", "c", "dispersion")}
    shown = "no rate: the gradient is zero"
    if run.measured is not None:
        first, final = run.measured.window
        shown = f"λ = {rate:.6f}" + (f" ± {error:.2g}" if math.isfinite(error) else "") + f" (layers {first}..{final})"
    correlation = last["c"] / last["q"] if last["q"] else 0.0
    note = error_note(run.replicas) if run.measured is not None else None
    return [
        _line("measured", shown),
        *([_line("", note)] if note else []),
        _line(
            "", f"last state: q = {last['q']:.6f}, correlation {correlation:.6f}, dispersion {last['dispersion']:.4f}"
        ),
    ]


def sweep_table(sweep: Sweep) -> str:
    """One row a value, in columns of fixed width."""
    columns = sweep.columns()
    names = [sweep.over, "rate", "excess", "doubling_depth", "mu_S", "mu_M", "contraction"]
    names += ["measured", "measured_stderr"] if sweep.runs is not None else []
    titles = {"doubling_depth": "doubling", "measured_stderr": "error", "contraction": "two batches"}
    held = sweep.theories[0]
    other = f"gain {held.gain:g}" if sweep.over == "batch" else f"batch {held.batch:.0f}"
    lines = [f"{held.activation}, {other}", "  ".join(f"{titles.get(name, name):>11}" for name in names)]
    for i, stable in enumerate(columns["stable"]):
        row = "  ".join(f"{columns[name][i]:11.6g}" for name in names)
        lines.append(row + ("  unstable" if stable is False else ""))
    return "\n".join(lines) + "\n"


def save_plot(found: Found, path: str) -> None:
    """Draw the layers of a run, or a sweep, into ``path``."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
    if isinstance(found, Sweep):
        _draw_sweep(found, ax)
    elif isinstance(found, MeanFieldRun):
        _draw_layers(found, ax)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150)
    plt.close(figure)


def _draw_layers(run: MeanFieldRun, ax: Any) -> None:
    from isogap.figures.style import BLACK, BLUE, tidy

    mean, error = _mean_and_error(run.log_gradient)
    layer = np.arange(run.depth)
    if np.isfinite(mean).all():
        ax.errorbar(layer, mean, yerr=2 * np.nan_to_num(error), color=BLUE, marker="o", ms=3, lw=0, elinewidth=1,
                    label=f"{run.replicas} networks of width {run.width}")  # fmt: skip
        if 0 < run.theory.rate.value < math.inf:
            slope = 0.5 * math.log(run.theory.rate.value)
            ax.plot(layer, mean[-1] + slope * (run.depth - 1 - layer), color=BLACK, lw=1.2, label="infinite width")
    ax.set_xlabel("layer ℓ")
    ax.set_ylabel(r"$\log\,\Vert\partial\mathcal{L}/\partial W_\ell\Vert_F$")
    ax.set_title(f"{run.theory.activation}, batch {run.theory.batch:.0f}")
    tidy(ax)


def _draw_sweep(sweep: Sweep, ax: Any) -> None:
    from isogap.figures.style import BLACK, BLUE, GREY, tidy

    columns = sweep.columns()
    what = "rate" if sweep.over == "batch" else "excess"
    x, y = np.array(columns[sweep.over], dtype=float), np.array(columns[what], dtype=float)
    shown = np.isfinite(x) & np.isfinite(y) & (y > 0)
    ax.plot(x[shown], y[shown], color=BLACK, lw=1.2, marker=".", label="infinite width")
    if sweep.runs is not None:
        linear = np.array([t.linear_rate.value for t in sweep.theories]) if what == "excess" else 0.0
        measured, error = np.array(columns["measured"]), np.array(columns["measured_stderr"])
        ax.errorbar(x, measured - linear, yerr=2 * np.nan_to_num(error), color=BLUE, marker="o", ms=4, lw=0, elinewidth=1,
                    label=f"width {sweep.runs[0].width}, two standard errors")  # fmt: skip
    if what == "rate":
        finite = x[shown & (x > 3)]
        ax.plot(finite, (finite - 2) / (finite - 3), color=GREY, ls="--", lw=1, label="identity, (B-2)/(B-3)")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("batch B" if what == "rate" else "gain γ")
    ax.set_ylabel("rate λ of the squared gradient" if what == "rate" else "λ - (B-2)/(B-3)")
    ax.set_title(sweep.theories[0].activation)
    tidy(ax)
