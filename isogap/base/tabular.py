"""Results as tables: a data frame, an xarray data set, a short line, and a small picture for a notebook.

A result says what it holds in one `Sheet`; everything here is made of that. pandas and xarray are imported when they are asked
for, and are extras (``isogap[tables]``, ``isogap[arrays]``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from isogap.base.arrays import FloatArray
from isogap.base.svg import curve_svg, escaped

CHAIN, DRAW = "chain", "draw"  # the names that ArviZ gives to what is drawn


class Curve(NamedTuple):
    """What a small picture shows: names of variables along the main dimension, and what they are."""

    label: str
    middle: str
    low: str = ""
    high: str = ""


@dataclass(frozen=True)
class Sheet:
    """What a result holds.

    Attributes
    ----------
    title : str
        A line: what ran, and what came out.
    main : str
        Name of the dimension that a row of the data frame is of.
    index : ndarray
        Its values.
    columns : mapping of str to ndarray
        Along the main dimension.
    draws : mapping of str to ndarray, shape (R, len(index)) or (R,)
        One row a replica.
    others : mapping of str to tuple
        Further variables: dimension, values of the dimension, values.
    attrs : mapping
        Numbers and words that say how it was made.
    curve : Curve, optional
    """

    title: str
    main: str
    index: Any
    columns: Mapping[str, Any]
    draws: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, tuple[str, Any, Any]] = field(default_factory=dict)
    attrs: Mapping[str, Any] = field(default_factory=dict)
    curve: Curve | None = None


class Tabular:
    """A result that can be had as a table; see `isogap.base.tabular`."""

    def sheet(self) -> Sheet:
        """Return what this holds, as columns."""
        raise NotImplementedError  # every result says what its columns are

    def to_dataframe(self) -> Any:
        """Return a pandas data frame, one row a layer (or what the result runs over); what does not exist is NaN.

        ``to_parquet`` and ``to_csv`` of the frame write it; ``frame.attrs`` holds the parameters.

        Raises
        ------
        ImportError
            Without pandas (extra ``tables``).
        """
        try:
            import pandas
        except ImportError:
            raise ImportError('a data frame needs pandas: pip install "isogap[tables]"') from None
        sheet = self.sheet()
        frame = pandas.DataFrame(dict(sheet.columns), index=pandas.Index(np.asarray(sheet.index), name=sheet.main))
        frame.attrs.update(plain_attrs(sheet.attrs))
        return frame

    def to_xarray(self) -> Any:
        """Return an xarray data set: statistics along the layers, and what was drawn with the dimensions of ArviZ.

        Variables that hold every replica have dimensions ``("chain", "draw", ...)``: one chain, whose draws are the replicas,
        which are independent. ``to_netcdf`` of the data set writes it.

        Raises
        ------
        ImportError
            Without xarray (extra ``arrays``).
        """
        try:
            import xarray
        except ImportError:
            raise ImportError('a data set with named axes needs xarray: pip install "isogap[arrays]"') from None
        sheet = self.sheet()
        coords: dict[str, Any] = {sheet.main: np.asarray(sheet.index)}
        found: dict[str, Any] = {name: (sheet.main, np.asarray(values)) for name, values in sheet.columns.items()}
        for name, values in sheet.draws.items():
            array = np.asarray(values)[None]
            found[name] = ((CHAIN, DRAW, sheet.main)[: array.ndim], array)
            coords |= {CHAIN: [0], DRAW: np.arange(array.shape[1])}
        for name, (dimension, positions, values) in sheet.others.items():
            found[name] = (dimension, np.asarray(values))
            coords[dimension] = np.asarray(positions)
        return xarray.Dataset(found, coords, plain_attrs(sheet.attrs))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.sheet().title}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the line, a small picture, the parameters."""
        sheet = self.sheet()
        parts = [f"<b>{type(self).__name__}</b>: {escaped(sheet.title)}"]
        if sheet.curve is not None:
            parts.append(_picture(sheet, sheet.curve))
        rows = (f"{escaped(str(k))}: {escaped(str(v))}" for k, v in plain_attrs(sheet.attrs).items())
        parts.append(f"<details><summary>parameters</summary>{'<br/>'.join(rows)}</details>")
        return f"<div>{'<br/>'.join(parts)}</div>"


def plain_attrs(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as NetCDF takes them: numbers and text; what does not exist is left out, truth is 0 or 1, the rest JSON.

    Examples
    --------
    >>> plain_attrs({"a": None, "b": True, "c": (1, 2), "d": 2**70})
    {'b': 1, 'c': '[1, 2]', 'd': '1180591620717411303424'}
    """
    found: dict[str, Any] = {}
    for name, value in attrs.items():
        if value is None:
            continue
        if isinstance(value, bool | np.bool_):
            found[name] = int(value)
        elif isinstance(value, int):  # seeds have 128 bits, NetCDF numbers at most 64, its oldest form 32
            found[name] = value if abs(value) < 2**31 else str(value)
        else:
            found[name] = value if isinstance(value, str | float) else json.dumps(value, default=str)
    return found


def padded(values: Any, index: Any, length: int) -> FloatArray:
    """Spread ``values`` at the positions ``index`` over ``length`` numbers, NaN elsewhere.

    Examples
    --------
    >>> padded([1.0, 2.0], [0, 2], 4)
    array([ 1., nan,  2., nan])
    """
    found = np.full(length, np.nan)
    found[np.asarray(index, dtype=int)] = values
    return found


def _picture(sheet: Sheet, curve: Curve) -> str:
    middle = np.asarray(sheet.columns[curve.middle], dtype=float)
    low = np.asarray(sheet.columns[curve.low], dtype=float) if curve.low else None
    high = np.asarray(sheet.columns[curve.high], dtype=float) if curve.high else None
    return curve_svg(np.asarray(sheet.index, dtype=float), middle, low, high, x_label=sheet.main, y_label=curve.label)
