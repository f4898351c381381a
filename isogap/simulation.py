"""The public Monte Carlo run: start, engine, self-checks against the exact law, bounds, result."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
from scipy import stats

from isogap import bounds, montecarlo
from isogap._validate import FloatArray, integer, one_of, probability
from isogap.exact import exact_steps_from_deviation
from isogap.gradient_results import as_options, gradient_bounds, gradient_statistics, loss_of
from isogap.gradients import run_gradients
from isogap.inputs import Start, make_start
from isogap.results import BoundCurves, ChainResult, OneStepCheck, Parameters, Timing, provenance
from isogap.statistics import fitted_rate, gap_statistics, jacobian_statistics, log_statistics, standard_error
from isogap.streams import input_generator, label_generator, seed_sequence

WEIGHTS = ("orthogonal", "gaussian")
DEFAULT_REPLICAS = 1000
MEMORY_LIMIT = 8 * 2**30
_VERDICT_REPLICAS = 30


def simulate(
    width: int,
    depth: int,
    *,
    replicas: int = DEFAULT_REPLICAS,
    batch: int | None = None,
    input: Any = "gaussian",
    weights: str = "orthogonal",
    rng: Any = None,
    threads: int | None = None,
    check_layers: int = 6,
    level: float = 1e-6,
    keep_paths: bool = False,
    gradients: Any = None,
    progress: montecarlo.Progress | None = None,
) -> ChainResult:
    """Run the chain ``X_{l+1} = BN(W_l X_l)`` for many independent replicas of the weights, from one fixed batch.

    Parameters
    ----------
    width : int
        ``d ≥ 1``.
    depth : int
        Number of layers ``L ≥ 0``.
    replicas : int
        Number of independent weight sequences ``R ≥ 1``.
    batch : int, optional
        Samples ``n``; the default is ``d``, or all the samples of data. ``n < d`` is a degenerate batch: it runs, with
        ``φ = inf`` at every layer.
    input : str or array_like
        ``"gaussian"``; ``"near-isometry:F"`` for ``(1-F) I + F u vᵀ`` with standard normal ``u``, ``v``;
        ``"spectrum:l1,l2,..."`` for given eigenvalues of ``X_0 X_0ᵀ`` (any scale); ``"digits"``; a ``.npy`` or ``.csv`` path;
        or an array of shape ``(p, n)``, features by samples, mapped to the width by a random semi-orthogonal matrix when
        ``p ≠ width``. One batch normalisation makes ``X_0``.
    weights : {"orthogonal", "gaussian"}
        Haar on O(d), or independent normals of variance ``1/d`` (no theorem of the paper applies to those).
    rng : seed, SeedSequence, Generator or None
        Source of randomness (SPEC 7). The same seed gives the same bits for any number of threads.
    threads : int, optional
        Worker threads; default: the processors available to this process.
    check_layers : int
        At about how many layers the one-step check is made (0 for none).
    level : float
        Family-wise false-alarm level of the one-step check.
    keep_paths : bool
        Keep φ, log φ and the Jacobian norm of every replica in ``result.paths``.
    gradients : None, {"cross-entropy", "squared-error"} or GradientOptions
        Backpropagate through the same networks and report ``log‖∂L/∂W_l‖_F`` per layer in ``result.gradient``, with the bounds
        of Theorem 5 and S5 in ``result.gradient_bounds`` where they apply.
    progress : Progress, optional
        Told how many layer-replicas are done.

    Returns
    -------
    ChainResult
        Frozen; see its documentation for every field and shape.

    Raises
    ------
    ValueError, TypeError
        Bad arguments; the message names the argument, the value and what to do.

    Notes
    -----
    Close to orthogonality the chain runs in deviation form (E7) with a binary exponent, so ``log φ`` keeps full relative
    accuracy at any depth. ``φ`` itself is reported as NaN once it falls below the smallest normal float 2.2e-308 (see
    `ChainResult.underflow_layer`). Further out, for Gaussian weights and for degenerate batches, it runs in the form in X.
    In the form in X the columns of the start are graded, so a spectrum given as ``spectrum:...`` may reach down to 1e-300;
    of a batch given as an array, float64 fixes singular values only to 1e-16 of the largest.

    Examples
    --------
    >>> run = simulate(4, 10, replicas=200, input="spectrum:1.5,1.5,0.5,0.5", rng=1)
    >>> bool(run.phi.mean[10] < run.bounds.sharp[10] < run.bounds.theorem_1[10] < run.phi0)
    True
    >>> run.energy_residual < 1e-12
    True
    """
    width, depth = integer("width", width, 1), integer("depth", depth, 0)
    replicas, check_layers = integer("replicas", replicas, 1), integer("check_layers", check_layers, 0)
    batch = None if batch is None else integer("batch", batch, 1)
    weights = one_of("weights", weights, WEIGHTS)
    level = probability("level", level)
    threads = default_threads() if threads is None else integer("threads", threads, 1)
    need = 3 * 8 * replicas * (depth + 1)
    if need > MEMORY_LIMIT:
        raise ValueError(
            f"replicas x depth = {replicas} x {depth} would keep {need / 2**30:.1f} GiB of path statistics in memory "
            f"(limit {MEMORY_LIMIT / 2**30:.0f} GiB); use fewer replicas, or several runs with different seeds"
        )
    root = seed_sequence(rng)
    start = make_start(input, width, batch, input_generator(root))
    options = as_options(gradients)
    loss = None if options is None else loss_of(options, start, label_generator(root))
    compile_seconds = montecarlo.warm_up(start, weights)
    paths = montecarlo.run_paths(
        start,
        depth,
        replicas,
        root,
        weights=weights,
        threads=threads,
        step_law=_step_law(width, weights),
        checked=checked_layers(depth, check_layers),
        progress=progress,
    )
    gradient, limits = None, None
    if options is not None and loss is not None:
        found = run_gradients(
            start,
            depth,
            replicas,
            root,
            loss,
            weights=weights,
            layers=options.layers,
            spacing=options.spacing,
            threads=threads,
            progress=progress,
        )
        gradient, limits = gradient_statistics(found, loss), gradient_bounds(start, loss, weights)
    asymptotic = bounds.asymptotic_rate(width) if weights == "orthogonal" else math.nan
    entropy = root.entropy
    return ChainResult(
        parameters=Parameters(
            width=width,
            batch=start.batch,
            depth=depth,
            replicas=replicas,
            seed=entropy if isinstance(entropy, int) else [int(e) for e in np.atleast_1d(np.asarray(entropy))],
            weights=weights,
            input=start.label,
        ),
        rank=start.rank,
        degenerate=start.degenerate,
        phi0=start.phi0,
        phi=gap_statistics(paths.phi, paths.log_phi),
        log_phi=log_statistics(paths.log_phi),
        log_jacobian=jacobian_statistics(paths.log_jacobian),
        bounds=_curves(start, depth, weights),
        rate=fitted_rate(paths.log_phi, width, float(asymptotic)),
        one_step=_one_step(paths, level),
        energy_residual=_largest(paths.energy_residual),
        timing=Timing(paths.seconds, compile_seconds, 1e6 * paths.seconds / (replicas * depth) if depth else math.nan),
        provenance=provenance(root, threads),
        gradient=gradient,
        gradient_bounds=limits,
        paths=paths if keep_paths else None,
    )


def default_threads() -> int:
    """Return the number of processors available to this process."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not every operating system has it
        return os.cpu_count() or 1


def checked_layers(depth: int, count: int) -> tuple[int, ...]:
    """About ``count`` layers below ``depth``, from 0 on, geometrically spaced: the law changes most at the start.

    Examples
    --------
    >>> checked_layers(1000, 6)
    (0, 2, 13, 56, 221, 857)
    """
    if depth == 0 or count == 0:
        return ()
    points = np.geomspace(1, 0.857 * depth + 1, count) - 1 if count > 1 else np.zeros(1)
    return tuple(sorted({min(int(p), depth - 1) for p in points}))


def _step_law(width: int, weights: str) -> montecarlo.StepLaw:
    """E3 for orthogonal weights; for Gaussian ones the chi-square logarithms of row norms and determinant on top."""
    extra = 0.0
    if weights == "gaussian":
        # E log(χ²_d/d) - (1/d) Σ_k E log(χ²_k/d), with E log χ²_k = ψ(k/2) + log 2.
        from scipy.special import digamma

        extra = float(digamma(width / 2) - np.mean(digamma(np.arange(1, width + 1) / 2)))

    def law(eps: FloatArray, lam: FloatArray) -> FloatArray:
        return exact_steps_from_deviation(eps, lam).value + extra

    return law


def _curves(start: Start, depth: int, weights: str) -> BoundCurves:
    layers = np.arange(depth + 1)
    underflow = start.phi0 == 0 and start.log_phi0 > -math.inf
    if start.degenerate or underflow or weights != "orthogonal":
        nothing = np.full(depth + 1, np.nan)
        return BoundCurves(nothing, nothing.copy())
    return BoundCurves(
        np.asarray(bounds.theorem_1(start.width, start.phi0, layers), dtype=np.float64),
        np.asarray(bounds.theorem_1_sharp(start.width, start.phi0, layers), dtype=np.float64),
    )


def _one_step(paths: montecarlo.Paths, level: float) -> OneStepCheck:
    count, layers = paths.residual.shape
    mean, error = paths.residual.mean(axis=0), standard_error(paths.residual)
    relative, relative_error = paths.relative_residual.mean(axis=0), standard_error(paths.relative_residual)
    relative_z = _z(relative, relative_error)
    threshold = float(stats.t.isf(level / (2 * layers), count - 1)) if layers and count > 1 else math.nan
    judged = count >= _VERDICT_REPLICAS and layers > 0
    return OneStepCheck(
        layers=[int(layer) for layer in paths.checked],
        residual_mean=mean,
        residual_stderr=error,
        z=_z(mean, error),
        relative_mean=relative,
        relative_stderr=relative_error,
        relative_z=relative_z,
        level=level,
        threshold=threshold,
        passed=bool(np.all(np.abs(relative_z) < threshold)) if judged else None,
    )


def _largest(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if known.size else math.nan


def _z(mean: FloatArray, error: FloatArray) -> FloatArray:
    """Mean over standard error; 0 where both vanish (a path without randomness), NaN for a single replica."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z: FloatArray = np.where((mean == 0) & (error == 0), 0.0, mean / error)
    return z
