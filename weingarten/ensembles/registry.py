"""The table of ensembles: the name of a law and the file that knows it. Adding an ensemble is adding a file and a line."""

from __future__ import annotations

import functools
import importlib
from typing import Any

from weingarten.errors import WeingartenError
from weingarten.legs.law import Law
from weingarten.legs.symbols import RandomMatrix

# name of the law -> module; the module's LAWS maps the name to the class
HOMES = {
    "O": "classical",
    "U": "classical",
    "Sp": "classical",
    "SO": "classical",
    "SU": "classical",
    "COE": "classical",
    "CSE": "classical",
    "Ginibre": "gaussian",
    "complex Ginibre": "gaussian",
    "quaternion Ginibre": "gaussian",
    "GOE": "gaussian",
    "GUE": "gaussian",
    "GSE": "gaussian",
    "Wishart": "wishart",
    "complex Wishart": "wishart",
    "quaternion Wishart": "wishart",
    "scaled quaternion Wishart": "wishart",
    "inverse Wishart": "wishart",
    "complex inverse Wishart": "wishart",
    "quaternion inverse Wishart": "wishart",
    "permutation": "permutations",
    "centred permutation": "permutations",
    "diagonal": "diagonal",
    "bistochastic": "bistochastic",
    "AIII": "symmetric_spaces",
    "BDI": "symmetric_spaces",
    "CII": "symmetric_spaces",
    "DIII": "symmetric_spaces",
    "CI": "symmetric_spaces",
    "real projector": "symmetric_spaces",
    "complex projector": "symmetric_spaces",
    "quaternion projector": "symmetric_spaces",
    "real corner": "frames",
    "complex corner": "frames",
    "real vector": "frames",
    "complex vector": "frames",
    "real inverse Gram": "frames",
    "complex inverse Gram": "frames",
    "complex density": "states",
    "real density": "states",
    "real Jacobi": "jacobi",
    "complex Jacobi": "jacobi",
    "antisymmetric": "antisymmetric",
    "phase entries": "phase_entries",
    "O+": "quantum",
    "U+": "quantum",
    "S+": "quantum",
}


CLASSICAL = ("O", "U", "Sp", "SO", "SU", "COE", "CSE")


def law_of(matrix: Any) -> Law:
    """Return the law of a random matrix; for Haar matrices of the groups as well."""
    if isinstance(matrix, RandomMatrix):
        rows, cols = matrix.legs
        return law_class(matrix.law)(rows, cols, matrix.law, *matrix.parameters)  # type: ignore[no-any-return]
    if matrix.group not in CLASSICAL:
        raise WeingartenError(f"{matrix.name}: a matrix of {matrix.group} is made by its own constructor")
    size = (matrix.shape[0],)
    return law_class(matrix.group)(size, size, matrix.group)  # type: ignore[no-any-return]


@functools.cache
def law_class(name: str) -> Any:
    """Return the class of a law."""
    if name not in HOMES:
        raise WeingartenError(f"ensemble={name!r} is unknown; choose one of {', '.join(HOMES)}")
    return importlib.import_module(f"weingarten.ensembles.{HOMES[name]}").LAWS[name]
