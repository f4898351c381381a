"""The result of a run: frozen, complete enough to be repeated, saved and loaded without loss."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from isogap.base.archives import read_archive
from isogap.base.arrays import FloatArray
from isogap.base.files import write_atomically
from isogap.base.records import plain, restored
from isogap.base.tabular import Sheet, Tabular
from isogap.engine.chain.outcome import Paths
from isogap.run import sheets
from isogap.run.gradients import GradientStatistics
from isogap.run.one_step_check import OneStepCheck
from isogap.run.second_moment_check import SecondMomentCheck
from isogap.run.statistics import ControlledMean, GapStatistics, JacobianStatistics, LogStatistics, Rate
from isogap.theory.coverage import GradientBounds

FORMAT = "isogap-run/1"


@dataclass(frozen=True)
class Parameters:
    """What was asked for. ``seed`` is the entropy of the seed sequence, so that a run without a seed can be repeated."""

    width: int
    batch: int
    depth: int
    replicas: int
    seed: int | list[int]
    weights: str
    input: str
    precision: str = "double"


@dataclass(frozen=True)
class BoundCurves:
    """Curves for ``l = 0..L``, from gap and inverse trace of the batch; NaN where no theorem applies.

    Attributes
    ----------
    theorem_1, sharp : ndarray, shape (L + 1,)
        Upper bounds on ``E φ_l``: Theorem 1 with B.2's constant, and S3.
    inverse_trace, optimal, upper : ndarray, shape (L + 1,)
        Upper bounds by Theorems A1, B4 and F1b.
    lower : ndarray, shape (L + 1,)
        Lower bound by Theorem F1b.
    asymptote : ndarray, shape (L + 1,)
        Theorem F1a: the quotient of ``E φ_l`` and this tends to 1.
    band : ndarray, shape (L + 1,)
        Theorem A5: with probability 0.95 a path stays below it at all layers.
    start : ndarray, shape (L + 1,)
        ``φ_0``, which bounds every path (Lemma 2).
    """

    theorem_1: FloatArray
    sharp: FloatArray
    inverse_trace: FloatArray
    optimal: FloatArray
    upper: FloatArray
    lower: FloatArray
    asymptote: FloatArray
    band: FloatArray
    start: FloatArray

    @property
    def named(self) -> dict[str, FloatArray]:
        """The upper bounds on ``E φ_l`` by the names of their theorems; a run saved before has Theorem 1 and S3 alone."""
        curves = {"φ_0": self.start, "A1": self.inverse_trace, "B4": self.optimal, "F1b": self.upper}
        curves |= {"Th. 1": self.theorem_1, "S3": self.sharp}
        return {name: curve for name, curve in curves.items() if not np.isnan(curve).all()} or {"S3": self.sharp}

    @property
    def best(self) -> FloatArray:
        """Least proved upper bound on ``E φ_l`` at each layer."""
        return np.asarray(np.min(list(self.named.values()), axis=0))

    def best_name(self, layer: int) -> str:
        """Name of the theorem that gives `best` at a layer."""
        names, values = list(self.named), [curve[layer] for curve in self.named.values()]
        return names[int(np.argmin(values))]


@dataclass(frozen=True)
class Timing:
    """Wall times in seconds: the chain, compiling or loading all kernels, the gradients (NaN if none were asked for).

    ``microseconds_per_layer_replica`` is that of the chain.
    """

    seconds: float
    compile_seconds: float
    microseconds_per_layer_replica: float
    gradient_seconds: float = math.nan


@dataclass(frozen=True, repr=False)
class ChainResult(Tabular):
    """Statistics of a Monte Carlo run of the chain; see the classes of the fields.

    ``phi0`` is the gap of the batch after its first normalisation (``inf`` when ``degenerate``, i.e. ``rank < width``) and
    ``log_phi0`` its logarithm, which does not underflow.
    ``energy_residual`` is the largest residual of the energy law E4 over the first 10 000 replicas, relative to
    ``d max(φ_0, φ_L)``, for Gaussian weights to ``d max(φ_0, φ_L, 1)`` (NaN if degenerate).
    ``controlled`` is a second estimate of ``E φ_l`` with less variance over the first layers. ``quantile_method`` is ``"exact"``
    or, when the values do not fit in memory, ``"histogram"`` (1024 bins a layer, interpolated).
    ``gradient`` and ``gradient_bounds`` are there if gradients were asked for, ``paths`` (the replicas themselves) likewise.
    ``second_moment`` holds ``E φ²`` deep in the run against Theorem E, where its variance allows that.
    """

    parameters: Parameters
    rank: int
    degenerate: bool
    phi0: float
    log_phi0: float
    phi: GapStatistics
    log_phi: LogStatistics
    controlled: ControlledMean
    log_jacobian: JacobianStatistics
    bounds: BoundCurves
    rate: Rate
    one_step: OneStepCheck
    energy_residual: float
    timing: Timing
    provenance: dict[str, Any]
    gradient: GradientStatistics | None = None
    gradient_bounds: GradientBounds | None = None
    quantile_method: str = "exact"
    paths: Paths | None = None
    second_moment: SecondMomentCheck | None = None

    def sheet(self) -> Sheet:
        """Columns of `to_dataframe` and `to_xarray`."""
        return sheets.chain_sheet(self)

    @property
    def underflow_layer(self) -> int | None:
        """First layer whose mean φ is positive but below 2.2e-308, where only ``log_phi`` goes on; ``None`` if there is none."""
        lost = np.isnan(self.phi.mean) & np.isfinite(self.log_phi.mean)
        return int(np.argmax(lost)) if lost.any() else None

    def to_dict(self) -> dict[str, Any]:
        """Return the run as plain Python data in the format ``isogap-run/1``; what does not exist is ``None``, never NaN."""
        fields = {
            field.name: plain(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name not in ("paths", "rank", "degenerate", "phi0", "log_phi0")
        }
        return {
            "format": FORMAT,
            "parameters": fields.pop("parameters"),
            "degenerate": self.degenerate,
            "rank": self.rank,
            "phi_0": None if self.phi0 == 0 and self.log_phi0 > -math.inf else plain(self.phi0),
            "log_phi_0": plain(self.log_phi0),
            "underflow_layer": self.underflow_layer,
            **fields,
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run (with the paths, if kept) to an ``.npz`` file, completely or not at all."""
        arrays = {"run": np.array(json.dumps(self.to_dict()))}
        if self.paths is not None:
            for field in dataclasses.fields(self.paths):
                arrays[f"paths_{field.name}"] = np.asarray(getattr(self.paths, field.name))
        write_atomically(path, lambda stream: np.savez_compressed(stream, **arrays))  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ChainResult:
        """Read what `save` wrote."""
        where = os.fspath(path)
        try:
            run = json.loads(str(read_archive(path, names=("run",))["run"]))
            if not isinstance(run, dict) or run.get("format") != FORMAT:
                found = run.get("format") if isinstance(run, dict) else type(run).__name__
                raise ValueError(f"it has format {found!r}, expected {FORMAT!r}")
            shapes = _shapes(run)
            return _from_dict(run, _paths(read_archive(path, shapes, names=shapes)))
        except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"{where} is not a saved run: {error or type(error).__name__}") from None


def _from_dict(run: dict[str, Any], paths: Paths | None) -> ChainResult:
    """A result from the data of `ChainResult.to_dict`, where an infinite or underflowed gap of the start is ``None``."""
    unknown = [None] * len(run["phi"]["mean"])  # in runs saved before there was one
    run = {"controlled": dict.fromkeys(("mean", "stderr", "factor"), unknown), **run}
    if isinstance(run["bounds"], dict):
        names = (field.name for field in dataclasses.fields(BoundCurves) if field.name not in ("theorem_1", "sharp"))
        run["bounds"] = {**dict.fromkeys(names, unknown), **run["bounds"]}
    result = restored(ChainResult, {**run, "phi0": run["phi_0"], "log_phi0": run["log_phi_0"], "paths": None})
    _check_lengths(result)
    phi0 = (math.inf if result.degenerate else 0.0) if run["phi_0"] is None else result.phi0
    log_phi0 = (math.inf if result.degenerate else -math.inf) if run["log_phi_0"] is None else result.log_phi0
    return dataclasses.replace(result, phi0=phi0, log_phi0=log_phi0, paths=paths)


def _check_lengths(result: ChainResult) -> None:
    """Refuse curves that have not one number a layer."""
    depth = result.parameters.depth
    for part, length in (("phi", depth + 1), ("log_phi", depth + 1), ("bounds", depth + 1), ("log_jacobian", depth)):
        for field in dataclasses.fields(getattr(result, part)):
            curve = getattr(getattr(result, part), field.name)
            if isinstance(curve, np.ndarray) and curve.shape != (length,):
                raise ValueError(f"{part}.{field.name} has {curve.size} numbers for depth {depth}")


def _shapes(run: dict[str, Any]) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shapes that the paths of a run must have, by its parameters."""
    given = restored(Parameters, run["parameters"])
    R, L, K = given.replicas, given.depth, len(run["one_step"]["layers"])
    shapes: dict[str, tuple[int, ...]] = {"phi": (R, L + 1), "log_phi": (R, L + 1), "log_jacobian": (R, L)}
    shapes |= {"energy_residual": (R,), "residual": (R, K), "relative_residual": (R, K), "seconds": ()}
    return {f"paths_{name}": (shape, "f") for name, shape in shapes.items()} | {"paths_checked": ((K,), "i")}


def _paths(arrays: dict[str, Any]) -> Paths | None:
    if not arrays:
        return None
    values = {name.removeprefix("paths_"): value for name, value in arrays.items()}
    return Paths(**{**values, "seconds": float(values["seconds"])})
