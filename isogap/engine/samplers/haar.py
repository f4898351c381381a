"""Haar matrices of O, SO, U, SU and Sp, one or many: compiled reflectors over lanes below a width, LAPACK's above.

Above the width the reflectors are drawn as they are (columns of normals of length ``d, d-1, ..., 1``) and multiplied out by
LAPACK's ``orgqr``: half the normals and half the operations of a QR decomposition. Samples are drawn in blocks of fixed size,
each lane of a block with a stream of its own, so that results do not depend on the number of threads.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from isogap.base.streams import replica_states, seed_sequence
from isogap.base.threads import default_threads, in_order, one_blas_thread

LANES_UP_TO = {False: 300, True: 300}  # widths (real, complex) that the lanes multiply out faster than LAPACK
FEW, FEW_WIDTH = 2, 64  # so few samples are not worth eight lanes, fewer than eight not beyond this width
ALONE_UP_TO = 56  # width up to which a single matrix is drawn without LAPACK
BLOCK_ENTRIES = 1 << 17  # matrix entries of one block of samples
Array = npt.NDArray[Any]


def haar_batch(out: Array, rng: Any, threads: int | None = None, *, special: bool = False) -> None:
    """Fill ``out``, shape ``(count, d, d)``, with Haar matrices of O (real) or U (complex); SO or SU if ``special``.

    Examples
    --------
    >>> out = np.empty((10, 3, 3))
    >>> haar_batch(out, 0, special=True)
    >>> bool(np.allclose(np.linalg.det(out), 1.0, atol=1e-14))
    True
    """
    count, d = out.shape[:2]
    is_complex = out.dtype.kind == "c"
    if count == 1 and d <= ALONE_UP_TO:
        _alone(out, np.random.default_rng(rng), special)
        return
    if count <= FEW or (count < 8 and d > FEW_WIDTH):
        generator = np.random.default_rng(rng)
        for k in range(count):
            out[k] = by_lapack(d, generator, is_complex, special)
        return
    size = block_size(d)
    blocks = range(-(-count // size))
    root = seed_sequence(rng)
    if d <= LANES_UP_TO[is_complex]:
        task: Callable[[int], None] = functools.partial(_lanes_block, special, root, size, out)
        _run(task, blocks, threads)
    else:
        task = functools.partial(_lapack_block, special, root, size, out)
        with one_blas_thread():
            _run(task, blocks, threads)


def _alone(out: Array, generator: np.random.Generator, special: bool) -> None:
    """Fill a stack of one by the compiled reflectors without lanes: four words of the generator seed the kernel's."""
    orthogonal, unitary = _plain_kernels()
    d = out.shape[1]
    state = generator.bit_generator.random_raw(4)
    if out.dtype.kind == "c":
        scratch = np.empty(d * (d + 1) + 2 * d)
        parts = np.empty(2 * d * d)
        x = scratch[d * (d + 1) :]
        unitary(state, scratch, x[:d], x[d:], parts[: d * d], parts[d * d :], d, special, out, 0, 1)
        return
    scratch = np.empty(d * (d + 1) // 2 + 1 + d)
    orthogonal(state, scratch, scratch[d * (d + 1) // 2 + 1 :], np.empty(d * d), d, special, out, 0, 1)


@functools.lru_cache(maxsize=1)
def _plain_kernels() -> tuple[Any, Any]:
    from isogap.engine.kernels.haar_matrices import orthogonal_plain, unitary_plain

    return orthogonal_plain, unitary_plain


def block_size(d: int) -> int:
    """Return the samples of one block, a multiple of eight."""
    return max(8, BLOCK_ENTRIES // (d * d) // 8 * 8)


def _run(task: Callable[[int], None], blocks: range, threads: int | None) -> None:
    """Run a task for every block, on threads if there is more than one."""
    workers = min(default_threads() if threads is None else threads, len(blocks))
    if workers <= 1:
        for block in blocks:
            task(block)
        return
    for _ in in_order((functools.partial(task, block) for block in blocks), workers, stop=lambda: None):
        pass


def _lanes_block(special: bool, root: np.random.SeedSequence, size: int, out: Array, block: int) -> None:
    """Fill one block by the compiled reflectors, in lanes or, where numba has none, lane by lane."""
    from isogap.engine.kernels import haar_matrices as kernels
    from isogap.engine.kernels.lanes.probe import lanes_available
    from isogap.engine.kernels.lanes.vectors import aligned

    part = out[block * size : (block + 1) * size]
    d, is_complex, lanes = out.shape[1], np.iscomplexobj(out), lanes_available()
    states = replica_states(root, 8 * block, 8)
    normals = d * (d + 1) if is_complex else d * (d + 1) // 2
    z, x, y = aligned(normals + 1, lanes), aligned(d, lanes), aligned(d, lanes)
    R, M = aligned(d * d, lanes), aligned(d * d if is_complex else 1, lanes)
    if lanes == 8:
        state = aligned(4, 8, np.uint64)
        state[...] = states.T
        if is_complex:
            kernels.unitary_lanes(state, z, x, y, R, M, d, special, part, len(part))
        else:
            kernels.orthogonal_lanes(state, z, x, R, d, special, part, len(part))
        return
    for r in range(8):
        own = np.ascontiguousarray(states[r])
        if is_complex:
            kernels.unitary_plain(own, z, x, y, R, M, d, special, part, r, 8)
        else:
            kernels.orthogonal_plain(own, z, x, R, d, special, part, r, 8)


def _lapack_block(special: bool, root: np.random.SeedSequence, size: int, out: Array, block: int) -> None:
    """Fill one block by LAPACK."""
    part = out[block * size : (block + 1) * size]
    sequence = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, block))
    generator = np.random.Generator(np.random.SFC64(sequence))
    for k in range(len(part)):
        part[k] = by_lapack(out.shape[1], generator, np.iscomplexobj(out), special)


def by_lapack(d: int, generator: np.random.Generator, is_complex: bool, special: bool = False) -> Array:
    """Return one Haar matrix: reflectors from normals, multiplied out by ``orgqr``.

    Examples
    --------
    >>> W = by_lapack(5, np.random.default_rng(0), False)
    >>> bool(np.allclose(W @ W.T, np.eye(5), atol=1e-14))
    True
    """
    from scipy.linalg import lapack

    count = d * (d + 1) // 2
    lower = _lower(d)
    A = np.zeros((d, d), dtype=complex if is_complex else float, order="F")
    values = generator.standard_normal(2 * count).view(complex) if is_complex else generator.standard_normal(count)
    A.T.reshape(-1)[lower] = values  # columns of A one after the other, each from its diagonal down
    head = np.diagonal(A).copy()
    length = np.sqrt(np.add.reduceat(values.real**2 + (values.imag**2 if is_complex else 0.0), _starts(d)))
    size = np.abs(head)
    phase = np.where(size > 0, head, 1.0) / np.where(size > 0, size, 1.0)
    A /= head + phase * length  # v with first entry one, in every column at once
    tau = 1.0 + size / length
    tau[-1] = 0.0  # the last reflector is the phase alone
    if is_complex:
        Q, _, info = lapack.zungqr(A, tau.astype(complex), lwork=_work(d, True), overwrite_a=1)
    else:
        Q, _, info = lapack.dorgqr(A, tau, lwork=_work(d, False), overwrite_a=1)
    if info:
        raise RuntimeError(f"LAPACK's orgqr failed with info={info} at d={d}")
    columns = -phase
    columns[-1] = np.conj(np.prod(phase[:-1])) if special else phase[-1]  # det is the product of all phases
    Q *= columns  # every first column of a block is then x/‖x‖
    return Q  # type: ignore[no-any-return]


@functools.lru_cache(maxsize=8)
def _lower(d: int) -> npt.NDArray[np.intp]:
    """Places, in columns one after the other, of the entries on and below the diagonal."""
    column, row = np.triu_indices(d)
    return np.asarray(column * d + row, dtype=np.intp)


@functools.lru_cache(maxsize=8)
def _starts(d: int) -> npt.NDArray[np.intp]:
    """Where each column begins among those entries."""
    return np.concatenate([[0], np.cumsum(np.arange(d, 1, -1))]).astype(np.intp)


@functools.lru_cache(maxsize=16)
def _work(d: int, is_complex: bool) -> int:
    """Return the workspace that LAPACK likes best for this size."""
    from scipy.linalg import lapack

    query = lapack.zungqr if is_complex else lapack.dorgqr
    _, work, _ = query(np.zeros((d, d), dtype=complex if is_complex else float, order="F"), np.zeros(d), lwork=-1)
    return int(work[0].real)
