"""S6: Typical rate."""

import numpy as np
from flint import acb, arb

from isogap import Checks, simulate
from isogap.verification import RefutedError, UndecidedError, replace
from isogap.verification.balls import ball
from isogap.verification.sampling import estimate


def decide(case, *, shift=0.0):
    """d = 2 in closed form; elsewhere slopes of log φ over long runs, with errors from independent paths."""
    case.decides("<", "==", "==")
    below, closed, _ = (claim.right for claim in case.claims)
    if case.claims[1].left.exact(gamma=lambda d: d) != 2:
        raise UndecidedError("the closed form is that of width 2")
    integral = (
        acb.integral(lambda t, _: (t.sin() ** 2).log(analytic=False), arb("1e-30"), arb.pi() / 2).real * 2 / arb.pi()
    )
    case.at_most(
        "d = 2: a' = a|sin θ| near orthogonality, E log sin² = -2 log 2",
        abs(integral - closed.ball()),
        ball(1e-9),
    )
    rows, gammas = [], []
    for width in (2, 8) if case.control else range(2, 65) if case.deep else (*range(2, 17), 20, 24, 32, 48, 64):
        rates = _rates(case, width)
        found = estimate(rates, None)
        limit = below.float(d=width) + shift
        if shift:
            case.mean_equals("γ(d) is the claimed number", rates, limit, None, d=width)
        case.mean_below("γ(d) < log(d/(d+2))", rates, limit, None, d=width)
        at_rest = rates - found.mean + limit
        case.notices(f"equality at d = {width}", lambda c, x=at_rest, y=limit: _strictly(c, x, y))
        if width == 2:
            case.mean_equals("engine at d = 2: -2 log 2", rates, closed.float(), None)
        gammas.append((width, found.mean, found.stderr))
        ratio = found.mean / np.log(width / (width + 2))
        law = np.log(width / (width + 2)) - 4 / width**3
        rows.append(
            (
                width,
                f"{found.mean:.7f} ± {found.stderr:.1e}",
                f"{np.log(width / (width + 2)):.7f}",
                f"{law:.7f}",
                f"{ratio:.6f}",
            )
        )
    case.argument(
        "strict Jensen and compactness",
        "strict Jensen: E[log(‖E'‖²/‖E‖²) | E] < log(d/(d+2)) for every E, by E8, and the sphere of directions is compact",
    )
    case.table(
        "typical rate per layer",
        ("d", "γ(d) ± standard error", "log(d/(d+2))", "log(d/(d+2)) - 4/d³", "γ/log(d/(d+2))"),
        rows,
    )
    if not case.control:
        w, g, _ = (np.array(x, dtype=float) for x in zip(*gammas, strict=True))
        case.margin(float(np.min(g / np.log(w / (w + 2)))) - 1, "smallest γ(d)/log(d/(d+2)) - 1")
        curves = [
            ("measured", w, g / np.log(w / (w + 2)) - 1, "exact"),
            ("2/d²", w, 2 / w**2, "other"),
        ]
        case.plot(
            "how much faster the typical path decays than the mean",
            "d",
            "γ/log(d/(d+2)) - 1",
            curves,
            logx=True,
            logy=True,
        )


def _strictly(case, rates, limit):
    """`Case.mean_below`, for which doubt is the answer to equality."""
    try:
        case.mean_below("", rates, limit, None)
    except UndecidedError as doubt:
        raise RefutedError(str(doubt)) from None


def _rates(case, width):
    """Mean of log(φ'/φ) along independent paths, far down.

    There ``E[φ'/φ | X] = d/(d+2)`` (E8), so ``φ'/φ - d/(d+2)`` has mean 0 and is subtracted: ``log r - r + d/(d+2)`` has the
    same mean and a fraction of the variance.
    """
    skip, depth = 4 * (width + 2), (60 if case.deep else 12) * (width + 2)
    start = "spectrum:" + ",".join(str(1 + 1e-5 * (2 * k / (width - 1) - 1)) for k in range(width))
    replicas = 200 if case.deep else 48 + 400 // width
    run = simulate(
        width, depth, replicas=replicas, input=start, rng=case.seed + width, checks=Checks(layers=0), keep_paths=True
    )
    case.hypothesis(run.phi0 < 1e-9)
    logs = np.diff(run.paths.log_phi[:, skip:], axis=1)
    return np.mean(logs - np.exp(logs) + width / (width + 2), axis=1)


FALSE_NEIGHBOURS = {
    "γ(2) = -log 2, the rate of the mean": replace("-2*log(2)", "-1*log(2)"),
    "γ(d) = log(d/(d+2)) - 1/2": {"shift": -0.5},
}


def test_s6(judgement):
    judgement()
