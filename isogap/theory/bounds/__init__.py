"""The paper's bounds with explicit constants, the sharp bounds, and the exact moments behind them.

Every function takes a width and a gap, or a spectrum, and broadcasts like a NumPy function. A bound on a *step* is an
upper bound on ``E[phi_{l+1}|X_l] - phi_l`` and so at most 0; its exact value is `isogap.exact_step`. Names follow the
paper (Meterez et al., arXiv:2310.02012); ``_sharp`` marks the sharper statements S1 to S5 with the same left side.

Constants: ``1/(2d(d+2))`` and those of Theorem 3 and Corollary 4 are printed in the paper. Where it says ``C``, ``O(.)`` or
"absolute constant", the explicit one is this project's: the threshold ``1/(16d)`` and ``1/(32d²(d+2))`` of Lemma B.2,
``32 d(d+2)(1 + d φ_0)`` in Theorem 1, all of Lemmas C.3 to C.8 and Theorem 5.

The other names belong to this project's theorems A to F: the exact law of ``tr G⁻¹`` at every depth and what follows from it
(`inverse_trace_mean`, `gap_by_inverse_trace`, `pathwise_band`, `gap_asymptote`, `gap_two_sided`), the optimal one-step law
(`drift_extremes`, `theorem_1_optimal`, `smallest_constant`), a sharper Theorem 5 (`gradient_sum_optimal`), the linearised
chain (`second_moment_rate`), and other weights, widths and normalisations (`contraction_factor`, `shrinking_widths`,
`gap_with_eps`, `affine_ball`, `near_linear_gradient`). `layers_until` and `smallest_depth` turn the question round.
"""

from isogap.theory.bounds.asymptote import (
    GapBounds,
    excess_contraction,
    gap_asymptote,
    gap_two_sided,
    lower_share,
    second_moment_of_excess,
    typical_rate_bound,
    upper_share,
)
from isogap.theory.bounds.contraction import (
    contraction_factor,
)
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
from isogap.theory.bounds.extremal import (
    DriftExtremes,
    drift_extremes,
)
from isogap.theory.bounds.gradient_optimal import (
    deviation_sum,
    gradient_sum_by_energy,
    gradient_sum_closed_form,
    gradient_sum_optimal,
    quadratic_form_coefficient,
)
from isogap.theory.bounds.inverse_trace import (
    gap_by_inverse_trace,
    gradient_sum_by_inverse_trace,
    hitting_time_by_inverse_trace,
    inverse_trace_excess,
    inverse_trace_mean,
    jacobian_by_inverse_trace,
    largest_inverse_trace,
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
from isogap.theory.bounds.optimal import (
    SMALLEST_CONSTANT,
    confinement,
    corollary_4_optimal,
    drift_floor,
    hitting_time_optimal,
    smallest_constant,
    theorem_1_optimal,
    theorem_1_optimal_length,
)
from isogap.theory.bounds.pathwise import (
    pathwise_band,
    pathwise_gradient_sum,
)
from isogap.theory.bounds.planning import (
    BOUND_NAMES,
    BestBound,
    best_bound,
    layers_until,
    smallest_depth,
)
from isogap.theory.bounds.second_moments import (
    LinearisedMoments,
    linearised_moments,
    second_moment_rate,
)
from isogap.theory.bounds.variants import (
    AffineBall,
    NearLinearBound,
    ShrinkingBounds,
    affine_ball,
    affine_spread,
    eps_factor,
    gap_with_eps,
    near_linear_gradient,
    shrinking_widths,
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
    "GapBounds",
    "excess_contraction",
    "gap_asymptote",
    "gap_two_sided",
    "lower_share",
    "second_moment_of_excess",
    "typical_rate_bound",
    "upper_share",
    "contraction_factor",
    "DriftExtremes",
    "drift_extremes",
    "deviation_sum",
    "gradient_sum_by_energy",
    "gradient_sum_closed_form",
    "gradient_sum_optimal",
    "quadratic_form_coefficient",
    "gap_by_inverse_trace",
    "gradient_sum_by_inverse_trace",
    "hitting_time_by_inverse_trace",
    "inverse_trace_excess",
    "inverse_trace_mean",
    "jacobian_by_inverse_trace",
    "largest_inverse_trace",
    "SMALLEST_CONSTANT",
    "confinement",
    "corollary_4_optimal",
    "drift_floor",
    "hitting_time_optimal",
    "smallest_constant",
    "theorem_1_optimal",
    "theorem_1_optimal_length",
    "pathwise_band",
    "pathwise_gradient_sum",
    "BOUND_NAMES",
    "BestBound",
    "best_bound",
    "layers_until",
    "smallest_depth",
    "LinearisedMoments",
    "linearised_moments",
    "second_moment_rate",
    "AffineBall",
    "NearLinearBound",
    "ShrinkingBounds",
    "affine_ball",
    "affine_spread",
    "eps_factor",
    "gap_with_eps",
    "near_linear_gradient",
    "shrinking_widths",
]
