"""The theory, and runs if they are wanted, for a row of batches or gains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from isogap.base.records import plain
from isogap.run.mean_field import MeanFieldRun
from isogap.theory.mean_field.summary import MeanFieldTheory


@dataclass(frozen=True)
class Sweep:
    """The theory, and runs if there are any, for a row of batches or gains.

    Attributes
    ----------
    over : {"batch", "gain"}
    theories : tuple of MeanFieldTheory
    runs : tuple of MeanFieldRun, optional
        One for each.
    """

    over: str
    theories: tuple[MeanFieldTheory, ...]
    runs: tuple[MeanFieldRun, ...] | None = None

    def columns(self) -> dict[str, list[Any]]:
        """The table, column by column; ``rate`` is of the squared gradient, ``excess`` that over the identity's.

        Examples
        --------
        >>> from isogap.theory.mean_field.summary import theory_of
        >>> table = Sweep("batch", (theory_of("relu", 8), theory_of("relu", 16))).columns()
        >>> table["batch"], [round(x, 6) for x in table["rate"]]
        ([8, 16], [1.78819, 1.58995])
        """
        table: dict[str, list[Any]] = {
            "batch": [t.batch if t.batch == math.inf else int(t.batch) for t in self.theories],
            "gain": [t.gain for t in self.theories],
            **{
                name: [getattr(t, name).value for t in self.theories]
                for name in ("rate", "excess", "price", "contraction", "q", "c")
            },
            "mu_S": [t.stability.mu_S.value for t in self.theories],
            "mu_M": [t.stability.mu_M.value for t in self.theories],
            "rate_error": [t.rate.error for t in self.theories],
            "doubling_depth": [t.doubling_depth for t in self.theories],
            "stable": [t.stable for t in self.theories],
        }
        if self.runs is not None:
            table["measured"] = [run.measured_rate[0] for run in self.runs]
            table["measured_stderr"] = [run.measured_rate[1] for run in self.runs]
        return table

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, ready for JSON; what is infinite or does not exist is ``None``."""
        runs = None if self.runs is None else [run.to_dict() for run in self.runs]
        found: dict[str, Any] = plain(
            {"format": "isogap-mean-field-sweep/1", "over": self.over, "rows": self.columns(), "runs": runs}
        )
        return found
