"""The commands have one vocabulary, one error style, the same exit statuses, and a help that fits a screen."""

import argparse
import contextlib
import importlib
import json
import re
import subprocess
import sys
import threading

import pytest

from isogap._version import __version__
from weingarten import cli as weingarten_cli

COMMANDS = {
    "isogap-mc": "isogap.cli.mc",
    "isogap-variants": "isogap.cli.variants",
    "isogap-residual": "isogap.cli.residual",
    "isogap-products": "isogap.cli.products",
    "isogap-verify": "isogap.cli.verify",
    "isogap-figures": "isogap.cli.figures",
    "isogap-mean-field": "isogap.cli.mean_field",
    "weingarten": "weingarten.cli",
}
SUBCOMMANDS = ["wg", "moment", "expect", "table"]
PAGES = [(program, []) for program in COMMANDS] + [("weingarten", [name]) for name in SUBCOMMANDS]


def call(program, arguments):
    """Run a command in this process; its exit status."""
    try:
        return importlib.import_module(COMMANDS[program]).main(arguments)
    except SystemExit as stop:
        return stop.code


def parsers(program):
    """All parsers of a command."""
    module = importlib.import_module(COMMANDS[program])
    top = module.build_parser() if program == "weingarten" else module.parser()
    below = [a.choices.values() for a in top._actions if isinstance(a, argparse._SubParsersAction)]
    return [top, *(p for group in below for p in group)]


@pytest.mark.parametrize(("program", "sub"), PAGES)
def test_help_fits_a_screen_and_holds_an_example(program, sub, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    assert call(program, [*sub, "--help"]) == 0
    lines = capsys.readouterr().out.rstrip("\n").split("\n")
    assert len(lines) <= 46
    assert max(map(len, lines)) <= 80
    head = next(i for i, line in enumerate(lines) if line in ("example:", "examples:"))
    assert lines[head + 1].startswith(f"  {' '.join([program, *sub])}")
    assert lines[-1].startswith("exit status: 0 ")
    assert lines[-1].endswith("2 bad input, 130 interrupted")


@pytest.mark.parametrize("program", COMMANDS)
def test_examples_of_the_help_are_accepted(program):
    import shlex

    first, *_ = parsers(program)
    for line in first.epilog.split("\n"):
        if line.startswith(f"  {program}"):
            first.parse_args(shlex.split(line)[1:])  # a wrong one ends with SystemExit


@pytest.mark.parametrize("program", COMMANDS)
def test_version(program, capsys):
    assert call(program, ["--version"]) == 0
    assert capsys.readouterr().out == f"{program} {__version__}\n"


WRONG = {
    "isogap-mc": (["--width", "0", "--depth", "3"], ["--width", "4", "--depth", "3", "--input", "nonsense"]),
    "isogap-products": (["--factors", "2", "--size", "0"], ["--factors", "2", "--size", "3", "--sigma", "-1"]),
    "isogap-variants": (["--width", "0", "--depth", "3"], ["--width", "4", "--depth", "3", "--gain", "0"]),
    "isogap-residual": (["--depth", "-1"], ["--depth", "3", "--alpha", "nan"]),
    "isogap-verify": (["--seed", "x"], ["--only", "Theorem 99"]),
    "isogap-figures": (["--scale", "huge"], ["nosuch"]),
    "isogap-mean-field": (["--width", "0"], ["--activation", "relu:-9"]),
    "weingarten": (["wg"], ["wg", "2,x"]),
}


@pytest.mark.parametrize("program", COMMANDS)
def test_errors_are_one_line_and_status_2(program, capsys):
    for arguments in (["--nonsense"], *WRONG[program]):
        assert call(program, arguments) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith(f"{program}: error: ")
        assert captured.err.count("\n") == 1
    assert call(program, WRONG[program][0]) == 2
    assert re.search(rf"\(see {program}( \w+)? --help\)\n$", capsys.readouterr().err)


INTERRUPTED = {
    "isogap-mc": ("isogap.run.chain.simulate", ["--width", "4", "--depth", "3"]),
    "isogap-products": ("isogap.run.products.simulate_products", ["--factors", "2", "--size", "3"]),
    "isogap-variants": ("isogap.run.variant.simulate_variant", ["--width", "4", "--depth", "3"]),
    "isogap-residual": ("isogap.run.residual_summary.summarise", ["--depth", "3"]),
    "isogap-verify": ("isogap.verification.runner.judge_all", []),
    "isogap-figures": ("isogap.figures.make", ["fig1", "--out", "made"]),
    "isogap-mean-field": ("isogap.run.mean_field.simulate_mean_field", ["--batch", "8"]),
    "weingarten": ("weingarten.cli.run", ["wg", "2"]),
}


@pytest.mark.parametrize("program", COMMANDS)
def test_interruption_is_status_130(program, monkeypatch, tmp_path, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    where, arguments = INTERRUPTED[program]
    monkeypatch.setattr(where, stop)
    assert call(program, arguments) == 130
    captured = capsys.readouterr()
    assert captured.err.startswith(f"{program}: stopped; ")
    assert captured.err.count("\n") == 1


def test_one_vocabulary():
    """An option that occurs in several commands has the same metavar there, and says the same about what it is."""
    seen = {}
    for program in COMMANDS:
        for parser in parsers(program):
            for action in parser._actions:
                for option in action.option_strings:
                    seen.setdefault(option, set()).add(action.metavar)
                    assert action.help, f"{program} {option} has no help"
    assert {option: names for option, names in seen.items() if len(names) > 1} == {}
    for program in COMMANDS:
        for parser in parsers(program):
            assert "--version" in parser._option_string_actions or parser.prog != program
    for shared in (
        "--quiet", "--json", "--seed", "--width", "--depth", "--replicas", "--batch", "--input", "--weights", "--threads",
        "--list",
    ):  # fmt: skip
        users = [p for p in COMMANDS if any(shared in q._option_string_actions for q in parsers(p))]
        assert len(users) >= 2, shared


def test_help_is_instant():
    """No command imports anything heavy before it has read its arguments."""
    code = (
        "import importlib, sys\n"
        f"for name in {list(COMMANDS.values())}:\n"
        "    try:\n        importlib.import_module(name).main(['--help'])\n"
        "    except SystemExit:\n        pass\n"
        "heavy = {'numpy', 'scipy', 'sympy', 'numba', 'matplotlib', 'flint', 'mpmath', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_weingarten_writes_json_like_the_others(tmp_path, capsys):
    assert call("weingarten", ["wg", "2,1", "--d", "7", "--json", "-"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["value"] == "-1/2310"
    path = tmp_path / "a.json"
    assert call("weingarten", ["wg", "2,1", "--d", "7", "--json", str(path)]) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(path.read_text()) == shown
    assert call("weingarten", ["wg", "2,1", "--json", str(tmp_path / "no" / "a.json")]) == 2
    assert capsys.readouterr().err.startswith("weingarten: error: ")


def test_weingarten_shows_that_it_computes(monkeypatch):
    """On a terminal the seconds are counted, and the line is gone at the end; the clock is a stand-in."""
    import io

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal, counted = Terminal(), threading.Event()

    def print_and_tell(*values, **options):
        options["file"].write(str(values[0]))
        counted.set()

    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(weingarten_cli, "print", print_and_tell, raising=False)
    waiting = weingarten_cli._Waiting(enabled=True, after=0)
    waiting._done.wait, real = lambda seconds: real(min(seconds, 0.001)), waiting._done.wait
    with waiting:
        assert counted.wait(30)
    assert "computing, 0 s (Ctrl-C stops)" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r")
    assert weingarten_cli._Waiting(enabled=False)._thread is None


def test_a_registry_of_ones_own(tmp_path, capsys):
    """``--statements DIR`` decides a claim of the user's, and its report shows it."""
    (tmp_path / "statements.toml").write_text(
        '[[statement]]\nlabel = "Mine"\nname = "A square"\ngroup = "My claims"\nformula = "(a+b)^2=a^2+2ab+b^2"\n'
        'hypotheses = "real numbers"\nkind = "machine-decided"\nrange = "all"\n'
    )
    (tmp_path / "test_mine.py").write_text(
        '"""Mine: (a+b)² = a² + 2ab + b²."""\nimport sympy as sp\n\na, b = sp.symbols("a b")\n\n'
        "def decide(case, *, middle=2):\n    case.hypothesis(True)\n"
        '    case.identity("the square", (a + b) ** 2, a**2 + middle * a * b + b**2)\n\n'
        'FALSE_NEIGHBOURS = {"without the middle term": {"middle": 0}}\n'
    )
    report = tmp_path / "report.html"
    assert call("isogap-verify", ["--statements", str(tmp_path), "--html", str(report)]) == 0
    assert "1 of 1 verdicts as expected" in " ".join(capsys.readouterr().out.split())
    assert "A square" in report.read_text(encoding="utf-8")
    (tmp_path / "test_mine.py").write_text((tmp_path / "test_mine.py").read_text().replace("middle=2", "middle=3"))
    assert call("isogap-verify", ["--statements", str(tmp_path)]) == 1
    assert call("isogap-verify", ["--statements", str(tmp_path / "none")]) == 2


def test_interruption_within_verified_integration():
    """A Ctrl-C in the middle of an integral comes out as one: otherwise a check would count it as its own error and go on."""
    from flint import arb

    from isogap.theory.enclosures import _interruptible_integral

    calls = 0

    def sine(u, analytic):
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt
        return u.sin()

    with pytest.raises(KeyboardInterrupt):
        _interruptible_integral(sine, (0, 10))
    assert calls >= 5
    assert _interruptible_integral(sine, (0, 10)).real.overlaps(1 - arb(10).cos())


def test_an_interruption_that_compiled_code_swallows_is_not_lost(monkeypatch, capsys):
    import signal

    def judge_all(labels, *, progress, **_):
        with contextlib.suppress(KeyboardInterrupt):  # as a callback of compiled code does
            signal.raise_signal(signal.SIGINT)
        progress(1, 2, "E2")
        raise AssertionError("went on after Ctrl-C")

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("isogap.verification.runner.judge_all", judge_all)
    assert call("isogap-verify", []) == 130
    assert capsys.readouterr().err == "isogap-verify: stopped; no file was written\n"
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("program", [name for name in COMMANDS if name not in ("weingarten", "isogap-figures")])
def test_every_option_that_names_an_output_is_checked_before_anything_runs(program, tmp_path, capsys):
    """One place knows them all (`isogap.cli.writing`): an option that it forgot would fail after the work is done."""
    from isogap.cli.writing import SUFFIXES

    (parser,) = parsers(program)
    outputs = [a for a in parser._actions if a.metavar == "FILE" and re.match(r"(write|draw|save)", a.help or "")]
    assert outputs
    for action in outputs:
        assert action.dest in SUFFIXES
        endings = SUFFIXES[action.dest] or (".any",)
        missing = tmp_path / "no" / f"x{endings[0]}"
        assert call(program, [*_small(parser), action.option_strings[0], str(missing)]) == 2
        assert "no does not exist" in capsys.readouterr().err


def _small(parser):
    """Values of the options that must be given."""
    own = () if parser.prog in ("isogap-mean-field", "isogap-residual") else ("--width",)  # idle there without networks
    needed = [o for o in (*own, "--depth", "--factors", "--size") if o in parser._option_string_actions]
    return [] if parser.prog == "isogap-mean-field" else [word for option in needed for word in (option, "3")]
