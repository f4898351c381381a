"""Theorem F4b: Activations close to linear: the cancellation."""

from fractions import Fraction

import numpy as np
import sympy as sp

from isogap.verification import UndecidedError, replace, sampling
from isogap.verification.forms import d
from isogap.verification.words import matrix, powers
from weingarten import moment


def decide(case):
    """Fourth moments of a Haar matrix for every d; the mean of sampled matrices beside it."""
    case.decides("==", "==")
    claim = case.claims[0].right
    first, cubic = _coefficients(case.claims[1].right)
    case.claims[1].left.words(Psi=lambda _: matrix("P"), B=matrix("B"), C=matrix("C"))  # a name for the right side
    four, pair = moment([[4]], d), moment([[2, 2]], d)  # E b_1⁴, E b_1² b_2²
    down = moment([[2], [2]], d)  # E b_11² b_21²: two rows, one column
    # E (BᵀB^{∘3})_kl = Σ_i E b_ik b_il³: 0 off the diagonal by signs, d E b⁴ on it
    case.identity("E BᵀB^{∘3} = 3I/(d+2)", d * four, 3 / (d + 2), computed=True)
    # E Σ_i b_ik b_ij² (b_i · C_j) = Σ_m C_mj Σ_i E b_ik b_ij² b_im: m = k only
    off = d * pair  # k ≠ j
    on = d * four  # k = j
    case.identity("... k ≠ j: C_kj/(d+2)", off, 1 / (d + 2), computed=True)
    case.identity("... k = j: 3 C_jj/(d+2)", on, 3 / (d + 2), computed=True)
    C, diagonal, k = sp.symbols("C C_jj k")
    mean_off = k * (first * 3 / (d + 2) * C - cubic * off * C)
    mean_on = k * (first * 3 / (d + 2) * diagonal - cubic * on * diagonal)
    case.identity("E Ψ(B)C off the diagonal is 0", mean_off, 0, computed=True)
    on_diagonal = claim.sympy(k=k, d=d, C=diagonal, diag=lambda y: y)
    case.identity("E Ψ(B)C on the diagonal is -6k C_jj/(d+2)", mean_on, on_diagonal, computed=True)
    case.identity("symmetry of rows and columns: E b_11²b_21² = E b_11²b_12²", down, pair, computed=True)
    case.argument("sign symmetry", "odd moments vanish under B → B diag(signs) and diag(signs) B")
    case.argument(
        "perturbation with unspecified constants, supermartingale",
        "the statement in depth: P(sup‖∂B_L/∂B_0‖ > K) if Σα⁴ < ∞",
    )
    case.hypothesis(True)
    with case.illustrations():
        for width in (3, 5):
            rng = case.rng(width)
            b = sampling.haar(width, 4000, rng)
            a = rng.standard_normal((width, width))
            for name, c in (("antisymmetric", a - a.T), ("symmetric", a + a.T)):
                bc = b @ c
                image = _psi(b, c, bc, cubic)
                expected = claim.float(k=1.0, d=width, C=float(c[0, 0]), diag=lambda y: y)
                case.mean_equals(f"sampled (E Ψ(B)C)_11, {name}", image[:, 0, 0], expected, None, d=width)
                off_mean = image[:, 0, 1]
                case.mean_equals(f"sampled (E Ψ(B)C)_12, {name}", off_mean, 0.0, None, d=width)


def _coefficients(form):
    """Of ``B⁻¹ B^{∘3} C`` and ``-B⁻¹ (B^{∘2} ∘ (BC))``; any other word is not what the moments are for."""
    B, inverse, H = powers("B", {Fraction(-1): matrix("I")}), matrix("I"), matrix("H")
    names = {(3,): matrix("F"), (2,): matrix("S")}

    def had(left, right):
        if left != names[2,] or right != matrix("B") * matrix("C"):
            raise UndecidedError("the check knows B^{∘2} ∘ (BC) alone")
        return H

    found = form.words(k=1, B=B, C=matrix("C"), entrywise=lambda _, m: names.get((m,), matrix(f"B{m}")), had=had).terms
    words = [next(iter(word.terms)) for word in (inverse * names[3,] * matrix("C"), inverse * H)]
    if set(found) != set(words):
        raise UndecidedError(f"other words than {words}: {list(found)}")
    return Fraction(found[words[0]]), -Fraction(found[words[1]])


def _psi(b, c, bc, cubic):
    """``Bᵀ B^{∘3} C - cubic Bᵀ(B^{∘2} ∘ (BC))``, k = 1."""
    transposed = np.swapaxes(b, 1, 2)
    return transposed @ (b**3) @ c - cubic * transposed @ (b**2 * bc)


FALSE_NEIGHBOURS = {"2 for 3 in Ψ": replace("3*B^(-1)", "2*B^(-1)")}


def test_theorem_f4b(judgement):
    judgement()
