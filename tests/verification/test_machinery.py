"""The proof check can fail: registry errors, vacuous checks, surviving neighbours, wrong kinds, false alarms."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from isogap.cli import verify as cli
from isogap.verification import (
    Case,
    RefutedError,
    RegistryError,
    Statement,
    UndecidedError,
    VacuousError,
    algebra,
    folder,
    judge,
    judge_all,
    load,
    sampling,
    tightness,
)
from isogap.verification.balls import Spectrum, ball, family
from isogap.verification.registry import find, systems
from isogap.verification.report.mathml import LatexError, mathml
from isogap.verification.report.readme import overview, readme
from isogap.verification.report.result import html_page
from isogap.verification.words import ONE, equal, matrix, orthogonal


def entry(label="X1", kind="machine-decided", depends=()):
    lines = [f'label = "{label}"', 'name = "n"', 'formula = "x"', 'hypotheses = "h"', f'kind = "{kind}"']
    lines += ['range = "r"', 'group = "g"', f"depends = {json.dumps(list(depends))}"]
    return "[[statement]]\n" + "\n".join(lines) + "\n"


CHECK = """import sympy as sp

x = sp.Symbol("x")


def decide(case, *, twice=2):
    case.hypothesis(True)
    case.identity("x + x = 2x", (x + 1) ** 2, x**2 + twice * x + 1)


FALSE_NEIGHBOURS = {"x + x = 3x": {"twice": 3}}
"""


def write(where, text, files):
    where.mkdir(exist_ok=True, parents=True)
    (where / "statements.toml").write_text(text, encoding="utf-8")
    for name, first in files.items():
        (where / name).write_text(first + CHECK, encoding="utf-8")
    return where


def test_registry_and_checks_belong_together(tmp_path):
    good = {"test_x1.py": '"""X1: something."""\n'}
    assert list(load(write(tmp_path / "good", entry(), good))) == ["X1"]
    cases = [
        (entry(kind="believed"), good, "line 6: field kind: .*none of"),
        (entry(depends=["X2"]), good, "line 9: field depends: X1 depends on X2, which is not in the registry"),
        (entry(depends=["chain/E99"]), good, "chain/E99, which is not in the registry"),
        (entry() + entry(), good, "line 11: field label: .*twice"),
        (entry() + entry("X2"), good, "X2 has no check"),
        (entry() + entry("x1"), good, "would also be the check of X1"),
        (entry() + 'colour = "red"\n', good, "line 10: field colour: unknown field 'colour'"),
        (entry().replace('formula = "x"', "formula = 7"), good, "line 4: field formula: must be a text, not int"),
        (entry().replace('formula = "x"', 'formula = "\\\\nonsense"'), good, "line 4: field formula: unknown command"),
        (entry().replace('name = "n"\n', ""), good, "line 1: field 'name' is missing"),
        (entry("X/1"), good, "line 2: field label"),
        ("[about]\ngroups = 3\n" + entry(), good, "groups: must be a list"),
        ("[about]\ncolour = 'red'\n" + entry(), good, "unknown field 'colour'"),
        ('[about]\ngroups = ["other"]\n' + entry(), good, "none of the groups"),
        ("statement = 3\n", {}, "written as"),
        ("[[statement\n", {}, "at line 1"),
        (entry("X1", depends=["X2"]) + entry("X2", depends=["X1"]), {**good, "test_x2.py": '"""X2: s."""\n'}, "circle"),
        (entry(), {**good, "test_x3.py": '"""X3: s."""\n'}, "test_x3.py checks no statement"),
        (entry(), {"test_x1.py": '"""Something else."""\n'}, "first line"),
        (entry(), {"test_x1.py": '"""X1: s."""\n)\n'}, "line 2: SyntaxError"),
        (entry(), {"test_x1.py": '"""X1: s."""\n"""'}, "SyntaxError"),
    ]
    for i, (text, files, message) in enumerate(cases):
        where = write(tmp_path / str(i), text, files)
        with pytest.raises(RegistryError, match=message):
            load(where)
    for missing in ("decide", "FALSE_NEIGHBOURS"):
        where = write(tmp_path / missing, entry(), good)
        path = where / "test_x1.py"
        path.write_text(path.read_text().replace(missing, "another"))
        with pytest.raises(RegistryError, match=missing):
            load(where)
    with pytest.raises(RegistryError, match="no registry"):
        load(tmp_path / "nowhere")


def test_a_long_chain_of_dependencies_is_no_recursion(tmp_path):
    labels = [f"X{i}" for i in range(1500)]
    text = "".join(entry(x, depends=labels[i + 1 : i + 2]) for i, x in enumerate(labels))
    where = write(tmp_path, text, {f"test_x{i}.py": f'"""X{i}: s."""\n' for i in range(1500)})
    assert list(load(where)) == labels[::-1]
    (where / "statements.toml").write_text(text.replace("depends = []", 'depends = ["X0"]'))
    with pytest.raises(RegistryError, match=r"circle of dependencies: X0 -> X1 .* \.\.\. "):
        load(where)


def test_systems(tmp_path):
    """A folder of systems: keys, full labels, dependencies on other systems and on installed ones, names that are ambiguous."""
    first = {"test_x1.py": '"""X1: something."""\n'}
    head = '[about]\ntitle = "First"\nauthors = "A"\ngroups = ["g"]\n'
    write(tmp_path / "one", head + entry(), first)
    write(tmp_path / "two", entry(depends=["one/X1", "chain/E5"]), first)
    statements = load(tmp_path)
    assert list(statements) == ["one/X1", "chain/Weingarten inputs", "chain/E5", "two/X1"]
    two = statements["two/X1"]
    assert (two.full, two.system, two.depends) == ("two: X1", "two", ("one/X1", "chain/E5"))
    assert [find(statements, name) for name in ("one/x1", "One: X1", "e5")] == ["one/X1", "one/X1", "chain/E5"]
    with pytest.raises(RegistryError, match="write one/X1 or two/X1"):
        find(statements, "X1")
    verdicts = judge_all(system="two", where=tmp_path)
    assert [(v.key, v.kind) for v in verdicts] == [(key, "machine-decided") for key in statements]
    assert all(v.passed for v in verdicts)
    with pytest.raises(RegistryError, match="no system 'three'"):
        judge_all(system="three", where=tmp_path)
    page = html_page(verdicts, deep=False, seed=0, seconds=0.0, where=tmp_path)
    assert "Proof check of <i>First; " in page
    assert "test_x1.py" in readme(statements, "two")
    assert overview(statements).count("README.md") == 3


def test_reports_are_about_the_registry_that_is_judged(tmp_path):
    text = '[about]\ntitle = "Claims of mine"\n' + entry().replace('"g"', '"Of my own"')
    where = write(tmp_path, text, {"test_x1.py": '"""X1: something."""\n'})
    page = html_page(judge_all(where=where), deep=False, seed=0, seconds=0.0, where=where)
    assert "<h1>Proof check of <i>Claims of mine</i></h1>" in page
    for foreign in ("Meterez", "Depth Limits", "Witness"):
        assert foreign not in page
    assert "## Of my own" in readme(load(where))


STATEMENT = Statement("X1", "n", "x", "h", "machine-decided", "r", "g", depends=("X0",))
ALONE = Statement("X1", "n", "x", "h", "machine-decided", "r", "g")


def decide(case, *, claim=1, vacuous=False):
    case.hypothesis(not vacuous)
    x = sp.Symbol("x")
    case.identity("x(x+1) = x² + x", x * (x + 1), x**2 + claim * x)


def test_verdicts():
    good = judge(ALONE, decide, {"twice": {"claim": 2}})
    assert (good.kind, good.passed, good.held) == ("machine-decided", True, 1)
    assert good.controls[0].refuted
    assert "difference" in good.controls[0].witness
    assert not judge(ALONE, decide, {}).passed  # no neighbour
    survived = judge(ALONE, decide, {"the same": {"claim": 1}})
    assert survived.kind == "machine-decided"
    assert not survived.passed
    vacuous = judge(ALONE, lambda case: decide(case, vacuous=True), {"twice": {}})
    assert vacuous.kind == "undecided"
    assert "none of 1 instances" in vacuous.message
    assert judge(ALONE, lambda case: decide(case, claim=3), {}).kind == "refuted"
    weak = judge(ALONE, lambda case: (case.hypothesis(True), case.argument("a fact"))[2:] or None, {})
    assert weak.kind == "undecided"
    broken = judge(ALONE, lambda case: 1 / 0, {})
    assert broken.kind == "error"
    assert "ZeroDivisionError" in broken.message
    unknown = judge(ALONE, decide, {"no such": {"colour": 1}})
    assert not unknown.controls[0].refuted
    declared = judge(ALONE, lambda case: (case.hypothesis(True), case.exact("1 < 2", True)) and "machine-decided", {})
    assert declared.kind == "undecided"
    assert "return nothing" in declared.message


def test_case_methods_refute_and_doubt():
    case = Case()
    x = sp.Symbol("x", positive=True)
    with pytest.raises(RefutedError):
        case.rises("log x ≤ x - 2", x - 2 - sp.log(x) + 1 + (x - 1) * sp.Rational(-1, 2), x, 1, 4)
    with pytest.raises(RefutedError):
        case.nonnegative("x - 3 ≥ 0 from 2 on", x - 3, {x: 2})
    with pytest.raises(UndecidedError):
        case.nonnegative("x² - 5x + 7 ≥ 0 from 2 on: true, but of mixed signs", x**2 - 5 * x + 7, {x: 2})
    with pytest.raises(UndecidedError):
        case.follows("x - 3 ≥ 0 from 2 on", x - 3, {x: 2})
    with pytest.raises(RefutedError):
        case.interval("log x ≤ x - 1 + x(1-x)", lambda t: t - 1 + t * (1 - t) * 0 - 2 * t.log(), 1, 2)
    with pytest.raises(UndecidedError):
        case.at_most("overlapping balls", ball(1).union(ball(3)), ball(2))
    with pytest.raises(RefutedError):
        case.agree("different numbers", ball(1), ball(2))
    with pytest.raises(UndecidedError):
        case.agree("wide balls", ball(1).union(ball(3)), ball(2))
    with pytest.raises(RefutedError):
        case.library("a wrong float", 1.0 + 1e-9, ball(1), 10)
    with pytest.raises(VacuousError):
        case.finish()


def test_sturm_decides_on_the_whole_interval():
    x = sp.Symbol("x")
    assert algebra.sign_on((x - sp.Rational(1, 10**9)) * (x + 1), x, 0, 1) == 0
    assert algebra.sign_on(x**2 + 1, x, -sp.oo, sp.oo) == 1
    assert algebra.sign_on(-((x - 1) ** 2), x, 0, 2) == -1
    assert not algebra.rises_from(x**3 - x, x, 0, 2)


def test_words():
    A, B = matrix("A"), matrix("B")
    assert A * B != B * A
    assert equal(A * A.T * B, B, orthogonal("A"))
    assert not equal(A.T * A, ONE)
    assert (A * B).T == B.T * A.T


def test_bands_cover_and_are_finite_sample():
    rng = np.random.default_rng(0)
    missed = 0
    for _ in range(400):
        found = sampling.estimate(rng.random(50) < 0.02, 1.0)  # a rare event: the normal approximation is useless here
        missed += abs(found.mean - 0.02) > found.half
    assert missed == 0
    with pytest.raises(ValueError, match="span"):
        sampling.estimate([0.0, 5.0], 1.0)
    with pytest.raises(ValueError, match="at least two"):
        sampling.estimate([0.0], 1.0)
    assert pytest.approx(sampling.FAMILY_LEVEL) == sampling.SHARE * sampling.MAX_COMPARISONS


def test_backpropagation_against_differences():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((1, 3, 4))
    W = [sampling.haar(3, 1, rng) for _ in range(3)]
    C = rng.standard_normal((1, 3, 4))

    def loss(weights):
        state = X
        for w in weights:
            H = w @ state
            state = H / np.linalg.norm(H, axis=2, keepdims=True)
        return float(np.sum(C * state))

    gradients, _, _ = sampling.chain_gradients(X, W, C)
    for layer in range(3):
        found = np.zeros((3, 3))
        for i in range(3):
            for j in range(3):
                step = np.zeros((1, 3, 3))
                step[0, i, j] = 1e-5
                up, down = ([w + s * step if k == layer else w for k, w in enumerate(W)] for s in (1, -1))
                found[i, j] = (loss(up) - loss(down)) / 2e-5
        # central differences: truncation 1e-10 and rounding 1e-11, on a gradient of order one
        assert np.log(np.linalg.norm(found)) == pytest.approx(gradients[0, layer], abs=1e-7)


def test_optimiser_finds_a_known_minimum():
    # drift/Σ(λ-1)² d(d+2) λ_max tends to 1 near orthogonality and is larger elsewhere (S1)
    value, lam = tightness.minimise(lambda f: np.log(f.drift * 24 * f.top / f.p2), 4)
    assert 0 <= value < 1e-4
    assert tightness.rationalise(lam).d == 4
    found, gradients = tightness.features(np.array([1.5, 0.9, 0.6]))
    step = 1e-6 * np.array([1.0, -1.0, 0.0])
    up, down = (tightness.features(np.array([1.5, 0.9, 0.6]) + s * step)[0] for s in (1, -1))
    assert gradients[0] @ step == pytest.approx((up.drift - down.drift) / 2, rel=1e-6)
    assert found.drift == pytest.approx(
        -float(Spectrum.of([Fraction(3, 2), Fraction(9, 10), Fraction(3, 5)]).step().mid()), rel=1e-13
    )


def test_families_have_mean_one():
    for d in (2, 3, 17):
        for s in family(d):
            assert sum(s.full()) == d
            assert s.d == d
            assert s.low > 0


def test_formulas_typeset():
    for statement in load().values():
        for formula in (statement.formula, statement.corrected):
            assert mathml(formula).startswith("<math") or not formula
    assert "<mn>1</mn>" in mathml(r"\frac12")
    for wrong in (r"\unknown", r"\frac{1", r"\left(x", "x}"):
        with pytest.raises(LatexError):
            mathml(wrong)


def test_readmes_are_current():
    statements = load()
    written = {folder(): overview(statements)}
    written |= {folder() / system: readme(statements, system) for system in systems(statements)}
    for where, text in written.items():
        said = "run python -m isogap.verification.report.readme"
        assert (where / "README.md").read_text(encoding="utf-8") == text, said


@pytest.mark.parametrize("broken", [False, True])
def test_command(tmp_path, monkeypatch, capsys, broken):
    if broken:
        from isogap import bounds

        monkeypatch.setattr(bounds, "variance_of_Y", lambda lam, deviation=False: 0.0)
    status = cli.main(
        [
            "--only",
            "e5",
            "--only",
            "Corollary A.3",
            "--threads",
            "1",
            "--json",
            str(tmp_path / "v.json"),
            "--html",
            str(tmp_path / "v.html"),
        ]
    )
    result = json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))
    assert status == int(broken)
    assert result["format"] == "isogap-verify/2"
    assert result["passed"] is not broken
    by_label = {s["label"]: s for s in result["statements"]}
    assert set(by_label) == {"Weingarten inputs", "E5", "Corollary A.3"}
    assert {"kind", "verdict", "range", "margin", "controls", "hypotheses_held", "seconds"} <= set(by_label["E5"])
    page = (tmp_path / "v.html").read_text(encoding="utf-8")
    assert "<math" in page
    assert "http" not in page.replace("http://www.w3.org", "").replace("http-equiv", "")
    assert "<script" not in page
    assert "E5" in capsys.readouterr().out


def test_command_errors(tmp_path, capsys):
    assert cli.main(["--only", "Theorem 99"]) == 2
    assert "no such label" in capsys.readouterr().err
    assert cli.main(["--json", str(tmp_path / "no" / "v.json")]) == 2
    assert cli.main(["--html", str(tmp_path / "v.txt")]) == 2
    assert cli.main(["--list"]) == 0
    assert "Theorem 1" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        cli.main(["--seed", "-1"])
    assert stop.value.code == 2


def test_folder_is_the_checkout():
    assert (folder() / "chain" / "statements.toml").is_file()
    assert folder() == Path(__file__).parents[2] / "verify"
