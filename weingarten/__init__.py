"""Exact Weingarten calculus: integration over the classical groups and every ensemble of random matrices, without floats.

Functions of the calculus, moments of matrix entries, and expectations of expressions and traces, for O(d), U(d),
Sp(2M), SO(d), SU(d), COE and CSE; Gaussian and Wishart matrices, permutations, free quantum groups, symmetric spaces,
frames, states; matrices with several legs. Names are loaded on first use, so that importing the
package (and the command's `--help`) costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weingarten.answers import Answer, TensorExpectation
    from weingarten.caches import clear_caches
    from weingarten.designs import DesignTest, commutant_projector, haar_frame_potential, is_design, twirl
    from weingarten.ensembles.antisymmetric import antisymmetric_gaussian
    from weingarten.ensembles.bistochastic import bistochastic_orthogonal
    from weingarten.ensembles.classical import haar_on
    from weingarten.ensembles.diagonal import diagonal_phases
    from weingarten.ensembles.frames import corner, inverse_gram, stiefel, unit_vector
    from weingarten.ensembles.gaussian import ginibre, ginibre_on, goe, gse, gue
    from weingarten.ensembles.jacobi import jacobi
    from weingarten.ensembles.partition_functions import partition_gram_matrix, partition_weingarten_function
    from weingarten.ensembles.permutations import centred_permutation, monomial_unitary, permutation, signed_permutation
    from weingarten.ensembles.phase_entries import sign_matrix
    from weingarten.ensembles.quantum import free_orthogonal, free_permutation, free_unitary
    from weingarten.ensembles.states import density_matrix, mean_entropy, pure_state
    from weingarten.ensembles.symmetric_spaces import random_projector, symmetric_space
    from weingarten.ensembles.wishart import inverse_wishart, wishart
    from weingarten.errors import CostError, SelfCheckError, WeingartenError
    from weingarten.evaluation import evaluate
    from weingarten.expansions import series
    from weingarten.expressions import expectation
    from weingarten.functions import (
        gram_matrix,
        weingarten_function,
        weingarten_series,
        weingarten_table,
        zonal_spherical_function,
    )
    from weingarten.james import james_formula
    from weingarten.legs.output import GraphSum
    from weingarten.legs.symbols import constant_on, partial_trace, partial_transpose
    from weingarten.legs.tensors import LegExpectation
    from weingarten.moments import moment
    from weingarten.nonlinear.determinants import (
        expected_characteristic_polynomial,
        expected_determinant,
        expected_determinant_product,
        finite_free_product,
        finite_free_sum,
    )
    from weingarten.nonlinear.exponential import (
        TruncatedSeries,
        exponential_series,
        hciz,
        hciz_series,
        hciz_value,
        symbolic_hciz_series,
    )
    from weingarten.nonlinear.freeness import free_cumulants, free_mixed_moment, moments_from_free_cumulants
    from weingarten.nonlinear.generating import cumulants, expected_exponential
    from weingarten.notation.parsing import parse_expression
    from weingarten.notation.symbols import (
        circular_orthogonal,
        circular_symplectic,
        constant,
        orthogonal,
        special_orthogonal,
        special_unitary,
        symplectic,
        symplectic_form,
        tr,
        unitary,
    )
    from weingarten.power_traces import power_trace_moment
    from weingarten.tensors import expectation_matrix, expectation_tensor

_HOMES = {
    "constant_on": "legs.symbols",
    "partial_trace": "legs.symbols",
    "partial_transpose": "legs.symbols",
    "haar_on": "ensembles.classical",
    "LegExpectation": "legs.tensors",
    "GraphSum": "legs.output",
    "hciz": "nonlinear.exponential",
    "hciz_series": "nonlinear.exponential",
    "hciz_value": "nonlinear.exponential",
    "symbolic_hciz_series": "nonlinear.exponential",
    "exponential_series": "nonlinear.exponential",
    "TruncatedSeries": "nonlinear.exponential",
    "expected_exponential": "nonlinear.generating",
    "cumulants": "nonlinear.generating",
    "free_cumulants": "nonlinear.freeness",
    "moments_from_free_cumulants": "nonlinear.freeness",
    "free_mixed_moment": "nonlinear.freeness",
    "expected_determinant": "nonlinear.determinants",
    "expected_characteristic_polynomial": "nonlinear.determinants",
    "expected_determinant_product": "nonlinear.determinants",
    "finite_free_sum": "nonlinear.determinants",
    "finite_free_product": "nonlinear.determinants",
    "partition_weingarten_function": "ensembles.partition_functions",
    "partition_gram_matrix": "ensembles.partition_functions",
    "twirl": "designs",
    "commutant_projector": "designs",
    "haar_frame_potential": "designs",
    "is_design": "designs",
    "DesignTest": "designs",
    "ginibre": "ensembles.gaussian",
    "ginibre_on": "ensembles.gaussian",
    "goe": "ensembles.gaussian",
    "gue": "ensembles.gaussian",
    "gse": "ensembles.gaussian",
    "wishart": "ensembles.wishart",
    "inverse_wishart": "ensembles.wishart",
    "permutation": "ensembles.permutations",
    "centred_permutation": "ensembles.permutations",
    "signed_permutation": "ensembles.permutations",
    "monomial_unitary": "ensembles.permutations",
    "diagonal_phases": "ensembles.diagonal",
    "symmetric_space": "ensembles.symmetric_spaces",
    "random_projector": "ensembles.symmetric_spaces",
    "corner": "ensembles.frames",
    "stiefel": "ensembles.frames",
    "unit_vector": "ensembles.frames",
    "inverse_gram": "ensembles.frames",
    "jacobi": "ensembles.jacobi",
    "antisymmetric_gaussian": "ensembles.antisymmetric",
    "sign_matrix": "ensembles.phase_entries",
    "density_matrix": "ensembles.states",
    "pure_state": "ensembles.states",
    "mean_entropy": "ensembles.states",
    "free_orthogonal": "ensembles.quantum",
    "free_unitary": "ensembles.quantum",
    "free_permutation": "ensembles.quantum",
    "bistochastic_orthogonal": "ensembles.bistochastic",
    "moment": "moments",
    "expectation": "expressions",
    "expectation_matrix": "tensors",
    "expectation_tensor": "tensors",
    "TensorExpectation": "answers",
    "evaluate": "evaluation",
    "series": "expansions",
    "parse_expression": "notation.parsing",
    "power_trace_moment": "power_traces",
    "james_formula": "james",
    "orthogonal": "notation.symbols",
    "unitary": "notation.symbols",
    "symplectic": "notation.symbols",
    "special_orthogonal": "notation.symbols",
    "special_unitary": "notation.symbols",
    "circular_orthogonal": "notation.symbols",
    "circular_symplectic": "notation.symbols",
    "constant": "notation.symbols",
    "symplectic_form": "notation.symbols",
    "tr": "notation.symbols",
    "Answer": "answers",
    "clear_caches": "caches",
    "CostError": "errors",
    "SelfCheckError": "errors",
    "WeingartenError": "errors",
    "gram_matrix": "functions",
    "weingarten_function": "functions",
    "weingarten_series": "functions",
    "weingarten_table": "functions",
    "zonal_spherical_function": "functions",
}

__all__ = [
    "moment",
    "expectation",
    "expectation_matrix",
    "expectation_tensor",
    "evaluate",
    "series",
    "parse_expression",
    "power_trace_moment",
    "james_formula",
    "orthogonal",
    "unitary",
    "symplectic",
    "special_orthogonal",
    "special_unitary",
    "circular_orthogonal",
    "circular_symplectic",
    "constant",
    "constant_on",
    "partial_trace",
    "partial_transpose",
    "haar_on",
    "LegExpectation",
    "GraphSum",
    "hciz",
    "hciz_series",
    "hciz_value",
    "symbolic_hciz_series",
    "exponential_series",
    "TruncatedSeries",
    "expected_exponential",
    "cumulants",
    "free_cumulants",
    "moments_from_free_cumulants",
    "free_mixed_moment",
    "expected_determinant",
    "expected_characteristic_polynomial",
    "expected_determinant_product",
    "finite_free_sum",
    "finite_free_product",
    "partition_weingarten_function",
    "partition_gram_matrix",
    "twirl",
    "commutant_projector",
    "haar_frame_potential",
    "is_design",
    "DesignTest",
    "ginibre",
    "ginibre_on",
    "goe",
    "gue",
    "gse",
    "wishart",
    "inverse_wishart",
    "permutation",
    "centred_permutation",
    "signed_permutation",
    "monomial_unitary",
    "diagonal_phases",
    "symmetric_space",
    "random_projector",
    "corner",
    "stiefel",
    "unit_vector",
    "inverse_gram",
    "jacobi",
    "antisymmetric_gaussian",
    "sign_matrix",
    "density_matrix",
    "pure_state",
    "mean_entropy",
    "free_orthogonal",
    "free_unitary",
    "free_permutation",
    "bistochastic_orthogonal",
    "symplectic_form",
    "tr",
    "weingarten_function",
    "weingarten_table",
    "weingarten_series",
    "gram_matrix",
    "zonal_spherical_function",
    "Answer",
    "TensorExpectation",
    "clear_caches",
    "WeingartenError",
    "CostError",
    "SelfCheckError",
]


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use (PEP 562)."""
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
