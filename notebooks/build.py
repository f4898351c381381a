"""Execute the scripts and write the notebooks beside them: ``python notebooks/build.py [NAME ...]``.

The scripts are what is edited and read in a review; the ``.ipynb`` carry the outputs. Needs the extra ``notebooks``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
# A notebook whose outputs are larger than this is no pleasure to clone or to open.
SIZE_LIMIT = 800_000


def build(script: Path) -> Path:
    """Run one script as a notebook; keep outputs, drop what differs from run to run."""
    import jupytext
    from nbclient import NotebookClient

    notebook = jupytext.read(script)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(HERE)}}).execute()
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        # As the script has it: tags, and what a page needs to know (myst-nb). What is folded on a page is in Jupyter, too.
        folded = "hide-input" in cell.metadata.get("tags", [])
        cell.metadata = {
            key: cell.metadata[key] for key in ("tags", "mystnb") if key in cell.metadata
        }
        if folded:
            cell.metadata["jupyter"] = {"source_hidden": True}
        if cell.cell_type == "code":
            cell["outputs"] = _joined(cell["outputs"])
    notebook.metadata = {
        "kernelspec": notebook.metadata["kernelspec"],
        "language_info": {"name": "python"},
    }
    target = script.with_suffix(".ipynb")
    jupytext.write(notebook, target)
    if target.stat().st_size > SIZE_LIMIT:
        raise SystemExit(
            f"{target.name} has {target.stat().st_size} bytes, limit {SIZE_LIMIT}: draw fewer or smaller pictures"
        )
    return target


def _joined(outputs: list) -> list:
    """Text that the kernel happened to send in pieces, in one piece."""
    kept: list = []
    for output in outputs:
        if (
            kept
            and output["output_type"] == kept[-1]["output_type"] == "stream"
            and output["name"] == kept[-1]["name"]
        ):
            kept[-1]["text"] += output["text"]
        else:
            kept.append(output)
    return kept


def main(names: list[str]) -> None:
    """Build the named notebooks, or all."""
    os.environ.setdefault("ISOGAP_STATIC", "1")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    for script in sorted(HERE.glob("[0-9]_*.py")):
        if not names or script.stem in names:
            target = build(script)
            print(f"{target.name}: {target.stat().st_size // 1024} KiB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
