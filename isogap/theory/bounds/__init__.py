"""The paper's bounds with explicit constants, the sharp bounds, and the exact moments behind them.

Every function takes a width and a gap, or a spectrum, and broadcasts like a NumPy function. A bound on a *step* is an
upper bound on ``E[phi_{l+1}|X_l] - phi_l`` and so at most 0; its exact value is `isogap.exact_step`. Names follow the
paper (Meterez et al., arXiv:2310.02012); ``_sharp`` marks the sharper statements S1 to S5 with the same left side.
"""

from isogap.theory.bounds.depth import (
    LEMMA_C3_CONSTANT,
    asymptotic_rate,
    hitting_time,
    hitting_time_sharp,
    lemma_c3,
    lemma_c3_sharp,
    theorem_1,
    theorem_1_length,
    theorem_1_sharp,
    theorem_1_sharp_length,
    theorem_5,
    theorem_5_sharp,
)
from isogap.theory.bounds.jacobian import (
    lambda_star,
    lemma_c2_cross_entropy,
    lemma_c2_squared_error,
    lemma_c4,
    lemma_c4_sharp,
    lemma_c7,
    lemma_c8,
    log_lambda_star,
)
from isogap.theory.bounds.moments import covariance_of_Y, isometry_d2, moment_of_Y, step_d2, variance_of_Y
from isogap.theory.bounds.one_step import (
    corollary_4,
    corollary_4_sharp,
    isometry_gain,
    lemma_a1,
    lemma_b1,
    lemma_b2,
    lemma_b2_sharp,
    near_isometry,
    theorem_3,
    theorem_3_sharp,
)

__all__ = [
    "theorem_1",
    "theorem_1_length",
    "theorem_1_sharp",
    "theorem_1_sharp_length",
    "asymptotic_rate",
    "theorem_3",
    "theorem_3_sharp",
    "corollary_4",
    "corollary_4_sharp",
    "theorem_5",
    "theorem_5_sharp",
    "isometry_gain",
    "lemma_a1",
    "lemma_b1",
    "lemma_b2",
    "lemma_b2_sharp",
    "near_isometry",
    "lemma_c2_cross_entropy",
    "lemma_c2_squared_error",
    "lemma_c3",
    "lemma_c3_sharp",
    "LEMMA_C3_CONSTANT",
    "lemma_c4",
    "lemma_c4_sharp",
    "lambda_star",
    "log_lambda_star",
    "lemma_c7",
    "lemma_c8",
    "hitting_time",
    "hitting_time_sharp",
    "variance_of_Y",
    "covariance_of_Y",
    "moment_of_Y",
    "step_d2",
    "isometry_d2",
]
