"""isogap-mean-field: what it prints, writes and refuses."""

import csv
import json
import math

import pytest

from isogap.cli.mean_field import main

SMALL = ["--width", "60", "--depth", "10", "--replicas", "3", "--seed", "1", "--quiet"]


def run(arguments, capsys):
    """Status, output, errors."""
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_prints_the_numbers_of_theory_and_the_measured_rate_beside_them(capsys):
    status, out, err = run([*SMALL[:-1], "--activation", "relu", "--batch", "8"], capsys)
    assert (status, err) == (0, "")
    for words in (
        "λ = 1.788190",
        "2.385 layers",
        "μ_S = 0.743611, μ_M = 0.538611",
        "0.709677-fold",
        "stable at every batch",
    ):
        assert words in out
    assert "gradients grow 1.34-fold a layer: x1000 after 24 layers; measured rate" in out.splitlines()[-1]


def test_unstable_fixed_points_are_called_so(capsys):
    _, out, _ = run(["--activation", "gelu", "--batch", "64", "--replicas", "0"], capsys)
    assert "unstable: μ_S = 1.02" in out
    assert "unstable from batch 39 on" in out
    assert "samples do not stay alike" in out


@pytest.mark.parametrize(
    ("batch", "words"), [("2", "no gradient at all"), ("3", "infinite"), ("inf", "λ = 1.466942"), ("8", "λ = 1.788190")]
)
def test_batches_at_the_edge_have_an_answer(batch, words, capsys):
    status, out, _ = run(["--batch", batch, "--replicas", "0"], capsys)
    assert status == 0
    assert words in out
    if batch in "23":
        status, out, _ = run([*SMALL[:-1], "--batch", batch], capsys)
        assert status == 0
        assert words in out


def test_files_hold_what_was_measured(tmp_path, capsys):
    names = {option: str(tmp_path / f"run.{option}") for option in ("json", "csv")}
    plot = str(tmp_path / "run.png")
    status, out, _ = run(
        [*SMALL, "--batch", "8", "--json", names["json"], "--csv", names["csv"], "--plot", plot], capsys
    )
    assert (status, out) == (0, "")
    with open(names["json"]) as file:
        data = json.load(file)
    assert data["format"] == "isogap-mean-field/1"
    assert data["theory"]["rate"]["value"] == pytest.approx(1.7881899766587481, abs=1e-12)
    assert len(data["log_gradient"]) == 3
    assert data["measured"]["rate"] == pytest.approx(math.exp(2 * data["measured"]["log_norm_slope"]["value"]))
    with open(names["csv"]) as file:
        rows = list(csv.DictReader(file))
    assert [row["layer"] for row in rows] == [str(k) for k in range(11)]
    assert float(rows[0]["log_gradient"]) == pytest.approx(sum(r[0] for r in data["log_gradient"]) / 3)
    assert rows[-1]["log_gradient"] == ""
    assert (tmp_path / "run.png").stat().st_size > 1000


def test_same_seed_gives_the_same_bytes_for_any_number_of_threads(tmp_path, capsys):
    found = []
    for threads in ("1", "3"):
        _, out, _ = run([*SMALL, "--batch", "8", "--threads", threads, "--json", "-"], capsys)
        found.append(json.loads(out))
    assert found[0]["log_gradient"] == found[1]["log_gradient"]


def test_sweep_over_batches_is_a_table(tmp_path, capsys):
    target = tmp_path / "rates.csv"
    status, out, _ = run(["--activation", "gelu", "--sweep", "batch:8,38,39", "--csv", str(target)], capsys)
    assert status == 0
    assert [line.endswith("unstable") for line in out.splitlines()[2:]] == [False, False, True]
    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert [row["batch"] for row in rows] == ["8", "38", "39"]
    assert float(rows[0]["rate"]) == pytest.approx(1.6223007, abs=1e-6)


def test_sweep_over_gains_measures_if_asked(tmp_path, capsys):
    target, plot = tmp_path / "gains.csv", tmp_path / "gains.svg"
    arguments = [*SMALL[:-1], "--activation", "tanh", "--batch", "8", "--sweep", "gain:0.5,1", "--csv", str(target)]
    status, out, _ = run([*arguments, "--plot", str(plot)], capsys)
    assert status == 0
    assert "measured" in out
    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert float(rows[0]["excess"]) < float(rows[1]["excess"])
    assert all(float(row["measured_stderr"]) > 0 for row in rows)
    assert plot.read_text().startswith("<?xml")


@pytest.mark.parametrize(
    "arguments", [["--sweep", "batch:4,inf"], ["--activation", "relu", "--sweep", "gain:0.5,1", "--batch", "inf"]]
)
def test_what_a_batch_of_infinity_has_not_is_an_empty_cell(arguments, tmp_path, capsys):
    table, data = tmp_path / "z.csv", tmp_path / "z.json"
    status, out, err = run([*arguments, "--csv", str(table), "--json", str(data), "--quiet"], capsys)
    assert (status, out, err) == (0, "", "")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert (rows[-1]["batch"], rows[-1]["stable"]) == ("inf", "")
    assert json.loads(data.read_text())["rows"]["stable"][-1] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--batch", "1"], "must be at least 2, got 1: of one sample, from which"),
        (["--sweep", "batch:1,4"], "must be at least 2, got 1: of one sample, from which"),
        (["--batch", "nan"], "not a whole number"),
        (["--width", "0"], "must be at least 1"),
        (["--depth", "1"], "must be at least 2"),
        (["--activation", "relu:-9", "--batch", "64"], "constant on"),
        (["--activation", "nope"], "activation must be one of"),
        (["--activation", "numpy:log"], "returned nan"),
        (["--activation", "numpy:nosuch"], "no function nosuch"),
        (["--activation", "no_such_module:f"], "No module named"),
        (["--activation", "a:b:c"], "MODULE:FUNCTION"),
        (["--gain", "0"], "gain must be positive"),
        (["--gain", "nan"], "gain must be positive"),
        (["--batch", "inf", "--replicas", "2"], "cannot be measured"),
        (["--sweep", "width"], "must be batch or gain"),
        (["--sweep", "gain:x"], "no list of numbers"),
        (["--replicas", "0", "--plot", "x.png"], "take --replicas 1"),
        (["--width", "1000000", "--batch", "500"], "GiB"),
        (["--plot", "x.txt"], "must end in"),
    ],
)
def test_bad_input_is_one_clear_line_and_status_2(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(arguments, capsys)
    assert (status, out) == (2, "")
    assert err.startswith("isogap-mean-field: error: ")
    assert words in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_function_without_a_derivative_is_differentiated(capsys):
    _, out, _ = run(["--activation", "numpy:tanh", "--batch", "8", "--replicas", "0"], capsys)
    assert "λ = 1.358548" in out
