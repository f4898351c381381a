"""What a claim may hold beside arithmetic: bound letters, matrix words, limits; and what a statement prints beside its claims."""

from fractions import Fraction

import pytest
import sympy as sp

from isogap.verification import Case, RegistryError, UndecidedError, load
from isogap.verification.balls import ball
from isogap.verification.claims import Claim, ClaimError, flips, variations
from isogap.verification.printed import loose
from isogap.verification.typeset import latex
from isogap.verification.words import ONE, matrix, orthogonal, powers


def test_sums_and_products_are_evaluated_in_every_arithmetic():
    total = Claim.of("p == sum(k, 1, d, (lam(k) - 1)^2)").right
    lam = [Fraction(1, 2), Fraction(3, 2)]
    exact = total.exact(d=2, lam=lambda k: lam[int(k) - 1])
    assert exact == Fraction(1, 2)
    assert total.ball(d=2, lam=lambda k: k / 2).overlaps(ball(Fraction(1, 4)))
    assert total.sympy(d=2, lam=lambda k: k) == 1
    assert total.float(d=2, lam=lambda k: float(lam[int(k) - 1])) == 0.5
    assert Claim.of("n == prod(k, 1, m, k)").right.exact(m=5) == 120
    assert Claim.of("n == sum(j, 1, 2, sum(k, 1, j, j*k))").right.exact() == 7  # 1 + (2 + 4)


def test_an_integral_needs_the_checks_own_meaning():
    claim = Claim.of("y == integral(t, 0, inf, exp(-2*t))").right
    with pytest.raises(ClaimError, match="no meaning to integral"):
        claim.sympy()
    t = sp.Symbol("t")
    assert claim.sympy(integral=lambda low, high, body: sp.integrate(body(t), (t, low, high))) == sp.Rational(1, 2)
    endless = Claim.of("y == sum(k, 1, inf, 2^(-k))").right
    with pytest.raises(ClaimError, match="a sum up to"):
        endless.float()


def test_matrix_words_come_from_the_same_text():
    claim = Claim.of("K == D^(-1/2)*(W*X - diag(S))*T(W*X)").right
    D = powers("D", {Fraction(-1, 2): matrix("R")})
    found = claim.words(D=D, W=matrix("W"), X=matrix("X"), S=matrix("S"), diag=lambda s: s)
    WX = matrix("W") * matrix("X")
    assert found == matrix("R") * (WX - matrix("S")) * WX.T
    assert Claim.of("K == one - 2*X/3 + 1").right.words(one=matrix("X"), X=matrix("X")).terms[()] == 1
    with pytest.raises(ClaimError, match="no meaning"):
        Claim.of("K == X^(-1)").right.words(X=matrix("X"))
    assert Claim.of("K == X^2").right.words(X=matrix("X")) == matrix("X") * matrix("X")
    left = Claim.of("K == T(W)*W - 1/2").right.words(W=matrix("W"))
    Case().words("WᵀW - 1/2 = 1/2", left, ONE * Fraction(1, 2), orthogonal("W"))


@pytest.mark.parametrize(
    "text",
    [
        "x in y",
        "x is 2",
        "x <= sum(k, 1, 2)",
        "x <= sum(1, 1, 2, k)",
        "x <= lim(k, inf, k, k)",
        "x and y <= 2",
    ],
)
def test_what_no_claim_may_say_is_refused(text):
    with pytest.raises(ClaimError):
        Claim.of(text)


def test_a_side_that_cannot_be_evaluated_says_why():
    with pytest.raises(ClaimError, match=r"1 / \(d - 2\)"):
        Claim.of("x <= 1/(d - 2)").right.exact(d=2)


def test_the_new_relations_are_printed():
    assert latex(Claim.of("phi -> 0")) == r"\varphi\to0"
    assert latex(Claim.of("x ~= y")) == r"x\approx y"
    assert latex(Claim.of("s == sum(k, 1, d, lam(k)^2)"), {"lam": r"\lambda_{#1}"}) == r"s=\sum_{k=1}^d\lambda_{k}^2"
    assert latex(Claim.of("s == sum(k, 1, d, k)*x")) == r"s=\left(\sum_{k=1}^dk\right)x"
    assert latex(Claim.of("s == T(W*X)")) == r"s=(WX)^{\top}"
    assert latex(Claim.of("s == lim(ell, inf, phi)")) == r"s=\lim_{\ell\to\infty}\varphi"
    assert latex(Claim.of("T_0 <= x^(-1/2)")) == r"T_0\le x^{-1/2}"


def test_every_inequality_is_turned_once_and_nothing_else_is():
    assert [new for _, new in flips("x <= y < z if n >= 2")] == [
        "x >= y < z if n >= 2",
        "x <= y > z if n >= 2",
        "x <= y < z if n <= 2",
    ]
    assert flips("x -> 0") == flips("x ~= 2") == flips("x == 2") == []
    assert len(variations("sum(k, 1, d, k^2) <= 3/4")) == 4


def test_a_check_decides_the_relations_that_it_names():
    case = Case(claims=["x <= 2*d if d >= 1", "y == 3"])
    case.decides("<= if >=", "==")
    with pytest.raises(UndecidedError, match="decides <=, =="):
        case.decides("<=", "==")


def test_a_call_with_a_number_in_it_has_to_be_evaluated():
    assert not Claim.of("gamma(2) == y").used
    assert Claim.of("gamma(d) == y").used
    claim = Claim.of("gamma(2) == y")
    assert claim.left.exact(gamma=lambda n: n) == 2
    assert claim.used


def test_numbers_and_relations_beside_the_claims_are_found():
    assert loose(r"@1\ \text{ almost surely},\qquad @12") == []
    assert loose(r"X_0,\ X_{12},\ \varphi_\ell") == ["12"]
    assert loose(r"\ell\ge@1") == [r"\ge"]
    assert loose(r"\left(@1\right)\Rightarrow\text{ within 2}") == ["2"]
    assert loose(r"\inf x,\ \leftarrow") == []


def registry(where, entry):
    (where / "test_a.py").write_text('"""A: x."""\n\nFALSE_NEIGHBOURS = {}\n\n\ndef decide(case):\n    pass\n')
    head = '[[statement]]\nlabel = "A"\nname = "x"\ngroup = "g"\nhypotheses = "h"\nkind = "consistent"\nrange = "r"\n'
    (where / "statements.toml").write_text(head + entry)
    return where


def test_words_carry_no_number_and_no_relation(tmp_path):
    good = "formula = '''\\text{all is well}'''\nwords = \"nothing is counted\"\n"
    assert load(registry(tmp_path, good))["A"].words == "nothing is counted"
    for formula in (r"\text{within 2}", r"x\le y"):
        with pytest.raises(RegistryError, match="carries no number and no relation"):
            load(registry(tmp_path, f"formula = '''{formula}'''\nwords = \"reason\"\n"))
    with pytest.raises(RegistryError, match="it has claims"):
        load(registry(tmp_path, 'claim = ["x <= y"]\nwords = "reason"\n'))


def test_a_check_that_does_not_name_the_relations_that_it_decides_is_undecided():
    def decide(case):
        case.hypothesis(True)
        for claim in case.claims:
            claim.right.exact()
        case.exact("one is at most two", True)

    case = Case(claims=["x <= 2"])
    decide(case)
    with pytest.raises(UndecidedError, match=r'case.decides\("<="\)'):
        case.finish()
    named = Case(claims=["x <= 2"])
    named.decides("<=")
    decide(named)
    assert named.finish() == "certified"
