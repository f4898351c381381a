"""Answers as text, LaTeX, CSV and JSON, for the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from weingarten.algebra.rational import Ratio
from weingarten.algebra.texts import power_text, ratio_expansion, ratio_text
from weingarten.answers import Answer
from weingarten.integration.limits import ORDER_LIMIT

Row = tuple[tuple[int, ...] | None, Answer]  # partition (None: no table) and answer


@dataclass(frozen=True)
class Request:
    """What to show and how: command, group, format, number of powers of a series, how the question was read."""

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
        body = value_text(answer) if request.order is None else series_text(answer, request.order)
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


def value_text(answer: Answer) -> str:
    """Return a value as text; a rational function without sympy."""
    if isinstance(answer.value, Ratio):
        return ratio_text(answer.value, answer.size)
    from weingarten.notation.printing import text_of

    return text_of(answer.value)


def with_sympy(answer: Answer) -> Answer:
    """Return the answer with its value and its size as sympy expressions."""
    if not isinstance(answer.value, Ratio):
        return answer
    import sympy as sp

    size = sp.Symbol(answer.size, integer=True, positive=True)
    return replace(answer, value=answer.value.to_sympy(size), symbol=size)


def _latex_body(answer: Answer, order: int | None) -> str:
    from weingarten.notation.printing import latex_of

    answer = with_sympy(answer)
    if order is None:
        return latex_of(answer.value)
    return _sum_of_terms(answer, order, latex_of, lambda symbol, n: f"O({latex_of(symbol**n)})")


def _csv(rows: Sequence[Row], request: Request) -> str:
    import csv
    import io

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    noted = any(answer.note for _, answer in rows)
    writer.writerow(["partition", "value", "valid_from", *["note"] * noted])
    for mu, answer in rows:
        body = value_text(answer) if request.order is None else series_text(answer, request.order)
        cells = ["" if mu is None else " ".join(map(str, mu)), body, _valid_from(answer), *[answer.note] * noted]
        writer.writerow(cells)
    return stream.getvalue().rstrip("\n")


def _json(rows: Sequence[Row], request: Request) -> str:
    import json

    records: list[dict[str, Any]] = []
    for mu, answer in rows:
        record: dict[str, Any] = {} if mu is None else {"partition": list(mu)}
        record["value"] = value_text(answer)
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
        if first.note:
            document["note"] = first.note
    document |= {"table": records} if request.command == "table" else records[0]
    return json.dumps(document, indent=2)


def _series_record(answer: Answer, order: int) -> dict[str, Any]:
    if _is_plain_series(answer, order):
        power, numbers = ratio_expansion(answer.value, order)
        return {"symbol": answer.size, "leading_power": -power, "coefficients": [str(c) for c in numbers]}
    from weingarten.expansions import expansion
    from weingarten.notation.printing import text_of

    power, coefficients, symbol = expansion(with_sympy(answer), order)
    return {"symbol": str(symbol), "leading_power": -power, "coefficients": [text_of(c) for c in coefficients]}


def _is_plain_series(answer: Answer, order: int) -> bool:
    """Tell whether the series is one of a rational function of the size, which needs no sympy, and is not refused."""
    return isinstance(answer.value, Ratio) and answer.exact_at is None and order <= ORDER_LIMIT


def series_text(answer: Answer, order: int) -> str:
    """Return the first powers of an expansion, `order` of them from the leading one on, as text; those that vanish count.

    Examples
    --------
    >>> import sympy
    >>> from weingarten import moment
    >>> from weingarten.rendering import series_text
    >>> series_text(moment([[4, 0], [0, 2]], sympy.Symbol("d"), with_range=True), 3)
    '3/d**3 - 6/d**4 + 24/d**5 + O(d**(-6))'
    """
    if _is_plain_series(answer, order):
        power, numbers = ratio_expansion(answer.value, order)
        if not numbers:
            return "0"
        terms = [power_text(c, -power - k, answer.size) for k, c in enumerate(numbers) if c]
        return f"{_joined(terms)} + O({power_text(Fraction(1), -power - order, answer.size)})"
    from weingarten.notation.printing import text_of

    return _sum_of_terms(with_sympy(answer), order, text_of, lambda symbol, n: f"O({text_of(symbol**n)})")


def _sum_of_terms(answer: Answer, order: int, write: Any, rest: Any) -> str:
    from weingarten.expansions import expansion

    power, coefficients, symbol = expansion(answer, order)
    if not coefficients:
        return "0" if answer.value == 0 else rest(symbol, -power)
    terms = [write(c * symbol ** (-power - k)) for k, c in enumerate(coefficients) if c != 0]
    return f"{_joined(terms)} + {rest(symbol, -power - len(coefficients))}"


def _joined(terms: Sequence[str]) -> str:
    """Return terms as a sum."""
    text = ""
    for term in terms:
        joined = f" - {term[1:].lstrip()}" if term.startswith("-") else f" + {term}"
        text = term if not text else text + joined
    return text


def _label(mu: tuple[int, ...]) -> str:
    return "[" + ",".join(map(str, mu)) + "]"


def _valid_from(answer: Answer) -> int | None:
    """Return the least size, or the only one; None where there are several sizes."""
    if answer.sizes:
        return None
    return answer.minimum if answer.exact_at is None else answer.exact_at


def _validity(rows: Sequence[Row], sign: str) -> list[str]:
    first = rows[0][1] if rows else None
    if first is None:
        return []
    said = [f"valid for {first.validity}"] if first.exact_at is None else []
    return [f"{sign} {line}" for line in (*said, first.note) if line]
