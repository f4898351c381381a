"""What every command does beside its work: names that were nearly right, the log, completion."""

import ast
import importlib
import logging
import re
import subprocess
import sys
from pathlib import Path

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
    script = capsys.readouterr().out
    assert all(option in script for option in ("help", "verbose" if name != "main" else "mc"))


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


def _options_in(error):
    """Options of a command line that the text of a raised error names, the words for a command apart."""
    call = error.exc if isinstance(error.exc, ast.Call) else None
    own = (
        call.args[:2] if call and ast.unparse(call.func) in ("RemedyError", "InputError", "RegistryError") else [error]
    )
    texts = [
        x.value for part in own for x in ast.walk(part) if isinstance(x, ast.Constant) and isinstance(x.value, str)
    ]
    return [found for text in texts for found in re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)]


def test_errors_of_functions_name_no_option_of_a_command():
    """Who calls a function has no options: its remedy is in Python's words, and a command prints its own (`RemedyError`)."""
    package = Path(isogap.__file__).parent
    found = {
        f"{path.relative_to(package)}: {option}"
        for path in package.rglob("*.py")
        if path.relative_to(package).parts[0] not in ("cli", "figures")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise)
        for option in _options_in(node)
    }
    assert found == set()


def test_the_way_a_table_lies_is_asked_for_in_the_words_of_the_asker(tmp_path, capsys):
    file = tmp_path / "table.csv"
    file.write_text("1,2\n3,4\n5,6\n")
    with pytest.raises(ValueError, match="Say which: input=isogap") as refusal:
        isogap.simulate(2, 3, input=str(file))
    assert "--" not in str(refusal.value)
    assert call("mc", "--width", "2", "--depth", "3", "--input", str(file)) == 2
    error = capsys.readouterr().err
    assert error.rstrip().endswith("Say which: --features-first or --samples-first")
    assert "isogap.samples" not in error
