"""Tables of numbers in files, as people have them: ``.npy``, ``.npz``, ``.csv`` and relatives, parquet, feather, torch.

A cell that is no number is named by its line, as an editor counts them, and its column.
"""

from __future__ import annotations

import csv
import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isogap.base.archives import ArchiveError, check_npy, read_archive
from isogap.base.arguments import finite_array
from isogap.base.arrays import FloatArray

SUFFIXES = (".npy", ".npz", ".csv", ".tsv", ".txt", ".parquet", ".feather", ".pt")
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", " ": "blanks"}
_SHORT = 4
_INDEX_NAMES = ("", "index", "id", "unnamed: 0", "row")


class TableError(ValueError):
    """A file that is no table of numbers; the message is one line for a person."""


@dataclass(frozen=True)
class Table:
    """A table as it stands in its file.

    Attributes
    ----------
    values : ndarray, shape (rows, columns)
    notes : tuple of str
        What was understood on the way: a header, a column of row numbers, how cells are separated.
    """

    values: FloatArray
    notes: tuple[str, ...] = ()


def read_table(path: Path) -> Table:
    """Read a table.

    Raises
    ------
    TableError
        No such file, a kind of file that is not known, content that is no table of finite numbers.
    """
    if not path.exists():
        raise TableError(f"file {path} does not exist")
    suffix = path.suffix.lower()
    try:
        if suffix == ".npy":
            check_npy(path)
            table = Table(_numbers(np.load(path, allow_pickle=False)))
        elif suffix == ".npz":
            table = Table(_numbers(_only(read_archive(path))))
        elif suffix in (".parquet", ".feather"):
            table = _frame(path, suffix)
        elif suffix == ".pt":
            table = Table(_numbers(_tensor(path)))
        else:
            table = _text(path)
    except TableError as error:
        raise TableError(f"file {path}: {error}") from None
    except (ArchiveError, OSError, ValueError, EOFError, TypeError, csv.Error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise TableError(f"file {path} cannot be read as a table of numbers: {reason}") from None
    return table


def _numbers(raw: Any) -> FloatArray:
    table = np.asarray(raw)
    if table.dtype.kind == "f" and table.ndim == 2 and not np.isfinite(table).all():
        i, j = (int(k) for k in np.argwhere(~np.isfinite(table))[0])
        raise TableError(f"row {i + 1}, column {j + 1} is {table[i, j]}: remove or impute it")
    return finite_array("the table", raw, 2)


def _only(arrays: dict[str, Any]) -> Any:
    tables = {name: value for name, value in arrays.items() if value.ndim == 2 and value.dtype.kind in "biuf"}
    if len(tables) != 1:
        held = ", ".join(f"{name} {value.shape}" for name, value in arrays.items()) or "nothing"
        raise TableError(f"one table is expected, the archive holds {held:.200}: save the one you mean as .npy")
    return next(iter(tables.values()))


def _frame(path: Path, suffix: str) -> Table:
    try:
        import pandas
    except ImportError:
        raise TableError(f'a {suffix} file needs pandas and pyarrow: pip install "isogap[tables]"') from None
    frame = pandas.read_parquet(path) if suffix == ".parquet" else pandas.read_feather(path)
    names = [str(name) for name in frame.columns]
    rows = [[str(cell) if cell is not None else "" for cell in row] for row in frame.itertuples(index=False)]
    named = f"columns {', '.join(names[:6])}{', ...' * (len(names) > 6)}"
    return _cells(names, list(enumerate(rows, 1)), (named,))


def _tensor(path: Path) -> Any:
    try:
        import torch
    except ImportError:
        raise TableError('a .pt file needs torch: pip install "isogap[torch]"') from None
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        kind = re.search(r"GLOBAL (\S+)", str(error))
        raise TableError(
            f"no tensor: it holds {kind[1] if kind else 'objects'}, which is not loaded; save the tensor alone"
        ) from None
    except Exception as error:  # torch raises nearly anything on a damaged file
        raise TableError(
            f"no tensor: {str(error).splitlines()[0][:120] if str(error) else type(error).__name__}"
        ) from None
    if not isinstance(found, torch.Tensor):
        raise TableError(f"a tensor is expected, the file holds {type(found).__name__}")
    return found.detach().to(torch.float64).numpy()


def _text(path: Path) -> Table:
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    numbered = [(k, line) for k, line in enumerate(text.splitlines(), 1) if line.strip() and line.lstrip()[0] != "#"]
    if not numbered:
        raise TableError("it is empty")
    csv.field_size_limit(2**31 - 1)
    delimiter = _delimiter([line for _, line in numbered])
    rows = []
    for number, line in numbered:
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
        rows.append((number, [cell for cell in cells if cell] if delimiter == " " else cells))
    if all(len(cells) > 1 and not cells[-1] for _, cells in rows):  # every line ends with the separator
        rows = [(number, cells[:-1]) for number, cells in rows]
    notes = () if delimiter == "," else (f"cells between {_DELIMITERS[delimiter]}",)
    header = _header([cells for _, cells in rows])
    if header:
        notes = (*notes, header)
    return _cells(rows[0][1] if header else [], rows[bool(header) :], notes)


def _delimiter(lines: list[str]) -> str:
    """The separator that cuts the first lines into the same number of cells, at least two of them; else a comma."""
    sample = lines[:50]
    for mark in ("\t", ";", ",", " "):
        counts = {
            len([c for c in next(csv.reader([line.strip()], delimiter=mark)) if mark != " " or c]) for line in sample
        }
        if len(counts) == 1 and counts.pop() > 1:
            return mark
    return ","


def _header(rows: list[list[str]]) -> str:
    """What is said of a first line that holds names: no number stands in it, or 0, 1, 2, ... as pandas numbers columns."""
    if len(rows) < 2:
        return ""
    first, below = rows[0], rows[1]
    if not any(map(_is_number, first)) and any(map(_is_number, below)):
        return "first line read as names"
    counted = first[1:] if not first[0] else first
    # A short row 0, 1 over whole numbers is as likely one of them.
    clear = (
        not first[0] or len(counted) > _SHORT or not all(cell.lstrip("-").isdigit() for row in rows[1:] for cell in row)
    )
    if clear and len(counted) > 1 and counted == [str(k) for k in range(len(counted))]:
        return "first line 0, 1, 2, ... read as numbers of the columns"
    return ""


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python's 1_000


def _cells(names: list[str], rows: list[tuple[int, list[str]]], notes: tuple[str, ...]) -> Table:
    width = len(names) or len(rows[0][1])
    values = np.empty((len(rows), width))
    for i, (line, row) in enumerate(rows):
        if len(row) != width:
            raise TableError(f"line {line} has {len(row)} cells, {width} are expected")
        for j, cell in enumerate(row):
            column = f"column {j + 1}" + (f" ({names[j]})" if names else "")
            if not cell or cell.lower() in ("nan", "na", "null", "none", "?"):
                raise TableError(f"row {line}, {column} is {cell or 'blank'}: fill or remove it")
            if not _is_number(cell):
                comma = "; decimal commas are not read" if cell.replace(",", "", 1).lstrip("-").isdigit() else ""
                raise TableError(f"row {line}, {column} holds {cell!r:.40}, which is no number{comma}")
            values[i, j] = float(cell)
            if not np.isfinite(values[i, j]):
                raise TableError(f"row {line}, {column} is {cell}: remove or impute it")
    if names and names[0].lower() in _INDEX_NAMES and width > 1 and _consecutive(values[:, 0]):
        return Table(values[:, 1:], (*notes, f"first column ({names[0] or 'no name'}) numbers the rows, left out"))
    return Table(values, notes)


def _consecutive(column: FloatArray) -> bool:
    return bool(column[0] in (0.0, 1.0) and (np.diff(column) == 1.0).all())
