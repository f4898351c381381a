"""Engine moments: The two halves of the toolkit against each other."""

from fractions import Fraction

import numpy as np

import isogap
from isogap import Checks, simulate
from isogap.base.streams import replica_states
from isogap.batch.haar import semi_orthogonal
from isogap.engine.chain.buffers import _LaneWorkspace
from isogap.engine.chain.raw_paths import KernelStart
from isogap.engine.kernels import chain_lanes as chain
from isogap.engine.kernels.lanes.probe import lanes_available
from isogap.verification import sampling
from isogap.verification.balls import Spectrum
from weingarten import moment

MONOMIALS = [
    [[1]], [[2]], [[1, 1]], [[1], [1]], [[1, 0], [0, 1]], [[4]], [[2, 2]], [[2], [2]], [[2, 0], [0, 2]], [[1, 1], [1, 1]],
    [[3, 1]], [[3]], [[2, 1]], [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[6]], [[4, 2]], [[2, 2, 2]], [[2, 0, 0], [0, 2, 0], [0, 0, 2]],
    [[2, 0, 0], [0, 1, 1], [0, 1, 1]], [[1, 1, 0], [0, 1, 1], [1, 0, 1]], [[3, 1], [1, 1]],
]  # fmt: skip


def decide(case, *, sampler=None):
    """Means over samples against exact rationals; entries of W are in [-1, 1], so the bands hold at every sample size."""
    case.decides("~=")
    with case.illustrations():
        case.exact("N samples of 1 have the mean 1", case.claim.left.exact(N=7, product_s=1) == 1)
    count = 200_000 if case.deep else 40_000
    samplers = {"haar_orthogonal": _plain, "apply_haar": _applied, "kernel": _kernel, "the checks' own sampler": _own}
    samplers["semi_orthogonal"] = _corner
    if sampler is not None:
        samplers = {"claimed sampler": sampler}
    for name, draw in samplers.items():
        size = {"apply_haar": 4000, "semi_orthogonal": 4000}.get(name, count)
        for d in (3, 5):
            W = draw(d, size, case.rng(d, len(name)))
            case.pathwise(f"{name}: WWᵀ = I", np.abs(W @ np.swapaxes(W, 1, 2) - np.eye(len(W[0]))).max(), 0, 1e-12, d=d)
            _moments(case, name, W, d)
            wrong = _without_signs(d, size, case.rng(d, 77))[:, : len(W[0])]
            case.notices(f"QR without signs at {size} samples, d = {d}", lambda c, W=wrong, d=d: _moments(c, "", W, d))
    if sampler is None:
        _chain(case)


def _moments(case, name, W, d):
    """Every monomial that fits, and the trace."""
    rows = len(W[0])
    for exponents in MONOMIALS:
        if case.hypothesis(len(exponents) <= rows and len(exponents[0]) <= d):
            exact = moment(exponents, d)
            value = np.ones(len(W))
            for i, row in enumerate(exponents):
                for j, power in enumerate(row):
                    value = value * W[:, i, j] ** power
            degree = sum(map(sum, exponents))
            # an even monomial is in [0, 1]
            span = 1.0 if all(power % 2 == 0 for row in exponents for power in row) else 2.0
            shown = {"d": d, "exponents": exponents, "degree": degree}
            case.mean_equals(f"{name}: monomials", value, float(exact), span, **shown)
    trace = np.trace(W, axis1=1, axis2=2)
    case.mean_equals(f"{name}: E tr W = 0", trace, 0.0, 2.0 * d, d=d)
    case.mean_equals(f"{name}: E (tr W)² = rows/d", trace**2, rows / d, float(d * d), d=d)


def _own(d, count, rng):
    return sampling.haar(d, count, rng)


def _corner(d, count, rng):
    """The uniform ``d - 1`` orthonormal rows."""
    return np.stack([semi_orthogonal(d - 1, d, rng) for _ in range(count)])


def _plain(d, count, rng):
    return isogap.haar_orthogonal(d, count, rng)


def _applied(d, count, rng):
    return np.stack([isogap.apply_haar(np.eye(d), rng) for _ in range(count)])


def _kernel(d, count, rng):
    """W of the compiled chain: its reflectors, from its own normals, applied to the unit matrix; signs last."""
    lanes, q = lanes_available(), -(-d // 4)
    work = _LaneWorkspace(KernelStart(chain.FORM_X, np.eye(d), np.zeros((d, d)), 0), 1.0, chain.FULL, lanes, 1)
    i, j = np.meshgrid(np.arange(d), np.arange(d), indexing="ij")
    place = 4 * (4 * q * (j // 4) + i) + j % 4
    root, samples = np.random.SeedSequence(int(rng.integers(2**63))), []
    (random, X, *_), (V, places, tau, sign, norm, z, P, _) = work.state, work.scratch
    for first in range(0, count, lanes):
        random[...], X[...] = replica_states(root, first, lanes).T.reshape(random.shape), work.start[0]
        chain.scatter_normals(random, (d * (d + 1) // 2 + 1) // 2, z, places, V)
        chain.finish_reflectors(V, d, tau, sign, norm)
        chain.rotate_rows(X, d, V, tau, d, P)
        samples.append(np.moveaxis((X[place] * sign[np.arange(d)][:, None]).reshape(d, d, lanes), 2, 0))
    return np.concatenate(samples)


def _chain(case):
    """One layer of the engine: the mean of φ against E3, the Jacobian at d = 2 against the uniform angle."""
    for values, counts in (([1.5, 0.5], [2, 2]), ([3.0, 0.4], [1, 4]), ([3.8, 0.2], [1, 1])):
        lam = [x for x, m in zip(values, counts, strict=True) for _ in range(m)]
        start = "spectrum:" + ",".join(map(repr, lam))  # as given, in any scale: the engine has to normalise
        lam = [x * len(lam) / sum(lam) for x in lam]
        run = simulate(
            len(lam), 1, replicas=20_000, input=start, rng=case.seed, keep_paths=True, checks=Checks(layers=0)
        )
        fall = run.phi0 - run.paths.phi[:, 1]
        exact = -float(Spectrum.of([Fraction(x) for x in lam]).step().mid())
        case.mean_equals("engine: E φ_1 - φ_0 is E3", fall, exact, run.phi0, spectrum=lam)
        exact_gap = -np.mean(np.log(lam))
        case.pathwise("engine: φ_0 of the given spectrum", abs(run.phi0 - exact_gap), 0.0, 1e-12)
        low = np.exp(-2 * run.paths.log_jacobian[:, 0])  # min_j Y_j
        if len(lam) == 2:
            a = lam[0] - 1
            case.mean_equals("engine, d = 2: E min Y = 1 - 2a/π", low, 1 - 2 * a / np.pi, a)
            case.mean_equals("engine, d = 2: E (1 - min Y)² = a²/2", (1 - low) ** 2, a * a / 2, a * a)


def _without_signs(d, count, rng):
    return np.linalg.qr(rng.standard_normal((count, d, d)))[0]


def _rotations(d, count, rng):
    W = isogap.haar_orthogonal(d, count, rng)
    W[:, 0] *= np.sign(np.linalg.det(W))[:, None]
    return W


FALSE_NEIGHBOURS = {
    "QR without the signs of R": {"sampler": _without_signs},
    "SO(3) in place of O(3)": {"sampler": _rotations},
}


def test_engine_moments(judgement):
    judgement()
