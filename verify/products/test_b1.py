"""B1: Scale of a channel's kernel."""

import sympy as sp

a, b, q, r = sp.symbols("a b q r", positive=True)


def decide(case, *, eps=0, sign=1):
    """A pair of centred entries (Gh)_i = a, (Gh)_j = b with |Gh|² = q: products û_i û_j and squares say all but a sign."""
    case.decides("==", "==", "==", "==")
    same, divided, inner, total = case.claims
    factor = sign * r
    case.hypothesis(sign == 1)

    def square(h):  # û_i û_j at h times the kernel
        return (h * a) * (h * b) / (h**2 * q + eps)

    case.identity(
        "û_i û_j does not change with h -> r h",
        *(s.sympy(out=square, r=factor, K=1) for s in same.sides),
        computed=True,
    )
    signs = (s.sympy(out=lambda h: h * a / sp.sqrt(sp.expand(h**2)), r=factor, K=1) for s in same.sides)
    case.identity("nor does a sign: an entry r a over √(r²)", *signs, computed=True)
    # the Jacobian of û = Gh/√(q + eps) is (G - Gh hᵀG/(q + eps))/√(q + eps), of which this entry is at (a, b)
    off = (s.sympy(grad=lambda h: -square(h) / sp.sqrt(sp.expand(h**2)), r=factor, K=1) for s in divided.sides)
    case.identity("J at r h is J/r", *off, computed=True)
    along = inner.left.sympy(inner=lambda h, _: h * (a - a * q / (q + eps)), grad=lambda h: h, K=1)
    case.identity("J h = 0, so <h, Jᵀ g> = 0 for every g", along, inner.right.sympy(), computed=True)
    n = sp.Symbol("n", positive=True)
    case.identity("a row of G = 1 - 11ᵀ/n has the sum", 1 - n * (1 / n), total.right.sympy(), computed=True)
    case.argument("rows of G sum to 0", "1ᵀG = 0, so every column of J, and Jᵀ's result Σ_{bxy} dL/dO, sums to 0")
    case.argument(
        "Euler's theorem", "functions homogeneous of degree 0 have gradients orthogonal to their argument, of degree -1"
    )
    case.argument("the convolution is linear in its kernel", "so h -> r h when K_o -> r K_o")
    with case.illustrations():
        _example(case)


def _example(case):
    """L = Σ c û² of a convolution with three images of 3 pixels and a kernel of 2: exact rational derivatives."""
    k = sp.symbols("k0 k1")
    images = [(1, 3, -2), (0, 2, 5), (4, -1, 1)]
    out = [k[0] * x[i] + k[1] * x[i + 1] for x in images for i in range(2)]
    mean = sum(out) / len(out)
    centred = [o - mean for o in out]
    size = sum(o**2 for o in centred)
    loss = sum(c * o**2 for c, o in zip((1, -2, 3, 0, 5, 1), centred, strict=True)) / size
    at = {k[0]: sp.Rational(2, 3), k[1]: sp.Rational(-1, 5)}
    gradient = [sp.diff(loss, x).subs(at) for x in k]
    along = sum(g * at[x] for g, x in zip(gradient, k, strict=True))
    far = {x: 7 * v for x, v in at.items()}
    smaller = [sp.diff(loss, x).subs(far) * 7 for x in k]
    case.exact("<K, dL/dK> = 0 exactly", along == 0, inner_product=along)
    case.exact("the gradient at 7K is a seventh", smaller == gradient)
    case.exact("and is not 0", gradient[0] != 0)
    o = sp.symbols("o0:4")
    spread = [x - sum(o) / 4 for x in o]
    of_outputs = sum(c * x**2 for c, x in zip((1, -2, 3, 5), spread, strict=True)) / sum(x**2 for x in spread)
    values = dict(zip(o, (3, 1, -2, 7), strict=True))
    case.exact("Σ dL/dO = 0", sum(sp.diff(of_outputs, x).subs(values) for x in o) == 0)


FALSE_NEIGHBOURS = {
    "with eps > 0 under the root": {"eps": 1},
    "negative r": {"sign": -1},
}


def test_b1(judgement):
    judgement()
