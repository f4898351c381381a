"""Verify the judge: each of these was once believed, and is a verdict no more."""

import sympy as sp

from isogap.verification import Statement, judge

X, Y = sp.symbols("x y")


def statement(kind="machine-decided", depends=(), label="X1"):
    return Statement(label, "n", "x", "h", kind, "r", "g", depends=depends)


def decided(decide, kind="machine-decided", before=None, depends=()):
    return judge(statement(kind, depends), decide, {}, before=before)


def test_an_identity_beside_a_sampled_claim_does_not_carry_it():
    """The strongest step decided: any true identity made a sampled claim proved."""

    def decide(case):
        case.hypothesis(True)
        case.identity("a true identity", (X + Y) ** 2, X**2 + 2 * X * Y + Y**2)
        case.mean_equals("the claim", case.rng().random(10_000), 0.5, 1.0)

    assert decided(decide).kind == "consistent"


def test_steps_that_say_x_equals_x_are_refused():
    def decide(case):
        case.hypothesis(True)
        case.identity("1 = 1", 1, 1)

    found = decided(decide)
    assert found.kind == "undecided"
    assert "same as written" in found.message

    def disguised(case):
        case.hypothesis(True)
        case.identity("written twice", 2 * X * (Y + 1), (Y + 1) * X * 2)

    assert decided(disguised).kind == "undecided"


def test_a_verdict_does_not_rest_on_what_was_not_judged():
    def decide(case):
        case.hypothesis(True)
        case.identity("a true identity", X * (X + 1), X**2 + X)

    found = decided(decide, before={}, depends=("X0",))
    assert found.kind == "conditional"
    assert "not judged in this run" in found.message


def test_a_verdict_is_no_stronger_than_what_it_rests_on():
    def algebra(case, *, factor=1):
        case.hypothesis(True)
        case.identity("a true identity", X * (X + 1), X**2 + factor * X)

    def argument(case, *, factor=1):
        algebra(case, factor=factor)
        case.argument("Jensen", "log is concave")

    def listed(case, *, factor=1):
        argument(case, factor=factor)
        case.exact("at 3", 3 * factor < 4)

    def sampled(case, *, factor=1):
        listed(case, factor=factor)
        case.mean_equals("mean", case.rng().random(10_000) * factor, 0.5, 1.0)

    neighbour = {"twice": {"factor": 2}}
    kinds = ["machine-decided", "reduced by hand", "certified", "consistent"]
    for kind, decide in zip(kinds, (algebra, argument, listed, sampled), strict=True):
        below = judge(statement(kind, label="X0"), decide, neighbour)
        assert below.passed, below
        above = judge(statement(kind, ("X0",)), algebra, neighbour, before={"X0": below})
        assert above.kind == kind
        assert above.passed
    assert above.inherited == ("Jensen (X0)",)
    failed = judge(statement(label="X0"), lambda case: algebra(case, factor=2), neighbour)
    assert judge(statement(depends=("X0",)), algebra, neighbour, before={"X0": failed}).kind == "conditional"


def test_illustrations_refute_and_count_for_nothing():
    def decide(case, *, value=1):
        with case.illustrations():
            case.exact("at one point", value == 1)
        case.hypothesis(True)
        case.identity("a true identity", X * (X + 1), X**2 + X)

    found = judge(statement(), decide, {"another value": {"value": 2}})
    assert found.passed
    assert [step.role for step in found.steps] == ["illustration", "link"]

    def bare(case):
        case.hypothesis(True)
        with case.illustrations():
            case.exact("at one point", True)

    assert decided(bare).kind == "undecided"


def test_arguments_are_named_and_counted():
    def decide(case):
        case.hypothesis(True)
        case.argument("Jensen", "log is concave")
        case.identity("a true identity", X * (X + 1), X**2 + X)

    found = decided(decide, "reduced by hand")
    assert (found.kind, found.arguments) == ("reduced by hand", ("Jensen",))
