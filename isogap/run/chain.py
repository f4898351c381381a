"""The public Monte Carlo run: start, engine, self-checks against the exact law, bounds, result."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from isogap.base.arguments import integer, one_of
from isogap.base.arrays import FloatArray
from isogap.base.log import logger
from isogap.base.precision import Precision
from isogap.base.records import provenance
from isogap.base.remedies import RemedyError
from isogap.base.streams import input_generator, label_generator, seed_of, seed_sequence
from isogap.base.threads import default_threads, one_blas_thread
from isogap.batch.start import Start, make_start
from isogap.engine.chain import montecarlo
from isogap.engine.chain.checkpoint import Checkpoint
from isogap.engine.chain.checks import StepLaw
from isogap.engine.chain.job import Job
from isogap.engine.chain.outcome import Outcome
from isogap.engine.chain.quantiles import ExactQuantiles
from isogap.model.choices import CHAIN_WEIGHTS, DEFAULT_REPLICAS, FAST_WEIGHTS
from isogap.model.variant import check_fast_weights
from isogap.run.bound_curves import contraction, curves
from isogap.run.gradients import GradientOptions, GradientReport, as_options, gradient_report, loss_of
from isogap.run.one_step_check import one_step_check
from isogap.run.options import Checks, Where
from isogap.run.results import BoundCurves, ChainResult, Parameters, Timing
from isogap.run.second_moment_check import SecondMomentCheck, second_moment_check
from isogap.run.statistics import (
    GapStatistics,
    LogStatistics,
    Rate,
    controlled_mean,
    fitted_rate,
    gap_statistics_of,
    jacobian_statistics_of,
    log_statistics_of,
    no_rate,
    streamed_rate,
)
from isogap.run.step_law import expected_steps

_log = logger(__name__)

# What an exact law of 50 µs a spectrum allowed in half a second, and blocks enough on either side of the cross-fit.
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
    precision: str = "double",
    keep_paths: bool = False,
    gradients: str | GradientOptions | None = None,
    checks: Checks = Checks(),
    where: Where = Where(),
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
    weights : {"orthogonal", "gaussian", "hadamard", "dct"}
        Haar on O(d), or independent normals of variance ``1/d`` (no theorem of the paper applies to those). For widths that
        are powers of two also Sylvester's Hadamard matrix times random signs, and the cosine transform times a random signed
        permutation, fresh at every layer: ``d log d`` operations a column, and faster contraction (Theorem F2b). Their
        first weight is Haar, so that of the batch its spectrum alone counts here too.
    rng : seed, SeedSequence, Generator or None
        Source of randomness (SPEC 7). The same seed gives the same bits for any number of threads.
    keep_paths : bool
        Keep φ, log φ and the Jacobian norm of every replica in ``result.paths``.
    gradients : None, {"cross-entropy", "squared-error"} or GradientOptions
        Backpropagate through the same networks and report ``log‖∂L/∂W_l‖_F`` per layer in ``result.gradient``, with the bounds
        of Theorem 5 and S5 in ``result.gradient_bounds`` where they apply.
    precision : str
        ``"double"``, ``"double-double"`` (106 bits, 10 to 20 times slower) or ``"mp:DIGITS"`` (arbitrary, slow). The weights are
        the same numbers in all of them, so runs can be compared path by path.
    checks : Checks
        How the run checks itself: layers of the one-step check, its level, the control variate.
    where : Where
        Threads or a cluster, a checkpoint, progress; no number depends on them.

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
    replicas = integer("replicas", replicas, 1)
    batch = None if batch is None else integer("batch", batch, 1)
    weights = one_of("weights", weights, CHAIN_WEIGHTS)
    arithmetic = Precision.of(precision)
    if weights in FAST_WEIGHTS:
        check_fast_weights(weights, width)
        if arithmetic.kind != "double" or gradients is not None:
            raise ValueError(f"weights {weights!r} run in double precision and without gradients")
    threads = default_threads() if where.threads is None else where.threads
    if where.checkpoint is not None and rng is None:
        raise RemedyError("checkpoint needs a seed, or the run could not be found again: give ", "rng", "--seed")
    root = seed_sequence(rng)
    with one_blas_thread():  # with another number of BLAS threads the last bits of the start are others
        start = make_start(input, width, batch, input_generator(root))
    options = as_options(gradients)
    loss = None if options is None else loss_of(options, start, label_generator(root))
    _log.info("batch %s: %d x %d of rank %d, gap %.6g", start.label, width, start.batch, start.rank, start.phi0)
    law = None if weights in FAST_WEIGHTS else _step_law(width, weights)
    compile_seconds = montecarlo.warm_up(width, weights, arithmetic, law)
    _log.info(
        "kernels ready in %.2f s; %d networks of depth %d on %d threads", compile_seconds, replicas, depth, threads
    )
    job = Job(
        start,
        depth,
        replicas,
        root,
        weights,
        step_law=law,
        checked=checked_layers(depth, checks.layers),
        controlled=controlled_layers(start, depth, replicas, weights) if checks.control_variate else 0,
        precision=arithmetic,
    )
    outcome = _run(job, threads, keep_paths, where)
    _log.info("chain done in %.2f s", outcome.seconds)
    reported = None
    if options is not None and loss is not None:
        reported = gradient_report(start, loss, options, job, threads, where.progress)
    return result_of(outcome, checks.level, compile_seconds, threads, reported)


def _run(job: Job, threads: int, keep_paths: bool, where: Where) -> Outcome:
    cluster = None
    if where.client is not None:
        from isogap.engine.chain.cluster import ClusterExecutor

        cluster = ClusterExecutor(where.client)
    run = partial(montecarlo.run, job, threads=threads, keep_paths=keep_paths, progress=where.progress, cluster=cluster)
    if where.checkpoint is None:
        return run()
    saver = where.checkpoint if isinstance(where.checkpoint, Checkpoint) else Checkpoint(where.checkpoint)
    outcome = saver.resume(job, keep_paths)
    try:
        run(outcome=outcome, after_bundle=saver.after_bundle)
    except KeyboardInterrupt:
        saver.save(outcome)
        raise
    saver.save(outcome)
    return outcome


def result_of(
    outcome: Outcome,
    level: float,
    compile_seconds: float,
    threads: int,
    reported: GradientReport | None = None,
) -> ChainResult:
    """Statistics, bounds and self-checks of a finished run; ``reported`` is what was found of gradients."""
    job, totals, quantiles = outcome.job, outcome.totals, outcome.quantiles
    assert totals is not None
    assert quantiles is not None
    start, depth = job.start, job.depth
    of_phi, of_log_phi = quantiles.both()
    layer_replicas = job.replicas * depth
    energy = float(totals.arrays["energy"])
    return ChainResult(
        parameters=Parameters(
            width=start.width,
            batch=start.batch,
            depth=depth,
            replicas=job.replicas,
            seed=seed_of(job.root),
            weights=job.weights,
            input=start.label,
            precision=str(job.precision),
        ),
        rank=start.rank,
        degenerate=start.degenerate,
        phi0=start.phi0,
        log_phi0=start.log_phi0,
        phi=_known_start(gap_statistics_of(totals, of_phi), start.phi0),
        log_phi=_known_start(log_statistics_of(totals, of_log_phi), start.log_phi0),
        controlled=controlled_mean(totals),
        quantile_method=quantiles.method,
        log_jacobian=jacobian_statistics_of(totals),
        bounds=BoundCurves(**curves(start, depth, job.weights)),
        rate=_rate(outcome, of_log_phi[1]),
        one_step=one_step_check(job.checked, totals, level),
        energy_residual=energy if energy >= 0 else math.nan,
        timing=Timing(
            outcome.seconds,
            compile_seconds + (0.0 if reported is None else reported.compile_seconds),
            1e6 * outcome.seconds / layer_replicas if layer_replicas else math.nan,
            math.nan if reported is None else reported.seconds,
        ),
        provenance=provenance(job.root, threads),
        gradient=None if reported is None else reported.statistics,
        gradient_bounds=None if reported is None else reported.bounds,
        paths=outcome.paths() if outcome.keep_paths else None,
        second_moment=_second_moment(outcome, of_phi[2]),
    )


Statistics = TypeVar("Statistics", GapStatistics, LogStatistics)


def _known_start(statistics: Statistics, value: float) -> Statistics:
    """Put the gap of the batch, which all replicas share, at layer 0: a merged mean has rounding of its own."""
    if not math.isfinite(statistics.mean[0]):
        return statistics
    mean, stderr = statistics.mean.copy(), statistics.stderr.copy()
    mean[0], stderr[0] = value, 0.0
    return replace(statistics, mean=mean, stderr=stderr)


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


def _second_moment(outcome: Outcome, q95: FloatArray) -> SecondMomentCheck | None:
    """Theorem E holds for Haar weights, and needs the replicas themselves."""
    if outcome.job.weights != "orthogonal" or not isinstance(outcome.quantiles, ExactQuantiles):
        return None
    return second_moment_check(outcome.quantiles.arrays["all_log_phi"], q95, outcome.job.start.width)


def _rate(outcome: Outcome, median_log_phi: FloatArray) -> Rate:
    job, totals = outcome.job, outcome.totals
    assert totals is not None
    asymptotic = contraction(job.weights, job.start.width)
    if isinstance(outcome.quantiles, ExactQuantiles):
        if not totals.arrays["usable"].all():
            return no_rate(asymptotic)
        return fitted_rate(outcome.quantiles.arrays["all_log_phi"].T, job.start.width, asymptotic, median_log_phi)
    if outcome.window is None:
        return no_rate(asymptotic)
    return streamed_rate(totals, outcome.window, asymptotic)


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
    return partial(expected_steps, extra)
