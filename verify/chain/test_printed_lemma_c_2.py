"""Printed: Lemma C.2: the squared error is Lipschitz in the logits (on all of space)."""

from isogap.verification import RefutedError
from isogap.verification import rational as q
from isogap.verification.balls import ball


def decide(case, *, bounded=False, constant=1000):
    """Logits beyond any constant refute it; with ``‖Z‖_F = √d`` the constant ``√d + ‖T‖_F`` holds."""
    Z, T = case.witness("squared_error_Z"), case.witness("squared_error_T")
    case.hypothesis(Z.nrows() == T.nrows())
    if not bounded:
        gradient = ball(sum(q.diagonal_of((Z - T) * (Z - T).transpose()))).sqrt()
        for claimed in (1, constant, constant**3):
            scaled = gradient * claimed  # logits claimed·Z, target claimed·T: the gradient scales with them
            if scaled > claimed:
                raise RefutedError(
                    "‖∂L/∂Z‖ = ‖Z - T‖ exceeds every constant K at logits K Z",
                    violation=float(scaled.mid()) / claimed - 1,
                    Z=Z.tolist(),
                    T=T.tolist(),
                    K=claimed,
                    gradient=scaled.str(10),
                )
    for d, seed in ((2, 1), (3, 2), (5, 3), (8, 4)):
        logits = q.cayley(d, seed) * q.unit_rows(d, d, seed)
        target = q.unit_rows(d, d, seed + 7) * seed
        case.exact("‖Z‖_F² = d for Z = W X_L", sum(q.diagonal_of(logits * logits.transpose())) == d)
        square = sum(q.diagonal_of((logits - target) * (logits - target).transpose()))
        norm = ball(sum(q.diagonal_of(target * target.transpose()))).sqrt()
        case.at_most("‖Z - T‖_F ≤ √d + ‖T‖_F", ball(square).sqrt(), ball(d).sqrt() + norm, d=d)
    case.argument("triangle inequality")


FALSE_NEIGHBOURS = {"corrected: on the logits of this network, with √d + ‖T‖_F": {"bounded": True}}


def test_printed_lemma_c_2(judgement):
    judgement()
