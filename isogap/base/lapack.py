"""The triangular factor of a matrix by LAPACK, without the rest of `scipy.linalg`, whose import takes as long as a small run.

SciPy's LAPACK is one extension module among many that ``import scipy.linalg`` loads. It is loaded alone, under its own name, so
that a later import of the package finds it; where that is not possible, the package is imported.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from isogap.base.arrays import FloatArray, IntArray

_NAME = "scipy.linalg._flapack"


def pivoted_triangle(matrix: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return R and the order of the columns of ``A P = Q R``: what ``scipy.linalg.qr(A, mode="r", pivoting=True)`` returns.

    Parameters
    ----------
    matrix : ndarray, shape (m, n)
        Finite numbers.

    Returns
    -------
    R : ndarray, shape (m, n)
    order : ndarray of int, shape (n,)

    Examples
    --------
    >>> R, order = pivoted_triangle(np.array([[1.0, 0.0], [0.0, 2.0]]))
    >>> np.abs(R).tolist(), order.tolist()
    ([[2.0, 0.0], [0.0, 1.0]], [1, 0])
    """
    room = int(_LAPACK.dgeqp3(matrix, lwork=-1)[-2][0])
    packed, order, _, _, info = _LAPACK.dgeqp3(matrix, lwork=room)
    if info < 0:
        raise ValueError(f"illegal value in argument {-info} of dgeqp3")
    return np.triu(packed), order - 1


def _alone() -> ModuleType:
    """The extension module by itself; `ImportError` where it is not a file of an installed SciPy."""
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    package = PathFinder.find_spec("scipy")
    if package is None or package.origin is None:
        raise ImportError("no scipy")
    found = PathFinder.find_spec(_NAME, [str(Path(package.origin).parent / "linalg")])
    if found is None or found.loader is None:
        raise ImportError(f"no {_NAME}")
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def _load() -> Any:
    """LAPACK, loaded with this module: a limit on its threads reaches only what is there."""
    try:
        module = _alone()
        assert callable(module.dgeqp3)
    except Exception:  # whatever another layout of SciPy may bring: its public door is always open
        from scipy.linalg import lapack

        return lapack
    return module


_LAPACK = _load()
