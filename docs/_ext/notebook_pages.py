"""Notebooks as pages: Markdown cells as they are, code as code, the kept outputs below."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from statement_pages import _update


def write(app: Any) -> None:
    """Write ``_generated/notebooks/*.md`` and their pictures."""
    target = Path(app.srcdir) / "_generated" / "notebooks"
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted((Path(app.srcdir).parent / "notebooks").glob("[0-9]_*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        _update(target / f"{path.stem}.md", _page(notebook, path, target))


def _page(notebook: dict[str, Any], path: Path, target: Path) -> str:
    parts = []
    for number, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        for k, output in enumerate(cell["outputs"]):
            parts.append(_output(output, f"{path.stem}-{number}-{k}.png", target))
        if number == 1:
            parts.append(f"*This page is `notebooks/{path.name}` of a checkout; there its sliders move.*")
    return "\n\n".join(part for part in parts if part) + "\n"


def _output(output: dict[str, Any], name: str, target: Path) -> str:
    if output["output_type"] == "stream":
        return _text("".join(output["text"]))
    data = output.get("data", {})
    if "image/png" in data:
        (target / name).write_bytes(base64.b64decode(data["image/png"]))
        alternative = "figure of the cell above"
        return f"![{alternative}]({name})"
    return _text("".join(data.get("text/plain", "")))


def _text(text: str) -> str:
    return f"```{{code-block}} text\n:class: output\n\n{text.rstrip()}\n```" if text.strip() else ""


def setup(app: Any) -> dict[str, bool]:
    """Write the pages before the sources are read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
