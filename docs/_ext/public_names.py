"""The reference, by public names: a page a room of ``isogap``, a page a public module, a page for ``weingarten``.

Made of the public lists themselves, so a name that is added there is documented here.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

# The first part of a name's home, and the title of its page.
ROOMS = {
    "run": "Runs and their results",
    "batch": "Batches and one layer",
    "model": "Networks, losses, activations",
    "theory": "Exact laws",
    "engine": "Samplers, checkpoints, training",
    "plot": "Pictures",
}


def pages() -> dict[str, tuple[str, str, list[str]]]:
    """Pages by file name: title, the module whose names they are, the names."""
    import isogap
    import weingarten

    found: dict[str, tuple[str, str, list[str]]] = {}
    for name in isogap.__all__:
        if name.startswith("_"):
            continue
        if name in isogap._MODULES:
            module = getattr(isogap, name)
            found[name] = (f"isogap.{name}", f"isogap.{name}", members(module))
        else:
            room = isogap._HOME[name].partition(".")[0]
            found.setdefault(room, (ROOMS[room], "isogap", []))[2].append(name)
    if importlib.util.find_spec("torch"):  # the extra may be missing where pages are built
        import isogap.torch

        found["torch"] = ("isogap.torch", "isogap.torch", list(isogap.torch.__all__))
    found["weingarten"] = ("weingarten", "weingarten", list(weingarten.__all__))
    return found


def members(module: ModuleType) -> list[str]:
    """The public names of a module: its list, or else what is defined there."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return [name for name in listed if not inspect.ismodule(getattr(module, name))]
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    return [name for name in own if not name.startswith("_")]


def page(title: str, module: str, names: list[str]) -> str:
    """Text of a page."""
    owner = importlib.import_module(module)
    lines = [f"# {title}", ""]
    if module not in ("isogap", "weingarten") and owner.__doc__:
        lines += [owner.__doc__.strip().split("\n")[0], ""]
    for name in names:
        value: Any = getattr(owner, name)
        kind = "autoclass" if inspect.isclass(value) else "autofunction" if callable(value) else "autodata"
        lines += [f"## {name}", "", "```{eval-rst}", f".. {kind}:: {module}.{name}", "```", ""]
    return "\n".join(lines)


def write(app: Any) -> None:
    """Write ``_generated/api/*.md`` and the list of them."""
    target = Path(app.srcdir) / "_generated" / "api"
    target.mkdir(parents=True, exist_ok=True)
    found = pages()
    for name, (title, module, names) in found.items():
        (target / f"{name}.md").write_text(page(title, module, names), encoding="utf-8")
    for old in target.glob("*.md"):
        if old.stem not in found:
            old.unlink()


def setup(app: Any) -> dict[str, bool]:
    """Write before the sources are read."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
