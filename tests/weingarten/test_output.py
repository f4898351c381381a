"""What the command writes: series, CSV, LaTeX, kinds of constants, sizes, files."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sympy as sp

import weingarten as wg
from weingarten.cli import main

d = sp.Symbol("d", integer=True, positive=True)
ROOT = Path(__file__).parents[2]
SERIES = (  # answers with numbers for coefficients, some of them zero
    ("wg", "2"),
    ("wg", "1,1"),
    ("wg", "2,1"),
    ("wg", "3", "--group", "U"),
    ("moment", "W11^4"),
    ("moment", "W11^2 W22^2"),
    ("expect", "tr(H^4)", "--group", "GUE"),
)


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("count", [1, 2, 3, 7])
@pytest.mark.parametrize("question", SERIES, ids=lambda words: " ".join(words))
def test_a_series_of_k_has_k_powers_with_those_that_vanish(
    question: tuple[str, ...], count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    exact = sp.sympify(output(capsys, *question).splitlines()[0], {"d": d})
    found = json.loads(output(capsys, *question, "--series", str(count), "--format", "json"))["series"]
    lead = found["leading_power"]
    assert len(found["coefficients"]) == count
    assert found["coefficients"][0] != "0"
    shown = sum(sp.Rational(c) * d ** (lead - k) for k, c in enumerate(found["coefficients"]))
    above, below = sp.fraction(sp.cancel((exact - shown) * d ** (count - lead)))
    assert above == 0 or sp.degree(above, d) <= sp.degree(below, d)  # bounded: the rest begins `count` powers below
    written = output(capsys, *question, "--series", str(count)).splitlines()[0]
    assert written.endswith(f" + O({d ** (lead - count)})")
    assert sp.sympify(written.rpartition(" + O(")[0], {"d": d}) == shown


def test_the_help_says_that_powers_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("wg", "moment", "expect", "table"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert re.search(r"--series K +for large d: K powers from the leading one on", capsys.readouterr().out)


def test_series(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "moment", "W11^2 W22^2", "--series", "4").splitlines()[0] == (
        "d**(-2) + 2/d**4 - 2/d**5 + O(d**(-6))"
    )
    assert output(capsys, "wg", "2,1", "--series", "3").startswith("-1/d**4 + d**(-5) - 11/d**6 + O(")
    text = output(capsys, "expect", "tr(W A W' B)^2", "--series", "2")
    assert text.startswith("(Trace(A*A.T)*Trace(B*B.T) + Trace(A**2)*Trace(B**2) + Trace(A)**2*Trace(B)**2)/d**2 + ")
    document = json.loads(output(capsys, "expect", "tr(W A W' B)", "--series", "2", "--format", "json"))
    assert document["series"]["leading_power"] == -1
    assert document["series"]["coefficients"] == ["Trace(A)*Trace(B)", "0"]
    for wrong in ("0", "x", "-1", "99999999"):
        assert main(["wg", "2,1", f"--series={wrong}"]) == 2
    assert main(["wg", "2,1", "--series", "3", "--d", "4"]) == 2
    capsys.readouterr()


def test_tables_as_csv(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(io.StringIO(output(capsys, "table", "3", "--format", "csv"))))
    table = {tuple(map(int, row["partition"].split())): sp.sympify(row["value"], {"d": d}) for row in rows}
    assert table == wg.weingarten_table(3, d)
    assert {row["valid_from"] for row in rows} == {"3"}
    with pytest.raises(SystemExit):
        main(["wg", "2,1", "--format", "csv"])


def test_tables_as_latex_are_one_environment(capsys: pytest.CaptureFixture[str]) -> None:
    lines = output(capsys, "table", "2", "--format", "latex").splitlines()
    assert (lines[0], lines[-2]) == (r"\begin{align*}", r"\end{align*}")
    assert lines[-1].startswith("% valid for")
    body = lines[1:-2]
    assert all("&=" in line and line.count("{") == line.count("}") for line in body)
    assert [line.endswith(r"\\") for line in body] == [True, False]


def test_kinds_of_constants(capsys: pytest.CaptureFixture[str]) -> None:
    quadratic = output(capsys, "expect", "(W' A W)[1,1]^2", "--symmetric", "A").splitlines()[0]
    t, t2 = sp.symbols("t t2")
    value = sp.sympify(quadratic.replace("Trace(A**2)", "t2").replace("Trace(A)", "t"), {"d": d, "t": t, "t2": t2})
    assert sp.simplify(value - (2 * t2 + t**2) / (d * (d + 2))) == 0
    assert output(capsys, "expect", "tr(U P U† P)", "--group", "U", "--projector", "P").startswith("Trace(P)**2/d")
    assert output(capsys, "expect", "tr(U X U† X†)", "--group", "U", "--hermitian", "X").startswith("Trace(X)**2/d")
    assert "Trace(A)**4" in output(capsys, "expect", "tr(U A U† A)^2", "--group", "U", "--rank-one", "A")
    assert main(["expect", "tr(W A)^2", "--symmetric", "W", "--haar", "W"]) == 2
    for names in (
        ["--symmetric", "1A"],
        ["--symmetric", "W"],
        ["--symmetric", "B"],
        ["--declare", "W"],
        ["--haar", "d"],
    ):
        assert main(["expect", "tr(W A)^2", *names]) == 2


def test_declared_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "moment", "S11 S22", "--group", "Sp", "--declare", "M", "--d", "2*M").startswith("1/(2*M)\n")
    assert (
        output(capsys, "moment", "W11^2", "--declare", "N", "--d", "N") == "1/N\n# valid for N >= 1 (highest index 1)\n"
    )
    assert output(capsys, "moment", "N W11^2", "--declare", "N", "--d", "N").startswith("1\n")
    for arguments in (
        ["--d", "N"],
        ["--d", "2*M"],
        ["--declare", "N", "--d", "N^2"],
        ["--declare", "N,W", "--haar", "W"],
    ):
        assert main(["moment", "W11^2", *arguments]) == 2


def test_averages_inside_have_their_range(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "expect", "var(tr(W)^3)").splitlines()[1:] == [
        "15",
        "# valid for d >= 3 (power traces of total degree 6)",
    ]
    assert output(capsys, "expect", "var(tr(W)^3)", "--d", "2").splitlines()[1:] == ["10"]


# ---- files -----------------------------------------------------------------------------------------------------------


def test_files_are_replaced_and_keep_their_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    path.chmod(0o640)
    assert main(["wg", "2,1", "--json", str(path)]) == 0
    assert json.loads(path.read_text())["value"].startswith("-1/")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_links_are_followed_and_stay(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "b.json", tmp_path / "a.json"
    link.symlink_to(target)
    for _ in range(2):
        assert main(["wg", "1", "--json", str(link)]) == 0
        assert link.is_symlink()
        assert json.loads(target.read_text())["value"] == "1/d"
    assert [p.name for p in (tmp_path / "there").iterdir()] == ["b.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="devices and pipes of Unix")
def test_devices_and_pipes_are_written_to_and_stay(tmp_path: Path) -> None:
    device = os.stat("/dev/null")
    assert main(["wg", "1", "--json", "/dev/null"]) == 0
    assert os.stat("/dev/null").st_rdev == device.st_rdev
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [sys.executable, "-m", "weingarten", "wg", "1", "--json", str(pipe)], cwd=Path(__file__).parents[2]
    )
    assert json.loads(pipe.read_text())["value"] == "1/d"
    assert process.wait(timeout=60) == 0
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_no_name_of_a_temporary_file_can_be_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file under the old predictable name is neither read nor replaced; a failed rename leaves nothing behind."""
    path = tmp_path / "a.json"
    trap = tmp_path / f"a.json.{os.getpid()}.part"
    trap.write_text("mine")
    assert main(["wg", "1", "--json", str(path)]) == 0
    assert trap.read_text() == "mine"

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    before = sorted(p.name for p in tmp_path.iterdir())
    assert main(["wg", "2", "--json", str(path)]) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    assert main(["wg", "2", "--json", str(tmp_path)]) == 2


def test_a_moment_in_latex_imports_neither_numpy_nor_more_of_sympy_than_sympy() -> None:
    """What made the command start slowly: NumPy, and the tensors and permutation groups of sympy."""
    code = (
        "import sys\nfrom weingarten.cli import main\nmain(['moment', 'W11^2 W22^2', '--format', 'latex'])\n"
        "assert not {'numpy', 'sympy.tensor.tensor', 'sympy.combinatorics', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
