"""What a run tells while it works, and how it says that it was stopped."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What a run tells while it works; the default of every function does nothing."""

    def start(self, total: int) -> None:
        """Begin; ``total`` layer-replicas are to be done."""

    def update(self, done: int) -> None:
        """``done`` layer-replicas are finished."""


class Interrupted(KeyboardInterrupt):
    """Raised when a run is stopped by the user; says how much was finished."""

    def __init__(self, finished: int, replicas: int) -> None:
        super().__init__(f"stopped after {finished} of {replicas} replicas")
        self.finished = finished
        self.replicas = replicas
