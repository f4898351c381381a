"""D10: At depth 100 plain networks are at chance, SkipInit and BN with skip connections train."""

from fractions import Fraction
from functools import lru_cache

import numpy as np
from scipy import stats

from isogap.verification import UndecidedError, replace, sampling

WIDTH, BATCH, DEPTH = 64, 64, 100
NAMES = {
    "none": "accuracy_none",
    "plain BN": "accuracy_plain",
    "BN + skip": "accuracy_bn",
    "SkipInit 0": "accuracy_skip",
    "SkipInit 1/sqrt(L)": "accuracy_skip",
}
KINDS = tuple(NAMES)
TRAINED = 6  # times chance: our measure of having trained


def decide(case, *, trained=("BN + skip", "SkipInit 0", "SkipInit 1/sqrt(L)"), depth=DEPTH):
    """A trainer of forty lines in NumPy, no code of the library: the best of two rates for every kind."""
    case.decides("<=", "<=", ">=", ">=", "==")
    *limits, guess = case.claims
    chance = guess.right.exact()
    _, labels, _, held, name = _data()
    classes = len(np.unique(labels))
    case.exact("a guess is right once in as many times as there are classes", chance * classes == 1, classes=classes)
    ends = {claim.left.names[0]: claim.right.exact(top=lambda p: _top(p, len(held)), chance=chance) for claim in limits}
    if {ends["accuracy_bn"], ends["accuracy_skip"]} != {TRAINED * chance}:
        raise UndecidedError(f"the end of training is {TRAINED} times chance, a constant of ours")
    rows = []
    for kind in KINDS:
        found = max(_accuracy(kind, depth, rate, 6 if case.deep else 3, case.seed) for rate in (1e-3, 1e-2))
        rows.append((kind, f"{found:.3f}"))
        case.hypothesis(len(labels) > 1000)
        if kind in trained:
            least = float(TRAINED * chance)
            case.pathwise("trains: six times as many right as guesses have", least, found, 1e-9, kind=kind, data=name)
        else:
            most = float(ends[NAMES[kind]])
            case.pathwise("is at chance", found, most, 1e-9, kind=kind, data=name)
    top = float(max(ends["accuracy_none"], ends["accuracy_plain"]))
    title = f"test accuracy at depth {depth} on {name}; guesses exceed {top:.3f} with {sampling.SHARE:g}"
    case.table(title, ("network", "best of two rates"), rows)


def _top(chance, count):
    """Share of right ones that so many guesses exceed with probability `sampling.SHARE` at most."""
    return Fraction(int(stats.binom.isf(sampling.SHARE, count, float(chance))), count)


@lru_cache(maxsize=1)
def _data():
    """Standardised digits, every fifth for testing; without scikit-learn ten Gaussian clusters of the same size."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        rng = np.random.default_rng(0)
        labels = np.arange(1797) % 10
        images, name = 4 * rng.standard_normal((10, 64))[labels] + rng.standard_normal((1797, 64)) * 4, "ten clusters"
    else:
        bunch = load_digits()
        images, labels, name = bunch.data, bunch.target, "digits"
    held = np.arange(1797) % 5 == 4
    images = ((images - images[~held].mean()) / images[~held].std()).astype(np.float32)
    return images[~held], labels[~held], images[held], labels[held], name


@lru_cache(maxsize=64)
def _accuracy(kind, depth, rate, epochs, seed):
    images, labels, test, test_labels, _ = _data()
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    p = {
        "in": rng.standard_normal((WIDTH, 64)) / 8,
        "head": rng.standard_normal((10, WIDTH)) / 8,
        "W": rng.standard_normal((depth, WIDTH, WIDTH)) * np.sqrt(2 / WIDTH),
        "a": np.full(depth, {"SkipInit 0": 0.0, "SkipInit 1/sqrt(L)": depth**-0.5}.get(kind, 1.0)),
    }
    p = {name: value.astype(np.float32) for name, value in p.items()}
    speed = {name: np.zeros_like(value) for name, value in p.items()}
    with np.errstate(all="ignore"):
        for _ in range(epochs):
            order = rng.permutation(len(labels))
            for step in range(len(labels) // BATCH):
                chosen = order[step * BATCH : (step + 1) * BATCH]
                gradients = _gradients(p, images[chosen].T, labels[chosen], kind)
                if gradients is None:
                    return 0.1
                for name, g in gradients.items():
                    speed[name] = 0.9 * speed[name] + g
                    p[name] -= rate * speed[name]
        logits = p["head"] @ _forward(p, test.T, kind)[-1]
    return float((logits.argmax(axis=0) == test_labels).mean()) if np.isfinite(logits).all() else 0.1


def _branch(x, kind):
    """``relu(BN x)`` or ``relu(x)``, and the scale of BN."""
    if "BN" not in kind:
        return np.maximum(x, 0), None
    centred = x - x.mean(axis=1, keepdims=True)
    scale = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return np.maximum(centred / scale, 0), scale


def _forward(p, x, kind):
    states = [p["in"] @ x]
    for W, a in zip(p["W"], p["a"], strict=True):
        out = a * (W @ _branch(states[-1], kind)[0])
        states.append(out if kind == "plain BN" else states[-1] + out)
    return states


def _gradients(p, x, labels, kind):
    """Gradients of the mean cross-entropy; ``None`` where they are not finite."""
    states = _forward(p, x, kind)
    logits = p["head"] @ states[-1]
    soft = np.exp(logits - logits.max(axis=0))
    soft /= soft.sum(axis=0)
    soft[labels, np.arange(len(labels))] -= 1
    soft /= len(labels)
    if not np.isfinite(soft).all():
        return None
    found = {"head": soft @ states[-1].T, "W": np.zeros_like(p["W"])}
    if kind.startswith("SkipInit"):
        found["a"] = np.zeros_like(p["a"])
    g = p["head"].T @ soft
    for block in range(len(p["W"]) - 1, -1, -1):
        W, a, state = p["W"][block], p["a"][block], states[block]
        f, scale = _branch(state, kind)
        found["W"][block] = a * g @ f.T
        if "a" in found:
            found["a"][block] = (g * (W @ f)).sum()
        h = (W.T @ (a * g)) * (f > 0)
        if scale is not None:
            centred = (state - state.mean(axis=1, keepdims=True)) / scale
            h = (h - h.mean(axis=1, keepdims=True) - centred * (h * centred).mean(axis=1, keepdims=True)) / scale
        g = h if kind == "plain BN" else g + h
    found["in"] = g @ x.T
    return found


FALSE_NEIGHBOURS = {
    "plain BN trains": {"trained": ("plain BN", "BN + skip", "SkipInit 0", "SkipInit 1/sqrt(L)")},
    "a network without normalisation trains": {"trained": ("none", "BN + skip", "SkipInit 0", "SkipInit 1/sqrt(L)")},
    "it is the same at depth 2": {"depth": 2},
    "of eleven classes": replace("1/10", "1/11"),
}


def test_d10(judgement):
    judgement()
