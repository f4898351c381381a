"""Checkpoints of a run: everything merged so far, in one file that is replaced as a whole.

A run that is started again with the same parameters and the same file goes on after the last block in the file and ends with
the same bits as one that was never stopped. The file is a NumPy archive whose parts carry check sums; its head says which run
it belongs to, down to a digest of the batch.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from isogap._version import __version__
from isogap.base.files import write_atomically
from isogap.base.streams import seed_of
from isogap.engine.chain.block import Block
from isogap.engine.chain.job import Job
from isogap.engine.chain.outcome import Outcome, Window
from isogap.engine.chain.quantiles import ExactQuantiles, Grid, HistogramQuantiles, Values
from isogap.engine.chain.totals import Totals

FORMAT = "isogap-checkpoint/1"
DEFAULT_SECONDS = 60.0
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
        Least time between two saves; 0 saves after every block.
    """

    def __init__(self, path: str | os.PathLike[str], seconds: float = DEFAULT_SECONDS) -> None:
        self.path, self.seconds = Path(path), seconds
        self._saved = time.monotonic()

    def resume(self, job: Job, keep_paths: bool) -> Outcome:
        """The outcome that the file holds, or an empty one if there is no file."""
        if not self.path.exists():
            return Outcome(job, keep_paths)
        try:
            with open(self.path, "rb") as stream, np.load(stream, allow_pickle=False) as data:
                arrays = {name: data[name] for name in data.files}
            head = json.loads(str(arrays.pop("head")))
            found = head["run"] if head.get("format") == FORMAT else None
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise CheckpointError(
                f"{self.path} is not a readable checkpoint ({type(error).__name__}); it was left alone: "
                "move it away, or name another file"
            ) from None
        if found is None:
            raise CheckpointError(
                f"{self.path} is not a checkpoint of this program; it was left alone: name another file"
            )
        wanted = fingerprint(job, keep_paths)
        different = sorted(key for key in wanted if found.get(key) != wanted[key])
        if different:
            raise CheckpointError(
                f"{self.path} belongs to another run (different: {', '.join(different)}); it was left alone: "
                "give the same arguments, or name another file"
            )
        return _restored(job, keep_paths, head, arrays)

    def after_block(self, outcome: Outcome) -> None:
        """Save if it is time."""
        if time.monotonic() - self._saved >= self.seconds:
            self.save(outcome)

    def save(self, outcome: Outcome) -> None:
        """Save now; the file is replaced as a whole or stays as it was."""
        if outcome.totals is None or outcome.adding:  # interrupted in the middle of a block: the last file stands
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
        "batch": digest.hexdigest(),
    }


def _arrays(outcome: Outcome) -> dict[str, Any]:
    head = {
        "format": FORMAT,
        "run": fingerprint(outcome.job, outcome.keep_paths),
        "done": outcome.done,
        "seconds": outcome.seconds,
        "window": outcome.window,
    }
    assert outcome.totals is not None
    assert outcome.quantiles is not None
    arrays: dict[str, Any] = {"head": np.array(json.dumps(head))}
    arrays |= {f"totals.{name}": value for name, value in outcome.totals.arrays.items()}
    replicas = outcome.job.blocks()[outcome.done - 1][1]
    for name, value in outcome.quantiles.arrays.items():
        arrays[f"quantiles.{name}"] = value if name == "counts" else value[:, :replicas]
    if outcome.grid is not None:
        arrays |= {"grid.low": outcome.grid.low, "grid.width": outcome.grid.width}
    for name in _BLOCK_ARRAYS if outcome.blocks else ():
        axis = 0 if name in ("residual", "relative") else -1
        arrays[f"paths.{name}"] = np.concatenate([getattr(b, name) for b in outcome.blocks], axis=axis)
    return arrays


def _restored(job: Job, keep_paths: bool, head: dict[str, Any], arrays: dict[str, Any]) -> Outcome:
    def group(prefix: str) -> dict[str, Any]:
        return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}

    outcome = Outcome(job, keep_paths, done=head["done"], totals=Totals(group("totals.")), seconds=head["seconds"])
    outcome.window = Window(*head["window"]) if head["window"] is not None else None
    grid, values = group("grid."), group("quantiles.")
    if grid:
        outcome.grid = Grid(grid["low"], grid["width"])
        outcome.quantiles = HistogramQuantiles(outcome.grid)
        outcome.quantiles.arrays["counts"][...] = values["counts"]
    else:
        outcome.quantiles = ExactQuantiles(job.replicas, job.depth)
        outcome.quantiles.add(0, Values(*values.values()))
    kept = group("paths.")
    if kept:
        outcome.blocks = [Block(first=0, **kept)]
    return outcome
