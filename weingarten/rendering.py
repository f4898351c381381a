"""Answers as text, LaTeX, CSV and JSON, for the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from weingarten.answers import Answer
from weingarten.notation.printing import latex_of, text_of

Row = tuple[tuple[int, ...] | None, Answer]  # partition (None: no table) and answer


@dataclass(frozen=True)
class Request:
    """What to show and how: command, group, format, number of terms of a series, how the question was read."""

    command: str
    group: str
    format: str = "text"
    order: int | None = None
    read_as: str | None = None


def render(rows: Sequence[Row], request: Request) -> str:
    """Return the output of a command."""
    return {"json": _json, "csv": _csv, "latex": _latex, "text": _text}[request.format](rows, request)


def _text(rows: Sequence[Row], request: Request) -> str:
    lines = [] if request.read_as is None else [f"read as: {request.read_as}"]
    for mu, answer in rows:
        body = text_of(answer.value) if request.order is None else series_text(answer, request.order)
        lines.append(body if mu is None else f"{_label(mu):<12} {body}")
    return "\n".join([*lines, *_validity(rows, "#")])


def _latex(rows: Sequence[Row], request: Request) -> str:
    lines = [] if request.read_as is None else [f"% read as: {request.read_as}"]
    bodies = [(mu, _latex_body(answer, request.order)) for mu, answer in rows]
    if request.command != "table":
        return "\n".join([*lines, *[body for _, body in bodies], *_validity(rows, "%")])
    entries = [rf"  \mathrm{{Wg}}({_label(mu)}) &= {body}" for mu, body in bodies if mu is not None]
    table = [r"\begin{align*}", " \\\\\n".join(entries), r"\end{align*}"]
    return "\n".join([*lines, *table, *_validity(rows, "%")])


def _latex_body(answer: Answer, order: int | None) -> str:
    if order is None:
        return latex_of(answer.value)
    return _sum_of_terms(answer, order, latex_of, lambda symbol, n: f"O({latex_of(symbol**n)})")


def _csv(rows: Sequence[Row], request: Request) -> str:
    import csv
    import io

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["partition", "value", "valid_from"])
    for mu, answer in rows:
        body = text_of(answer.value) if request.order is None else series_text(answer, request.order)
        writer.writerow(["" if mu is None else " ".join(map(str, mu)), body, _valid_from(answer)])
    return stream.getvalue().rstrip("\n")


def _json(rows: Sequence[Row], request: Request) -> str:
    import json

    records: list[dict[str, Any]] = []
    for mu, answer in rows:
        record: dict[str, Any] = {} if mu is None else {"partition": list(mu)}
        record["value"] = text_of(answer.value)
        if request.order is not None:
            record["series"] = _series_record(answer, request.order)
        records.append(record)
    first = rows[0][1] if rows else None
    document: dict[str, Any] = {"command": request.command, "group": request.group}
    if request.read_as is not None:
        document["read_as"] = request.read_as
    if first is not None:
        document["d"] = None if first.sizes else first.exact_at
        if first.sizes:
            document["sizes"] = {name: int(size) for name, size in first.sizes}
        document["valid_from"] = _valid_from(first)
        document["validity"] = first.validity
    document |= {"table": records} if request.command == "table" else records[0]
    return json.dumps(document, indent=2)


def _series_record(answer: Answer, order: int) -> dict[str, Any]:
    from weingarten.expansions import expansion

    power, coefficients, symbol = expansion(answer, order)
    return {"symbol": str(symbol), "leading_power": -power, "coefficients": [text_of(c) for c in coefficients]}


def series_text(answer: Answer, order: int) -> str:
    """Return the first terms of an expansion, from the leading one on, as text.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import moment
    >>> from weingarten.rendering import series_text
    >>> series_text(moment([[4, 0], [0, 2]], sympy.Symbol("d"), with_range=True), 3)
    '3/d**3 - 6/d**4 + 24/d**5 + O(d**(-6))'
    """
    return _sum_of_terms(answer, order, text_of, lambda symbol, n: f"O({text_of(symbol**n)})")


def _sum_of_terms(answer: Answer, order: int, write: Any, rest: Any) -> str:
    from weingarten.expansions import expansion

    power, coefficients, symbol = expansion(answer, order)
    if not coefficients:
        return "0" if answer.value == 0 else rest(symbol, -power)
    text = ""
    for k, c in enumerate(coefficients):
        if c == 0:
            continue
        term = write(c * symbol ** (-power - k))
        joined = f" - {term[1:].lstrip()}" if term.startswith("-") else f" + {term}"
        text = term if not text else text + joined
    return f"{text} + {rest(symbol, -power - len(coefficients))}"


def _label(mu: tuple[int, ...]) -> str:
    return "[" + ",".join(map(str, mu)) + "]"


def _valid_from(answer: Answer) -> int | None:
    """Return the least size, or the only one; None where there are several sizes."""
    if answer.sizes:
        return None
    return answer.minimum if answer.exact_at is None else answer.exact_at


def _validity(rows: Sequence[Row], sign: str) -> list[str]:
    if rows and rows[0][1].exact_at is None:
        return [f"{sign} valid for {rows[0][1].validity}"]
    return []
