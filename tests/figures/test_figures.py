"""Names of figures, what is said of them, and the command."""

from pathlib import Path

import pytest

from isogap.cli.figures import main
from isogap.figures import FIGURES, Settings, make
from isogap.figures import product as common
from isogap.figures.seen import SEEN
from isogap.figures.style import say_what_is_cut
from tests.figures.small import a_product

PAPER = ["fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "table-d1", "e1", "e2", "f1", "f2"]
PAPER += ["g1", "g2", "g3", "g4", "g5", "g6"]


def test_every_figure_of_the_paper_has_its_name() -> None:
    assert set(PAPER) <= set(FIGURES)
    for module, function, _ in FIGURES.values():
        imported = __import__(f"isogap.figures.{module}", fromlist=[function])
        assert callable(getattr(imported, function))
    with pytest.raises(ValueError, match="figure must be one of"):
        make("fig7", Settings())


def test_a_claim_left_open_says_what_is_missing() -> None:
    product = common.Product("line", "A line.", common.OPEN, "it rises", {}, a_product().draw, missing="more points")
    assert product.line == "A line. This leaves open the claim that it rises; missing: more points."
    assert a_product().line == "A line. This supports the claim that it rises."
    with pytest.raises(ValueError, match="what is missing"):
        common.Product("line", "A line.", common.OPEN, "it rises", {}, a_product().draw)
    with pytest.raises(ValueError, match="what is missing"):
        common.Product("line", "A line.", common.SUPPORTS, "it rises", {}, a_product().draw, missing="more points")


def test_a_curve_that_goes_on_beyond_the_axis_is_said_to_be_cut() -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (cut, whole, hidden) = plt.subplots(1, 3)
    for ax in (cut, whole, hidden):
        ax.plot([0, 1, 2], [-1, 1, 9])
    cut.set_ylim(0, 5)
    hidden.set(xlim=(0.5, 1.5), ylim=(0, 5))
    hidden.axhline(7)
    say_what_is_cut(figure)
    assert [[text.get_text() for text in ax.texts] for ax in (cut, whole, hidden)] == [
        ["cut off above and below"],
        [],
        [],
    ]
    plt.close(figure)


def test_every_figure_says_what_is_seen() -> None:
    assert set(SEEN) == {*FIGURES, "engine-cost"}
    assert all(len(text) > 60 and text.endswith(".") for text in SEEN.values())


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert (
        capsys.readouterr().out.count("\n") == len(FIGURES) + 3
    )  # a head, the explorer, the total  # and the explorer
    assert main(["fig1", "--out", str(tmp_path / "new"), "--quiet"]) == 0
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["README.md", "fig1.csv", "fig1.png", "fig1.svg"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("names", [["fig2", "fig1"], ["fig1", "explorer"], ["explorer"]])
def test_a_list_is_of_the_names_that_are_given(names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    everything = capsys.readouterr().out.splitlines()
    assert main([*names, "--list"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    of_names = [line for line in everything if line.split()[0] in names]
    assert [head, *lines[: len(names)]] == [everything[0], *of_names]
    assert [line.split(":")[0] for line in lines[len(names) :]] == (
        [] if names == ["explorer"] else ["these but the explorer" if "explorer" in names else "these"]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fig9"], "no figure fig9; --list shows what there is"),
        (["fig1", "--out", "/nowhere/deep"], "folder /nowhere does not exist"),
        (["fig1", "--data", "/nowhere"], "--data /nowhere: no such folder"),
        (["fig1", "--scale", "huge"], "must be one of"),
        (["nosuch", "--list"], "no figure nosuch"),
        (["fig1", "nosuch", "--list"], "no figure nosuch"),
        (["--list", "--download", "mnist"], "--download and --list: the list makes and fetches nothing"),
        (["--list", "--seed", "0", "--quiet"], "leave --seed and --quiet out"),
    ],
)
def test_command_refuses(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = int(stop.code or 0)
    assert status == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_command_refuses_damaged_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"\x00\x00\x08\x03short")
    assert main(["fig4", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "truncated" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("fig4*"))
    (tmp_path / "empty").mkdir()
    assert main(["fig4", "--data", str(tmp_path / "empty"), "--out", str(tmp_path / "out")]) == 2
    assert "holds none of cifar10, mnist, fashion-mnist" in capsys.readouterr().err
