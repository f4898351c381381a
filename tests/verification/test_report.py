"""The report: its arrows go around the boxes, its head says where it comes from, its colours are those of the figures."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from isogap.figures import style as figures_style
from isogap.verification import judge_all, load
from isogap.verification.report import style
from isogap.verification.report.graph import layers, narrow, svg
from isogap.verification.report.mathml import LatexError, flowing, mathml
from isogap.verification.report.provenance import identifier
from isogap.verification.report.result import html_page
from isogap.verification.report.routing import BOX_HEIGHT, BOX_WIDTH, routed

STATEMENTS = load()
SYSTEMS = sorted({s.system for s in STATEMENTS.values()})


def drawing_of(system):
    inside = {key: s for key, s in STATEMENTS.items() if s.system == system}
    rows = narrow(layers(inside))
    boxes = {box for row in rows for box in row}
    return routed(rows, [(n, x) for x in inside if x in boxes for n in inside[x].depends if n in boxes])


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_arrow_crosses_a_box(system):
    drawing = drawing_of(system)
    for points in drawing.arrows.values():
        for (x1, y1), (x2, y2) in pairwise(points):
            assert x1 == x2 or y1 == y2
            for x, y in drawing.boxes.values():
                apart = max(x1, x2) <= x - BOX_WIDTH / 2 or min(x1, x2) >= x + BOX_WIDTH / 2
                assert apart or max(y1, y2) <= y or min(y1, y2) >= y + BOX_HEIGHT


@pytest.mark.parametrize("system", SYSTEMS)
def test_arrows_of_two_statements_share_no_piece_but_the_last(system):
    """Where lines of two beginnings lie on each other a reader takes one for the other."""
    pieces = {}
    for (source, _), points in drawing_of(system).arrows.items():
        for (x1, y1), (x2, y2) in list(pairwise(points))[:-1]:
            upright = x1 == x2
            at, low, high = (x1, *sorted((y1, y2))) if upright else (y1, *sorted((x1, x2)))
            for other, a, b in pieces.setdefault((upright, at), []):
                assert other == source or high < a or b < low
            pieces[upright, at].append((source, low, high))


def test_boxes_lie_in_the_picture_and_apart():
    drawing = drawing_of("chain")
    places = list(drawing.boxes.values())
    for i, (x, y) in enumerate(places):
        assert BOX_WIDTH / 2 <= x <= drawing.width - BOX_WIDTH / 2
        assert 0 <= y <= drawing.height - BOX_HEIGHT
        assert all(abs(x - u) >= BOX_WIDTH or abs(y - v) >= BOX_HEIGHT for u, v in places[:i])


def test_one_palette_with_the_figures():
    for name in ("BLUE", "ORANGE", "GREEN", "RED", "PURPLE", "SKY", "GREY", "BLACK"):
        assert getattr(style, name) == getattr(figures_style, name)


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_labels_are_readable_in_light_and_dark():
    """WCAG AA: 4.5 to 1 between the text of a badge and the badge, and between text and page."""
    blocks = re.findall(r":root\{(.*?)\}", style.STYLE, re.S)
    assert len(blocks) == 3  # light, dark, print
    for block in blocks:
        found = dict(re.findall(r"--(\w+):(#[0-9a-f]+)", block))
        full = {k: v if len(v) == 7 else "#" + "".join(2 * c for c in v[1:]) for k, v in found.items()}
        pairs = [("on", k) for k in ("machine", "hand", "certified", "consistent", "refuted", "bad")]
        pairs += [("ink", "paper"), ("soft", "paper"), ("soft", "shade"), ("link", "paper"), ("bad", "paper")]
        for one, other in pairs:
            bright, dim = sorted((luminance(full[one]), luminance(full[other])), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= 4.5, (one, other)


@pytest.fixture(scope="module")
def verdicts():
    return judge_all(["E5"])


def test_the_head_says_when_with_what_and_on_what_it_was_made(verdicts, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    page = html_page(verdicts, deep=False, seed=7, seconds=0.0)
    head = page[page.index("<h1>") : page.index("class='legend")]
    assert head.index("verdicts: all as expected") < head.index("Meterez")  # the answer comes first
    for said in ("1970-01-01 00:00 UTC", "isogap 0.", "commit", "isogap-verify-", "seed 7", "processors"):
        assert said in head
    for about in ("Meterez", "arXiv:2310.02012"):
        assert about in head
    for term in ("By hand", "Margin", "Controls", "hypotheses held", "machine-decided"):
        assert term in page


def test_an_identifier_is_of_the_outcome_not_of_the_time(verdicts):
    once = identifier(verdicts, deep=False, seed=0)
    assert once == identifier(judge_all(["E5"]), deep=False, seed=0)
    assert once != identifier(verdicts, deep=False, seed=1)
    assert once != identifier(verdicts[:-1], deep=False, seed=0)


def test_every_box_leads_to_a_statement():
    inside = {key: s for key, s in STATEMENTS.items() if s.system == "mean_field"}
    text = svg(inside, {})
    assert text.count('<rect class="node missing"') == len(re.findall(r'<a href="#mean_field_\w+">', text)) > 3
    assert text.count("marker-end=") == text.count("rests on</title>") + len(
        re.findall(r"rests on [^<]+</title>", text)
    )


@pytest.mark.parametrize("key", sorted(STATEMENTS))
def test_a_broken_formula_is_the_same_formula(key):
    """Pieces are well formed, and say together what the formula in one piece says."""

    def said(markup):
        return "".join(ET.fromstring(f"<p>{markup}</p>").itertext()).replace("\xa0", " ")

    for formula in (STATEMENTS[key].formula, STATEMENTS[key].corrected):
        if formula:
            assert said(flowing(formula).replace("<wbr>", "")) == said(mathml(formula))


def test_a_matrix_has_rows_and_cells_and_an_unfinished_one_is_an_error():
    found = mathml(r"\left[\begin{matrix}d^{2} & d\\d & 1\end{matrix}\right]")
    assert found.count("<mtr>") == 2
    assert found.count("<mtd>") == 4
    for broken in (
        r"\begin{matrix}a",
        r"\begin{array}a\end{array}",
        r"\begin{matrix}a\end{array}",
        r"a & b",
        r"a \\ b",
        r"\end",
    ):
        with pytest.raises(LatexError):
            mathml(broken)


def test_no_formula_is_broken_within_brackets_or_after_a_relation():
    assert flowing("f(a+b)=-c").split("<wbr>")[1].count("<mo") == 2
    assert flowing("f(a+b)=-c").count("<wbr>") == 1
    parted = flowing(r"a\le b,\qquad c\le d").split('<span class="claim">')[1:]
    assert [part.count("<math") for part in parted] == [2, 2]  # each in pieces of its own
