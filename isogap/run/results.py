"""The result of a run: frozen, complete enough to be repeated, saved and loaded without loss."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import platform
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

from isogap._version import __version__
from isogap.base.arguments import FloatArray
from isogap.base.files import write_atomically
from isogap.engine.chain.montecarlo import Paths
from isogap.run.gradients import GradientBounds, GradientStatistics
from isogap.run.statistics import ControlledMean, GapStatistics, JacobianStatistics, LogStatistics, Rate

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
    """Upper bounds on ``E φ_l`` for ``l = 0..L``: Theorem 1 with B.2's constant, and S3. NaN where no theorem applies."""

    theorem_1: FloatArray
    sharp: FloatArray


@dataclass(frozen=True)
class OneStepCheck:
    """``φ_{l+1} - φ_l`` minus its exact conditional mean (E3), averaged over the replicas; the true mean is exactly 0.

    Arrays have one entry per checked layer. ``z = residual_mean / residual_stderr``. The ``relative_*`` arrays average the same
    difference divided by the replica's ``φ_l``, which keeps every replica's weight at any depth; the verdict is taken from
    them: ``passed`` says whether every ``|relative_z|`` stays below its ``threshold``, Student's two-sided quantile at
    family-wise ``level`` over the layers, widened for the skewness of the residuals. That is a first-order correction: the
    level is nominal, and met in practice from some hundred replicas on. ``passed`` is ``None`` below 30 replicas.
    ``replicas`` is how many were held against the law: all of them up to about 10 000.
    """

    layers: list[int]
    residual_mean: FloatArray
    residual_stderr: FloatArray
    z: FloatArray
    relative_mean: FloatArray
    relative_stderr: FloatArray
    relative_z: FloatArray
    level: float
    threshold: FloatArray
    passed: bool | None
    replicas: int = 0


@dataclass(frozen=True)
class Timing:
    """Wall times: the run, compiling or loading the kernels, and microseconds per layer and replica."""

    seconds: float
    compile_seconds: float
    microseconds_per_layer_replica: float


@dataclass(frozen=True)
class ChainResult:
    """Statistics of a Monte Carlo run of the chain; see the classes of the fields.

    ``phi0`` is the gap of the batch after its first normalisation (``inf`` when ``degenerate``, i.e. ``rank < width``) and
    ``log_phi0`` its logarithm, which does not underflow.
    ``energy_residual`` is the largest relative residual of the energy law E4 over the first 10 000 replicas (NaN if degenerate).
    ``controlled`` is a second estimate of ``E φ_l`` with less variance over the first layers. ``quantile_method`` is ``"exact"``
    or, when the values do not fit in memory, ``"histogram"`` (1024 bins a layer, interpolated).
    ``gradient`` and ``gradient_bounds`` are there if gradients were asked for, ``paths`` (the replicas themselves) likewise.
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

    @property
    def underflow_layer(self) -> int | None:
        """First layer whose mean φ is positive but below 2.2e-308, where only ``log_phi`` goes on; ``None`` if there is none."""
        lost = np.isnan(self.phi.mean) & np.isfinite(self.log_phi.mean)
        return int(np.argmax(lost)) if lost.any() else None

    def to_dict(self) -> dict[str, Any]:
        """Return the run as plain Python data in the format ``isogap-run/1``; what does not exist is ``None``, never NaN."""
        fields = {
            field.name: _plain(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name not in ("paths", "rank", "degenerate", "phi0", "log_phi0")
        }
        return {
            "format": FORMAT,
            "parameters": fields.pop("parameters"),
            "degenerate": self.degenerate,
            "rank": self.rank,
            "phi_0": None if self.phi0 == 0 and self.log_phi0 > -math.inf else _plain(self.phi0),
            "log_phi_0": _plain(self.log_phi0),
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
        try:
            with np.load(path, allow_pickle=False) as data:
                run = json.loads(str(data["run"]))
                names = [f.name for f in dataclasses.fields(Paths)]
                kept = {n: data[f"paths_{n}"] for n in names if f"paths_{n}" in data}
        except (OSError, KeyError, ValueError, EOFError) as error:
            raise ValueError(f"{os.fspath(path)} is not a saved run: {error}") from None
        if run.get("format") != FORMAT:
            raise ValueError(f"{os.fspath(path)} has format {run.get('format')!r}, expected {FORMAT!r}")
        if kept:
            kept["seconds"] = float(kept["seconds"])
        return _from_dict(run, Paths(**kept) if kept else None)


def provenance(root: np.random.SeedSequence, threads: int) -> dict[str, Any]:
    """Everything needed to repeat a run: seed, versions, platform."""
    packages = ("numpy", "scipy", "numba", "llvmlite")
    entropy = root.entropy
    return {
        "seed_entropy": entropy if isinstance(entropy, int) else _plain(entropy),
        "spawn_key": [int(k) for k in root.spawn_key],
        "versions": {
            "isogap": __version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in packages},
        },
        "platform": platform.platform(),
        "threads": threads,
    }


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return [_plain(v) for v in value.tolist()]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return value


def _array(values: Any) -> FloatArray:
    return np.array([math.nan if v is None else v for v in values], dtype=np.float64)


def _number(value: float | None, missing: float = math.nan) -> float:
    return missing if value is None else float(value)


def _gradient(data: dict[str, Any] | None) -> GradientStatistics | None:
    if data is None:
        return None
    return GradientStatistics(
        layers=list(data["layers"]),
        log_norm_mean=_array(data["log_norm_mean"]),
        log_norm_stderr=_array(data["log_norm_stderr"]),
        q05=_array(data["q05"]),
        q95=_array(data["q95"]),
        loss=data["loss"],
        classes=data["classes"],
        conservation=_number(data["conservation"]),
    )


def _gradient_bounds(data: dict[str, Any] | None) -> GradientBounds | None:
    return None if data is None else GradientBounds(**{k: _number(v) for k, v in data.items()})


def _from_dict(run: dict[str, Any], paths: Paths | None) -> ChainResult:
    rate, step = run["rate"], run["one_step"]
    arrays = {k: _array(v) for k, v in step.items() if isinstance(v, list) and k != "layers"}
    return ChainResult(
        parameters=Parameters(**run["parameters"]),
        rank=run["rank"],
        degenerate=run["degenerate"],
        phi0=_number(run["phi_0"], math.inf if run["degenerate"] else 0.0),
        log_phi0=_number(run["log_phi_0"], math.inf if run["degenerate"] else -math.inf),
        phi=GapStatistics(**{k: _array(v) for k, v in run["phi"].items()}),
        log_phi=LogStatistics(**{k: _array(v) for k, v in run["log_phi"].items()}),
        controlled=_controlled(run),
        quantile_method=run.get("quantile_method", "exact"),
        log_jacobian=JacobianStatistics(**{k: _array(v) for k, v in run["log_jacobian"].items()}),
        bounds=BoundCurves(**{k: _array(v) for k, v in run["bounds"].items()}),
        rate=Rate(
            **{k: _number(rate[k]) for k in ("measured", "stderr", "asymptotic", "typical")},
            window=(rate["window"][0], rate["window"][1]),
            in_regime=rate["in_regime"],
        ),
        one_step=OneStepCheck(
            layers=step["layers"],
            level=step["level"],
            passed=step["passed"],
            replicas=step.get("replicas", 0),
            **arrays,
        ),
        energy_residual=_number(run["energy_residual"]),
        timing=Timing(**{k: _number(v) for k, v in run["timing"].items()}),
        provenance=run["provenance"],
        gradient=_gradient(run.get("gradient")),
        gradient_bounds=_gradient_bounds(run.get("gradient_bounds")),
        paths=paths,
    )


def _controlled(run: dict[str, Any]) -> ControlledMean:
    nothing: list[Any] = [None] * len(run["phi"]["mean"])
    saved = run.get("controlled") or dict.fromkeys(("mean", "stderr", "factor"), nothing)
    return ControlledMean(**{k: _array(v) for k, v in saved.items()})
