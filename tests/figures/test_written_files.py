"""Files of a figure: complete or not at all, and the page that shows them."""

import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from isogap.figures import product as common
from isogap.figures.output import picture, write, write_gallery
from isogap.figures.seen import SEEN
from tests.figures.small import a_product


def test_writing(tmp_path: Path) -> None:
    paths = write(a_product(), tmp_path)
    assert [path.name for path in paths] == ["line.png", "line.svg", "line.csv"]
    assert paths[0].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert "<svg" in paths[1].read_text()
    assert paths[2].read_text() == "x,y\n0,0.5\n1,\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["line.csv", "line.png", "line.svg"]
    first = [path.read_bytes() for path in paths]
    assert [path.read_bytes() for path in write(a_product(), tmp_path)] == first


def test_the_vector_form_has_colours_for_dark_pages(tmp_path: Path) -> None:
    """Paper and letters change, and the first colour of the palette, which is too dark for dark paper."""
    text = write(a_product(), tmp_path)[1].read_text(encoding="utf-8")
    dark = text[text.index("prefers-color-scheme: dark") : text.index("</style>")]
    assert 'svg{fill: #e2e4e9}[style*="fill: #ffffff"]{fill: #131416 !important}' in dark
    assert "fill: #ffffff" in text[text.index("</style>") :]
    assert ElementTree.fromstring(text).tag.endswith("svg")


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
