"""isogap-products: what it says, writes and refuses."""

import csv
import json

import numpy as np
import pytest

from isogap.cli.products import main


def run(arguments, capsys):
    try:
        status = main(arguments.split())
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


def test_report_of_a_run(capsys):
    status, out, err = run("--factors 3 --size 40 --replicas 20 --seed 1", capsys)
    assert (status, err) == (0, "")
    lines = out.rstrip("\n").split("\n")
    assert lines[0] == "3 gaussian factors of size 40, 20 products, seed 1"
    assert lines[1].startswith("squared singular values: distance from the limit law on (0, 9.481) 0.0")
    assert lines[2].startswith("mean log condition number: ")
    assert lines[-1] == "verdict: consistent with theory"
    assert sum("normal deviates" in line for line in lines) == 1


def test_files_hold_the_run_and_repeat_with_the_seed(tmp_path, capsys):
    for threads in (1, 3):
        names = {kind: tmp_path / f"a{threads}.{kind}" for kind in ("json", "csv", "png")}
        status, out, _ = run(
            f"--factors 2 --size 6 --replicas 5 --seed 4 --threads {threads} --quiet"
            f" --json {names['json']} --csv {names['csv']} --plot {names['png']}",
            capsys,
        )
        assert (status, out) == (0, "")
        assert names["png"].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    data = json.loads((tmp_path / "a1.json").read_text())
    assert data["format"] == "isogap-products/1"
    assert np.shape(data["log_singular_values"]) == (5, 6)
    assert data["log_singular_values"] == json.loads((tmp_path / "a3.json").read_text())["log_singular_values"]
    rows = list(csv.DictReader((tmp_path / "a1.csv").read_text().splitlines()))
    assert [int(row["index"]) for row in rows] == [1, 2, 3, 4, 5, 6]
    assert float(rows[0]["theory"]) == data["exponents"][0][2]


def test_json_on_standard_output_is_alone(capsys):
    status, out, _ = run("--factors 1 --size 3 --replicas 4 --seed 1 --json -", capsys)
    assert status == 0
    assert json.loads(out)["verdict"] == "consistent"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--factors 0 --size 5 --replicas 2", "mean log condition number: 0.0000 ± 0, theory 0.0000"),
        ("--factors 3 --size 5 --replicas 2 --sigma 0", "condition number: none, the product is the zero matrix"),
        ("--factors 3 --size 5 --replicas 2 --weights orthogonal", "limit law on (1, 1) 0 ± 0"),
        ("--factors 5 --size 1 --replicas 2", "too many factors for the law to be expected"),
        ("--factors 2 --size 8 --replicas 5 --weights truncated --ambient 12", "2 truncated (of 12) factors"),
    ],
)
def test_degenerate_and_other_products_are_answered(arguments, said, capsys, tmp_path):
    status, out, err = run(f"{arguments} --seed 2 --plot {tmp_path / 'a.svg'}", capsys)
    assert (status, err) == (0, "")
    assert said in out
    assert (tmp_path / "a.svg").is_file()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--factors 2 --size 0", "must be at least 1, got 0"),
        ("--factors -1 --size 3", "must be at least 0, got -1"),
        ("--factors 2 --size 3x4", "'3x4' is not a whole number"),
        ("--factors 2 --size 3 --sigma nan", "sigma must be a finite standard deviation"),
        (
            "--factors 2 --size 3 --weights truncated",
            "truncated weights need ambient, the size of the orthogonal matrix",
        ),
        ("--factors 2 --size 3 --weights truncated --ambient 2", "ambient must be at least 3, got 2"),
        ("--factors 2 --size 3 --plot a.txt", "must end in .png or .svg or .pdf"),
    ],
)
def test_bad_input_is_one_line(arguments, said, capsys):
    status, out, err = run(arguments, capsys)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("isogap-products: error: ")
    assert said in err


def test_a_wrong_theory_is_called_inconsistent(monkeypatch, capsys):
    """Theory for sigma 1.05 against products of sigma 1: exponents off by log 1.05."""
    from isogap.run import products as joined
    from isogap.theory.products import deviates

    right = joined.lyapunov_exponents
    for module in (joined, deviates):
        monkeypatch.setattr(
            module, "lyapunov_exponents", lambda N, sigma=1.0, **rest: right(N, sigma=1.05 * sigma, **rest)
        )
    status, out, _ = run("--factors 50 --size 10 --replicas 50 --seed 1", capsys)
    assert status == 1
    assert "verdict: inconsistent with theory" in out
