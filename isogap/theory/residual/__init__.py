"""Residual networks at initialisation: variance, paths, gradients, isometry, step size (De and Smith, arXiv:2002.10444).

Exact at finite width and batch where it says so, else in the limit of infinite width. Statements D1 to D10.
"""

from isogap.theory.residual.advice import Diagnosis, diagnose
from isogap.theory.residual.branch import Branch, branch
from isogap.theory.residual.determinant import log_det
from isogap.theory.residual.gradients import gradient_ratio, growth_exponent
from isogap.theory.residual.isometry import IsometryProfile, isometry_gap_profile
from isogap.theory.residual.paths import PathLaw, path_law, scaled_mean_square
from isogap.theory.residual.steps import StepLaw, critical_batch
from isogap.theory.residual.variance import VarianceProfile, mean_square_variance, variance_profile

__all__ = [
    "Branch",
    "branch",
    "variance_profile",
    "VarianceProfile",
    "mean_square_variance",
    "path_law",
    "PathLaw",
    "scaled_mean_square",
    "gradient_ratio",
    "growth_exponent",
    "log_det",
    "isometry_gap_profile",
    "IsometryProfile",
    "critical_batch",
    "StepLaw",
    "diagnose",
    "Diagnosis",
]
