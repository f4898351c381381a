"""The machinery of the proof check: registry, decisions, false neighbours, report.

The statements themselves, one file each, are in ``verify/`` of the source tree and in
``isogap/verification/statements`` of an installed package.
"""

from isogap.verification.case import Case
from isogap.verification.outcome import RefutedError, UndecidedError, VacuousError, Verdict
from isogap.verification.registry import RegistryError, Statement, folder, load
from isogap.verification.runner import judge, judge_all

__all__ = [
    "Case",
    "Verdict",
    "Statement",
    "judge",
    "judge_all",
    "load",
    "folder",
    "RefutedError",
    "UndecidedError",
    "VacuousError",
    "RegistryError",
]
