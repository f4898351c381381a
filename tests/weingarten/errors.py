"""What an error of the command looks like."""

from __future__ import annotations


def one_error(text: str) -> bool:
    """Tell one line, followed for an expression by its text and a caret under the place, and by nothing else."""
    lines = text.splitlines()
    if not lines or not lines[0].startswith("weingarten: error: ") or not text.endswith("\n"):
        return False
    return len(lines) == 1 or (len(lines) == 3 and lines[2].strip() == "^" and len(lines[2]) <= len(lines[1]) + 1)
