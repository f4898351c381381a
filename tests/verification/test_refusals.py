"""What isogap-verify refuses it refuses at once: computer algebra and ball arithmetic are not loaded to say so."""

import subprocess
import sys

import pytest

from isogap.cli import verify as cli
from isogap.verification.choice import chosen, glance
from isogap.verification.registry import load

HEAVY = ("sympy", "flint", "scipy", "numba", "numpy")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--only", "Theorem 99"],
        ["--system", "nosuch"],
        ["--system", "chain", "--only", "Y1"],
        ["--statements", "nowhere"],
        ["--list", "--only", "nosuch"],
        ["--list", "--html", "a.html"],
    ],
)
def test_a_refusal_loads_nothing_heavy(arguments):
    code = (
        "import sys; from isogap.cli.verify import main; "
        f"status = main({arguments!r}); print(status, *[x for x in {HEAVY!r} if x in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["2"]
    assert done.stderr.startswith("isogap-verify: error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--deep", None),
        ("--seed", "3"),
        ("--seed", "0"),
        ("--threads", "2"),
        ("--quiet", None),
        ("--json", "-"),
        ("--html", "a.html"),
    ],
)
def test_a_list_refuses_what_it_would_pass_over(option, value, capsys):
    assert cli.main(["--list", option, *([] if value is None else [value])]) == 2
    assert f"{option} and --list: the list judges nothing" in capsys.readouterr().err


def test_a_glance_at_the_registries_finds_what_a_reading_does():
    light, full = glance(), load()
    assert set(light) == set(full)
    for key, s in full.items():
        assert (light[key].label, light[key].name, light[key].kind) == (s.label, s.name, s.kind)
        assert light[key].depends == s.depends
    assert chosen(light, ["E5", "Lemma 2"], "chain") == chosen(full, ["E5", "Lemma 2"], "chain")


def test_a_glance_from_elsewhere_sees_what_is_rested_on(tmp_path):
    (tmp_path / "statements.toml").write_text('[[statement]]\nlabel = "Own 1"\ndepends = ["chain/E2"]\n')
    assert set(glance(tmp_path)) == {"Own 1", "chain/E2", "chain/E1"}
