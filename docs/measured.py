"""Every measured number of README and pages comes from ``measured.toml``: ``python docs/measured.py`` writes them anew.

A page marks a number ``<!-- m:engine.cold -->8 s<!-- /m -->`` and a table ``<!-- table:engine -->`` ... ``<!-- /table -->``, or
``<!-- table:engine rows=8,32 columns=scipy,numpy -->`` for a part of it. Both are comments, which no reader sees. The range of
the ratios of several tables, machines that is, is ``<!-- m:range.engine -->5 to 300<!-- /m -->``.

    python docs/measured.py           # write what the file says into README and pages
    python docs/measured.py --check   # say which pages differ; exit status 1 if any
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
_NUMBER = re.compile(r"(<!-- m:([\w.-]+) -->).*?(<!-- /m -->)")
_TABLE = re.compile(r"(<!-- table:(\w[\w-]*)([^>]*?) -->\n).*?(<!-- /table -->)", re.S)


def load() -> dict[str, Any]:
    """Everything that was measured."""
    return tomllib.loads((HERE / "measured.toml").read_text(encoding="utf-8"))


def pages() -> list[Path]:
    """Where marks may stand."""
    kept = {"_build", "_generated", "_report", "node_modules"}
    return [ROOT / "README.md", *(p for p in sorted(HERE.rglob("*.md")) if not kept & set(p.relative_to(HERE).parts))]


def rendered(text: str, measured: dict[str, Any]) -> str:
    """The text with every mark filled.

    Raises
    ------
    KeyError
        A mark that the file does not know.
    """
    text = _NUMBER.sub(lambda m: f"{m[1]}{value(measured, m[2])}{m[3]}", text)
    return _TABLE.sub(lambda m: f"{m[1]}\n{table(measured, m[2], m[3])}\n\n{m[4]}", text)


def value(measured: dict[str, Any], name: str) -> str:
    """A number by ``group.key``; ``group.date`` and ``group.machine`` are those of the measurement."""
    group, _, key = name.partition(".")
    if group == "range":
        return spread(measured, key)
    about = measured["measured"][group]
    if key == "machine":
        return str(measured["machine"][about["machine"]])
    return str(about[key] if key in ("date", "command") else about["value"][key])


def spread(measured: dict[str, Any], name: str) -> str:
    """Least and most of the ratios in some columns of some tables, as an entry of ``range`` names them: ``4.9 to 300``."""
    about = measured["range"][name]
    ratios = [
        ratio
        for table_ in (measured["table"][key] for key in about["tables"])
        for row in table_["row"]
        for column in about["columns"]
        if str(row[table_["rows_are"]]) in about.get("rows", [str(row[table_["rows_are"]])])
        and (ratio := _ratio(row, column, table_.get("ratio_to")))
    ]
    return f"{_digits(min(ratios))} to {_digits(max(ratios))}"


def _ratio(row: dict[str, Any], column: str, base: str | None) -> float:
    """How many times the base; a table without a base has ratios in its cells. 0 where nothing was measured."""
    found = _plain(str(row.get(column, "")))
    return found / _plain(str(row[base])) if base else found


def table(measured: dict[str, Any], name: str, options: str = "") -> str:
    """A table in Markdown; ``ratio_to`` in the file adds how many times that column's number, to two digits."""
    about = measured["table"][name]
    chosen = dict(part.split("=") for part in options.split())
    wanted = chosen["columns"].split(",") if "columns" in chosen else about["columns"]
    columns = [about["rows_are"], *(column for column in about["columns"] if column in wanted)]
    heads = [about.get("heads", {}).get(column, column) for column in columns]
    kept = chosen["rows"].split(",") if "rows" in chosen else None
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in about["row"]:
        if kept is None or str(row[about["rows_are"]]) in kept:
            cells = [str(row[columns[0]]), *(_cell(row, column, about.get("ratio_to")) for column in columns[1:])]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(row: dict[str, Any], column: str, base: str | None) -> str:
    text = str(row.get(column, ""))
    if not base or column == base or not text or not _plain(text):
        return text
    return f"{text} ({_digits(_ratio(row, column, base))})" if base in row else text


def _digits(number: float) -> str:
    """Two digits, without an exponent."""
    return f"{float(f'{number:.2g}'):.3g}"


def _plain(text: str) -> float:
    return float(text) if re.fullmatch(r"[\d.]+", text) else 0.0


def main(arguments: list[str]) -> int:
    """Write, or compare."""
    measured, different = load(), []
    for path in pages():
        old = path.read_text(encoding="utf-8")
        new = rendered(old, measured)
        if new != old:
            different.append(path)
            if "--check" not in arguments:
                path.write_text(new, encoding="utf-8")
    for path in different:
        print(f"{path.relative_to(ROOT)}: {'differs from measured.toml' if '--check' in arguments else 'written'}")
    return 1 if different and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
