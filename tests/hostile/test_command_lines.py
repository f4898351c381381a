"""Random command lines: every one ends with a documented status, without a traceback, and errors are one line."""

import importlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from isogap.cli.main import COMMANDS
from tests.hostile.damage import generator, tries

ROOT = Path(__file__).parents[2]
JUNK = [
    "-1", "0", "1", "2", "3", "nan", "inf", "-inf", "1e400", "", " ", "x", "é", "\0", "a" * 300, "--", "-", "1,2", "gaussian",
    "orthogonal", "spectrum:", "spectrum:1,1,nan", "near-isometry:2", "near-isometry:0.1", "digits", "/nowhere/a.npy",
    "/dev/null", "/", ".", "a.npy", "relu", "cube:abs:math:sqrt", "numpy:sin:numpy:cos", "mp:5", "mp:x", "double", "E5",
    "../x", "~", "$HOME", "`id`", "1_0", "٣", "0x10", "1.5", "10000000000000000000000",
]  # fmt: skip
# What makes a run small enough to be let go on; what a random word must not make large.
SMALL = {
    "mc": ["--width", "3", "--depth", "4", "--replicas", "5", "--threads", "1"],
    "variants": ["--width", "3", "--depth", "4", "--replicas", "2", "--threads", "1"],
    "mean-field": ["--batch", "4", "--width", "20", "--depth", "4", "--replicas", "2", "--threads", "1"],
    "residual": ["--depth", "4", "--batch", "4"],
    "products": ["--factors", "2", "--size", "3", "--replicas", "5", "--threads", "1"],
    "verify": ["--list"],
    "figures": ["--list"],
}
CALM = {
    "--dask",
    "--precision",
    "--deep",
    "--out",
    "--checkpoint",
    "--html",
    "--plot",
    "--save",
    "--csv",
    "--json",
    "--sweep",
    "--replicas",
}


def line(name, options, rng):
    """A command line that starts small; options are overridden, repeated and misspelt at random."""
    words = list(SMALL[name])
    for _ in range(int(rng.integers(0, 4))):
        option = options[int(rng.integers(len(options)))]
        if option in CALM and rng.random() < 0.7:
            continue
        if rng.random() < 0.1:
            option = option[: int(rng.integers(2, len(option) + 1))] + "x" * int(rng.integers(2))
        if option in SMALL[name] and option in words and option != "--list":  # given twice it would be refused at once
            del words[words.index(option) : words.index(option) + 2]
        words.append(option)
        for _ in range(int(rng.choice([0, 1, 1, 1, 2]))):
            words.append(JUNK[int(rng.integers(len(JUNK)))])
    return words


@pytest.mark.parametrize("name", COMMANDS)
def test_random_command_lines(name, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    module = importlib.import_module(COMMANDS[name][0])
    options = sorted(o for o in module.parser()._option_string_actions if o.startswith("--"))
    rng = generator(f"command lines of {name}")
    statuses = {0: 0, 1: 0, 2: 0}
    for _ in range(tries(50 if name == "verify" else 150)):  # it reads the whole registry each time
        words = line(name, options, rng)
        try:
            status = module.main(words)
        except SystemExit as stop:
            status = stop.code
        out, err = capsys.readouterr()
        assert status in statuses, (words, status)
        statuses[status] += 1
        assert "Traceback" not in out + err, words
        if status == 2:
            assert err.count("\n") == 1, (words, err)
            assert "error: " in err, (words, err)
    assert statuses[2] > 0
    assert statuses[0] > 0


def closed(command, descriptors):
    """Start a command, in the ordinary way, with some of its standard streams closed."""
    shell = f'exec "$0" "$@" {descriptors}'
    words = ["sh", "-c", shell, sys.executable, "-m", COMMANDS[command[0]][0], *command[1:]]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(words, capture_output=True, text=True, env=environment, timeout=120)


GOOD = {
    "mc": ["mc", "--width", "3", "--depth", "3", "--replicas", "5", "--threads", "1", "--seed", "1"],
    **{name: [name, *SMALL[name], "--seed", "1"] for name in ("variants", "mean-field", "residual", "products")},
    "verify": ["verify", "--only", "E5"],
    "figures": ["figures", "--list"],
}
BAD = {name: [name, "--nonsense"] for name in GOOD} | {"mc2": ["mc", "--width", "3", "--depth", "2", "--input", "no"]}


@pytest.mark.parametrize("name", GOOD)
def test_closed_standard_output(name):
    run = closed(GOOD[name], ">&-")
    assert (run.returncode, "Traceback" in run.stderr) == (0, False), run.stderr


@pytest.mark.parametrize("name", BAD)
def test_errors_do_not_go_to_standard_output_when_standard_error_is_closed(name):
    run = closed(BAD[name], "2>&-")
    assert (run.returncode, run.stdout) == (2, "")


def here(command, stdout, stderr, monkeypatch):
    """Run a command in this process with other streams; both are flushed, as they are when a process ends."""
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setattr(sys, "stderr", stderr)
    status = importlib.import_module(COMMANDS[command[0]][0]).main(command[1:])
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    return status


@pytest.mark.parametrize("name", GOOD)
def test_a_reader_that_goes_away_is_no_failure(name, monkeypatch):
    """`tests/cli/test_mc.py` and `tests/verification/test_hostile_registries.py` have the end of such a process."""
    reading, writing = os.pipe()
    os.close(reading)
    said = io.StringIO()
    with open(writing, "w", encoding="utf-8") as stdout:
        status = here(GOOD[name], stdout, said, monkeypatch)
    assert (status, "Traceback" in said.getvalue()) == (0, False), said.getvalue()


@pytest.mark.parametrize("name", GOOD)
def test_terminals_without_unicode(name, monkeypatch):
    """`tests/cli/test_mc.py` starts a process with such streams."""
    stdout, said = (io.TextIOWrapper(io.BytesIO(), "ascii", errors) for errors in ("strict", "backslashreplace"))
    assert here(GOOD[name], stdout, said, monkeypatch) == 0
    assert stdout.buffer.getvalue()
    assert b"Traceback" not in said.buffer.getvalue()


FULL = [
    ["mc", "--json"],
    ["mc", "--csv"],
    ["mc", "--save"],
    ["variants", "--json"],
    ["verify", "--json"],
    ["mean-field", "--csv"],
    ["residual", "--json"],
    ["products", "--json"],
]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", FULL)
def test_a_full_disk_is_said_in_one_line(command, tmp_path, capsys):
    name, option = command
    target = tmp_path / ("a.npz" if option == "--save" else "a")
    target.symlink_to("/dev/full")
    assert importlib.import_module(COMMANDS[name][0]).main([*GOOD[name][1:], option, str(target)]) == 2
    # What takes long, on a busy machine anything, says how far it is.
    said = [line for line in capsys.readouterr().err.splitlines() if " judged, now " not in line]
    assert len(said) == 1
    assert "No space left" in said[0]


@pytest.mark.parametrize("option", ["--json", "--csv", "--save", "--plot", "--checkpoint"])
@pytest.mark.parametrize("bad", ["a" * 300, "x\0y", "/nowhere/x", "."])
def test_impossible_output_names_are_refused_before_anything_runs(option, bad, capsys):
    from isogap.cli import mc

    assert mc.main([*GOOD["mc"][1:], option, bad]) == 2
    error = capsys.readouterr().err
    assert (error.count("\n"), "Traceback" in error) == (1, False)
    assert option in error


def test_every_pair_of_outputs_and_inputs_is_compared(tmp_path, capsys, monkeypatch):
    from isogap.cli import mc

    monkeypatch.chdir(tmp_path)
    (tmp_path / "labels.csv").write_text("0,1,2\n")
    outputs = {"--json": "a.x", "--csv": "./a.x", "--save": "b.npz", "--checkpoint": "c"}
    assert mc.main([*GOOD["mc"][1:], "--json", outputs["--json"], "--csv", outputs["--csv"]]) == 2
    assert "two outputs share" in capsys.readouterr().err
    words = ["--gradients", "--labels", "labels.csv", "--csv", str(tmp_path / "labels.csv")]
    assert mc.main([*GOOD["mc"][1:], *words]) == 2
    assert "would overwrite the input" in capsys.readouterr().err
    assert (tmp_path / "labels.csv").read_text() == "0,1,2\n"
