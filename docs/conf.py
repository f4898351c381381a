"""Sphinx configuration: ``sphinx-build -W --keep-going docs docs/_build/html``. The pages need no network to be read."""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_ext")]

from isogap._version import __version__  # noqa: E402

project = "isogap"
author = "The isogap developers"
copyright = "The isogap developers, Apache License 2.0"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "mathml_output",
    "statement_pages",
    "notebook_pages",
    "import_picture",
    "public_names",
    "explorer_page",
]
myst_enable_extensions = ["dollarmath", "fieldlist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_generated/parts", "_report", "explorer"]
default_role = "py:obj"
nitpicky = False

html_theme = "furo"
html_title = "isogap"
html_static_path = ["_static"]
html_css_files = ["site.css"]
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

_PROTECTED = re.compile(r"(``.+?``|`[^`\n]+`_*|:[a-z:]+:`[^`]+`)", re.S)


def _mathematics(app, what, name, obj, options, lines) -> None:
    """Docstrings are plain mathematics in Unicode: bars, stars and underscores there are no markup."""
    del app, what, name, obj, options
    text = "\n".join(lines)
    parts = _PROTECTED.split(text)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([|*])", r"\\\1", parts[i])
        parts[i] = re.sub(r"(\w)_(?!\w)", r"\1\\_", parts[i])
    fixed = "".join(parts).split("\n")
    # doctest blocks are verbatim
    lines[:] = [old if _verbatim(old) else new for old, new in zip(text.split("\n"), fixed, strict=True)]


def _verbatim(line: str) -> bool:
    return line.lstrip().startswith((">>>", "..."))


def setup(app) -> None:
    """Connect the hooks."""
    app.connect("autodoc-process-docstring", _mathematics, priority=100)
