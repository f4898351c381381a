"""Ensembles by the name that a person types, as `group=...` or `--group ...`, and their moments of entries."""

from __future__ import annotations

import difflib
import functools
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from weingarten.errors import WeingartenError

if TYPE_CHECKING:
    from weingarten.legs.symbols import RandomMatrix

# what a person types after --group or group= -> (module, constructor, keywords, names of the sizes)
NAMED: dict[str, tuple[str, str, dict[str, Any], tuple[str, ...]]] = {
    "ginibre": ("gaussian", "ginibre", {}, ("p", "n")),
    "complex ginibre": ("gaussian", "ginibre", {"field": "complex"}, ("p", "n")),
    "quaternion ginibre": ("gaussian", "ginibre", {"field": "quaternion"}, ("p", "n")),
    "goe": ("gaussian", "goe", {}, ("d",)),
    "gue": ("gaussian", "gue", {}, ("d",)),
    "gse": ("gaussian", "gse", {}, ("d",)),
    "wishart": ("wishart", "wishart", {}, ("p", "n")),
    "complex wishart": ("wishart", "wishart", {"field": "complex"}, ("p", "n")),
    "quaternion wishart": ("wishart", "wishart", {"field": "quaternion"}, ("p", "n")),
    "inverse wishart": ("wishart", "inverse_wishart", {}, ("p", "n")),
    "complex inverse wishart": ("wishart", "inverse_wishart", {"field": "complex"}, ("p", "n")),
    "quaternion inverse wishart": ("wishart", "inverse_wishart", {"field": "quaternion"}, ("p", "n")),
    "permutation": ("permutations", "permutation", {}, ("d",)),
    "centred permutation": ("permutations", "centred_permutation", {}, ("d",)),
    "signed permutation": ("permutations", "signed_permutation", {}, ("d",)),
    "monomial unitary": ("permutations", "monomial_unitary", {}, ("d",)),
    "signs": ("diagonal", "diagonal_phases", {"order": 2}, ("d",)),
    "phases": ("diagonal", "diagonal_phases", {}, ("d",)),
    "bistochastic": ("bistochastic", "bistochastic_orthogonal", {}, ("d",)),
    "real projector": ("symmetric_spaces", "random_projector", {}, ("d", "r")),
    "complex projector": ("symmetric_spaces", "random_projector", {"field": "complex"}, ("d", "r")),
    "real corner": ("frames", "corner", {}, ("p", "n", "d")),
    "complex corner": ("frames", "corner", {"field": "complex"}, ("p", "n", "d")),
    "real stiefel": ("frames", "stiefel", {}, ("d", "r")),
    "complex stiefel": ("frames", "stiefel", {"field": "complex"}, ("d", "r")),
    "unit vector": ("frames", "unit_vector", {}, ("d",)),
    "complex unit vector": ("frames", "unit_vector", {"field": "complex"}, ("d",)),
    "pure state": ("states", "pure_state", {}, ("d",)),
    "real pure state": ("states", "pure_state", {"field": "real"}, ("d",)),
    "density matrix": ("states", "density_matrix", {}, ("p", "n")),
    "real density matrix": ("states", "density_matrix", {"field": "real"}, ("p", "n")),
    "real jacobi": ("jacobi", "jacobi", {}, ("p", "n1", "n2")),
    "complex jacobi": ("jacobi", "jacobi", {"field": "complex"}, ("p", "n1", "n2")),
    "antisymmetric": ("antisymmetric", "antisymmetric_gaussian", {}, ("d",)),
    "sign matrix": ("phase_entries", "sign_matrix", {}, ("p", "n")),
    "phase matrix": ("phase_entries", "sign_matrix", {"order": None}, ("p", "n")),
    "aiii": ("symmetric_spaces", "AIII", {}, ("a", "b")),
    "bdi": ("symmetric_spaces", "BDI", {}, ("a", "b")),
    "cii": ("symmetric_spaces", "CII", {}, ("a", "b")),
    "diii": ("symmetric_spaces", "DIII", {}, ("M",)),
    "ci": ("symmetric_spaces", "CI", {}, ("M",)),
    "o+": ("quantum", "free_orthogonal", {}, ("d",)),
    "u+": ("quantum", "free_unitary", {}, ("d",)),
    "s+": ("quantum", "free_permutation", {}, ("d",)),
}


def is_named(ensemble: Any) -> bool:
    """Tell whether a name given as `group` is one of the ensembles of this package (no classical group)."""
    return isinstance(ensemble, str) and _plain(ensemble) in NAMED


# other names of ensembles
SYNONYMS = {
    "real ginibre": "ginibre",
    "ginoe": "ginibre",
    "ginue": "complex ginibre",
    "ginse": "quaternion ginibre",
    "real wishart": "wishart",
    "real inverse wishart": "inverse wishart",
    "real unit vector": "unit vector",
    "complex pure state": "pure state",
    "complex density matrix": "density matrix",
    "induced": "density matrix",
    "hyperoctahedral": "signed permutation",
    "centered permutation": "centred permutation",
    "free orthogonal": "o+",
    "free unitary": "u+",
    "free permutation": "s+",
    "quantum permutation": "s+",
    "beta": "real jacobi",
    "real stiefel frame": "real stiefel",
}


def likely_names(name: str) -> list[str]:
    """Return the names of ensembles that a person may have meant; of one or two letters only what they nearly spell.

    Examples
    --------
    >>> likely_names("projector"), likely_names("wishhart"), likely_names("Q")
    (["'real projector'", "'complex projector'"], ["'wishart'"], [])
    """
    plain = _plain(name)
    found = [known for known in NAMED if len(plain) > 2 and plain in known] or difflib.get_close_matches(
        plain, NAMED, 3, 0.75
    )
    return [repr(known) for known in found[:4]]


def named_matrix(ensemble: str, name: str, sizes: Any) -> RandomMatrix:
    """Return a matrix of an ensemble by its name; `sizes` is one size, or a tuple such as (p, n).

    Examples
    --------
    >>> from weingarten.ensembles.named import named_matrix
    >>> named_matrix("GUE", "H", 3).shape, named_matrix("Ginibre", "G", (2, 5)).shape
    ((3, 3), (2, 5))
    """
    module, constructor, keywords, wanted = NAMED[_plain(ensemble)]
    given = tuple(sizes) if isinstance(sizes, (tuple, list)) else (sizes,)
    if len(given) != len(wanted) and not (
        len(given) == 1 and constructor in ("ginibre", "density_matrix", "sign_matrix")
    ):
        raise WeingartenError(
            f"{ensemble}: it takes {', '.join(wanted)}, {len(given)} of them given ({', '.join(map(str, given))})"
        )
    if constructor.isupper():  # Cartan's name of a symmetric space
        from weingarten.ensembles.symmetric_spaces import symmetric_space

        return symmetric_space(name, constructor, *given)
    made: RandomMatrix = getattr(importlib.import_module(f"weingarten.ensembles.{module}"), constructor)(
        name, *given, **keywords
    )
    return made


def size_names(ensemble: str) -> tuple[str, ...]:
    """Return the names of the sizes that an ensemble takes.

    Examples
    --------
    >>> from weingarten.ensembles.named import size_names
    >>> size_names("Wishart"), size_names("AIII")
    (('p', 'n'), ('a', 'b'))
    """
    return NAMED[_plain(ensemble)][3]


def _plain(name: str) -> str:
    words = " ".join(name.lower().replace("_", " ").replace("-", " ").split())
    return SYNONYMS.get(words, words)


# ensembles whose moments need no matrix in between: the function of rows, columns and size
DIRECT = {
    "permutation": ("permutations", "permutation_moment"),
    "centred permutation": ("permutations", "centred_moment"),
    "o+": ("quantum", "free_orthogonal_moment"),
    "s+": ("quantum", "free_permutation_moment"),
}


def plain_moment(group: Any, rows: Any, cols: Any, d: Any) -> Any:
    """Return the moment of an ensemble in `DIRECT` for plain sequences of good indices; None: ask `named_moment`.

    Examples
    --------
    >>> plain_moment("permutation", [1, 2, 1], [3, 1, 3], 5)
    1/20
    """
    function = _direct(group) if isinstance(group, str) else None
    if function is None or d is None or type(rows) not in (list, tuple) or type(cols) not in (list, tuple):
        return None
    kinds = {*map(type, rows), *map(type, cols)}
    if len(rows) != len(cols) or (kinds and (kinds != {int} or min(rows) < 1 or min(cols) < 1)):
        return None
    return function(rows, cols, d)


@functools.cache
def _direct(group: str) -> Any:
    home = DIRECT.get(_plain(group))
    return None if home is None else getattr(importlib.import_module(f"weingarten.ensembles.{home[0]}"), home[1])


def named_moment(
    ensemble: str,
    sizes: Any,
    cells: dict[tuple[int, int], tuple[int, int]],
    sequences: tuple[Any, Any, Any],
    conjugated: Sequence[bool] | None,
    *,
    with_range: bool,
) -> Any:
    """Return a moment of entries: `sequences` are rows, columns in order (None where `cells` has the exponents), conjugates."""
    from weingarten.ensembles.moments import ensemble_moment

    if sizes is None:
        raise WeingartenError("d=None: give the size of the matrix, a positive integer or a sympy Symbol")
    if not is_named(ensemble):
        raise WeingartenError(f"conjugated: the group {ensemble} takes conjugate_rows and conjugate_cols instead")
    if sequences[0] is not None and not with_range and conjugated is None and not sequences[2]:
        found = plain_moment(ensemble, [*map(int, sequences[0])], [*map(int, sequences[1])], sizes)
        if found is not None:
            return found
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
