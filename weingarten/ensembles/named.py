"""Ensembles by the name that a person types, as `group=...` or `--group ...`, and their moments of entries."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from weingarten.errors import WeingartenError

if TYPE_CHECKING:
    from weingarten.legs.symbols import RandomMatrix

# what a person types after --group or group= -> (module, constructor, keywords, number of sizes)
NAMED: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "ginibre": ("gaussian", "ginibre", {}, 2),
    "complex ginibre": ("gaussian", "ginibre", {"field": "complex"}, 2),
    "quaternion ginibre": ("gaussian", "ginibre", {"field": "quaternion"}, 2),
    "goe": ("gaussian", "goe", {}, 1),
    "gue": ("gaussian", "gue", {}, 1),
    "gse": ("gaussian", "gse", {}, 1),
    "wishart": ("wishart", "wishart", {}, 2),
    "complex wishart": ("wishart", "wishart", {"field": "complex"}, 2),
    "quaternion wishart": ("wishart", "wishart", {"field": "quaternion"}, 2),
    "inverse wishart": ("wishart", "inverse_wishart", {}, 2),
    "complex inverse wishart": ("wishart", "inverse_wishart", {"field": "complex"}, 2),
    "quaternion inverse wishart": ("wishart", "inverse_wishart", {"field": "quaternion"}, 2),
    "permutation": ("permutations", "permutation", {}, 1),
    "centred permutation": ("permutations", "centred_permutation", {}, 1),
    "signed permutation": ("permutations", "signed_permutation", {}, 1),
    "monomial unitary": ("permutations", "monomial_unitary", {}, 1),
    "signs": ("diagonal", "diagonal_phases", {"order": 2}, 1),
    "phases": ("diagonal", "diagonal_phases", {}, 1),
    "bistochastic": ("bistochastic", "bistochastic_orthogonal", {}, 1),
    "real projector": ("symmetric_spaces", "random_projector", {}, 2),
    "complex projector": ("symmetric_spaces", "random_projector", {"field": "complex"}, 2),
    "real corner": ("frames", "corner", {}, 3),
    "complex corner": ("frames", "corner", {"field": "complex"}, 3),
    "real stiefel": ("frames", "stiefel", {}, 2),
    "complex stiefel": ("frames", "stiefel", {"field": "complex"}, 2),
    "unit vector": ("frames", "unit_vector", {}, 1),
    "complex unit vector": ("frames", "unit_vector", {"field": "complex"}, 1),
    "pure state": ("states", "pure_state", {}, 1),
    "density matrix": ("states", "density_matrix", {}, 2),
    "aiii": ("symmetric_spaces", "AIII", {}, 2),
    "bdi": ("symmetric_spaces", "BDI", {}, 2),
    "cii": ("symmetric_spaces", "CII", {}, 2),
    "diii": ("symmetric_spaces", "DIII", {}, 1),
    "ci": ("symmetric_spaces", "CI", {}, 1),
    "o+": ("quantum", "free_orthogonal", {}, 1),
    "u+": ("quantum", "free_unitary", {}, 1),
    "s+": ("quantum", "free_permutation", {}, 1),
}


def is_named(ensemble: Any) -> bool:
    """Tell whether a name given as `group` is one of the ensembles of this package (no classical group)."""
    return isinstance(ensemble, str) and _plain(ensemble) in NAMED


def named_matrix(ensemble: str, name: str, sizes: Any) -> RandomMatrix:
    """Return a matrix of an ensemble by its name; `sizes` is one size, or a tuple such as (p, n).

    Examples
    --------
    >>> from weingarten.ensembles.named import named_matrix
    >>> named_matrix("GUE", "H", 3).shape, named_matrix("Ginibre", "G", (2, 5)).shape
    ((3, 3), (2, 5))
    """
    module, constructor, keywords, most = NAMED[_plain(ensemble)]
    given = tuple(sizes) if isinstance(sizes, (tuple, list)) else (sizes,)
    if len(given) != most and not (len(given) == 1 and constructor in ("ginibre", "density_matrix")):
        raise WeingartenError(f"{ensemble}: {len(given)} sizes were given ({', '.join(map(str, given))}); it takes {most}")
    if constructor.isupper():  # Cartan's name of a symmetric space
        from weingarten.ensembles.symmetric_spaces import symmetric_space

        return symmetric_space(name, constructor, *given)
    made: RandomMatrix = getattr(importlib.import_module(f"weingarten.ensembles.{module}"), constructor)(
        name, *given, **keywords
    )
    return made


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("_", " ").replace("-", " ").split())


def named_moment(
    ensemble: str,
    sizes: Any,
    cells: dict[tuple[int, int], tuple[int, int]],
    sequences: tuple[Any, Any],
    conjugated: Sequence[bool] | None,
    *,
    with_range: bool,
) -> Any:
    """Return a moment of entries: `sequences` are rows and columns in order, or None where `cells` has the exponents."""
    from weingarten.ensembles.moments import ensemble_moment

    if sizes is None:
        raise WeingartenError("d=None: give the size of the matrix, a positive integer or a sympy Symbol")
    if not is_named(ensemble):
        raise WeingartenError(f"conjugated: the group {ensemble} takes conjugate_rows and conjugate_cols instead")
    matrix = named_matrix(ensemble, "X", sizes)
    if sequences[0] is not None:
        rows, cols = list(sequences[0]), list(sequences[1])
        extra = sum(b for _, b in cells.values())
        if conjugated is not None and (len(conjugated) != len(rows) or extra):
            raise WeingartenError(
                f"conjugated has {len(conjugated)} marks for {len(rows)} factors; give one for each of rows and cols, and "
                "no conjugate_rows beside it"
            )
        if not extra:
            marks = [False] * len(rows) if conjugated is None else [bool(mark) for mark in conjugated]
            return ensemble_moment(matrix, rows, cols, marks, with_range=with_range)
    from weingarten.ensembles.registry import law_of

    places = [(i, j, mark) for (i, j), cell in cells.items() for mark in (0, 1) for _ in range(cell[mark])]
    if law_of(matrix).ordered and len(set(places)) > 1:
        raise WeingartenError(
            f"{ensemble}: the entries do not commute, and a table of exponents has no order; give rows=..., cols=... and, "
            "for U+, conjugated=..."
        )
    rows, cols = [i for i, _, _ in places], [j for _, j, _ in places]
    return ensemble_moment(matrix, rows, cols, [bool(mark) for _, _, mark in places], with_range=with_range)
