"""Figures: names, files, sentences; each family on a small scale of its own."""

import csv
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isogap.cli.figures import main
from isogap.figures import FIGURES, Settings, make
from isogap.figures import product as common
from isogap.figures.output import csv_text, picture, write, write_gallery
from isogap.figures.paper import bound, depth, rank, shaping
from isogap.figures.paper.datasets import mean_cosine
from isogap.figures.seen import SEEN
from isogap.figures.style import say_what_is_cut
from tests.figures.small import Small, write_to_memory

PAPER = ["fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "table-d1", "e1", "e2", "f1", "f2"]
PAPER += ["g1", "g2", "g3", "g4", "g5", "g6"]


def a_product(draw: Any = None) -> common.Product:
    def line(figure: Any) -> None:
        figure.subplots().plot([0, 1], [0, 1])

    table = {"x": np.array([0, 1]), "y": [0.5, float("nan")]}
    return common.Product("line", "A line.", common.SUPPORTS, "it rises", table, draw or line)


def test_every_figure_of_the_paper_has_its_name() -> None:
    assert set(PAPER) <= set(FIGURES)
    for module, function, _ in FIGURES.values():
        imported = __import__(f"isogap.figures.{module}", fromlist=[function])
        assert callable(getattr(imported, function))
    with pytest.raises(ValueError, match="figure must be one of"):
        make("fig7", Settings())


def test_writing(tmp_path: Path) -> None:
    paths = write(a_product(), tmp_path)
    assert [path.name for path in paths] == ["line.png", "line.svg", "line.csv"]
    assert paths[0].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert "<svg" in paths[1].read_text()
    assert paths[2].read_text() == "x,y\n0,0.5\n1,\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["line.csv", "line.png", "line.svg"]
    first = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in write(a_product(), tmp_path)] == first


def test_a_picture_is_shown_at_half_its_resolution_and_opens_the_vector_form(tmp_path: Path) -> None:
    write(a_product(), tmp_path)
    pixels = struct.unpack(">I", (tmp_path / "line.png").read_bytes()[16:20])[0]
    assert pixels == 1100
    assert picture(tmp_path, "line") == '[<img src="line.png" width="550" alt="line">](line.svg)'


def test_a_failure_leaves_nothing_half_written(tmp_path: Path) -> None:
    def fails(figure: Any) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        write(a_product(fails), tmp_path)
    assert list(tmp_path.iterdir()) == []
    broken = common.Product("line", "A.", common.REFUTES, "b", {"x": [1], "y": [1, 2]}, a_product().draw)
    with pytest.raises(ValueError, match="different lengths"):
        write(broken, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".line-abc").mkdir()
    (tmp_path / ".line-abc" / "line.png").write_bytes(b"half")
    write(a_product(), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["line.csv", "line.png", "line.svg"]


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


def test_gallery_keeps_older_sentences(tmp_path: Path) -> None:
    for name in ("fig1", "fig2"):
        (tmp_path / f"{name}.png").write_bytes(b"x")
    write_gallery(tmp_path, {"fig2": ("Second.", "Scale quick, 2 s.")})
    write_gallery(tmp_path, {"fig1": ("First.", "Scale paper, 1 s.")})
    text = (tmp_path / "README.md").read_text()
    assert text.index("First.") < text.index("*Scale paper, 1 s.*") < text.index("Second.")
    assert text.count("*Scale quick, 2 s.*") == 1
    write_gallery(tmp_path, {"fig1": ("Again.", "Scale quick, 1 s.")})
    text = (tmp_path / "README.md").read_text()
    assert text.count(f'<img src="fig1.png" alt="{SEEN["fig1"]}">') == 1
    assert "First." not in text
    assert "Scale paper" not in text
    assert "Second.\n\n*Scale quick, 2 s.*" in text
    added = text.rstrip() + "\n\n![fig2 of other data](other.png)\n\nAdded.\n"
    (tmp_path / "README.md").write_text(added)
    write_gallery(tmp_path, {"fig2": ("Third.", "Scale quick, 3 s.")})
    assert "*Scale quick, 3 s.*\n\n![fig2 of other data](other.png)\n\nAdded.\n" in (tmp_path / "README.md").read_text()
    (tmp_path / "README.md").write_text(text.replace("# Figures\n", "# Figures\n\nOf ours.\n", 1))
    write_gallery(tmp_path, {})
    assert (tmp_path / "README.md").read_text() == text.replace("# Figures\n", "# Figures\n\nOf ours.\n", 1)


def test_pieces_are_found_and_only_by_what_they_depend_on(tmp_path: Path) -> None:
    calls = []

    def compute() -> dict[str, Any]:
        calls.append(1)
        return {"x": np.arange(3.0)}

    for settings in (Settings(work=tmp_path), Settings(work=tmp_path, threads=5)):
        np.testing.assert_array_equal(settings.piece({"depth": 1}, compute)["x"], np.arange(3.0))
        assert len(settings.spent) == 1
    assert len(calls) == 1
    Settings(work=tmp_path).piece({"depth": 2}, compute)
    Settings(work=tmp_path, seed=1).piece({"depth": 1}, compute)
    assert len(calls) == 3
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:50])
    np.testing.assert_array_equal(Settings(work=tmp_path).piece({"depth": 1}, compute)["x"], np.arange(3.0))
    assert len(calls) == 4
    Settings().piece({"depth": 1}, compute)
    assert len(calls) == 5


@pytest.mark.parametrize("figure", [depth.fig3, bound.theorem_5, rank.rank])
def test_a_stopped_figure_goes_on_with_the_same_numbers(
    figure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(quick: Any) -> Any:
        return {500: 100, 32: 8, 3000: 60, 16: 8}.get(quick, quick) if isinstance(quick, int) else (4, 8, 16, 32)

    monkeypatch.setattr(Small, "small", staticmethod(small))
    whole = csv_text(figure(Small(seed=2)))
    pieces = Settings.piece
    done = []

    def stops(self: Settings, about: Any, compute: Any) -> Any:
        if len(done) == 5:
            raise KeyboardInterrupt
        done.append(about)
        return pieces(self, about, compute)

    monkeypatch.setattr(Settings, "piece", stops)
    with pytest.raises(KeyboardInterrupt):
        figure(Small(seed=2, work=tmp_path))
    assert len(list(tmp_path.iterdir())) == 5

    computed = []

    def counts(self: Settings, about: Any, compute: Any) -> Any:
        return pieces(self, about, lambda: computed.append(about) or compute())  # type: ignore[func-returns-value]

    monkeypatch.setattr(Settings, "piece", counts)
    assert csv_text(figure(Small(seed=2, work=tmp_path))) == whole
    assert len(computed) == len(list(tmp_path.iterdir())) - 5


def test_fig1_quick() -> None:
    product = make("fig1", Settings(seed=1))
    assert product.verdict == common.SUPPORTS
    rows = list(csv.DictReader(csv_text(product).splitlines()))
    assert len(rows) == 202
    assert all(float(row["mean"]) <= float(row["sharp"]) * (1 + 1e-12) for row in rows)
    assert product.line.endswith("at least as fast as Theorem 1 says.")


@pytest.mark.parametrize("figure", [depth.fig2, depth.fig3])
def test_depth_figures(figure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Small, "small", staticmethod(lambda quick: {500: 300, 32: 16}.get(quick, quick)))
    product = figure(Small(seed=3))
    assert product.verdict == common.SUPPORTS
    assert len(set(product.table["curve"])) == 2
    assert max(product.table["depth"]) == 300


def test_shaping_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Small, "small", staticmethod(lambda quick: {24: 8, 900: 200, 600: 200}.get(quick, quick)))
    monkeypatch.setattr(shaping, "GAINS", (0.25, 0.3, 0.8, 1.0))
    for figure in (shaping.e1, shaping.e2, shaping.g5):
        product = figure(Small(seed=1))
        assert product.verdict in (common.SUPPORTS, common.OPEN, common.REFUTES)
        write_to_memory(product)


def test_fig5(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Small,
        "small",
        staticmethod(lambda quick: 8 if quick == 24 else (5, 20, 50, 150) if isinstance(quick, tuple) else quick),
    )
    product = shaping.fig5(Small(seed=1))
    assert product.verdict == common.SUPPORTS
    write_to_memory(product)


def test_batch_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Small,
        "small",
        staticmethod(
            lambda quick: (
                {16: 12, 500: 300, 3000: 800, 4000: 1000}.get(quick, quick) if isinstance(quick, int) else (8, 32)
            )
        ),
    )
    for figure in (rank.g6, rank.c1):
        write_to_memory(figure(Small(seed=1)))
    product = rank.rank(Small(seed=1))
    write_to_memory(product)
    assert product.verdict == common.SUPPORTS


def test_theorem_5_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Small, "small", staticmethod(lambda quick: 400 if quick == 3000 else (8, 16, 32)))
    product = bound.theorem_5(Small(seed=1))
    assert product.verdict == common.SUPPORTS
    measured, sharp = np.array(product.table["jacobian_sum"]), np.array(product.table["lemma_c3_sharp"])
    assert (measured < sharp).all()
    write_to_memory(product)


def test_table_d1(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setattr(Small, "small", staticmethod(lambda quick: 5))
    product = make("table-d1", Small(seed=1))
    assert product.verdict == common.OPEN
    assert product.missing == "the files of mnist, fashion-mnist, cifar10, cifar100 (--data)"
    shares = dict(
        zip(
            zip(product.table["width"], product.table["batch"], strict=True),
            product.table["full_rank_share"],
            strict=True,
        )
    )
    # Images of digits have no negative pixel and overlap: cosines well above zero; the rank is at most the 64 pixels.
    assert all(0.3 < cosine < 0.9 for cosine in product.table["cosine_mean"])
    assert product.table["rank_mean"][:2] == [32.0, 32.0]
    assert 50 < product.table["rank_mean"][2] <= 61  # three pixels are zero in every digit
    # 64 pixels: full row rank at width 32, impossible at width 100.
    assert shares == {(32, 32): 1.0, (32, 100): 1.0, (100, 100): 0.0}
    write_to_memory(product)


def test_table_d1_takes_one_folder_of_idx_files_for_one_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    for part, n in (("train", 120), ("t10k", 10)):
        pixels = np.random.default_rng(n).integers(0, 256, (n, 12, 12)).astype(np.uint8)
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, n, 12, 12) + pixels.tobytes())
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, n) + bytes(n))
    monkeypatch.setattr(Small, "small", staticmethod(lambda quick: 5))
    table = make("table-d1", Small(seed=1, data=tmp_path)).table
    assert table["data_set"] == ["digits"] * 3 + [f"idx files of {tmp_path.name}"] * 3


def test_the_mean_cosine_is_that_of_all_pairs() -> None:
    H = np.random.default_rng(0).normal(size=(7, 5))
    H[:, 2] = 0.0
    norms = np.linalg.norm(H, axis=0)
    pairs = [
        0.0 if 2 in (i, j) else H[:, i] @ H[:, j] / norms[i] / norms[j] for i in range(5) for j in range(5) if i != j
    ]
    assert mean_cosine(H) == pytest.approx(np.mean(pairs), rel=1e-13)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert (
        capsys.readouterr().out.count("\n") == len(FIGURES) + 3
    )  # a head, the explorer, the total  # and the explorer
    assert main(["fig1", "--out", str(tmp_path / "new"), "--quiet"]) == 0
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["README.md", "fig1.csv", "fig1.png", "fig1.svg"]
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fig9"], "no figure fig9; --list shows what there is"),
        (["fig1", "--out", "/nowhere/deep"], "folder /nowhere does not exist"),
        (["fig1", "--data", "/nowhere"], "--data /nowhere: no such folder"),
        (["fig1", "--scale", "huge"], "must be one of"),
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
