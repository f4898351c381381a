"""``isogap-mc --widths``: the table, files, and what does not go with it."""

import csv
import json

import pytest

from isogap.cli.mc import main


def test_table_shows_width_gap_and_bound(capsys):
    assert main(["--widths", "8x2,6,3", "--replicas", "50", "--seed", "1", "--threads", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("widths 8x2,6,3, batch 8, input gaussian, orthogonal weights, 50 replicas, seed 1")
    assert [line.split()[:2] for line in lines[2:6]] == [["0", "8"], ["1", "8"], ["2", "6"], ["3", "3"]]
    assert "(exact)" in lines[2]


def test_files_hold_every_layer(tmp_path, capsys):
    table, data = tmp_path / "a.csv", tmp_path / "a.json"
    command = ["--widths", "6,4,2", "--replicas", "20", "--seed", "1", "--quiet"]
    assert main([*command, "--csv", str(table), "--json", str(data)]) == 0
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["width"] for row in rows] == ["6", "4", "2"]
    found = json.loads(data.read_text())
    assert found["widths"] == [6, 4, 2]
    assert float(rows[2]["phi_mean"]) == found["phi"]["mean"][2]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--width and --depth missing"),
        (["--width", "4"], "--depth missing"),
        (["--widths", "4,5"], "5 comes after 4"),
        (["--widths", "4,x"], "'x' is no width"),
        (["--widths", "4x0"], "at least 1"),
        (["--widths", "4", "--depth", "3"], "--depth does not go with --widths"),
        (["--widths", "4,2", "--weights", "gaussian"], "--weights does not go with --widths"),
        (["--widths", "4,2", "--checkpoint-seconds", "5"], "--checkpoint-seconds does not go with --widths"),
        (["--widths", "4,2", "--gradients"], "--gradients does not go with --widths"),
        (["--widths", "4,2", "--input", "spectrum:1,1,1,1e-20"], "below 1e-12"),
    ],
)
def test_what_is_not_understood_is_refused(arguments, message, capsys):
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert message in capsys.readouterr().err
