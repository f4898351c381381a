"""Residual networks at initialisation: variance, paths, gradients, isometry, step size (De and Smith, arXiv:2002.10444).

Exact at finite width and batch where it says so, else in the limit of infinite width. Statements D1 to D10.
"""

from isogap.theory.residual.determinant import log_det
from isogap.theory.residual.paths import PathLaw, path_law, scaled_mean_square
from isogap.theory.residual.steps import StepLaw, critical_batch

__all__ = ["PathLaw", "path_law", "scaled_mean_square", "log_det", "StepLaw", "critical_batch"]
