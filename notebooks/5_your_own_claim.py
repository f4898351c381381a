# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 5. Your own claim
#
# You have a statement about these networks, and would like a verdict that is worth something. The registry asks for three things: the
# statement with its hypotheses, a check that takes a route of its own, and a *false neighbour*, a statement a little too strong, which
# the same check has to refute. A check that cannot fail decides nothing.
#
# As an example: E5 gives the second moment of a squared row norm $Y$. We claim the third,
#
# $$
# \mathbb{E}(Y_1-1)^3=\frac{8\sum_k(\lambda_k-1)^3}{d(d+2)(d+4)}
# $$

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Installing, on Colab", "code_prompt_hide": "Installing, on Colab"}
# Where isogap is missing (Colab), it is installed first. It is in no public index yet: set ISOGAP_SOURCE to a folder, a wheel or an address.
import importlib.util
import os
import subprocess
import sys

if importlib.util.find_spec("isogap") is None:
    source = os.environ["ISOGAP_SOURCE"]
    subprocess.check_call([sys.executable, "-m", "pip", "install", "-q", source])

# %%
import tempfile
from pathlib import Path
from textwrap import dedent

from isogap.verification import RegistryError, judge_all, load

folder = Path(tempfile.mkdtemp())
statement = dedent(r"""
    [[statement]]
    label = "My claim 1"
    name = "Third moment of the squared row norms"
    group = "My claims"
    formula = '''\mathbb{E}(Y_1-1)^3=\frac{8\sum_k(\lambda_k-1)^3}{d(d+2)(d+4)}'''
    hypotheses = "spectrum of mean 1, W Haar on O(d)"
    kind = "machine-decided"
    range = "every d ≥ 2, every spectrum"
""")
written = (folder / "statements.toml").write_text(statement, encoding="utf-8")

# %% [markdown]
# ## A statement without a check is refused

# %%
try:
    load(folder)
except RegistryError as error:
    print("refused:", str(error).replace(str(folder), "FOLDER"))
    unchecked = error

# %% [markdown]
# ## The check
#
# One file, named after the label, the statement on its first line. `decide` goes through the methods of `case`, which record what was
# decided by which route, and raise with a witness where the claim is false. The parameters of `decide` are what a neighbour may change.
# The check returns nothing: the verdict is the weakest of its steps, here computer algebra for every d: *machine-decided*. A step whose
# two sides are the same expression would be refused; `computed=True` says that they come from two computations.
#
# With $\varepsilon_k=\lambda_k-1$ and $Y-1=\sum_k\varepsilon_kw_k^2$ the cube needs three moments of one row, from the Weingarten calculus; the
# power sums of $\varepsilon$ enter by $\sum_{k\ne l}\varepsilon_k^2\varepsilon_l=p_1p_2-p_3$ and
# $\sum_{k,l,m\text{ distinct}}\varepsilon_k\varepsilon_l\varepsilon_m=p_1^3-3p_1p_2+2p_3$. The hypothesis, mean 1, is $p_1=0$. Whether any spectrum
# fulfils the hypotheses is counted: a vacuous check fails.

# %%
check = dedent('''
    """My claim 1: E(Y_1 - 1)³ = 8 Σ(λ_k-1)³ / (d(d+2)(d+4))."""

    import sympy as sp

    from isogap.verification.balls import family, widths
    from weingarten import moment

    d, p1, p2, p3 = sp.symbols("d p1 p2 p3")


    def decide(case, *, numerator=8, centred=True):
        """The cube of a sum over one row, term by term."""
        one = moment([[6]], d) * p3
        two = 3 * moment([[4, 2]], d) * (p1 * p2 - p3)
        three = moment([[2, 2, 2]], d) * (p1**3 - 3 * p1 * p2 + 2 * p3)
        cube = one + two + three
        if centred:
            cube = cube.subs(p1, 0)
        for width in widths():
            for spectrum in family(width):
                case.hypothesis(sum(spectrum.full()) == width)
        claim = numerator * p3 / (d * (d + 2) * (d + 4))
        case.identity("third moment from three moments of a row", cube, claim, computed=True)


    FALSE_NEIGHBOURS = {
        "numerator 6": {"numerator": 6},
        "for spectra of any mean": {"centred": False},
    }
''').lstrip()
path = folder / "test_my_claim_1.py"
path.write_text(check, encoding="utf-8")
(verdict,) = judge_all(where=folder)
first = verdict
print(verdict.label, "->", verdict.kind)
for control in verdict.controls:
    print(
        f"  false neighbour {control.what!r}: {'refuted' if control.refuted else 'SURVIVED'} ({control.witness})"
    )
print(f"  hypotheses held in {verdict.held} of {verdict.tried} instances")

# %% [markdown]
# ## It can fail
#
# A wrong claim comes back with a witness:

# %%
path.write_text(check.replace("numerator=8", "numerator=7"), encoding="utf-8")
(wrong,) = judge_all(where=folder)
print(wrong.kind, "-", wrong.message)

# %% [markdown]
# A "false" neighbour that is true survives, and the verdict does not pass:

# %%
path.write_text(check.replace('{"numerator": 6}', '{"numerator": 8}'), encoding="utf-8")
(toothless,) = judge_all(where=folder)
print([(c.what, "refuted" if c.refuted else "SURVIVED") for c in toothless.controls])

# %% [markdown]
# And a check whose hypotheses never hold is vacuous:

# %%
path.write_text(check.replace("== width)", "== width + 1)"), encoding="utf-8")
(vacuous,) = judge_all(where=folder)
print(vacuous.kind, "-", vacuous.message)

# %% [markdown]
# ## An inequality, by ball arithmetic
#
# `case.at_most` compares enclosures, so "does not hold" and "cannot tell at this precision" are different answers. The claim: in one
# layer the mean gap falls by at least $\frac{1}{d(d+2)\lambda_{\max}}\sum_k(\lambda_k-1)^2$ (S1); the neighbour asks for twice that.

# %%
with (folder / "statements.toml").open("a", encoding="utf-8") as stream:
    stream.write(
        dedent(r"""
        [[statement]]
        label = "My claim 2"
        name = "Mean decrease in one layer"
        group = "My claims"
        formula = '''\varphi-\mathbb{E}\varphi'\ge\frac{\sum_k(\lambda_k-1)^2}{d(d+2)\lambda_{\max}}'''
        hypotheses = "spectrum of mean 1, positive"
        kind = "certified"
        range = "the spectra of a family at widths 2, 3 and 5"
        """)
    )
path.write_text(check, encoding="utf-8")
(folder / "test_my_claim_2.py").write_text(
    dedent('''
        """My claim 2: the mean gap falls by at least Σ(λ_k-1)² / (d(d+2) λ_max)."""

        from isogap.verification.balls import ball, family


        def decide(case, *, factor=1):
            """Verified integration (E3) against the bound, spectrum by spectrum."""
            for width in (2, 3, 5):
                for s in family(width):
                    if case.hypothesis(s.low > 0):
                        bound = ball(factor * s.power(2) / (width * (width + 2) * s.top))
                        case.at_most("decrease", bound, -s.step(), d=width, spectrum=s)


        FALSE_NEIGHBOURS = {"twice the decrease": {"factor": 2}}
    ''').lstrip(),
    encoding="utf-8",
)
both = judge_all(where=folder)
for verdict in both:
    print(
        f"{verdict.label}: {verdict.kind}, false neighbours refuted: {sum(c.refuted for c in verdict.controls)} of {len(verdict.controls)}"
    )

# %% [markdown]
# On the command line `isogap-verify --statements FOLDER --html report.html` does the same and writes a report. To keep a statement,
# put the two pieces into `verify/` of a checkout: `pytest verify/` and `isogap-verify` then decide it with all the others.

# %% [markdown]
# ## What this notebook holds itself to
#
# The next cell, folded away, repeats the claims of the text as assertions; it runs with the tests of the project.

# %% tags=["checks", "hide-input"] mystnb={"code_prompt_show": "The assertions", "code_prompt_hide": "The assertions"}
assert unchecked, "an unchecked statement must not pass"
assert first.passed
assert first.kind == "machine-decided"
assert all(control.refuted for control in first.controls)
assert wrong.kind == "refuted"
assert not wrong.passed
assert toothless.kind == "machine-decided"
assert not toothless.passed
assert vacuous.kind == "undecided"
for verdict in both:
    assert verdict.passed, verdict.message
