import json
from pathlib import Path

import pytest

from isogap.cli.variants import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["--width=6", "--depth=40", "--replicas=8", "--seed=1", *arguments]) == 0
    return capsys.readouterr().out


def test_each_variant_says_what_covers_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert "covered by Theorems 1, 3 and 5:" in run(capsys)
    assert "for n > d (S7)" in run(capsys, "--batch=9")
    assert "for mean removal (S8)" in run(capsys, "--batch=9", "--mean-removal", "--root-n")
    for arguments in (
        ["--weights=gaussian"], ["--batch=9", "--batch-norm-1d"], ["--repeats=2"], ["--mean-removal"],
        ["--activation=tanh", "--exponent=0.4"], ["--activation=selu", "--order=act-norm"], ["--eps=0.1"],
    ):  # fmt: skip
        out = run(capsys, *arguments)
        assert "no theorem of the paper applies" in out
        assert "≤" not in out
        assert "growth per layer" in out


def test_own_activation(capsys: pytest.CaptureFixture[str]) -> None:
    own = run(capsys, "--activation=numpy:sin:numpy:cos")
    assert own == run(capsys, "--activation=sin")


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(run(capsys, "--json=-"))
    assert len(data["log_norm"]) == 8
    assert len(data["log_norm"][0]) == 41
    assert set(data["gradient_bounds"]) == {"theorem_5", "sharp"}
    assert data["variant"]["activation"] == "identity"
    run(capsys, f"--json={tmp_path}/a.json", "--quiet")
    assert json.loads((tmp_path / "a.json").read_text()) == data


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--activation=gelu"], "activation must be one of"),
        (["--activation=numpy:sin"], "MODULE:FUNCTION:MODULE:DERIVATIVE"),
        (["--activation=numpy:nosuch:numpy:cos"], "numpy has no function nosuch"),
        (["--activation=nosuch:a:nosuch:b"], "No module named"),
        (["--gain=0"], "gain must be positive"),
        (["--eps=-1"], "eps must be at least 0"),
        (["--batch=1", "--mean-removal"], "batch of at least 2"),
        (["--depth=1"], "must be at least 2"),
        (["--json=/nowhere/a.json"], "folder /nowhere does not exist"),
    ],
)
def test_bad_input(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(["--width=6", "--depth=10", *arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    error = capsys.readouterr().err
    assert status == 2
    assert message in error
    assert error.count("\n") == 1


def test_activation_that_returns_nan(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--width=4", "--depth=5", "--activation=numpy:sqrt:numpy:cos"]) == 2
    assert "activation 'sqrt' returned nan" in capsys.readouterr().err
