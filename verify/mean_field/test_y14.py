"""Y14: One step compresses the range of the gradients."""

from itertools import pairwise

import numpy as np
import sympy as sp

from isogap import mean_field
from isogap.batch.datasets.digits import load_digits
from isogap.model.activations import activation
from isogap.verification.normalised_networks import Layer, normalised, pull_back

WIDTH, BATCH, DEPTH, SEEDS = 128, 64, 50, 3


def decide(case, *, rate=0.1, orthogonal=True):
    """|w'|² in symbols; relu and tanh networks on the digits, three steps; the start against ½(L-1) log λ."""
    case.decides("==", "<=")
    length, compressed = case.claims
    W, G = sp.symbols("W G", positive=True)  # lengths of a row and of its gradient
    w, g, c = sp.symbols("w grad c", positive=True)
    inner = case.below("Y1")[3].right.sympy() if orthogonal else c * W * G

    def norm(v):
        along, across = sp.Poly(v, w, g).coeff_monomial(w), sp.Poly(v, w, g).coeff_monomial(g)
        return sp.sqrt(along**2 * W**2 + 2 * along * across * inner + across**2 * G**2)

    sides = (side.sympy(norm=norm, w=w, grad=g) for side in length.sides)
    case.identity("|w - η∂loss/∂w|² = |w|² + η²|∂loss/∂w|², by Y1", *sides, computed=True)
    case.argument(
        "gauge", "gradients of a row scale as 1/|w'| (Y1): the layer whose gradient was largest is divided most"
    )
    lines = []
    for name in ("relu", "tanh"):
        ranges = np.array([_ranges(case, name, rate, seed) for seed in range(SEEDS)])
        case.hypothesis(True)
        # stated inequality: the log of the range at most four fifths after one step, in every network
        _at_most(case, compressed, ranges, name)
        start = 0.5 * (DEPTH - 1) * np.log(mean_field.gradient_rate(name, BATCH).value)
        # the first layer has 64 inputs and no network before it; finite width: a tenth and one half in the logarithm
        case.pathwise(
            "digits: start within 10 % and 1/2 of ½(L-1) log λ", np.abs(ranges[:, 0] - start), 0.1 * start + 0.5, 0.0
        )
        lines.append((name, DEPTH, rate, *(f"{x:.2f}" for x in ranges.mean(axis=0)), f"{start:.2f}"))
    if not case.control:
        slow = np.array([_ranges(case, "tanh", rate / 10, seed) for seed in range(SEEDS)])
        case.notices("tanh at a tenth of the rate", lambda c: _at_most(c, compressed, slow, "tanh"))
        with case.illustrations():
            for other in (0.001, 1.0):
                ranges = np.array([_ranges(case, "relu", other, seed) for seed in range(SEEDS)])
                lines.append(("relu", DEPTH, other, *(f"{x:.2f}" for x in ranges.mean(axis=0)), ""))
            tuned = [_ranges(case, "tanh", 0.1, seed, gain=0.1)[0] for seed in range(SEEDS)]
            case.pathwise(
                "digits: tanh near the linear regime (gain 0.1) starts at less than half",
                tuned,
                0.5 * float(lines[1][3]),
                0.0,
            )
    head = ("activation", "L", "η", "step 0", "1", "2", "3", "½(L-1) log λ")
    case.table("log(max/min) over the layers of ‖∂loss/∂W‖, means of 3 networks", head, lines)


def _at_most(case, compressed, ranges, name):
    """The log of the range after one step against the claim, in every network."""
    allowed = compressed.right.evaluate({"log": lambda x: x, "range_0": ranges[:, 0]}, float)
    case.pathwise("digits: log range after one step", ranges[:, 1], allowed, 0.0, activation=name)


def _ranges(case, name, rate, seed, *, gain=1.0):
    """Log of the range over the layers before each of four steps, on the batch of that step."""
    rng, phi = case.rng(seed), activation(name).scaled(gain)
    digits = load_digits()
    images = np.concatenate([digits.train_images, digits.test_images])
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    images = (images - images.mean()) / images.std()
    sizes = [images.shape[1]] + [WIDTH] * DEPTH
    W = [rng.standard_normal((b, a)) / np.sqrt(a) for a, b in pairwise(sizes)]
    head = rng.standard_normal((10, WIDTH)) / np.sqrt(WIDTH)
    found = []
    for _ in range(4):
        chosen = rng.choice(len(images), BATCH, replace=False)
        grads, in_head = _backward(W, head, Layer(phi.function, phi.derivative), images[chosen].T, labels[chosen])
        norms = [np.linalg.norm(g) for g in grads]
        found.append(float(np.log(max(norms) / min(norms))))
        W = [w - rate * g for w, g in zip(W, grads, strict=True)]
        head = head - rate * in_head
    return found


def _backward(W, head, layer, x, labels):
    """Gradients of the mean cross-entropy in every W and in the head."""
    kept, state = [], x
    for w in W:
        u, root = normalised(w @ state, layer)
        kept.append((state, u, root))
        state = layer.function(u)
    logits = head @ state
    p = np.exp(logits - logits.max(axis=0))
    p /= p.sum(axis=0)
    p[labels, np.arange(len(labels))] -= 1
    p /= len(labels)
    in_head, g, grads = p @ state.T, head.T @ p, []
    for w, (before, u, root) in zip(W[::-1], kept[::-1], strict=True):
        at_h = pull_back(layer.slope(u) * g, u, root, layer)
        grads.append(at_h @ before.T)
        g = w.T @ at_h
    return grads[::-1], in_head


FALSE_NEIGHBOURS = {
    "at any learning rate: 0.0001": {"rate": 0.0001},
    "rows not orthogonal to their gradients": {"orthogonal": False},
}


def test_y14(judgement):
    judgement()
