"""Notebooks as pages: Markdown cells as they are, code as code, the kept outputs below."""

from __future__ import annotations

import base64
import json
import re
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
    parts, told = [], False
    for number, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        if "checks" in cell.get("metadata", {}).get("tags", []):
            parts.append(_folded("The assertions", f"```python\n{source}\n```"))
            continue
        if "pip" in source and not told:
            parts.append(f"*This page is `notebooks/{path.name}` of a checkout; there its sliders move.*")
            parts.append(_folded("Installing, on Colab", f"```python\n{source}\n```"))
            told = True
            continue
        parts.append(f"```python\n{source}\n```")
        for k, output in enumerate(cell["outputs"]):
            parts.append(_output(output, f"{path.stem}-{number}-{k}.png", target, source))
    return "\n\n".join(part for part in parts if part) + "\n"


def _folded(words: str, content: str) -> str:
    return f"<details><summary>{words}</summary>\n\n{content}\n\n</details>"


def _output(output: dict[str, Any], name: str, target: Path, source: str) -> str:
    if output["output_type"] == "stream":
        return _text("".join(output["text"]))
    data = output.get("data", {})
    if "image/png" in data:
        (target / name).write_bytes(base64.b64decode(data["image/png"]))
        return f"![{_seen(source)}]({name})"
    if "text/latex" in data:
        return _formula("".join(data["text/latex"])) or _text("".join(data.get("text/plain", "")))
    return _text("".join(data.get("text/plain", "")))


def _seen(source: str) -> str:
    """What the picture of a cell shows, by the labels of its axes; quotes of Python are the only ones read."""
    found = re.findall(r"""(?:xlabel|ylabel|title|label)=f?["']([^"']+)["']""", source)
    words = ", ".join(dict.fromkeys(text for text in found if "{" not in text))
    return f"figure with {words}" if words else "figure of the cell above, described in the text"


def _formula(latex: str) -> str:
    """A formula on its own lines, where the renderer of the site knows all of it; else nothing."""
    from isogap.verification.report.mathml import LatexError, mathml

    body = latex.strip().removeprefix("$").removesuffix("$").replace("\\displaystyle", "").strip()
    try:
        mathml(" ".join(body.split()))
    except LatexError:
        return ""
    return f"$$\n{body}\n$$"


def _text(text: str) -> str:
    return f"```{{code-block}} text\n:class: output\n\n{text.rstrip()}\n```" if text.strip() else ""


def setup(app: Any) -> dict[str, bool]:
    """Write the pages before the sources are read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
