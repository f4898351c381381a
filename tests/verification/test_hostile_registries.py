"""Registries that mean harm, or are broken: no tag of theirs survives, no traceback, exit status 2 before anything runs."""

import json
import os
import re
import subprocess
import sys

import pytest

from isogap.cli import verify as cli
from isogap.verification import Statement, check_module, judge_all
from isogap.verification.report.mathml import LatexError, mathml
from isogap.verification.report.result import html_page

TAG = "<script>alert(1)</script><img src=x onerror=alert(2)>\"' onmouseover='x"
CHECK = '''"""{label}: s."""
import sympy as sp

x = sp.Symbol("x")


def decide(case, *, two=2):
    case.hypothesis(True)
    case.argument({tag}, {tag})
    with case.illustrations():
        case.exact({tag}, True, **{{"a": {tag}}})
    case.identity({tag}, (x + 1) ** 2, x**2 + two * x + 1)
    case.table({tag}, ({tag},), (({tag},),))
    case.plot({tag}, {tag}, {tag}, [({tag}, [1.0, 2.0], [1.0, 2.0], {tag})])
    case.margin(1.0, {tag})


FALSE_NEIGHBOURS = {{{tag}: {{"two": 3}}}}
'''


def registry(where, **fields):
    entry = {
        "label": "X1", "name": TAG, "group": TAG, "formula": "x", "hypotheses": TAG, "kind": "reduced by hand", "range": TAG,
        "source": TAG, "ours": TAG,
    } | fields  # fmt: skip
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in entry.items())
    head = "[about]\n" + "".join(f"{key} = {json.dumps(TAG)}\n" for key in ("title", "authors", "source", "text"))
    (where / "statements.toml").write_text(f"{head}\n[[statement]]\n{text}", encoding="utf-8")
    (where / "test_x1.py").write_text(CHECK.format(label="X1", tag=repr(TAG)), encoding="utf-8")
    (where / "witnesses.toml").write_text(
        f'["{"a<script>"}"]\nwhat = {json.dumps(TAG)}\nrows = [["1"]]\n', encoding="utf-8"
    )
    return where


def test_no_tag_attribute_or_address_of_a_registry_reaches_the_page(tmp_path):
    formula = r"\mathbf{<script>alert(1)</script>}+\text{<img src=x>}+\mathrm{<b>}+\operatorname{<i>}"
    where = registry(tmp_path, formula=formula)
    (verdict,) = judge_all(where=where)
    assert verdict.passed, verdict.message
    page = html_page([verdict], deep=False, seed=0, seconds=0.0, where=where)
    assert "&lt;script&gt;" in page
    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z]+)", page))
    assert not tags & {"script", "iframe", "object", "embed", "link", "form", "input", "base"}
    images = re.findall(r"<img [^>]*>", page)
    assert images
    assert all("src='data:image/svg+xml;base64," in image for image in images)
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", re.sub(r"=(['\"]).*?\1", "=''", page))
    assert "Content-Security-Policy" in page
    assert "default-src &#x27;none&#x27;" in page
    addresses = re.findall(r"(?:href|src)\s*=\s*['\"]([^'\"]*)", re.sub(r"&lt;.*?&gt;", "", page))
    assert all(address.startswith(("#", "data:image/svg+xml;base64,")) for address in addresses)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"formula": r"\unknown"}, "field formula: unknown command"),
        ({"formula": r"\mathbb{Q}"}, "field formula"),
        ({"formula": r"\mathbf{"}, "field formula"),
        ({"formula": r"\left"}, "field formula"),
        ({"formula": "{" * 500 + "}" * 500}, "nested deeper"),
        ({"formula": r"\sqrt" * 3000 + "x"}, "field formula"),
        ({"formula": "x" * 6000}, "more than"),
        ({"name": 3}, "field name: must be a text"),
        ({"kind": "proved"}, "field kind"),
        ({"depends": "X2"}, "field depends: must be a list"),
        ({"depends": ["X2"]}, "field depends"),
        ({"depends": ["X1"]}, "circle"),
        ({"claim": ["x <= os.system"]}, "field claim"),
        ({"claim": ["x <= 1"], "formula": "@2"}, "field formula: @2"),
        ({"label": "../../x"}, "field label"),
    ],
)
def test_a_broken_registry_is_named_with_file_line_and_field(tmp_path, capsys, fields, said):
    registry(tmp_path, **fields)
    assert cli.main(["--statements", str(tmp_path), "--quiet"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert said in error
    assert re.search(r"statements\.toml, line \d+: ", error)


@pytest.mark.parametrize("broken", ["decide", "FALSE_NEIGHBOURS", "syntax", "import", "bytes"])
def test_a_broken_check_is_found_before_anything_runs(tmp_path, capsys, broken):
    path = registry(tmp_path) / "test_x1.py"
    text = path.read_text(encoding="utf-8")
    changed = {
        "decide": text.replace("def decide", "def another"),
        "FALSE_NEIGHBOURS": text.replace("FALSE_NEIGHBOURS", "NEIGHBOURS"),
        "syntax": text + "\n)",
        "import": text + "\nimport no_such_module\n",
        "bytes": text,
    }[broken]
    path.write_bytes(b"\xff\xfe" if broken == "bytes" else changed.encode())
    assert cli.main(["--statements", str(tmp_path), "--quiet"]) == 2
    assert "test_x1.py" in capsys.readouterr().err


def test_formulas_fail_by_their_own_error():
    for text in (r"\frac", r"\frac{1", r"x^", r"\mathcal{Z}", r"\left(x", r"\right)", r"\operatorname", "}"):
        with pytest.raises(LatexError):
            mathml(text)


def complaints(text):
    return [line for line in text.splitlines() if not re.fullmatch(r"isogap-verify: \d+ of \d+ judged.*", line)]


def test_a_reader_who_has_gone_is_no_failure():
    command = [sys.executable, "-m", "isogap.cli.verify", "--threads", "1", "--only", "Weingarten inputs"]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
    finally:
        os.close(writing)
    assert (done.returncode, complaints(done.stderr)) == (0, [])


@pytest.mark.parametrize("arguments", [["--list"], ["--threads", "1", "--only", "E5", "--json", "-"]])
def test_a_reader_who_has_gone_is_no_failure_of_a_list_or_of_json(arguments, monkeypatch, capsys):
    """In this process; what is left in the stream is flushed when it is closed, as at the end of one."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as stdout, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        status = cli.main(arguments)
    assert (status, complaints(capsys.readouterr().err)) == (0, [])


def test_a_check_that_is_edited_twice_in_a_second_is_read_as_it_is(tmp_path, monkeypatch):
    """Bytecode goes by the size of the file and the second of its last change; both are the same here."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "test_x1.py"
    statement = Statement("X1", "n", "x", "h", "machine-decided", "r", "g", where=tmp_path)
    for number in (1, 2):
        path.write_text(f"FALSE_NEIGHBOURS = {{}}\ndecide = {number}\n", encoding="utf-8")
        os.utime(path, (10**9, 10**9))
        assert check_module(statement).decide == number
