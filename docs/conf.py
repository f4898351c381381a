"""Sphinx configuration: ``sphinx-build -W --keep-going docs docs/_build/html``. The pages need no network to be read."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

from docutils import nodes  # noqa: E402
from sphinx.ext.napoleon.docstring import GoogleDocstring  # noqa: E402

import isogap  # noqa: E402
from isogap._version import __version__  # noqa: E402

project = "isogap"
author = "The isogap developers"
copyright = "The isogap developers, Apache License 2.0"
version = release = __version__

extensions = [
    "myst_nb",  # Markdown, and notebooks with the outputs that are kept in them
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "mathml_output",
    "statement_pages",
    "import_picture",
    "public_names",
    "explorer_page",
    "command_pages",
    "gallery_page",
    "changelog_page",
]
if importlib.util.find_spec("sphinx_copybutton"):  # of the extra "docs"; pages without it lack the buttons alone
    extensions.append("sphinx_copybutton")
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"
myst_enable_extensions = ["dollarmath", "fieldlist"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # tests run the notebooks
nb_append_css = False  # site.css has what little is needed, with colours of the theme
exclude_patterns = ["_build", "_generated/parts", "_report", "explorer"]
default_role = "py:obj"
nitpicky = False
# Names of fields are looked up as references; one that several classes have is no fault of the page.
suppress_warnings = ["ref.python"]

html_theme = "furo"
html_title = f"isogap {__version__}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
smartquotes = False  # two hyphens begin an option
html_copy_source = False
html_extra_path = ["_report"] if (HERE / "_report").is_dir() else []
html_math_renderer = "mathml"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = True

# Code, references, bold words (**Symbolic d**) and stressed ones (*every*): stars of formulas stand at other places.
_PROTECTED = re.compile(
    r"(``.+?``|`[^`\n]+`_*|:[a-z]+:`[^`]+`|(?<![\w)*])\*\*[A-Za-z][^*\n]*[^*\s]\*\*(?![\w*])"
    r"|(?<![\w)*])\*[A-Za-z]{2,}(?: [A-Za-z]+)*\*(?![\w*]))",
    re.S,
)


# Internal name -> public name of everything public.
_NAMES = {f"isogap.{home}.{name}": f"isogap.{name}" for name, home in isogap._HOME.items()}
_NAMES |= {f"isogap.{home}": f"isogap.{name}" for name, home in isogap._MODULES.items()}
_INTERNAL = re.compile("|".join(re.escape(name) + r"\b" for name in sorted(_NAMES, key=len, reverse=True)))


def _mathematics(app, what, name, obj, options, lines) -> None:
    """Docstrings are plain mathematics in Unicode: bars, stars and underscores there are no markup."""
    del app, what, name, obj, options
    text = "\n".join(lines)
    parts = _PROTECTED.split(text)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([|*])", r"\\\1", parts[i])
        parts[i] = re.sub(r"(\w)_(?!\w)", r"\1\\_", parts[i])
    fixed = [
        re.sub(r"^(\s*)\\\*(?= )", r"\1*", line) for line in "".join(parts).split("\n")
    ]  # a star may begin an entry
    verbatim = _verbatim(text.split("\n"))
    lines[:] = [old if kept else new for old, new, kept in zip(text.split("\n"), fixed, verbatim, strict=True)]


def _verbatim(lines: list[str]) -> list[bool]:
    """Which lines belong to examples: from a prompt to the next empty line, outputs too."""
    found, inside = [], False
    for line in lines:
        inside = bool(line.strip()) and (inside or line.lstrip().startswith(">>>"))
        found.append(inside)
    return found


def _public(app, what, name, obj, options, lines) -> None:
    """Names in docstrings as a user writes them: ``isogap.make_batch`` for ``isogap.batch.samples.make_batch``."""
    del app, what, name, obj, options
    lines[:] = [_INTERNAL.sub(lambda found: _NAMES[found[0]], line) for line in lines]


def _sentence(self: GoogleDocstring) -> tuple[str, list[str]]:
    """The docstring of an attribute is a sentence: napoleon takes what stands before its colon for a type."""
    return "", self.__class__(self._dedent(self._consume_to_end()), self._config).lines()


GoogleDocstring._consume_inline_attribute = _sentence  # type: ignore[method-assign]


# Several attributes described at once: Sphinx takes all but the last for a type, unless no space parts them.
_SEVERAL = re.compile(r"^(\s*:(?:ivar|vartype) )(\S+(?:, \S+)+)(?=:)")
_JOINT = "\ue000"


def _several(app, what, name, obj, options, lines) -> None:
    """After napoleon: names of attributes in one piece."""
    del app, what, name, obj, options
    lines[:] = [_SEVERAL.sub(lambda found: found[1] + found[2].replace(" ", _JOINT), line) for line in lines]


def _parted(app, doctree) -> None:
    """The names as they were written."""
    del app
    for text in [node for node in doctree.findall(nodes.Text) if _JOINT in node]:
        text.parent.replace(text, nodes.Text(text.replace(_JOINT, " ")))


_SHORT = 30  # letters of code that fit a phone's line


def _unbroken(app, doctree) -> None:
    """Short code in a line stays on one: browsers break it behind its hyphens, ``--threads`` too."""
    del app
    for code in doctree.findall(nodes.literal):
        if len(code.astext()) <= _SHORT:
            code["classes"].append("short")


def _skipped(app, what, name, obj, skip, options) -> bool | None:
    """Fields of named tuples are documented with their class; Python's own words for them say nothing."""
    del app, what, name, skip, options
    return True if str(getattr(obj, "__doc__", "")).startswith("Alias for field number") else None


def _dashes(app, doctree) -> None:
    """What Sphinx puts between a parameter and its description: a dash, for which it takes two hyphens."""
    del app
    for field in doctree.findall(nodes.field_body):
        for paragraph in field.findall(nodes.paragraph):
            for place, child in enumerate(paragraph.children):
                if isinstance(child, nodes.Text) and " -- " in child:
                    paragraph[place] = nodes.Text(child.replace(" -- ", " – "))


def _notebooks(app) -> None:
    """Notebooks lie beside ``docs``; Sphinx reads what lies in it."""
    target = Path(app.srcdir) / "_generated" / "notebooks"
    target.mkdir(parents=True, exist_ok=True)
    paths = sorted((Path(app.srcdir).parent / "notebooks").glob("[0-9]_*.ipynb"))
    for path in paths:
        if not (target / path.name).is_file() or (target / path.name).read_bytes() != path.read_bytes():
            shutil.copy(path, target)
    for old in set(target.iterdir()) - {target / path.name for path in paths}:  # a notebook's that is no more
        old.unlink()


def setup(app) -> None:
    """Connect the hooks."""
    app.connect("builder-inited", _notebooks)
    app.connect("autodoc-skip-member", _skipped)
    app.connect("doctree-read", _dashes)
    app.connect("doctree-read", _unbroken)
    app.connect("doctree-read", _parted)
    app.connect("autodoc-process-docstring", _public, priority=90)
    app.connect("autodoc-process-docstring", _mathematics, priority=100)
    app.connect("autodoc-process-docstring", _several, priority=900)
