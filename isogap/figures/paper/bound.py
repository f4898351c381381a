"""Theorem 5 and S5 against measured gradients: how loose, and which power of the width."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.batch.start import make_start
from isogap.engine.gradients.passes import run_gradients
from isogap.figures.finished import digest
from isogap.figures.product import REFUTES, SUPPORTS, Product, Settings, mean_and_error
from isogap.figures.style import BLACK, COLOURS, GREY, MARKERS, tidy
from isogap.model.losses import make_loss
from isogap.run.chain import simulate
from isogap.run.options import Checks, Where
from isogap.run.rates import fitted_power
from isogap.theory import bounds
from isogap.theory.coverage import log_loss_constant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTHS = (4, 8, 16, 32, 64, 128)


def spectra(d: int) -> dict[str, FloatArray]:
    """Inputs from near-isometric to ``λ_min = 1e-12``."""
    return {
        "near isometry": 1.0 + 0.1 * np.linspace(-1.0, 1.0, d),
        "geometric to 1e-3": np.geomspace(1e-3, 1.0, d),
        r"one eigenvalue 1e-12": np.r_[1e-12, np.ones(d - 1)],
        r"half at 1e-12": np.r_[np.full(d // 2, 1e-12), np.ones(d - d // 2)],
    }


@dataclass(frozen=True)
class Row:
    """One width and input: measured sums and gradients, and the bounds on them."""

    width: int
    input: str
    phi0: float
    jacobian_sum: float
    jacobian_stderr: float
    lemma_c3: float
    lemma_c3_sharp: float
    worst_layer: int
    log_gradient: float
    log_gradient_stderr: float
    theorem_5: float
    sharp: float

    @property
    def holds(self) -> bool:
        """Whether both sides stay below the sharper bound at five standard errors, rows and layers taken together."""
        sums = self.jacobian_sum + 5 * self.jacobian_stderr <= self.lemma_c3_sharp <= self.lemma_c3
        return sums and self.log_gradient + 5 * self.log_gradient_stderr <= self.sharp <= self.theorem_5


def _row(settings: Settings, d: int, k: int, name: str, lam: FloatArray, depth: int) -> Row:
    """One row, computed or found finished."""

    def compute() -> dict[str, FloatArray]:
        row = _compute_row(settings, d, k, name, lam, depth)
        return {field.name: np.asarray(getattr(row, field.name)) for field in fields(Row)}

    found = settings.piece(
        {"kind": "theorem-5", "width": d, "case": k, "spectrum": digest(lam), "depth": depth}, compute
    )
    values: dict[str, Any] = {field.name: found[field.name].item() for field in fields(Row)}
    return Row(**values)


def _compute_row(settings: Settings, d: int, k: int, name: str, lam: FloatArray, depth: int) -> Row:
    generator = np.random.default_rng(settings.root(80, d, k))
    spec = "spectrum:" + ",".join(repr(float(v)) for v in lam)
    start = make_start(spec, d, None, generator)
    loss = make_loss("cross-entropy", d, d, generator=generator)
    replicas, root = (16 if d >= 64 else 32), settings.root(81, d, k)
    layers = np.unique(np.r_[0:20, np.linspace(0, depth, 60).astype(int)])
    gradients = run_gradients(start, depth, replicas, root, loss, layers=layers, threads=settings.threads)
    checks, where = Checks(layers=0, control_variate=False), Where(threads=settings.threads)
    run = simulate(d, depth, replicas=replicas, input=spec, rng=root, keep_paths=True, checks=checks, where=where)
    assert run.paths is not None
    sums = run.paths.log_jacobian.sum(axis=1)
    mean, error = mean_and_error(gradients.log_norm.T)
    worst, constant = int(np.argmax(mean)), log_loss_constant(loss, d)
    return Row(
        width=d,
        input=name,
        phi0=start.phi0,
        jacobian_sum=float(sums.mean()),
        jacobian_stderr=float(sums.std(ddof=1) / math.sqrt(replicas)),
        lemma_c3=float(bounds.lemma_c3(d, start.phi0)),
        lemma_c3_sharp=float(bounds.lemma_c3_sharp(d, start.phi0)),
        worst_layer=int(layers[worst]),
        log_gradient=float(mean[worst]),
        log_gradient_stderr=float(error[worst]),
        theorem_5=float(bounds.theorem_5(d, start.phi0, log_loss_gradient=constant)),
        sharp=float(bounds.theorem_5_sharp(d, start.phi0, log_loss_gradient=constant)),
    )


def theorem_5(settings: Settings) -> Product:
    """The sum of the Jacobian norms that Theorem 5 bounds (Lemma C.3, S5) against width, and the gradient itself."""
    depth, widths = settings.pick(3000, 10000), settings.pick(WIDTHS[:-1], WIDTHS)
    rows = [_row(settings, d, k, *item, depth) for d in widths for k, item in enumerate(spectra(d).items())]
    names = list(spectra(4))
    powers = {name: _power([row for row in rows if row.input == name]) for name in names}

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        for k, name in enumerate(names):
            mine = [row for row in rows if row.input == name]
            d, style = [row.width for row in mine], {"color": COLOURS[k], "marker": MARKERS[k], "ms": 4, "lw": 1.2}
            sums = np.array([row.jacobian_sum for row in mine])
            errors = 2 * np.array([row.jacobian_stderr for row in mine])
            left.errorbar(d, sums, yerr=errors, capsize=2, label=rf"{name}: $d^{{\,{powers[name]:.1f}}}$", **style)
            for bound, dash in ((_column(mine, "lemma_c3_sharp"), "-"), (_column(mine, "lemma_c3"), ":")):
                low, high = errors / (sums + errors), errors / np.maximum(sums - errors, 1e-300)
                over = bound / sums
                right.errorbar(d, over, yerr=(over * low, over * high), capsize=2, ls=dash,
                               **{**style, "mfc": None if dash == "-" else "none"})  # fmt: skip
        right.axhline(1, color=GREY, lw=1, label="measured")
        right.plot([], [], color=BLACK, label="sharp bound S5")
        right.plot([], [], color=BLACK, ls=":", label="Theorem 5, constant ours")
        left.set_ylabel(r"sum over the layers of $\mathrm{E}\,\log\Vert J_{BN}\Vert$")
        right.set_ylabel("bound / measured sum")
        for ax in (left, right):
            ax.set_xscale("log", base=2)
            ax.set_yscale("log")
            ax.set_xticks(widths, [str(d) for d in widths])
            ax.minorticks_off()
            ax.set_xlabel("width d")
            tidy(ax, loc="upper left")
        # Room for the legend above the curves.
        left.set_ylim(top=30 * max(row.jacobian_sum for row in rows))

    holds = all(row.holds for row in rows)
    low, high = min(powers.values()), max(powers.values())
    largest = max(row.log_gradient for row in rows)
    caption = (
        f"Depth {depth}, width 4 to {widths[-1]}, spectra down to 1e-12. Left: the sum that Theorem 5 bounds grows like "
        f"d^{low:.1f} to d^{high:.1f}, not d⁵. Right, same colours: bound over measured sum. Bars of two standard errors, mostly "
        f"within the marks. The log gradient reaches {largest:.1f} at most; "
        f"both bounds {'hold' if holds else 'do NOT hold'} for sum and gradient. The constant in Theorem 5 is this project's, "
        "by the proofs of Lemmas C.3 to C.6; the paper prints none."
    )
    table = {field.name: [getattr(row, field.name) for row in rows] for field in fields(Row)}
    claim = "the gradient is bounded at any depth, by Theorem 5 and more tightly by S5"
    return Product("theorem-5", caption, SUPPORTS if holds else REFUTES, claim, table, draw, (7.0, 3.4))


def _column(rows: list[Row], name: str) -> FloatArray:
    return np.array([getattr(row, name) for row in rows])


def _power(rows: list[Row]) -> float:
    """Measured exponent of the sum in the width, from width 16 on."""
    kept = [row for row in rows if row.width >= 16]
    errors = [max(row.jacobian_stderr, 1e-3 * row.jacobian_sum) for row in kept]
    return fitted_power([row.width for row in kept], [row.jacobian_sum for row in kept], errors).value
