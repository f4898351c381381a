"""The front door: every command behind it, and words for what it does not know."""

import re
import tomllib
from pathlib import Path

import pytest

from isogap._version import __version__
from isogap.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]


def test_every_command_of_the_package_is_behind_the_door():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    behind = {f"isogap-{name}": f"{module}:main" for name, (module, _) in COMMANDS.items()}
    assert {name: target for name, target in scripts.items() if name.startswith("isogap-")} == behind


def test_help_names_them_all(capsys):
    for arguments in ([], ["--help"], ["-h"]):
        assert main(arguments) == 0
        text = capsys.readouterr().out
        assert all(re.search(rf"^  {name} ", text, re.M) for name in COMMANDS)
        assert max(map(len, text.split("\n"))) <= 100


def test_arguments_go_through(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["mc", "--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"isogap-mc {__version__}\n"
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"isogap {__version__}\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [("verifi", "did you mean verify?"), ("train", "there are mc, variants"), ("--width", "there are")],
)
def test_what_is_not_known_is_refused_with_the_remedy(name, said, capsys):
    assert main([name]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"isogap: error: no command {name!r}")
    assert said in error
    assert error.count("\n") == 1
