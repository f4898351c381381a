"""The questions of the command line: options into answers."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from typing import Any

import sympy as sp

from weingarten.answers import Answer
from weingarten.arguments import as_dimension
from weingarten.ensembles.named import is_named
from weingarten.errors import WeingartenError
from weingarten.notation.names import FUNCTIONS
from weingarten.rendering import Request, Row, render

KINDS = ("symmetric", "hermitian", "projector", "rank_one")


def answer_text(options: argparse.Namespace) -> str:
    """Return the output of one command."""
    declared = _names(getattr(options, "declare", None), "--declare")
    d = None if is_named(options.group) else dimension(options.d, declared)
    read_as: str | None = None
    rows: list[Row]
    if is_named(options.group) and options.command in ("wg", "table"):
        raise WeingartenError(
            f"--group {options.group}: use moment or expect; its functions: partition_weingarten_function"
        )
    if options.command == "wg":
        rows = [(None, _function(_numbers(options.partition), d, options.group))]
    elif options.command == "table":
        rows = _table(options.n, d, options.group)
    else:
        answer, read_as = _expectation(options, d, declared)
        rows = [(None, answer)]
    wanted = "json" if options.json is not None else options.format
    if wanted == "csv" and options.command != "table":
        raise WeingartenError("--format csv: only 'weingarten table' has rows to write; use text, latex or json")
    order = _order(options.series)
    return render(rows, Request(options.command, options.group, wanted, order, read_as))


def dimension(text: str | None, declared: tuple[str, ...] = ()) -> Any:
    """Return the size: an integer, the symbol d, or an expression such as 2*M in declared names."""
    if text is None:
        return sp.Symbol("d", integer=True, positive=True)
    if re.fullmatch(r"\s*[+-]?[0-9]{1,4000}\s*", text):
        return int(text)
    known = {name: sp.Symbol(name, integer=True, positive=True) for name in declared}
    pattern = r"\s*(?:(\d{1,9})\s*\*?\s*)?([A-Za-z]\w*)\s*(?:([+-])\s*(\d{1,9}))?\s*"
    match = re.fullmatch(pattern, text)
    if match is None or match[2] not in known:
        hint = f"; declare the symbol: --declare {match[2]}" if match and match[2] != "d" else ""
        raise WeingartenError(f"--d {text}: give a positive integer, or leave --d out for a function of d{hint}")
    shift = int(match[4] or 0) * (-1 if match[3] == "-" else 1)
    return int(match[1] or 1) * known[match[2]] + shift


def _order(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text.strip()) or int(text) < 1:
        raise WeingartenError(f"--series {text}: give the number of terms, an integer from 1")
    return int(text)


def _numbers(text: str) -> tuple[int, ...]:
    body = text.strip()
    if body[:1] + body[-1:] in ("()", "[]"):
        body = body[1:-1].strip()
    if not re.fullmatch(r"(?:[0-9]{1,9}(?:(?:\s*,\s*|\s+)[0-9]{1,9})*,?)?", body):
        raise WeingartenError(f"partition {text!r}: give positive integers with commas, such as 2,1")
    return tuple(int(part) for part in re.findall(r"[0-9]+", body))


def _names(text: str | None, option: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in (text or "").split(",") if part.strip())
    for name in names:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            raise WeingartenError(f"{option} {text}: {name!r} is no name; give letters and digits, such as W,V")
    return names


def _function(mu: tuple[int, ...], d: Any, group: str) -> Answer:
    from weingarten.functions import function_group, weingarten_function

    value = weingarten_function(mu, d, group)
    minimum = function_group(group).threshold(sum(mu))
    if isinstance(d, int):
        return Answer(value, d, "given", exact_at=d)
    return Answer(value, max(1, minimum), f"degree {sum(mu)}", size=str(d), symbol=d)


def _table(text: str, d: Any, group: str) -> list[Row]:
    from weingarten.functions import function_group, weingarten_table

    if not re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", text):
        raise WeingartenError(f"n {text!r}: give an integer that is at least 0")
    n = int(text)
    table = weingarten_table(n, d, group)
    minimum = max(1, function_group(group).threshold(n))
    exact = d if isinstance(d, int) else None
    return [
        (mu, Answer(value, minimum, f"degree {n}", exact_at=exact, size=str(d), symbol=d))
        for mu, value in table.items()
    ]


def _constants(options: argparse.Namespace) -> dict[str, tuple[str, ...]]:
    """Return the kinds of the constants that the options name."""
    found: dict[str, tuple[str, ...]] = {}
    for kind in KINDS:
        text = getattr(options, kind, None)
        for name in _names(text, f"--{kind.replace('_', '-')}"):
            found[name] = (*found.get(name, ()), kind)
    return found


def _expectation(options: argparse.Namespace, d: Any, declared: tuple[str, ...]) -> tuple[Answer, str | None]:
    parser = _parser(options, d, declared)
    _check_names(parser.haar, parser.constants, declared)
    expression = parser.parse()
    unused = set(parser.constants) - set(parser.as_matrix)
    if unused:
        raise WeingartenError(
            f"{', '.join(sorted(unused))}: declared of a kind, but no such constant is in the expression"
        )
    if options.command == "moment" and expression.has(sp.Trace):
        raise WeingartenError(f"{parser.text!r} has a trace: use 'weingarten expect'")
    if is_named(options.group):
        return parser.answer(expression), parser.read_as(expression)
    from weingarten.expressions import expectation
    from weingarten.integration.limits import PAIR_LIMIT

    limit = getattr(options, "limit", None)
    answer = expectation(expression, with_range=True, limit=PAIR_LIMIT if limit is None else limit)
    return _within(answer, parser.ranges, d), parser.read_as(expression)


def _parser(options: argparse.Namespace, d: Any, declared: tuple[str, ...]) -> Any:
    """Return the reader of the text, of a group or of an ensemble."""
    haar, constants = _names(options.haar, "--haar"), _constants(options)
    text = options.monomial if options.command == "moment" else options.expression
    if is_named(options.group):
        from weingarten.ensembles.command import EnsembleParser, sizes_of
        from weingarten.legs.gluing import LIMIT

        given, limit = sizes_of(options.group, options.d), getattr(options, "limit", None)
        return EnsembleParser(
            text,
            options.group,
            given,
            haar,
            constants=constants,
            scalars=declared,
            limit=LIMIT if limit is None else limit,
        )
    from weingarten.notation.parsing import Parser

    as_dimension(d, options.group)
    scalars = tuple(name for name in declared if name != str(d))
    return Parser(text, d, options.group, haar, constants=constants, scalars=scalars)


def _check_names(haar: tuple[str, ...], constants: Iterable[str], declared: tuple[str, ...]) -> None:
    """Refuse names that have a meaning of their own, and names declared as two things."""
    for name in (*haar, *constants):
        if name in ("d", "I", "Id") or (len(name) > 1 and name.lower() in FUNCTIONS):
            raise WeingartenError(f"{name}: this name has a meaning of its own in expressions; choose another one")
    doubled = (set(haar) & set(constants)) | (set(declared) & {*haar, *constants})
    if doubled:
        raise WeingartenError(f"{', '.join(sorted(doubled))}: declared as two different things")


def _within(answer: Answer, ranges: list[tuple[int, str]], d: Any) -> Answer:
    """Return the answer with the range of the averages that var and cov have taken as well."""
    if isinstance(d, int):
        return answer if answer.exact_at is not None else Answer(answer.value, d, "given", exact_at=d)
    minimum, reason = max([*ranges, (answer.minimum, answer.reason)], key=lambda pair: pair[0])
    return Answer(answer.value, minimum, reason, size=str(d), symbol=d)
