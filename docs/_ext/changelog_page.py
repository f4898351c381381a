"""The changelog as a page: ``CHANGELOG.md``, and below it what the fragments in ``changelog.d`` say."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

from statement_pages import _update

KINDS = {"added": "Added since", "changed": "Changed since", "fixed": "Mended since"}


def page(root: Path) -> str:
    """Text of the page; the fragments of a kind in the order of their names."""
    parts = [re.sub(r"<!--.*?-->\n+", "", (root / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.S).rstrip()]
    for kind, title in KINDS.items():
        texts = [
            path.read_text(encoding="utf-8").strip() for path in sorted((root / "changelog.d").glob(f"*.{kind}.md"))
        ]
        if texts:
            items = "\n".join(
                text if text.startswith("* ") else f"* {textwrap.indent(text, '  ').lstrip()}" for text in texts
            )
            parts.append(f"### {title}\n\n{items}")
    return "\n\n".join(parts) + "\n"


def write(app: Any) -> None:
    """Write ``_generated/parts/changelog.md``, which ``changelog.md`` includes."""
    target = Path(app.srcdir) / "_generated" / "parts"
    target.mkdir(parents=True, exist_ok=True)
    _update(target / "changelog.md", page(Path(app.srcdir).parent))


def setup(app: Any) -> dict[str, bool]:
    """Write before the sources are read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
