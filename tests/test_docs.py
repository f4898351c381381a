"""The pages of the documentation: their Python examples run, their links lead somewhere, their generated parts can be made."""

import doctest
import json
import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    p
    for p in DOCS.rglob("*.md")
    if not {"_build", "_generated", "_report", "node_modules"} & set(p.relative_to(DOCS).parts)
)
WITH_EXAMPLES = [p for p in PAGES if "\n>>> " in p.read_text(encoding="utf-8")]


def examples(text):
    """The fenced blocks with prompts, one text, at their own line numbers."""
    kept, inside = [], False
    for line in text.split("\n"):
        if line.startswith("```"):
            inside = line.startswith("```python")
            kept.append("")
        else:
            kept.append(line if inside else "")
    return "\n".join(kept)


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda p: str(p.relative_to(DOCS)))
def test_examples_run(page):
    if page.stem == "torch":
        pytest.importorskip("torch")
    test = doctest.DocTestParser().get_doctest(examples(page.read_text(encoding="utf-8")), {}, page.name, str(page), 0)
    assert test.examples
    failures = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test, out=failures.append)
    assert not failures, "".join(failures)


def cells(text):
    """The cells `code` → `answer` of the tables, as examples after the first fenced block, whose names they use."""
    block = re.search(r"^```python\n(.*?)^```", text, re.M | re.S)
    found = re.findall(r"(?<=\| )`([^`|]+)` → `([^`|]+)`(?= \|)", text)
    return block.group(1) + "\n" + "".join(f">>> {code}\n{answer}\n" for code, answer in found), len(found)


def test_every_cell_of_the_grid_of_ensembles_runs():
    page = DOCS / "howto" / "ensembles.md"
    text = page.read_text(encoding="utf-8")
    grid = text[text.index("## The grid") : text.index("## Gaussian matrices")]
    source, count = cells(grid)
    rows = [line for line in grid.split("\n") if line.startswith("| ") and "→" in line]
    assert len(rows) == 14
    assert count == sum(row.count("→") for row in rows) == 7 * len(rows) - 1  # quantum groups have no draws
    failures = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(doctest.DocTestParser().get_doctest(source, {}, page.name, str(page), 0), out=failures.append)
    assert not failures, "".join(failures)


def test_every_how_to_but_the_tables_has_a_tested_example():
    without = {p.stem for p in (DOCS / "howto").glob("*.md")} - {p.stem for p in WITH_EXAMPLES}
    assert without == {"commands"}


@pytest.fixture(scope="module")
def ext():
    """Import a module of docs/_ext that needs no Sphinx."""
    names = ("statement_pages", "import_picture", "command_pages", "gallery_page", "changelog_page")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS / "_ext"))
        yield lambda name: __import__(name)
    for name in names:
        sys.modules.pop(name, None)


class App:
    def __init__(self, srcdir):
        self.srcdir = str(srcdir)


@pytest.fixture(scope="module")
def built(ext, tmp_path_factory):
    """Generated pages, beside links to the folders they read; the tests only read them."""
    tmp_path = tmp_path_factory.mktemp("docs")
    for name in ("notebooks", "isogap", "weingarten", "verify", "gallery", "changelog.d", "CHANGELOG.md"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "docs").mkdir()
    for name in ("statement_pages", "import_picture", "command_pages", "gallery_page", "changelog_page"):
        ext(name).write(App(tmp_path / "docs"))
    return tmp_path / "docs" / "_generated"


def test_generated_pages(built):
    from isogap.verification import load
    from isogap.verification.registry import slug
    from isogap.verification.report.mathml import mathml

    theory = (built / "theory.md").read_text(encoding="utf-8")
    for statement in load().values():
        assert f"#### {statement.label}: {statement.name}\n" in theory
        check = (built / "checks" / f"{slug(statement.key)}.md").read_text(encoding="utf-8")
        included = re.search(r"\{literalinclude\} (\S+)", check).group(1)
        assert (DOCS / "_generated" / "checks" / included).resolve() == statement.path.resolve()
    anchors = re.findall(r"^\((\S+)\)=$", theory, re.M)
    assert len(anchors) == len(set(anchors)) == len(load())
    assert set(re.findall(r"\(#(statement-\S+?)\)", theory)) <= set(anchors)
    # every formula on any page is one that the renderer knows: it raises otherwise
    shown = 0
    for page in [*PAGES, *built.rglob("*.md")]:
        prose = re.sub(r"^(`{3,}).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for formula in re.findall(r"\$\$\n?(.+?)\n?\$\$|(?<![\\$`])\$([^$]+?)\$", re.sub(r"`[^`]*`", "", prose), re.S):
            mathml(" ".join("".join(formula).split()))
            shown += 1
    assert shown > 100


NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]_*.ipynb"))


def outputs(notebook):
    """Pairs of a cell and one of its outputs."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [(cell, output) for cell in cells for output in cell.get("outputs", [])]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.stem)
def test_every_picture_of_a_notebook_says_what_is_seen(notebook):
    for cell, output in outputs(notebook):
        if "image/png" in output.get("data", {}):
            assert len(cell["metadata"]["mystnb"]["image"]["alt"]) > 80


def test_formulas_of_notebooks_are_ones_that_the_renderer_of_the_site_knows():
    from isogap.verification.report.mathml import flowing

    shown = 0
    for notebook in NOTEBOOKS:
        for _, output in outputs(notebook):
            for latex in ("".join(text) for kind, text in output.get("data", {}).items() if kind == "text/latex"):
                assert latex.startswith("$\\displaystyle ")
                assert "<math" in flowing(" ".join(latex.strip("$").removeprefix("\\displaystyle ").split()))
                shown += 1
    assert shown >= 6


def test_every_notebook_is_a_page_and_no_other():
    listed = re.findall(r"^_generated/notebooks/(\w+)$", (DOCS / "notebooks.md").read_text(encoding="utf-8"), re.M)
    assert listed == [notebook.stem for notebook in NOTEBOOKS]


def test_import_picture_shows_the_missing_arrow(ext):
    picture = ext("import_picture")
    arrows = picture.arrows(ROOT)
    assert {("run", "engine"), ("run", "theory")} <= arrows
    assert not {("engine", "theory"), ("theory", "engine"), ("engine", "weingarten")} & arrows
    assert not [arrow for arrow in arrows if arrow[0] == "weingarten"]
    floor = picture.floors(arrows)
    assert all(floor[source] > floor[target] for source, target in arrows)
    kept = picture.direct(arrows)
    text = picture.svg(arrows)
    assert text.count('marker-end="url(#tip)"') == len(kept) < len(arrows)
    assert all(f">{room}</text>" in text for room in floor)


def test_an_arrow_of_the_import_picture_passes_rooms_that_stand_in_its_way(ext):
    picture = ext("import_picture")
    corner = {"a": (0.0, 0.0), "b": (0.0, 92.0), "c": (0.0, 184.0)}
    ways = {target: picture._way(corner, "a", target) for target in "bc"}
    assert "L" not in ways["b"]  # a curve to the next floor
    lane = float(ways["c"].partition("L")[2].split()[0])
    assert lane > picture.WIDTH


def test_the_changelog_page_says_what_is_not_released_yet(built):
    page = (built / "parts" / "changelog.md").read_text(encoding="utf-8")
    for kind, title in (("added", "Added"), ("changed", "Changed"), ("fixed", "Mended")):
        part = page.partition(f"### {title} since\n\n")[2].partition("\n### ")[0]
        fragments = list((ROOT / "changelog.d").glob(f"*.{kind}.md"))
        assert part.count("\n* ") + 1 >= len(fragments)
        assert all(path.read_text(encoding="utf-8").split("\n")[0] in part for path in fragments)
    assert "<!--" not in page


def test_docstrings_as_pages_show_them(monkeypatch):
    """Stressed words are marked up and stars of formulas are not; names of several attributes stay names."""
    pytest.importorskip("sphinx")
    monkeypatch.setattr(sys, "path", [*sys.path])
    conf = runpy.run_path(str(DOCS / "conf.py"))
    lines = ["It holds for *every* batch, a*b*c and 2 * x are products, **Symbolic d** and the **inverse** are bold."]
    conf["_mathematics"](None, "", "", None, None, lines)
    assert lines == [
        r"It holds for *every* batch, a\*b\*c and 2 \* x are products, **Symbolic d** and the **inverse** are bold."
    ]
    lines = [":ivar mu_S, mu_M: Eigenvalues: two.", ":ivar q: One."]
    conf["_several"](None, "", "", None, None, lines)
    assert lines == [":ivar mu_S,\ue000mu_M: Eigenvalues: two.", ":ivar q: One."]


def test_a_circle_of_rooms_is_an_error(ext):
    with pytest.raises(ValueError, match="in a circle: a, b"):
        ext("import_picture").floors({("a", "b"), ("b", "a"), ("c", "a"), ("b", "d")} - {("c", "a")})


def test_links_between_pages(built):
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
            path = (page.parent / target).resolve()
            generated = DOCS / "_generated"
            if path.is_relative_to(generated / "notebooks"):
                path = ROOT / path.relative_to(generated)
            elif path.is_relative_to(generated):
                path = built / path.relative_to(generated)
            assert path.exists(), f"{page.relative_to(ROOT)}: {target}"


def test_a_page_a_command_with_every_option(built):
    import tomllib

    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (built / "commands").glob("*.md")}
    assert set(scripts) - {"isogap"} <= set(pages)
    for option in ("--width D", "--checkpoint", "--gradients", "--seed S"):
        assert f"`{option}" in pages["isogap-mc"]
    assert "`monomial`" in pages["weingarten-moment"]
    assert "[`weingarten moment`](weingarten-moment.md)" in pages["weingarten"]
    assert "SUPPRESS" not in "".join(pages.values())
    table = (DOCS / "howto" / "commands.md").read_text(encoding="utf-8")
    assert all(f"commands/{name}.md" in table for name in set(scripts) - {"isogap"})


def test_the_gallery_page_shows_every_picture_and_says_what_is_seen(built):
    text = (built / "gallery.md").read_text(encoding="utf-8")
    pictures = re.findall(r"\{image\} gallery/([\w.-]+)\n:alt: (.+)\n:width: \d+px", text)
    shown = {name.removesuffix(".svg").removesuffix(".png") for name, _ in pictures}
    assert shown == {path.stem for path in (ROOT / "gallery").glob("*.png")} - {"engine-cost"}
    assert all(
        name.endswith(".svg") or not (ROOT / "gallery" / name).with_suffix(".svg").is_file() for name, _ in pictures
    )
    for name, said in pictures:
        assert len(said) > 50, name
        assert (built / "gallery" / name).is_file()
    small = re.findall(r'<a href="#([\w-]+)"><img src="../_images/([\w.-]+)" loading="lazy" alt="">', text)
    assert [name for name, _ in small] == re.findall(r"^## ([\w-]+)$", text, re.M)[:-1]
    assert {picture for _, picture in small} <= {name for name, _ in pictures}
    assert "What differs from the paper" in text.partition("\n## Remarks\n")[2]
