"""The public Monte Carlo run: start, engine, self-checks against the exact law, bounds, result."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy.special import stdtrit

from isogap.base.arguments import FloatArray, integer, one_of, probability
from isogap.base.streams import input_generator, label_generator, seed_sequence
from isogap.base.threads import one_blas_thread
from isogap.batch.start import Start, make_start
from isogap.engine.chain import montecarlo
from isogap.engine.chain.checkpoint import Checkpoint
from isogap.engine.chain.checks import StepLaw
from isogap.engine.chain.montecarlo import Job
from isogap.engine.chain.quantiles import ExactQuantiles
from isogap.engine.chain.totals import Totals
from isogap.engine.gradients.passes import run_gradients
from isogap.run.gradients import as_options, gradient_bounds, gradient_statistics, loss_of
from isogap.run.results import BoundCurves, ChainResult, OneStepCheck, Parameters, Timing, provenance
from isogap.run.statistics import (
    SMALLEST_NORMAL,
    Rate,
    controlled_mean,
    fitted_rate,
    gap_statistics_of,
    jacobian_statistics_of,
    log_statistics_of,
    no_rate,
    streamed_rate,
)
from isogap.theory import bounds
from isogap.theory.exact import exact_steps_from_deviation

WEIGHTS = ("orthogonal", "gaussian")
DEFAULT_REPLICAS = 1000
VERDICT_REPLICAS = 30
# The exact law costs some 50 µs a spectrum: half a second of it, and blocks enough on either side of the cross-fit.
_CONTROL_LAYERS, _CONTROL_SPECTRA, _CONTROL_REPLICAS = 20, 10_000, 16


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
    control: bool = True,
    precision: str = "double",
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
    client: Any = None,
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
    control : bool
        Reduce the variance of ``E φ_l`` over the first layers by a martingale control variate (``result.controlled``), where its
        cost, 50 µs a replica and layer, stays below a second.
    precision : str
        ``"double"``, ``"double-double"`` (106 bits, 10 to 20 times slower) or ``"mp:DIGITS"`` (arbitrary, slow). The weights are
        the same numbers in all of them, so runs can be compared path by path.
    checkpoint : path-like or Checkpoint, optional
        Save the run to this file every minute and when it is interrupted; if the file exists, go on from it. A run stopped in
        any way and started again with the same arguments ends with the same bits. Needs a given ``rng``.
    client : distributed.Client, optional
        Run the blocks on this dask cluster instead of on threads here; same bits.
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
    In the form in X the columns of the start are graded and kept orthogonal, so a spectrum given as ``spectrum:...`` may reach
    down to 1e-300; of a batch given as an array, float64 fixes singular values only to 1e-16 of the largest. A start with
    several tiny eigenvalues is nearly rank-deficient for many layers, and there rounding errors of a *path* grow as the
    gradient does (its law, and E4, are not affected): ``precision="double-double"`` follows the same path further.

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
    precision = checked_precision(precision)
    level = probability("level", level)
    threads = default_threads() if threads is None else integer("threads", threads, 1)
    if checkpoint is not None and rng is None:
        raise ValueError("checkpoint needs a seed, or the run could not be found again: give rng")
    root = seed_sequence(rng)
    with one_blas_thread():  # with another number of BLAS threads the last bits of the start are others
        start = make_start(input, width, batch, input_generator(root))
    options = as_options(gradients)
    loss = None if options is None else loss_of(options, start, label_generator(root))
    compile_seconds = montecarlo.warm_up(width, weights, precision)
    law = _step_law(width, weights)
    controlled = controlled_layers(start, depth, replicas, weights) if control else 0
    job = Job(start, depth, replicas, root, weights, law, checked_layers(depth, check_layers), controlled, precision)
    outcome = _run(job, threads, keep_paths, progress, checkpoint, client)
    result = result_of(outcome, level, compile_seconds, threads)
    if options is None or loss is None:
        return result
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
    return replace(
        result, gradient=gradient_statistics(found, loss), gradient_bounds=gradient_bounds(start, loss, weights)
    )


def _run(
    job: Job,
    threads: int,
    keep_paths: bool,
    progress: montecarlo.Progress | None,
    checkpoint: str | os.PathLike[str] | Checkpoint | None,
    client: Any,
) -> montecarlo.Outcome:
    cluster = None
    if client is not None:
        from isogap.engine.chain.cluster import ClusterExecutor

        cluster = ClusterExecutor(client)
    if checkpoint is None:
        return montecarlo.run(job, threads=threads, keep_paths=keep_paths, progress=progress, cluster=cluster)
    saver = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint)
    outcome = saver.resume(job, keep_paths)
    try:
        montecarlo.run(
            job,
            threads=threads,
            keep_paths=keep_paths,
            progress=progress,
            outcome=outcome,
            after_block=saver.after_block,
            cluster=cluster,
        )
    except KeyboardInterrupt:
        saver.save(outcome)
        raise
    saver.save(outcome)
    return outcome


def result_of(outcome: montecarlo.Outcome, level: float, compile_seconds: float, threads: int) -> ChainResult:
    """Statistics, bounds and self-checks of a finished run."""
    job, totals, quantiles = outcome.job, outcome.totals, outcome.quantiles
    assert totals is not None
    assert quantiles is not None
    start, depth = job.start, job.depth
    entropy = job.root.entropy
    layer_replicas = job.replicas * depth
    energy = float(totals.arrays["energy"])
    return ChainResult(
        parameters=Parameters(
            width=start.width,
            batch=start.batch,
            depth=depth,
            replicas=job.replicas,
            seed=entropy if isinstance(entropy, int) else [int(e) for e in np.atleast_1d(np.asarray(entropy))],
            weights=job.weights,
            input=start.label,
            precision=job.precision,
        ),
        rank=start.rank,
        degenerate=start.degenerate,
        phi0=start.phi0,
        log_phi0=start.log_phi0,
        phi=_known_start(gap_statistics_of(totals, quantiles.phi()), start.phi0),
        log_phi=_known_start(log_statistics_of(totals, quantiles.log_phi()), start.log_phi0),
        controlled=controlled_mean(totals),
        quantile_method=quantiles.method,
        log_jacobian=jacobian_statistics_of(totals),
        bounds=_curves(start, depth, job.weights),
        rate=_rate(outcome),
        one_step=_one_step(job.checked, totals, level),
        energy_residual=energy if energy >= 0 else math.nan,
        timing=Timing(
            outcome.seconds, compile_seconds, 1e6 * outcome.seconds / layer_replicas if layer_replicas else math.nan
        ),
        provenance=provenance(job.root, threads),
        paths=outcome.paths() if outcome.keep_paths else None,
    )


def _known_start(statistics: Any, value: float) -> Any:
    """Put the gap of the batch, which all replicas share, at layer 0: a merged mean has rounding of its own."""
    if math.isfinite(statistics.mean[0]):
        statistics.mean[0], statistics.stderr[0] = value, 0.0
    return statistics


def controlled_layers(start: Start, depth: int, replicas: int, weights: str) -> int:
    """Return how many layers from 0 on feed the control variate: 20 where it costs little, none for large or degenerate runs.

    Examples
    --------
    >>> start = make_start("spectrum:1.5,0.5", 2, None, np.random.default_rng(0))
    >>> [controlled_layers(start, 100, replicas, "orthogonal") for replicas in (100, 1000, 10_000, 100_000)]
    [20, 10, 1, 0]
    """
    if weights != "orthogonal" or start.degenerate or replicas < 2 * _CONTROL_REPLICAS:
        return 0
    return min(_CONTROL_LAYERS, depth, _CONTROL_SPECTRA // replicas)


def _rate(outcome: montecarlo.Outcome) -> Rate:
    job, totals = outcome.job, outcome.totals
    assert totals is not None
    asymptotic = float(bounds.asymptotic_rate(job.start.width)) if job.weights == "orthogonal" else math.nan
    if isinstance(outcome.quantiles, ExactQuantiles):
        return fitted_rate(outcome.quantiles.arrays["all_log_phi"].T, job.start.width, asymptotic)
    if outcome.window is None:
        return no_rate(asymptotic)
    return streamed_rate(totals, outcome.window[:2], outcome.window[2], asymptotic)


def checked_precision(precision: str) -> str:
    """Return ``precision`` if it is known; ``"mp:DIGITS"`` needs 16 digits or more."""
    name, _, digits = str(precision).partition(":")
    if precision in ("double", "double-double") or (name == "mp" and digits.isdigit() and int(digits) >= 16):
        return str(precision)
    raise ValueError(f"precision must be double, double-double or mp:DIGITS with 16 digits or more, got {precision!r}")


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


def _step_law(width: int, weights: str) -> StepLaw:
    """E3 for orthogonal weights; for Gaussian ones the chi-square logarithms of row norms and determinant on top."""
    extra = 0.0
    if weights == "gaussian":
        # E log(χ²_d/d) - (1/d) Σ_k E log(χ²_k/d), with E log χ²_k = ψ(k/2) + log 2.
        from scipy.special import digamma

        extra = float(digamma(width / 2) - np.mean(digamma(np.arange(1, width + 1) / 2)))
    return partial(_law, extra)


def _law(extra: float, eps: FloatArray, lam: FloatArray) -> FloatArray:
    return exact_steps_from_deviation(eps, lam).value + extra


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


def _one_step(layers: tuple[int, ...], totals: Totals, level: float) -> OneStepCheck:
    a = totals.arrays
    count = int(a["checked"])
    mean, relative = a["residual"], a["relative"]
    error, relative_error = (np.sqrt(totals.variance(name) / max(count, 1)) for name in ("residual", "relative"))
    # A variance below the smallest normal number has underflowed: say nothing rather than 0.
    error = np.where((a["residual_m2"] < SMALLEST_NORMAL) & (mean != 0), np.nan, error)
    relative_z = _z(relative, relative_error)
    threshold = _thresholds(a["relative_m2"], a["relative_m3"], count, level)
    judged = count >= VERDICT_REPLICAS and len(layers) > 0
    return OneStepCheck(
        layers=[int(layer) for layer in layers],
        residual_mean=mean,
        residual_stderr=error,
        z=_z(mean, error),
        relative_mean=relative,
        relative_stderr=relative_error,
        relative_z=relative_z,
        level=level,
        threshold=threshold,
        passed=bool(np.all(np.abs(relative_z) < threshold)) if judged else None,
        replicas=count,
    )


def _thresholds(m2: FloatArray, m3: FloatArray, count: int, level: float) -> FloatArray:
    """Two-sided limits on ``|z|`` of several means of ``count`` values: Student's, widened for skewness to first order.

    The studentised mean has tail quantiles ``q + γ (2q² + 1)/(6 sqrt R)`` for values of skewness ``γ`` (Cornish and Fisher;
    Hall, The Bootstrap and Edgeworth Expansion, 1992); ``γ`` is taken at its estimate plus two of its standard errors under
    normality, ``sqrt(6/R)``. ``m2`` and ``m3`` are the sums of squared and cubed deviations.
    """
    if count < 2 or m2.size == 0:
        return np.full(m2.shape, math.nan)
    quantile = float(-stdtrit(count - 1, level / (2 * m2.size)))
    scale = np.where(m2 > 0, m2, 1.0) ** 1.5
    skewness = np.abs(m3) * math.sqrt(count) / scale + 2 * math.sqrt(6 / count)
    limits: FloatArray = quantile + skewness * (2 * quantile**2 + 1) / (6 * math.sqrt(count))
    return limits


def _z(mean: FloatArray, error: FloatArray) -> FloatArray:
    """Mean over standard error; 0 where both vanish (a path without randomness), NaN for a single replica."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z: FloatArray = np.where((mean == 0) & (error == 0), 0.0, mean / error)
    return z
