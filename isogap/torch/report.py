"""What a check has found: numbers of every layer, the growth of the gradient, and what it means in words."""

from __future__ import annotations

import html
import importlib
import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.records import plain
from isogap.base.student import error_note

__all__ = ["Layers", "Report"]

_SHOWN = 12  # rows of a table in a text
_MEASURES = (
    "gap", "range_gap", "rank", "row_spread", "feature_spread", "log_jacobian", "log_weight_gradient", "log_activation_gradient",
)  # fmt: skip


@dataclass(frozen=True)
class Layers:
    """Numbers of all calls of layers, in the order in which they ran; a row a network, ``(R, K)``.

    Attributes
    ----------
    gap, range_gap : ndarray
        Isometry gap of the Gram matrix of the samples (of the features if there are fewer): infinite where it is singular; and
        over its eigenvalues that are not 0.
    rank : ndarray
        Numerical rank of samples times features; ``full`` is the most that is possible.
    row_spread, feature_spread : ndarray
        ``log`` of largest over smallest norm of the samples, and of the features.
    log_jacobian : ndarray
        ``log`` of the spectral norm of the layer's own Jacobian; NaN where it is not cheap.
    log_weight_gradient : ndarray
        ``log‖∂L/∂W‖_F`` of the layer's weights; NaN for layers without.
    log_activation_gradient : ndarray
        ``log‖∂L/∂output‖_F``.
    """

    gap: FloatArray
    range_gap: FloatArray
    rank: FloatArray
    row_spread: FloatArray
    feature_spread: FloatArray
    log_jacobian: FloatArray
    log_weight_gradient: FloatArray
    log_activation_gradient: FloatArray

    def mean(self, name: str) -> FloatArray:
        """Mean over the networks, shape ``(K,)``; infinite or NaN where one of them is."""
        with np.errstate(invalid="ignore"):
            found: FloatArray = np.asarray(getattr(self, name).mean(axis=0))
        return found


@dataclass(frozen=True)
class Report:
    """Result of `isogap.torch.check`.

    Attributes
    ----------
    verdict : str
        In words, a line a statement; the first is the growth of the gradient.
    module, loss, input, drawn_by : str
        What was run: class, what was derived, the batch, how weights were drawn anew.
    names, kinds, shapes, remarks : tuple
        Of the K calls of layers.
    full : tuple of int
        Largest possible rank of each.
    given, drawn : Layers or None
        In the state given (one network), and of the networks drawn anew.
    subject : {"drawn", "given"}
        Which of them the verdict is about.
    rate, error : float or None
        Growth per layer of the log gradient norm of the weights on the way back, and its standard error.
    log_norm : ndarray, shape (R, L + 1)
        Log gradient norms of the weights of the subject, in order; where weights are shared (`notes`), by the layers' outputs.
    weights : tuple of int
        Their rows.
    network : Variant, ResidualChain or None
        What the module is in the theory.
    coverage : Coverage or None
    rank, phi0 : int or None, float or None
        Of the batch where it enters the layers of the theory.
    notes : tuple of str
    seed : int or list of int
    """

    verdict: str
    module: str
    loss: str
    input: str
    drawn_by: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    remarks: tuple[str, ...]
    full: tuple[int, ...]
    given: Layers
    drawn: Layers | None
    subject: str
    rate: float | None
    error: float | None
    log_norm: FloatArray
    weights: tuple[int, ...]
    network: Any
    coverage: Any
    rank: int | None
    phi0: float | None
    notes: tuple[str, ...]
    seed: Any

    @property
    def layers(self) -> Layers:
        """Numbers of the networks that the verdict is about."""
        return self.drawn if self.subject == "drawn" and self.drawn is not None else self.given

    def __repr__(self) -> str:
        """One line: the first of the verdict."""
        return f"<Report on {self.module}, {len(self.names)} layers: {self.verdict.splitlines()[0]}>"

    def __str__(self) -> str:
        """The verdict, what was run, a table of some layers."""
        heads = _ROW.format("layer", "kind", "gap", "rank", "spread", "weight", "output")
        few = error_note(0 if self.drawn is None else len(self.drawn.gap))
        lines = [self.verdict, "", self.header, *([few] if few else []), *self.notes, "", heads]
        shown = sorted({round(x) for x in np.linspace(0, len(self.names) - 1, min(_SHOWN, len(self.names)))})
        return "\n".join(lines + [self._row(k) for k in shown])

    @property
    def header(self) -> str:
        """What was run, in a line."""
        count = 0 if self.drawn is None else len(self.drawn.gap)
        networks = f"{count} networks drawn by {self.drawn_by}" if count else "the state given alone"
        if count and self.subject == "given":
            networks = f"the state given, beside {networks}"
        return f"{self.module}: {len(self.names)} layers, {self.input}, {self.loss}, {networks}, seed {self.seed}"

    def _row(self, k: int) -> str:
        mean = self.layers.mean
        return _ROW.format(
            self.names[k][-24:],
            self.kinds[k][:18],
            _figure(float(mean("range_gap")[k])),
            f"{float(mean('rank')[k]):.4g}/{self.full[k]}",
            _figure(float(mean("row_spread")[k])),
            _figure(float(mean("log_weight_gradient")[k])),
            _figure(float(mean("log_activation_gradient")[k])),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, format ``isogap-check/1``; NaN and infinity are None."""
        network = None
        if self.network is not None:
            network = (
                {"family": type(self.network).__name__}
                | {name: value for name, value in vars(self.network).items() if name != "activation"}
                | {"activation": self.network.activation.name}
            )
        found: dict[str, Any] = plain(
            {
                "format": "isogap-check/1",
                "verdict": self.verdict.splitlines(),
                "module": self.module,
                "loss": self.loss,
                "input": self.input,
                "drawn_by": self.drawn_by,
                "subject": self.subject,
                "rate": {"value": self.rate, "stderr": self.error},
                "network": network,
                "rank": self.rank,
                "phi_0": self.phi0,
                "hypotheses": None if self.coverage is None else [vars(h) for h in self.coverage.hypotheses],
                "statements": None if self.coverage is None else self.coverage.statements,
                "layers": [
                    {"name": n, "kind": k, "shape": s, "full_rank": f, "remark": r}
                    for n, k, s, f, r in zip(self.names, self.kinds, self.shapes, self.full, self.remarks, strict=True)
                ],
                "given": self.given,
                "drawn": self.drawn,
                "notes": self.notes,
                "seed": self.seed,
            }
        )
        return found

    def to_json(self, indent: int | None = 1) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False, ensure_ascii=False)

    def to_dataframe(self) -> Any:
        """A pandas table, a row a layer: of the subject mean and standard error of every measure, and the values given.

        Raises
        ------
        ImportError
            Without pandas.
        """
        try:
            import pandas as pd
        except ImportError:
            raise ImportError('to_dataframe needs pandas: pip install "isogap[tables]"') from None
        table: dict[str, Any] = {"name": self.names, "kind": self.kinds, "shape": self.shapes, "full_rank": self.full}
        for name in _MEASURES:
            values = getattr(self.layers, name)
            table[name] = self.layers.mean(name)
            table[f"{name}_error"] = _errors(values)
            if self.subject == "drawn":
                table[f"{name}_given"] = getattr(self.given, name)[0]
        return pd.DataFrame(table)

    def plot(self, axes: Any = None) -> Any:
        """Draw gradient norms and isometry gaps against the layers; needs matplotlib. Returns the two Axes."""
        return importlib.import_module("isogap.figures.module_check").plot_report(self, axes)

    def _repr_html_(self) -> str:
        """The verdict and a small picture, for notebooks."""
        first, *rest = self.verdict.splitlines()
        words = "".join(f"<br>{html.escape(line)}" for line in rest)
        picture = importlib.import_module("isogap.torch.picture").svg(self)
        return (
            f"<div><strong>{html.escape(first)}</strong>{words}{picture}<small>{html.escape(self.header)}</small></div>"
        )


_ROW = "{:>24}  {:>18}  {:>9}  {:>9}  {:>8}  {:>9}  {:>9}"


def _errors(values: FloatArray) -> FloatArray:
    """Standard errors over the networks; NaN for one."""
    if len(values) < 2:
        return np.full(values.shape[1], math.nan)
    with np.errstate(invalid="ignore"):
        return np.asarray(values.std(axis=0, ddof=1) / math.sqrt(len(values)))


def _figure(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:.3g}" if math.isfinite(value) else "∞" if value > 0 else "-∞"
