"""What every command does beside its work: names that were nearly right, the log, completion."""

import importlib
import logging
import subprocess
import sys

import pytest

import isogap
from isogap.base.log import logger

MODULES = ["mc", "variants", "mean_field", "residual", "products", "verify", "figures"]


def call(name, *arguments):
    try:
        return importlib.import_module(f"isogap.cli.{name}").main(list(arguments))
    except SystemExit as stop:
        return stop.code


@pytest.mark.parametrize(
    ("name", "arguments", "meant"),
    [
        ("mc", ["--widht", "4", "--depth", "3"], "no option --widht; did you mean --width?"),
        ("mc", ["--wdith=4", "--depth", "3"], "no option --wdith; did you mean --width?"),
        ("variants", ["--width", "4", "--depth", "3", "--bathc", "9"], "no option --bathc; did you mean --batch?"),
        ("mc", ["--width", "4", "--depth", "3", "--weights", "orthognal"], "did you mean orthogonal?"),
        ("mc", ["--width", "4", "--depth", "3", "--gradients", "crossentropy"], "did you mean cross-entropy?"),
        ("mc", ["--width", "4", "--depth", "3", "--input", "gausian"], "did you mean gaussian?"),
        ("variants", ["--width", "4", "--depth", "3", "--activation", "rellu"], "did you mean relu?"),
        ("mean_field", ["--activation", "leaky-rellu:0.2"], "did you mean leaky-relu?"),
        ("figures", ["table-d", "--out", "nowhere"], "did you mean table-d1?"),
        ("figures", ["--scale", "papr"], "did you mean paper?"),
        ("verify", ["--only", "Theorm 1"], "did you mean Theorem 1?"),
        ("verify", ["--system", "chian"], "did you mean chain?"),
        ("main", ["varaints"], "did you mean variants?"),
    ],
)
def test_a_name_that_is_nearly_right_is_answered_with_the_one_that_was_meant(name, arguments, meant, capsys):
    assert call(name, *arguments) == 2
    error = capsys.readouterr().err
    assert meant in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["expet", "W11"], "did you mean expect?"),
        (["expect", "W11", "--gruop", "U"], "did you mean --group?"),
        (["expect", "W11", "--formt=latex"], "did you mean --format?"),
        (["expect", "W11", "--format", "latx"], "did you mean latex?"),
    ],
)
def test_weingarten_answers_likewise(arguments, meant, capsys):
    from weingarten.cli import main

    try:
        status = main(arguments)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert meant in capsys.readouterr().err


def test_a_name_that_is_far_from_all_brings_no_suggestion(capsys):
    assert call("mc", "--width", "4", "--depth", "3", "--input", "zebra") == 2
    assert "did you mean" not in capsys.readouterr().err


def test_what_follows_two_dashes_and_shortened_options_are_left_alone(capsys):
    assert call("mc", "--width", "2", "--dep", "1", "--rep", "2", "--quiet") == 0
    assert call("figures", "--", "--nosuch") == 2
    assert "no figure --nosuch" in capsys.readouterr().err


def test_the_log_is_silent_until_it_is_asked_for(capsys):
    arguments = ["--width", "2", "--depth", "3", "--replicas", "2", "--quiet"]
    assert call("mc", *arguments) == 0
    assert capsys.readouterr() == ("", "")
    assert call("mc", *arguments, "-v") == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "isogap.run.chain: batch gaussian: 2 x 2 of rank 2" in shown.err
    assert "piece" not in shown.err
    assert call("mc", *arguments, "-vv") == 0
    assert "isogap.base.threads: piece 1 done" in capsys.readouterr().err
    assert call("mc", *arguments) == 0  # the next command is silent again
    assert capsys.readouterr() == ("", "")


def test_a_program_hears_the_log_through_its_own_handler(caplog):
    with caplog.at_level(logging.INFO, logger="isogap"):
        isogap.simulate(2, 3, replicas=2, rng=1)
    assert any(record.name == "isogap.run.chain" for record in caplog.records)
    assert any(isinstance(handler, logging.NullHandler) for handler in logger("isogap").handlers)


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
@pytest.mark.parametrize("name", [*MODULES, "main"])
def test_completion_is_printed_for_every_command(name, shell, capsys):
    pytest.importorskip("shtab")
    assert call(name, "--print-completion", shell) == 0
    assert len(capsys.readouterr().out) > 500


def test_bash_completes_options_and_choices(tmp_path, capsys):
    pytest.importorskip("shtab")
    assert call("mc", "--print-completion", "bash") == 0
    script = tmp_path / "completion.bash"
    script.write_text(capsys.readouterr().out)
    ask = (
        f"source {script}; COMP_WORDS=(isogap-mc --weights g); COMP_CWORD=2; "
        "function=$(complete -p isogap-mc | sed 's/.*-F \\([^ ]*\\) .*/\\1/'); $function isogap-mc g --weights; "
        'echo "${COMPREPLY[@]}"'
    )
    try:
        answer = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=False)
    except OSError:
        pytest.skip("no bash here")
    assert answer.stdout.split() == ["gaussian"]


def test_completion_without_shtab_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert call("mc", "--print-completion", "bash") == 2
    assert 'pip install "isogap[completion]"' in capsys.readouterr().err
