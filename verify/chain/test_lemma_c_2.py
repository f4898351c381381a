"""Lemma C.2: Bounded loss gradients."""

import sympy as sp

from isogap import bounds
from isogap.verification import rational as q
from isogap.verification import replace
from isogap.verification.balls import ball


def decide(case, *, bounded=True):
    """Softmax gradients in balls, then the simplex and the triangle inequality for every size."""
    case.decides("<=", "<=", "<=")
    entropy, softmax, error = (claim.right for claim in case.claims)
    with case.illustrations():
        for classes in (2, 3, 10):
            for size in (-3, 0, 1, 4, 40):
                logits = [ball(size * (k == 1) - k) for k in range(classes)]
                total = sum((z.exp() for z in logits), ball(0))
                p = [z.exp() / total for z in logits]
                for label in range(min(classes, 3)):
                    if case.hypothesis(True):
                        square = sum(((x - (k == label)) ** 2 for k, x in enumerate(p)), ball(0))
                        error_ = [x - (k == label) for k, x in enumerate(p)]
                        mixed = sum((x * e for x, e in zip(p, error_, strict=True)), ball(0))
                        after = sum(((x * (e - mixed)) ** 2 for x, e in zip(p, error_, strict=True)), ball(0))
                        case.at_most("after a softmax", after, softmax.ball() ** 2, classes=classes, label=label)
                        case.at_most(
                            "‖p - y‖² ≤ 2",
                            square,
                            entropy.ball() ** 2,
                            classes=classes,
                            label=label,
                            largest_logit=size,
                        )
        for d in (2, 3, 5):
            Z = q.cayley(d, d) * q.unit_rows(d, d, d) * (1 if bounded else 10**6)
            T = q.unit_rows(d, d, d + 9) * 2
            square = sum(q.diagonal_of((Z - T) * (Z - T).transpose()))
            target = sum(q.diagonal_of(T * T.transpose()))
            case.at_most(
                "‖Z-T‖_F ≤ √d + ‖T‖_F",
                ball(square).sqrt(),
                error.ball(d=d, norm_T=ball(target).sqrt()),
                d=d,
                entry=Z[0, 0],
            )
            found = bounds.lemma_c2_squared_error(d, float(target) ** 0.5)
            case.library("bounds.lemma_c2_squared_error", found, error.ball(d=d, norm_T=ball(target).sqrt()), 20)
    case.library("bounds.lemma_c2_cross_entropy", bounds.lemma_c2_cross_entropy(), entropy.ball(), 4)
    for samples in (1, 5):  # over a batch: the sum of the losses, and their mean
        root = ball(samples).sqrt()
        total, mean = (bounds.lemma_c2_cross_entropy(samples, mean=flag) for flag in (False, True))
        case.library("bounds.lemma_c2_cross_entropy, sum", total, entropy.ball() * root, 4)
        case.library("bounds.lemma_c2_cross_entropy, mean", mean, entropy.ball() / root, 4)
    _proof(case)


def _proof(case):
    a, b, c = sp.symbols("a b c", real=True)
    loss = -a + sp.log(sp.exp(a) + sp.exp(b) + sp.exp(c))
    total = sp.exp(a) + sp.exp(b) + sp.exp(c)
    u, v, w = sp.symbols("u v w", positive=True)
    names = {sp.exp(a): u, sp.exp(b): v, sp.exp(c): w}
    case.identity(
        "∂/∂z_y of the cross-entropy is p_y - 1",
        sp.diff(loss, a).subs(names),
        (sp.exp(a) / total - 1).subs(names),
        computed=True,
    )
    case.identity("∂/∂z_k is p_k", sp.diff(loss, b).subs(names), (sp.exp(b) / total).subs(names), computed=True)
    # with s = Σ_{k≠y} p_k = 1 - p_y: ‖p-y‖² = s² + Σ_{k≠y} p_k² = 2s² - 2 Σ_{k<l} p_k p_l ≤ 2s² ≤ 2
    s, cross = sp.symbols("s q", nonnegative=True)
    limit = case.claims[0].right.sympy() ** 2
    case.identity("‖p-y‖² = s² + (s² - 2 Σ p_k p_l)", s**2 + (s**2 - 2 * cross), 2 * s**2 - 2 * cross, computed=True)
    case.identity(
        "2 - ‖p-y‖² = 2(1-s)(1+s) + 2 Σ p_k p_l", limit - (2 * s**2 - 2 * cross), 2 * (1 - s) * (1 + s) + 2 * cross
    )
    case.argument("a sum of non-negative terms", "0 ≤ s ≤ 1 and p_k ≥ 0")
    x = sp.Symbol("p", nonnegative=True)
    case.argument(
        "norm of a symmetric matrix by its row sums",
        "the softmax has J = diag p - ppᵀ; ‖J‖ ≤ max_i Σ_j |J_ij|",
    )
    size = sp.Symbol("s", positive=True)  # ‖p - y‖, whose own gradient in p is a unit vector
    loss = case.claims[1].left.sympy(norm=lambda y: y, grad_z=lambda y: sp.diff(y, size), norm_py=size)
    case.identity("the gradient in p has the norm ‖p-y‖, and J carries it to the logits", loss, size, computed=True)
    half = sp.Rational(1, 2)
    case.identity("row sum 2p(1-p) = 1/2 - 2(p - 1/2)² ≤ 1/2", 2 * x * (1 - x), half - 2 * (x - half) ** 2)
    half = half * case.claims[0].right.sympy()
    case.identity("‖J(p-y)‖ ≤ ½ ‖p-y‖", half, case.claims[1].right.sympy(), computed=True)
    case.argument("triangle inequality", "‖Z‖_F² = tr X_L X_Lᵀ = d for orthogonal W_L")


FALSE_NEIGHBOURS = {
    "‖p-y‖₂ ≤ 1.4": replace("sqrt(2)", "1.4"),
    "squared error without bounded logits, as printed": {"bounded": False},
}


def test_lemma_c_2(judgement):
    judgement()
