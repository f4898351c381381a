"""``isogap-residual``: sentences, files, refusals."""

import csv
import json
import math

import pytest

from isogap.cli.residual import main


def printed(capsys, *arguments):
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def test_the_report_names_shares_paths_exponent_cost_and_one_recommendation(capsys):
    out = printed(capsys, "--depth", "50", "--batch", "8", "--activation", "relu")
    assert "paths: 3.519 ± " in out
    assert "0: 1.96 %, 1: 8.82 %, 2: 18.3 %, 3: 23.4 %" in out
    assert "(L/l)^1.78819" in out
    assert f"{math.log(51):.4g}" in out
    assert out.count("recommendation: ") == 1
    assert out.rstrip().split("\n")[-1].startswith("recommendation: trains at this depth")


def test_degenerate_networks_are_answered_in_words(capsys):
    assert "stuck for ever: with alpha = 0 and W = 0 both gradients vanish" in printed(
        capsys, "--depth", "10", "--kind", "skipinit", "--alpha", "0", "--zero-weights"
    )
    assert "learns through alpha" in printed(capsys, "--depth", "10", "--kind", "skipinit", "--alpha", "0")
    assert "learns through the zero layers" in printed(capsys, "--depth", "10", "--kind", "skipinit", "--zero-weights")
    assert "a batch of 2 passes no gradient" in printed(capsys, "--depth", "10", "--batch", "2")
    assert "gradients without a mean" in printed(capsys, "--depth", "10", "--batch", "3")
    assert "grows infinite" in printed(capsys, "--depth", "10", "--batch", "3")
    assert "no blocks" in printed(capsys, "--depth", "0")
    assert "no law for gelu without BN" in printed(
        capsys, "--depth", "4", "--kind", "unnormalised", "--activation", "gelu"
    )


def test_branches_that_add_nothing_give_no_power_of_the_depth(capsys):
    out = printed(capsys, "--depth", "50", "--batch", "16", "--activation", "relu", "--alpha", "0")
    assert "gradient: squared, grows 1-fold a block on the way back" in out
    assert "(L/l)^" not in out


def test_unnormalised_is_told_from_skipinit(capsys):
    assert "does not train" in printed(capsys, "--depth", "3000", "--kind", "unnormalised")
    assert "half of the output's mean square takes 1482 to 1518 branches" in printed(
        capsys, "--depth", "3000", "--kind", "unnormalised"
    )
    assert "10^903.1" in printed(capsys, "--depth", "3000", "--kind", "unnormalised")
    assert "trains with small steps only" in printed(capsys, "--depth", "10", "--kind", "unnormalised")
    assert "fine at this depth" in printed(capsys, "--depth", "1000", "--kind", "skipinit")
    assert "samples become alike" in printed(capsys, "--depth", "1000", "--kind", "scaled", "--activation", "relu")
    assert "no bias to short paths" in printed(capsys, "--depth", "10", "--kind", "norm-after-sum")


def test_files_hold_what_the_report_says(tmp_path, capsys):
    paths = [str(tmp_path / name) for name in ("a.json", "a.csv", "a.png")]
    out = printed(capsys, "--depth", "6", "--batch", "8", "--width", "50", "--replicas", "3", "--seed", "4",
                  "--json", paths[0], "--csv", paths[1], "--plot", paths[2], "--threads", "1")  # fmt: skip
    assert "measured: 3 networks of width 50, seed 4" in out
    data = json.loads((tmp_path / "a.json").read_text())
    assert data["format"] == "isogap-residual/1"
    assert data["gradient_exponent"] == pytest.approx(1.2)
    assert data["replicas"] == 3
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert len(rows) == 7
    assert rows[-1]["branch_share"] == ""
    assert float(rows[0]["log_gradient_ratio"]) == pytest.approx(data["layers"]["log_gradient_ratio"][0])
    assert float(rows[3]["variance_over_law"]) == pytest.approx(1, abs=0.3)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_numbers_for_any_threads(capsys):
    arguments = ["--depth", "4", "--batch", "6", "--width", "30", "--replicas", "4", "--seed", "1", "--json", "-"]
    one, two = (json.loads(printed(capsys, *arguments, "--threads", threads)) for threads in ("1", "2"))
    assert one == two


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--depth", "3", "--kind", "resnet"], "must be one of"),
        (["--depth", "3", "--batch", "1"], "at least 2, got 1: of one sample, from which"),
        (["--depth", "3", "--activation", "step"], "activation must be one of"),
        (["--depth", "3", "--alpha", "inf"], "alpha must be finite"),
        (["--depth", "3", "--zero-weights", "--replicas", "2"], "--zero-weights goes without --replicas"),
        (["--depth", "3", "--plot", "a.txt"], "must end in"),
        (["--depth", "3", "--json", "/nowhere/a.json"], "does not exist"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, words, capsys):
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    assert status == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert words in captured.err
