"""The result of a run of the proof check: JSON and one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isogap.verification.outcome import Verdict, held
from isogap.verification.report.page import page
from isogap.verification.report.provenance import provenance
from isogap.verification.sampling import FAMILY_LEVEL, MAX_COMPARISONS

FORMAT = "isogap-verify/2"


def json_result(verdicts: list[Verdict], *, deep: bool, seed: int, seconds: float) -> dict[str, Any]:
    """Return the result as plain data, format ``isogap-verify/2``."""
    return {
        "format": FORMAT,
        "deep": deep,
        "seed": seed,
        "seconds": round(seconds, 2),
        "family_level": FAMILY_LEVEL,
        "comparisons": sum(v.comparisons for v in verdicts),
        "comparisons_allowed": MAX_COMPARISONS,
        "passed": held(verdicts),
        "versions": provenance(),
        "statements": [v.to_dict() for v in verdicts],
    }


def html_page(verdicts: list[Verdict], *, deep: bool, seed: int, seconds: float, where: Path | None = None) -> str:
    """Return the report as one HTML page; ``where`` is the folder of the registry, by default the one of this package."""
    return page(verdicts, deep=deep, seed=seed, seconds=seconds, where=where)
