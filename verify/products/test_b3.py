"""B3: Gradient of a kernel."""

from fractions import Fraction
from itertools import product

from isogap.verification import replace


def decide(case, *, padding="zero"):
    """L = ½ Σ O² is quadratic in K: its central difference with step 1 is the exact derivative, and dL/dO = O."""
    case.decides("==")
    for stride, pad in product((1, 2), (0, 1)):
        images = _integers((2, 2, 5, 5), 3)
        K = _integers((2, 2, 3, 3), 5)
        outputs = _convolution(images, K, stride, pad)
        case.hypothesis(len(outputs) > 0)
        for o, i, dx, dy in product(range(2), range(2), range(3), range(3)):
            up, down = dict(K), dict(K)
            up[o, i, dx, dy] += 1
            down[o, i, dx, dy] -= 1
            exact = (_loss(_convolution(images, up, stride, pad)) - _loss(_convolution(images, down, stride, pad))) / 2

            def pixel(b, i, x, y, images=images, pad=pad):
                return _pixel(images, int(b), int(i), int(x) - pad, int(y) - pad, padding)

            claim = sum(
                case.claim.right.exact(total=lambda v: v, dO=g, I=pixel, b=b, i=i, t=stride, x=x, y=y, u=dx, v=dy)
                for (b, oo, x, y), g in outputs.items()
                if oo == o
            )
            case.exact(
                "sum over images and places = derivative",
                claim == exact,
                stride=stride,
                padding=pad,
                entry=(o, i, dx, dy),
            )


def _integers(shape, step):
    places = list(product(*map(range, shape)))
    return {place: Fraction((step * k * k + k) % 7 - 3) for k, place in enumerate(places)}


def _pixel(images, b, i, x, y, padding="zero"):
    if padding == "wrap":
        x, y = x % 5, y % 5
    return images.get((b, i, x, y), 0)


def _convolution(images, K, stride, pad):
    side = (5 + 2 * pad - 3) // stride + 1
    return {
        (b, o, x, y): sum(
            K[o, i, dx, dy] * _pixel(images, b, i, stride * x + dx - pad, stride * y + dy - pad)
            for i, dx, dy in product(range(2), range(3), range(3))
        )
        for b, o, x, y in product(range(2), range(2), range(side), range(side))
    }


def _loss(outputs):
    return sum(o * o for o in outputs.values()) / 2


FALSE_NEIGHBOURS = {
    "the stride left out of the image's index": replace("t*x + u, t*y + v", "x + u, y + v"),
    "padding that wraps around": {"padding": "wrap"},
}


def test_b3(judgement):
    judgement()
