"""The questions of the command line: options into answers.

Functions and moments of entries at an integer size or the plain symbol d are rational functions of one variable: their
answers hold a `Ratio`, which is written without sympy. sympy is imported where the question needs it.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from weingarten.algebra.groups import Group
from weingarten.algebra.rational import ONE, Ratio, add_ratios
from weingarten.answers import Answer
from weingarten.arguments import as_dimension
from weingarten.caches import clear_caches
from weingarten.combinatorics.partitions import as_partition
from weingarten.ensembles.named import is_named, size_names
from weingarten.errors import CostError, WeingartenError
from weingarten.notation.names import FUNCTIONS
from weingarten.rendering import Request, Row, render
from weingarten.spaces import Range, as_group, space_of

KINDS = ("symmetric", "hermitian", "projector", "rank_one")


PAIRED = ("SP", "CSE")
PARTNERS = "indices 2k-1 and 2k are partners: J has blocks ((0, 1), (-1, 0)) on its diagonal"
PLAIN = "d"  # the size where none is given: a symbol that only sympy's answers need as one


def answer_text(options: argparse.Namespace) -> str:
    """Return the output of one command."""
    wanted = _format(options)
    declared = _names(getattr(options, "declare", None), "--declare")
    _check_used(options, declared)
    d = None if is_named(options.group) else dimension(options.d, declared)
    read_as: str | None = None
    rows: list[Row]
    if is_named(options.group) and options.command in ("wg", "table"):
        raise WeingartenError(
            f"--group {options.group}: use moment or expect; its functions: partition_weingarten_function"
        )
    if options.command == "wg":
        rows = [(None, _function(_numbers(options.partition), d, options.group))]
        read_as = _glued(options.partition)
    elif options.command == "table":
        rows = _table(options.n, d, options.group)
    else:
        plain = _plain_moment(options, d) if options.command == "moment" and not declared else None
        if plain is None:
            plain, read_as = _expectation(options, symbol(d), declared)
        rows = [(None, _with_partners(plain, options))]
    order = _order(options.series)
    return render(rows, Request(options.command, options.group, wanted, order, read_as))


def _format(options: argparse.Namespace) -> str:
    """Return the format of the answer: text, unless one is given; a file holds JSON."""
    wanted = str(options.format or ("text" if options.json is None else "json"))
    if options.json is not None and wanted != "json":
        raise WeingartenError(
            f"--json {options.json} and --format {wanted}: one answer has one format; leave one of them out"
        )
    if wanted == "csv" and options.command != "table":
        raise WeingartenError("--format csv: only 'weingarten table' has rows to write; use text, latex or json")
    return wanted


def _check_used(options: argparse.Namespace, declared: tuple[str, ...]) -> None:
    """Refuse names that are declared and stand nowhere."""
    text = {"moment": "monomial", "expect": "expression"}.get(options.command)
    question = "" if text is None else getattr(options, text)
    sizes = options.d or (" ".join(size_names(options.group)) if is_named(options.group) else "")
    for option, names, is_in, where in (
        ("--declare", declared, _is_scalar_in, f"{question} {sizes}"),
        ("--haar", _names(getattr(options, "haar", None), "--haar"), _is_matrix_in, question),
    ):
        unused = [name for name in names if not is_in(name, where) and not _has_meaning(name)]
        if unused:
            raise WeingartenError(f"{option} {','.join(unused)}: no such name is in the question; leave it out")


def _is_scalar_in(name: str, text: str) -> bool:
    """Tell whether a scalar is a name of a text, whole: `r` is none of `tr(W)`; `a_{1}` is read as `a_1`."""
    return name in re.findall(r"[A-Za-z][A-Za-z0-9_]*", text.replace("_{", "_"))


def _is_matrix_in(name: str, text: str) -> bool:
    """Tell whether a matrix is in a text, also with a decoration or in a product: `W` is in `W11`, `Wdag` and `AWB`."""
    words = re.findall(r"[A-Za-z][A-Za-z0-9_]*", text.replace("_{", "_"))
    return any(name in word for word in words if word.lower() not in FUNCTIONS)


def _glued(text: str) -> str | None:
    """Say how a number of several digits was read where a partition without commas may have been meant."""
    body = text.strip()
    if not re.fullmatch(r"[1-9]{2,}", body):
        return None
    return f"the partition of {body} with one part (with commas, {','.join(body)}, it has {len(body)} parts)"


def dimension(text: str | None, declared: tuple[str, ...] = ()) -> Any:
    """Return the size: an integer, `PLAIN` for the symbol d, or an expression such as 2*M in declared names."""
    if text is None:
        return PLAIN
    if re.fullmatch(r"\s*[+-]?[0-9]{1,4000}\s*", text):
        return int(text)
    pattern = r"\s*(?:(\d{1,9})\s*\*?\s*)?([A-Za-z]\w*)\s*(?:([+-])\s*(\d{1,9}))?\s*"
    match = re.fullmatch(pattern, text)
    if match is None or match[2] not in declared:
        hint = f"; declare the symbol: --declare {match[2]}" if match and match[2] != "d" else ""
        raise WeingartenError(f"--d {text}: give a positive integer, or leave --d out for a function of d{hint}")
    shift = int(match[4] or 0) * (-1 if match[3] == "-" else 1)
    return int(match[1] or 1) * symbol(match[2]) + shift


def symbol(d: Any) -> Any:
    """Return a name as the symbol of a size; other sizes pass through."""
    if not isinstance(d, str):
        return d
    import sympy as sp

    return sp.Symbol(d, integer=True, positive=True)


def _order(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text.strip()) or int(text) < 1:
        raise WeingartenError(f"--series {text}: give the number of powers of 1/d, an integer from 1")
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
    from weingarten.functions import convention, function_group, function_ratio, weingarten_function

    kind = function_group(group)
    value: Any
    if isinstance(d, (int, str)):
        partition, size = as_partition(mu, name="coset_type"), _plain_size(d, kind)
        value = function_ratio(partition, size, kind)
    else:
        value = weingarten_function(mu, d, group)
    if isinstance(d, int):
        return Answer(value, d, "given", exact_at=d, note=convention(sum(mu), d, kind))
    return Answer(value, max(1, kind.threshold(sum(mu))), f"degree {sum(mu)}", size=str(d), symbol=d)


def _table(text: str, d: Any, group: str) -> list[Row]:
    from weingarten.functions import convention, function_group, function_ratios, weingarten_table

    if not re.fullmatch(r"\s*[+-]?[0-9]{1,9}\s*", text):
        raise WeingartenError(f"n {text!r}: give an integer that is at least 0")
    n = int(text)
    kind = function_group(group)
    table: dict[tuple[int, ...], Any]
    if isinstance(d, (int, str)):
        size = _plain_size(d, kind)
        table = dict(function_ratios(n, size, kind))
    else:
        table = weingarten_table(n, d, group)
    minimum, exact, note = max(1, kind.threshold(n)), d if isinstance(d, int) else None, convention(n, d, kind)
    return [
        (mu, Answer(value, minimum, f"degree {n}", exact_at=exact, size=str(d), symbol=d, note=note))
        for mu, value in table.items()
    ]


def _plain_size(d: int | str, kind: Group) -> int | None:
    """Return an integer size after the checks of sizes, None for the symbol."""
    return int(as_dimension(d, kind)) if isinstance(d, int) else None


def _plain_moment(options: argparse.Namespace, d: Any) -> Answer | None:
    """Return the moment of a polynomial in entries in plain spelling; None for the full reader's texts and refusals."""
    if is_named(options.group) or not isinstance(d, (int, str)):
        return None
    from weingarten.notation.monomials import Product, plain_products

    products: list[Product] | None = None
    try:
        kind = as_group(options.group)
        space, size = space_of(kind.name), _plain_size(d, kind)
        haar = _names(options.haar, "--haar") or (space.default_name,)
        products = plain_products(options.monomial, haar, is_complex=kind.is_complex)
        if products is None:
            return None
        ranges: list[Range] = []
        terms: list[tuple[Ratio, int]] = []
        for product in products:
            ratio = ONE
            for cells in product.entries.values():
                own, factor = space.entries(cells, size)
                ratio = ratio * factor
                ranges.append(own)
            terms.append((ratio, product.coefficient))
    except CostError:
        if products is not None and len(products) == 1:
            raise
        clear_caches()  # or what has been found would let the full reader go further than its limit
        return None
    except WeingartenError:
        return None
    value = add_ratios(terms)
    if size is not None:
        return Answer(value, size, "given", exact_at=size)
    minimum, reason = max(ranges)
    return Answer(value, minimum, reason, size=PLAIN, symbol=PLAIN)


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
    import sympy as sp

    if options.command == "moment" and expression.has(sp.Trace):
        raise WeingartenError(f"{parser.text!r} has a trace: use 'weingarten expect'")
    if is_named(options.group):
        return _noted(parser.answer(expression), parser), parser.read_as(expression)
    from weingarten.expressions import expectation
    from weingarten.integration.limits import PAIR_LIMIT

    limit = getattr(options, "limit", None)
    answer = expectation(expression, with_range=True, limit=PAIR_LIMIT if limit is None else limit)
    return _noted(_within(answer, parser.ranges, d), parser), parser.read_as(expression)


def _noted(answer: Answer, parser: Any) -> Answer:
    """Return the answer with a note of the divisors in the text that have cancelled, some before any average."""
    if not parser.divisors:
        return answer
    from weingarten.divisors import cancelled_note

    return replace(answer, note=cancelled_note(parser.divisors, answer.value))


def _with_partners(answer: Answer, options: argparse.Namespace) -> Answer:
    """Say of an answer about entries, or with the form J in it, how Sp and CSE number the indices: textbooks have two ways."""
    if options.group.upper() not in PAIRED:
        return answer
    text = options.monomial if options.command == "moment" else options.expression
    if options.command == "expect" and not re.search(r"[A-Za-z][_{]*[0-9]|\[", text) and "J" not in str(answer.value):
        return answer
    return replace(answer, note="; ".join(note for note in (answer.note, PARTNERS) if note))


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


def _has_meaning(name: str) -> bool:
    """Tell a name that stands for the size, the identity or a function."""
    return name in ("d", "I", "Id") or (len(name) > 1 and name.lower() in FUNCTIONS)


def _check_names(haar: tuple[str, ...], constants: Iterable[str], declared: tuple[str, ...]) -> None:
    """Refuse names that have a meaning of their own, and names declared as two things."""
    for name in (*haar, *constants):
        if _has_meaning(name):
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
