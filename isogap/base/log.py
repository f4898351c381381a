"""The log of the library: what is done is told to the logger ``isogap`` and the loggers below it, one a module.

Nothing is shown unless a program adds a handler, or a command is called with ``-v``.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)

logging.getLogger("isogap").addHandler(logging.NullHandler())


def logger(name: str) -> logging.Logger:
    """Return the logger of a module, to be called with its ``__name__``.

    Examples
    --------
    >>> logger("isogap.run.chain").name
    'isogap.run.chain'
    """
    return logging.getLogger(name)


def show_log(verbosity: int) -> None:
    """Send the log of the library to standard error: nothing beside warnings, what is done (1), or all of it (2).

    The handler of an earlier call is replaced: the last command that was started decides.
    """
    log = logging.getLogger("isogap")
    for handler in [h for h in log.handlers if isinstance(h, _ToStandardError)]:
        log.removeHandler(handler)
    if not verbosity:
        log.setLevel(logging.NOTSET)
        return
    handler = _ToStandardError()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s", "%H:%M:%S"))
    log.addHandler(handler)
    log.setLevel(_LEVELS[min(verbosity, len(_LEVELS) - 1)])


class _ToStandardError(logging.StreamHandler[Any]):
    """Writes to what standard error is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        if sys.stderr is not None:
            self.setStream(sys.stderr)
            super().emit(record)
