"""The gallery as a page: ``gallery/README.md`` with its pictures, and with vector forms and data where they lie there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from statement_pages import _update


def write(app: Any) -> None:
    """Write ``_generated/gallery.md`` and copy the pictures beside it."""
    source, target = Path(app.srcdir).parent / "gallery", Path(app.srcdir) / "_generated"
    pictures = target / "gallery"
    pictures.mkdir(parents=True, exist_ok=True)
    for path in (*source.glob("*.png"), *source.glob("*.svg")):
        copy = pictures / path.name
        if not copy.is_file() or copy.stat().st_mtime < path.stat().st_mtime:
            shutil.copy2(path, copy)
    _update(target / "gallery.md", page((source / "README.md").read_text(encoding="utf-8"), source))


def page(text: str, source: Path) -> str:
    """The text with addresses of the copies, and what a picture shows where the text only names it."""

    def picture(found: re.Match[str]) -> str:
        name, width, said = found.groups()
        vector = name.removesuffix("png") + "svg"  # it follows the page into the dark
        name = vector if (source / vector).is_file() else name
        return f"```{{image}} gallery/{name}\n:alt: {said}\n:width: {width}px\n```"

    image = r'<img src="([\w.-]+\.png)" width="(\d+)" alt="([^"]*)">'
    text = re.sub(rf"\[{image}\]\([\w.-]+\.svg\)", picture, text)  # the vector form is linked below
    text = _overview(re.sub(image, picture, text))
    # data and vector forms are files to take, where they have been made
    return re.sub(
        r"\[([^\]]+)\]\(([\w.-]+\.(?:csv|svg))\)",
        lambda m: f"{{download}}`{m[1]} <../../gallery/{m[2]}>`" if (source / m[2]).is_file() else f"`{m[1]}`",
        text,
    )


_SHOWN = re.compile(r"^## (\S+)\n\n```\{image\} gallery/(\S+)$", re.M)


def _overview(text: str) -> str:
    """Pictures before words: all of them small, each leading to its own place; remarks on all of them at the end."""
    head, remarks, rest = _parts(text)
    small = "\n".join(
        f'<a href="#{name}"><img src="../_images/{picture}" loading="lazy" alt="">{name}</a>'
        for name, picture in _SHOWN.findall(rest)
    )
    return f'# Gallery\n\n{head}\n\n<div class="thumbs">\n{small}\n</div>\n\n{rest}\n\n## Remarks\n\n{remarks}\n'


def _parts(text: str) -> tuple[str, str, str]:
    """The first paragraph below the title but for its last sentence, what follows it up to the first picture, the pictures."""
    about, _, rest = text.partition("\n## ")
    head, colon, remarks = about.partition("What differs from the paper")
    return head.partition("\n")[2].strip(), f"{colon}{remarks}".strip(), f"## {rest.strip()}"


def setup(app: Any) -> dict[str, bool]:
    """Write before the sources are read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
