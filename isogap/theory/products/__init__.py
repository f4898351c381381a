"""Products of random matrices, what batch normalisation changes at initialisation: laws, moments, exponents, step sizes.

Public as ``isogap.products``. Statements B1 to B8 after Bjorck, Gomes, Selman & Weinberger, *Understanding Batch Normalization*,
arXiv:1806.02375, are checked by ``isogap-verify``; ``docs/howto/products.md`` shows what the functions are for.
"""

from isogap.model.factors import Factor
from isogap.theory.products.conditioning import condition_number_law, log_condition_slope, smallest_eigenvalue_density
from isogap.theory.products.correlation import correlation_defect, correlation_defect_limit, correlation_map
from isogap.theory.products.descent import Descent, SgdNoise, descent, sgd_noise
from isogap.theory.products.deviates import lyapunov_deviates
from isogap.theory.products.factors import product_law
from isogap.theory.products.fuss_catalan import fuss_catalan
from isogap.theory.products.ginibre import complex_density
from isogap.theory.products.law import Law
from isogap.theory.products.lyapunov import log_condition_growth, lyapunov_exponents, lyapunov_variances
from isogap.theory.products.moments import (
    isometry_gap_of_factors,
    log_det_deficit,
    second_moment,
    squared_trace_moment,
)
from isogap.theory.products.summands import summand_ratio

__all__ = [
    "Law",
    "fuss_catalan",
    "Factor",
    "product_law",
    "complex_density",
    "second_moment",
    "squared_trace_moment",
    "log_det_deficit",
    "isometry_gap_of_factors",
    "lyapunov_exponents",
    "lyapunov_variances",
    "lyapunov_deviates",
    "log_condition_growth",
    "log_condition_slope",
    "condition_number_law",
    "smallest_eigenvalue_density",
    "Descent",
    "descent",
    "SgdNoise",
    "sgd_noise",
    "correlation_map",
    "correlation_defect",
    "correlation_defect_limit",
    "summand_ratio",
]
