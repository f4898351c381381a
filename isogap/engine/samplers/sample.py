"""One function that draws from every ensemble by its name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from isogap.base.arguments import integer
from isogap.base.threads import one_blas_thread
from isogap.engine.samplers import gaussian, spaces
from isogap.engine.samplers.haar import haar_batch

Array = npt.NDArray[Any]


class Sampler(NamedTuple):
    """How an ensemble is drawn: names of its sizes, the shape and kind of a matrix, and the function that draws."""

    sizes: tuple[str, ...]
    shape: Callable[..., tuple[int, int]]
    is_complex: bool
    draw: Callable[..., Array]


def _square(d: int, *_: int) -> tuple[int, int]:
    return d, d


def _doubled(d: int, *_: int) -> tuple[int, int]:
    return 2 * d, 2 * d


def _fields() -> dict[str, Sampler]:
    """Return the Gaussian and Wishart ensembles of the three fields."""
    table: dict[str, Sampler] = {}
    names = {"real": ("", "GOE"), "complex": ("complex ", "GUE"), "quaternion": ("quaternion ", "GSE")}
    for field, (prefix, symmetric) in names.items():
        k = 2 if field == "quaternion" else 1
        is_complex = field != "real"

        def rectangle(p: int, n: int, k: int = k) -> tuple[int, int]:
            return k * p, k * n

        def square(p: int, *_: int, k: int = k) -> tuple[int, int]:
            return k * p, k * p

        def ginibre(g: Any, count: int, p: int, n: int, threads: Any, field: str = field) -> Array:
            return gaussian.ginibre(g, field, count, p, n)

        def hermitian(g: Any, count: int, d: int, threads: Any, field: str = field) -> Array:
            return gaussian.hermitian(g, field, count, d)

        def wishart(g: Any, count: int, p: int, n: int, threads: Any, field: str = field) -> Array:
            return gaussian.wishart(g, field, count, p, n)

        def inverse(g: Any, count: int, p: int, n: int, threads: Any, field: str = field) -> Array:
            if n < p:
                raise ValueError(f"n must be at least p={p} for an inverse, got {n}")
            return np.linalg.inv(gaussian.wishart(g, field, count, p, n))

        table[prefix + "Ginibre"] = Sampler(("p", "n"), rectangle, is_complex, ginibre)
        table[symmetric] = Sampler(("d",), square, is_complex, hermitian)
        table[prefix + "Wishart"] = Sampler(("p", "n"), square, is_complex, wishart)
        table[prefix + "inverse Wishart"] = Sampler(("p", "n"), square, is_complex, inverse)
    return table


def _made() -> dict[str, Sampler]:
    """Return what is made of Haar matrices."""
    s = spaces
    table = {
        "Sp": Sampler(("d",), _square, True, lambda g, n, d, t: s.symplectic(g, n, _even(d))),
        "COE": Sampler(("d",), _square, True, lambda g, n, d, t: s.circular(g, n, d, False, t)),
        "CSE": Sampler(("d",), _square, True, lambda g, n, d, t: s.circular(g, n, _even(d), True, t)),
        **{kind: _involution(kind) for kind in ("AIII", "BDI", "CII")},
        "DIII": Sampler(("M",), _doubled, False, _class_diii),
        "CI": Sampler(("M",), _doubled, True, _class_ci),
        "antisymmetric": Sampler(("d",), _square, False, lambda g, n, d, t: gaussian.antisymmetric(g, n, d)),
        "sign matrix": Sampler(("p", "n"), lambda p, n: (p, n), False, _signs),
        "phase matrix": Sampler(
            ("p", "n"), lambda p, n: (p, n), True, lambda g, k, p, n, t: s.phases(g, k * p, n, None).reshape(k, p, n)
        ),
        "permutation": Sampler(("d",), _square, False, lambda g, n, d, t: s.monomial(g, n, d, 1)),
        "centred permutation": Sampler(("d",), _square, False, lambda g, n, d, t: s.monomial(g, n, d, 1) - 1.0 / d),
        "signed permutation": Sampler(("d",), _square, False, lambda g, n, d, t: s.monomial(g, n, d, 2)),
        "monomial unitary": Sampler(("d",), _square, True, lambda g, n, d, t: s.monomial(g, n, d, None)),
        "signs": Sampler(("d",), _square, False, lambda g, n, d, t: _diagonal(s.phases(g, n, d, 2))),
        "phases": Sampler(("d",), _square, True, lambda g, n, d, t: _diagonal(s.phases(g, n, d, None))),
        "bistochastic": Sampler(("d",), _square, False, lambda g, n, d, t: s.bistochastic(g, n, integer("d", d, 2), t)),
    }
    for prefix, is_complex in (("real ", False), ("complex ", True)):
        table |= _frames(prefix, is_complex)
    return table


def _involution(kind: str) -> Sampler:
    k = 2 if kind == "CII" else 1

    def shape(a: int, b: int) -> tuple[int, int]:
        return k * (a + b), k * (a + b)

    def draw(g: Any, count: int, a: int, b: int, threads: Any) -> Array:
        return spaces.involution(g, count, a, b, kind, threads)

    return Sampler(("a", "b"), shape, kind != "BDI", draw)


def _frames(prefix: str, is_complex: bool) -> dict[str, Sampler]:
    s, field = spaces, prefix.strip()

    def frame(g: Any, n: int, d: int, r: int, t: Any) -> Array:
        return s.frame(g, n, d, _within("r", r, d), is_complex)

    def projector(g: Any, n: int, d: int, r: int, t: Any) -> Array:
        V = frame(g, n, d, r, t)
        return V @ s.adjoint(V)

    def corner(g: Any, n: int, p: int, m: int, d: int, t: Any) -> Array:
        return s.frame(g, n, d, _within("n", m, d), is_complex)[:, : _within("p", p, d)]

    def density(g: Any, n: int, p: int, m: int, t: Any) -> Array:
        return s.density(g, n, p, m, field)

    def pure(g: Any, n: int, d: int, t: Any) -> Array:
        x = s.unit_vectors(g, n, d, is_complex)
        return x @ s.adjoint(x)

    def jacobi(g: Any, n: int, p: int, n1: int, n2: int, t: Any) -> Array:
        return gaussian.jacobi(g, field, n, p, n1, n2)

    def vector(g: Any, n: int, d: int, t: Any) -> Array:
        return s.unit_vectors(g, n, d, is_complex)

    return {
        prefix + "stiefel": Sampler(("d", "r"), lambda d, r: (d, r), is_complex, frame),
        prefix + "projector": Sampler(("d", "r"), _square, is_complex, projector),
        prefix + "corner": Sampler(("p", "n", "d"), lambda p, n, d: (p, n), is_complex, corner),
        prefix + "unit vector": Sampler(("d",), lambda d: (d, 1), is_complex, vector),
        prefix + "density matrix": Sampler(("p", "n"), _square, is_complex, density),
        prefix + "Jacobi": Sampler(("p", "n1", "n2"), _square, is_complex, jacobi),
        prefix + "pure state": Sampler(("d",), _square, is_complex, pure),
    }


def _even(d: int) -> int:
    if d % 2:
        raise ValueError(f"d must be even, got {d}")
    return d


def _within(name: str, r: int, d: int) -> int:
    if r > d:
        raise ValueError(f"{name} must be at most d={d}, got {r}")
    return r


def _class_diii(g: Any, n: int, m: int, t: Any) -> Array:
    W = spaces.haar(g, n, 2 * m, False, t)
    return W @ spaces.form(2 * m) @ W.swapaxes(-1, -2)


def _class_ci(g: Any, n: int, m: int, t: Any) -> Array:
    S = spaces.symplectic(g, n, 2 * m)
    return S @ S.swapaxes(-1, -2)


def _signs(g: Any, count: int, p: int, n: int, t: Any) -> Array:
    return spaces.phases(g, count, p * n, 2).reshape(count, p, n)


def _diagonal(values: Array) -> Array:
    out = np.zeros((*values.shape, values.shape[-1]), dtype=values.dtype)
    k = np.arange(values.shape[-1])
    out[:, k, k] = values
    return out


SAMPLERS: dict[str, Sampler] = _fields() | _made()
GROUPS = {"O": (False, False), "SO": (False, True), "U": (True, False), "SU": (True, True)}  # complex, special


_SYNONYMS = {
    "unit vector": "real unit vector",
    "density matrix": "complex density matrix",
    "pure state": "complex pure state",
    "ai": "COE",
    "aii": "CSE",
}


def _known_name(ensemble: Any) -> str:
    """Return the name of an ensemble as the tables have it, however it is capitalised."""
    names = {name.lower(): name for name in (*SAMPLERS, *GROUPS)} | _SYNONYMS
    found = names.get(" ".join(ensemble.lower().split())) if isinstance(ensemble, str) else None
    if found is None:
        raise ValueError(f"ensemble {ensemble!r} is unknown; choose one of {', '.join([*GROUPS, *SAMPLERS])}")
    return found


def sample(
    ensemble: str,
    *sizes: int,
    size: int | tuple[int, ...] | None = None,
    rng: Any = None,
    out: Array | None = None,
    threads: int | None = None,
) -> Array:
    """Draw matrices from an ensemble by its name: the law that `weingarten` integrates under the same name.

    Parameters
    ----------
    ensemble : str
        "O", "SO", "U", "SU", "Sp", "COE", "CSE"; "Ginibre", "Wishart", "inverse Wishart" with "complex " or "quaternion " in
        front or not; "GOE", "GUE", "GSE"; "AIII", "BDI", "CII", "DIII", "CI"; "permutation", "centred permutation",
        "signed permutation", "monomial unitary", "signs", "phases", "bistochastic"; "stiefel", "projector", "corner",
        "unit vector", "density matrix", "pure state", "Jacobi" with "real " or "complex " in front; "antisymmetric",
        "sign matrix", "phase matrix". Capital letters do not matter; what is not said to be real or complex is what
        `weingarten` takes it for ("unit vector" real, states complex), and AI, AII are "COE", "CSE".
    *sizes : int
        The sizes of the ensemble: one for groups, (p, n) for rectangles and Wishart matrices, (d, r) for frames and
        projectors, (p, n, d) for corners, (a, b) for AIII, BDI, CII, M for DIII and CI (size 2M), the number of quaternions
        for "GSE" and quaternion matrices (twice as large as complex ones).
    size : int or tuple of int, optional
        Shape of the stack; None gives one matrix.
    rng : seed, SeedSequence, Generator or None
        Source of randomness (SPEC 7). The result does not depend on `threads`.
    out : ndarray, optional
        Array that receives the samples: shape, type and C order must be those of the result.
    threads : int, optional
        Threads for batches of O, SO, U and SU; all processors by default.

    Returns
    -------
    ndarray, shape size + (rows, columns)

    Examples
    --------
    >>> import isogap
    >>> W = isogap.sample("O", 3, size=1000, rng=0)
    >>> bool(np.allclose(W @ W.swapaxes(-1, -2), np.eye(3), atol=1e-14))
    True
    >>> isogap.sample("complex Wishart", 2, 5, size=(2, 3), rng=0).shape
    (2, 3, 2, 2)
    """
    ensemble = _known_name(ensemble)
    names = ("d",) if ensemble in GROUPS else SAMPLERS[ensemble].sizes
    if len(sizes) != len(names):
        raise ValueError(f"ensemble {ensemble!r} takes the sizes {', '.join(names)}, got {len(sizes)}")
    checked = [integer(name, value, 1) for name, value in zip(names, sizes, strict=True)]
    stack = () if size is None else (size,) if isinstance(size, int | np.integer) else tuple(size)
    stack = tuple(integer("size", s, 0) for s in stack)
    if threads is not None:
        threads = integer("threads", threads, 1)
    count = math.prod(stack)
    if ensemble in GROUPS:
        is_complex, special = GROUPS[ensemble]
        result = _receiver(out, (*stack, checked[0], checked[0]), is_complex)
        haar_batch(result.reshape(count, checked[0], checked[0]), rng, threads, special=special)
        return result
    chosen = SAMPLERS[ensemble]
    shape = chosen.shape(*checked)
    with one_blas_thread():
        drawn = chosen.draw(np.random.default_rng(rng), count, *checked, threads).reshape(*stack, *shape)
    if out is None:
        return drawn
    result = _receiver(out, (*stack, *shape), chosen.is_complex)
    result[...] = drawn
    return result


def _receiver(out: Array | None, shape: tuple[int, ...], is_complex: bool) -> Array:
    """Return a new array, or the one that was given after checking it."""
    kind = np.dtype(complex if is_complex else float)
    if out is None:
        return np.empty(shape, dtype=kind)
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != kind or not out.flags.c_contiguous:
        said = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else repr(out)
        raise ValueError(f"out must be a C-ordered array of shape {shape} and type {kind}, got {said}")
    if not out.flags.writeable:
        raise ValueError("out must be writable")
    return out


def sample_spectrum(ensemble: str, d: int, *, size: int | None = None, rng: Any = None) -> Array:
    """Draw eigenvalues of GOE, GUE or GSE, ascending, without forming the matrices.

    Parameters
    ----------
    ensemble : str
        "GOE", "GUE" or "GSE" (d eigenvalues, each double in the complex matrix of size 2d).
    d : int
        Number of eigenvalues.
    size : int, optional
        Number of spectra; None gives one.
    rng : seed, SeedSequence, Generator or None

    Returns
    -------
    ndarray, shape (d,) or (size, d)

    Examples
    --------
    >>> import isogap
    >>> isogap.sample_spectrum("GUE", 4, size=3, rng=1).shape
    (3, 4)
    """
    beta = {"GOE": 1, "GUE": 2, "GSE": 4}.get(ensemble)
    if beta is None:
        raise ValueError(f"ensemble {ensemble!r} has no tridiagonal form here; choose GOE, GUE or GSE")
    d, count = integer("d", d, 1), 1 if size is None else integer("size", size, 0)
    drawn = gaussian.spectrum(np.random.default_rng(rng), beta, count, d)
    return drawn[0] if size is None else drawn
