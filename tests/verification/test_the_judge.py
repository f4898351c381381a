"""Verify the judge: each of these was once believed, and is a verdict no more."""

import re
from dataclasses import replace

import pytest
import sympy as sp

from isogap.verification import Case, RefutedError, Statement, UndecidedError, check_module, judge, load
from isogap.verification.claims import Claim, ClaimError, variations
from isogap.verification.mutate import as_registered

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


STATEMENTS = load()
EDITS = [
    ("Theorem 3", "2*d^2*(d+2)", "d*(d+2)"),  # its own false neighbour
    ("S3", "24*(d+2)", "20*(d+2)"),
    ("S3", "24*(d+2)", "25*(d+2)"),  # true, and not what the program computes
    ("Lemma C.6", "d*(d+2)", "2*d*(d+2)"),  # true, and weaker than what was printed
    ("Lemma C.3", "27*d^5", "27*d^6"),
    ("E5", "2*p2", "3*p2"),
    ("Weingarten inputs", "3/(d*(d+2))", "3/(d*(d+1))"),
    ("E4", "y - 1 - log(y)", "2*y - 2 - log(y)"),
]


@pytest.mark.parametrize(("label", "old", "new"), EDITS)
def test_an_edit_of_the_printed_formula_turns_its_check_red(label, old, new):
    """The formula of the page was a text of its own: any edit left every check green."""
    statement = STATEMENTS[f"chain/{label}"]
    assert any(old in text for text in statement.claim)
    edited = replace(statement, claim=tuple(text.replace(old, new) for text in statement.claim))
    module = check_module(statement)
    before = as_registered(statement, STATEMENTS)
    assert judge(statement, module.decide, {}, before=before).kind == statement.kind
    found = judge(edited, module.decide, {}, before=before)
    assert found.kind in ("refuted", "undecided"), found


def test_a_check_that_does_not_look_at_the_claim_decides_nothing():
    claimed = replace(statement(), claim=("x <= 2*d",))

    def decide(case):
        case.hypothesis(True)
        case.identity("a true identity", X * (X + 1), X**2 + X)

    found = judge(claimed, decide, {})
    assert found.kind == "undecided"
    assert "never evaluated" in found.message


def test_the_first_line_of_a_check_is_label_and_name():
    """It used to restate the formula, and could be wrong."""
    for s in STATEMENTS.values():
        if s.claim and s.system == "chain":
            first = s.path.read_text(encoding="utf-8").split("\n", 1)[0]
            assert first == f'"""{s.label}: {s.name}."""'


def test_claims_are_arithmetic_and_nothing_else():
    for text in (
        "x",
        "x + 1",
        "x <= __import__('os')",
        "x <= [1]",
        "x <= y.z",
        "x != 2",
        "x <= 1e999",
        "x <= (lambda: 1)()",
    ):
        with pytest.raises(ClaimError):
            Claim.of(text)
    for deep in ("x <= " + "-" * 500 + "1", "x <= " + "(" * 900 + "1" + ")" * 900, "x <= " + "1+" * 900 + "1"):
        with pytest.raises(ClaimError):
            Claim.of(deep)
    claim = Claim.of("x <= 2*d^2 + sqrt(3)/d if d >= 2")
    assert claim.right.exact is not None
    assert float(claim.right.ball(d=2).mid()) == pytest.approx(8 + 3**0.5 / 2, rel=1e-15)
    assert claim.right.float(d=2) == pytest.approx(8 + 3**0.5 / 2, rel=1e-15)
    assert claim.right.sympy() == 2 * sp.Symbol("d", positive=True) ** 2 + sp.sqrt(3) / sp.Symbol("d", positive=True)
    with pytest.raises(ClaimError, match="gives no value for d"):
        claim.right.ball()
    assert len(variations(claim.text)) == 4


def test_a_sampled_step_without_power_is_no_step():
    case = Case()
    case.notices("a mean of 1", lambda c: c.mean_equals("", [1.0] * 1000, 0.5, 1.0))
    with pytest.raises(UndecidedError, match="no power"):
        case.notices("a mean of 0.51", lambda c: c.mean_equals("", [0.51] * 10, 0.5, 1.0))
    samples = case.rng().random(10_000)
    case.mean_equals("the mean", samples, 0.5, 1.0)
    noticed = float(
        re.search(r"off by (\S+) is noticed", case.steps["sampling", "link", "the mean", ""].detail).group(1)
    )
    with pytest.raises(RefutedError):
        case.mean_equals("off by as much", samples + noticed, 0.5, 1.0)
    with pytest.raises(UndecidedError):
        case.mean_below("strictly below", samples, 0.5, 1.0)
    with pytest.raises(RefutedError):
        case.mean_below("strictly below", samples, 0.4, 1.0)


def test_what_is_selected_counts_as_many_and_student_is_no_bound():
    case = Case()
    case.mean_at_most("the worst of 100 layers", case.rng().random(1000), 1.0, 1.0, many=100)
    assert (case.comparisons, case.approximate) == (100, 0)
    case.mean_at_most("no range", case.rng().random(1000), 1.0, None)
    assert (case.comparisons, case.approximate) == (101, 1)
    assert "no bound" in case.steps["sampling", "link", "no range", ""].detail
