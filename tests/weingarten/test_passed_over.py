"""Nothing that a person types is passed over by the command: it is honoured, or refused with its place and a remedy."""

import json

import pytest

from weingarten.cli import main

REFUSED = [
    (["wg", "2", "--d", "3", "--d", "4"], "--d is given twice, as 3 and 4: say one"),
    (["wg", "2", "--group", "U", "--group=O"], "--group is given twice, as U and O"),
    (["wg", "2", "--json", "-", "--format", "latex"], "--json - and --format latex: one answer has one format"),
    (["wg", "2", "--declare", "M"], "--declare M: no such name is in the question; leave it out"),
    (["moment", "W11^2", "--declare", "M"], "--declare M: no such name"),
    (["expect", "tr(W)^2", "--declare", "M"], "--declare M: no such name"),
    (["expect", "tr(W)^2", "--declare", "r"], "--declare r: no such name is in the question; leave it out"),
    (["expect", "tr(W)^2 ab", "--declare", "a"], "--declare a: no such name"),
    (["expect", "tr(W)^2", "--haar", "W,t"], "--haar t: no such name"),
    (["expect", "tr(W^2)", "--group", "wishart", "--declare", "p,n,m"], "--declare m: no such name"),
    (["expect", "tr(W^2)", "--group", "wishart", "--d", "2,3", "--declare", "p,n"], "--declare p,n: no such name"),
    (["expect", "tr(W)^2", "--haar", "W,V"], "--haar V: no such name"),
    (["expect", "tr(W)^2", "--limit", "0"], "must be a whole number from 1, got '0'"),
    (["expect", "tr(W)^2", "--limit", "-5"], "must be a whole number from 1, got '-5'"),
    (["moment", "W11^2", "--symmetric", "A"], "--symmetric is an option of weingarten expect"),
    (["wg", "2", "--haar", "W"], "--haar is an option of weingarten moment, weingarten expect"),
    (["wg", "2", "--json", ""], "a file name is needed"),
    (["wg", "2", "--json", "/nowhere/a.json"], "cannot write --json /nowhere/a.json: folder /nowhere does not exist"),
    (["wg", "2", "--json", "/"], "cannot write --json /: it is a folder"),
    (["expect", "tr(H)", "--group", "GUE", "--d", "2,3"], "--d 2,3: GUE takes d; give one, such as 3"),
    (["expect", "tr(W^2)", "--group", "inverse wishart", "--d", "2,3"], "n - p = 1, at least 4 is needed"),
    (["expect", "tr(W)", "--group", "real jacobi", "--d", "3,1,1"], "n1 + n2 - p = -1, at least 0 is needed"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_what_would_be_passed_over_is_refused(arguments, said, capsys):
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = stop.code
    output = capsys.readouterr()
    assert (status, output.out) == (2, "")
    assert said in output.err
    assert output.err.count("\n") == 1


def test_a_file_that_cannot_be_written_is_refused_before_any_work(capsys, monkeypatch):
    monkeypatch.setattr("weingarten.cli.run", lambda options: pytest.fail("it was computed"))
    assert main(["wg", "2", "--json", "/nowhere/a.json"]) == 2


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["wg", "2", "--d", "3", "--d", "3"], "-1/30"),
        (["wg", "2", "--d", "3", "--group", " u "], "-1/24"),
        (["wg", "1", "--d", "2*M", "--declare", "M"], "1/(2*M)"),
        (["expect", "M tr(W)^2", "--declare", "M"], "M"),
        (["expect", "2M tr(W)^2", "--declare", "M"], "2*M"),
        (["expect", "r tr(W)^2", "--declare", "r"], "r"),
        (["expect", "a_{1} tr(W)^2", "--declare", "a_1"], "a_1"),
        (["expect", "tr(V W)^2", "--haar", "W,V"], "1"),
        (["expect", "tr(W)^2 V11^2", "--haar", "W,V"], "1/d"),
        (["expect", "tr(W)", "--group", "wishart", "--declare", "p,n"], "n*p"),
        (["wg", "2", "--d", "3", "--d", " 03"], "-1/30"),
        (["wg", "2", "--d", "3", "--group", "U", "--group", " u "], "-1/24"),
    ],
)
def test_what_is_said_twice_alike_or_with_blanks_is_honoured(arguments, value, capsys):
    assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines()[0] == value


def test_a_partition_without_commas_says_how_it_was_read(capsys):
    assert main(["wg", "21", "--d", "30"]) == 0
    first, value = capsys.readouterr().out.splitlines()
    assert first == "read as: the partition of 21 with one part (with commas, 2,1, it has 2 parts)"
    assert main(["wg", "21", "--d", "30", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == value
    for text in ("2,1", "2 1", "[2,1]", "7", "10"):
        assert main(["wg", text, "--d", "30"]) == 0
        assert "read as" not in capsys.readouterr().out
