"""Checkpoints of a run: everything merged so far, in one file that is replaced as a whole.

A run that is started again with the same parameters and the same file goes on after the last bundle in the file and ends with
the same bits as one that was never stopped. The file is a NumPy archive whose parts carry check sums; its head says which run
it belongs to, down to a digest of the batch.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from isogap._version import __version__
from isogap.base.archives import read_archive
from isogap.base.files import sweep, write_atomically
from isogap.base.log import logger
from isogap.base.streams import seed_of
from isogap.engine.chain.block import Block
from isogap.engine.chain.job import Job
from isogap.engine.chain.outcome import Outcome, Window
from isogap.engine.chain.quantiles import BINS, ExactQuantiles, Grid, HistogramQuantiles, Values
from isogap.engine.chain.totals import Totals

_log = logger(__name__)

FORMAT = "isogap-checkpoint/3"
# The layout before knew no bundles: its blocks are bundles of one block.
_OF_BLOCKS = "isogap-checkpoint/2"
DEFAULT_SECONDS = 60.0
_BUNDLE = "blocks per bundle"
_BLOCK_ARRAYS = ("phi", "log_phi", "log_jacobian", "energy", "residual", "relative", "control_variate")


class CheckpointError(ValueError):
    """A checkpoint that cannot be used or written; the message is one line for a person."""


class Checkpoint:
    """A file that a run is saved to every ``seconds`` seconds.

    Parameters
    ----------
    path : path-like
        The file. If it exists it must be a checkpoint of this very run.
    seconds : float
        Least time between two saves; 0 saves after every bundle.
    """

    def __init__(self, path: str | os.PathLike[str], seconds: float = DEFAULT_SECONDS) -> None:
        self.path, self.seconds = Path(path), seconds
        self._saved = time.monotonic()

    def resume(self, job: Job, keep_paths: bool) -> Outcome:
        """The outcome that the file holds, or an empty one if there is no file."""
        sweep(self.path.parent, self.path.name)
        if not self.path.exists():
            return Outcome(job, keep_paths)
        try:
            head = json.loads(str(read_archive(self.path, names=("head",))["head"]))
            known = isinstance(head, dict) and str(head.get("format", "")).startswith(FORMAT.partition("/")[0] + "/")
        except (OSError, ValueError, KeyError, RecursionError) as error:
            raise CheckpointError(
                f"{self.path} is not a readable checkpoint ({type(error).__name__}); it was left alone: "
                "move it away, or name another file"
            ) from None
        if not known:
            raise CheckpointError(
                f"{self.path} is not a checkpoint of this program; it was left alone: name another file"
            )
        self._check_run(head, fingerprint(job, keep_paths))
        try:
            outcome = _restored(job, keep_paths, head, self.path)
            _log.info("going on from %s, %d bundles done", self.path, outcome.done)
            return outcome
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(
                f"{self.path} is damaged ({error or type(error).__name__}); it was left alone: move it away, or name another file"
            ) from None

    def _check_run(self, head: dict[str, Any], wanted: dict[str, Any]) -> None:
        found = head.get("run")
        found = found if isinstance(found, dict) else {}
        different = sorted(key for key in wanted if found.get(key) != wanted[key])
        if head["format"] == _OF_BLOCKS and different == [_BUNDLE]:
            if wanted["weights"] == "gaussian":
                why = "did not keep the columns of Gaussian chains apart, so that its paths are others"
            elif wanted[_BUNDLE] > 1:
                why = f"merged blocks one by one; this run merges them by {wanted[_BUNDLE]}, which has other last bits"
            else:
                return
            raise CheckpointError(
                f"{self.path} is of an earlier version, which {why}; it was left alone: begin again with another file"
            )
        if head["format"] != FORMAT:
            different = ["format"]
        if different:
            raise CheckpointError(
                f"{self.path} belongs to another run (different: {', '.join(different)}); it was left alone: "
                "give the same arguments, or name another file"
            )

    def after_bundle(self, outcome: Outcome) -> None:
        """Save if it is time."""
        if time.monotonic() - self._saved >= self.seconds:
            self.save(outcome)

    def save(self, outcome: Outcome) -> None:
        """Save now; the file is replaced as a whole or stays as it was."""
        if outcome.totals is None or outcome.adding:  # interrupted while a bundle is merged: the last file stands
            return
        arrays = _arrays(outcome)
        try:
            write_atomically(self.path, lambda stream: np.savez(stream, **arrays))
        except OSError as error:
            kept = "the last good one was kept" if self.path.exists() else "none was written before"
            raise CheckpointError(
                f"checkpoint {self.path} could not be written ({error.strerror or error}); {kept}"
            ) from None
        self._saved = time.monotonic()
        _log.info("saved %s, %d bundles done", self.path, outcome.done)


def fingerprint(job: Job, keep_paths: bool) -> dict[str, Any]:
    """What must agree for a checkpoint to belong to a run."""
    digest = hashlib.sha256(np.ascontiguousarray(job.start.factor).tobytes())
    if job.start.deviation is not None:
        digest.update(np.ascontiguousarray(job.start.deviation).tobytes())
    return {
        "version": __version__,
        "width": job.start.width,
        "depth": job.depth,
        "replicas": job.replicas,
        "weights": job.weights,
        "precision": str(job.precision),
        "seed": np.atleast_1d(np.asarray(seed_of(job.root), dtype=object)).tolist(),
        "spawn key": [int(k) for k in job.root.spawn_key],
        "checked layers": list(job.checked),
        "controlled layers": job.controlled,
        "kept paths": keep_paths,
        _BUNDLE: len(job.bundles()[0]),
        "batch": digest.hexdigest(),
    }


def _arrays(outcome: Outcome) -> dict[str, Any]:
    assert outcome.totals is not None
    assert outcome.quantiles is not None
    arrays: dict[str, Any] = {f"totals.{name}": value for name, value in outcome.totals.arrays.items()}
    replicas = outcome.job.replicas_of(outcome.done)
    for name, value in outcome.quantiles.arrays.items():
        arrays[f"quantiles.{name}"] = value if name == "counts" else value[:, :replicas]
    if outcome.grid is not None:
        arrays |= {"grid.low": outcome.grid.low, "grid.width": outcome.grid.width}
    for name in _BLOCK_ARRAYS if outcome.blocks else ():
        axis = 0 if name in ("residual", "relative") else -1
        arrays[f"paths.{name}"] = np.concatenate([getattr(b, name) for b in outcome.blocks], axis=axis)
    head = {
        "format": FORMAT,
        "run": fingerprint(outcome.job, outcome.keep_paths),
        "done": outcome.done,
        "seconds": outcome.seconds,
        "window": outcome.window,
    }
    return {"head": np.array(json.dumps(head | {"digest": _digest(head, arrays)}))} | arrays


def _digest(head: dict[str, Any], arrays: dict[str, Any]) -> str:
    """Hash of everything in the file but the hash: what was changed by hand or by a disk is not gone on from."""
    digest = hashlib.sha256(json.dumps(head, sort_keys=True).encode())
    for name in sorted(arrays):
        value = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {value.dtype.str} {value.shape}".encode() + value.tobytes())
    return digest.hexdigest()


def _restored(job: Job, keep_paths: bool, head: dict[str, Any], path: Path) -> Outcome:
    bundles, done = len(job.bundles()), head["done"]
    if not isinstance(done, int) or not 1 <= done <= bundles:
        raise ValueError(f"{done!r} of {bundles} bundles done")
    arrays = read_archive(path, _shapes(job, keep_paths, job.replicas_of(done)))
    del arrays["head"]
    if head.pop("digest", None) != _digest(head, arrays):
        raise ValueError("its numbers are not those that were written")

    def group(prefix: str) -> dict[str, Any]:
        return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}

    outcome = Outcome(job, keep_paths, done=done, totals=Totals(group("totals.")), seconds=float(head["seconds"]))
    outcome.window = Window(*head["window"]) if head["window"] is not None else None
    grid, values = group("grid."), group("quantiles.")
    if grid:
        outcome.grid = Grid(grid["low"], grid["width"])
        outcome.quantiles = HistogramQuantiles(outcome.grid)
        outcome.quantiles.arrays["counts"][...] = values["counts"]
    else:
        outcome.quantiles = ExactQuantiles(job.replicas, job.depth)
        outcome.quantiles.add(0, Values(values["all_phi"], values["all_log_phi"]))
    kept = group("paths.")
    if kept:
        outcome.blocks = [Block(first=0, **kept)]
    return outcome


def _shapes(job: Job, keep_paths: bool, replicas: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shapes of the large arrays of a checkpoint after ``replicas`` replicas."""
    layers = job.depth + 1
    kinds: dict[str, tuple[tuple[int, ...], str]] = {"quantiles.counts": ((layers, BINS), "u")}
    kinds |= {f"quantiles.{name}": ((layers, replicas), "f") for name in ("all_phi", "all_log_phi")}
    kinds |= {f"grid.{name}": ((layers,), "f") for name in ("low", "width")}
    if keep_paths:
        kinds |= {f"paths.{name}": ((layers, replicas), "f") for name in ("phi", "log_phi")}
        kinds |= {"paths.log_jacobian": ((job.depth, replicas), "f"), "paths.energy": ((replicas,), "f")}
        kinds |= {f"paths.{name}": ((replicas, len(job.checked)), "f") for name in ("residual", "relative")}
    return kinds
