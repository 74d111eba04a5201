"""Some real flights beside some drawn ones, written as the trade writes them: a column for each flight."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import pandas as pd

_LABEL, _CELL = 12, 8
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
Written = Callable[[Mapping[Hashable, Any]], str]


def side_by_side(real: pd.DataFrame, drawn: pd.DataFrame) -> str:
    """A line for each thing that is known of a flight; five flights on either side are 94 characters wide.

    Args:
        real: Rows with features.
        drawn: Rows with features.
    """
    sides = [rows.sort_values(["month", "day", "sched_dep_time"]).to_dict("records") for rows in (real, drawn)]
    heads = [f"{name:>{_CELL * len(rows)}}" for name, rows in zip(("real", "drawn"), sides, strict=True)]
    lines = [" " * _LABEL + " |".join(heads)]
    for label, written in _LINES:
        cells = ["".join(f"{written(row):>{_CELL}}" for row in rows) for rows in sides]
        lines.append(f"{label:<{_LABEL}}{' |'.join(cells)}")
    return "\n".join(lines)


def _number(name: str, form: str = "d") -> Written:
    return lambda row: "-" if pd.isna(row[name]) else format(int(row[name]), form)


def _clock(name: str) -> Written:
    return lambda row: "-" if pd.isna(row[name]) else f"{int(row[name]) // 100:02}:{int(row[name]) % 100:02}"


def _text(name: str) -> Written:
    return lambda row: "-" if pd.isna(row[name]) else str(row[name])


_LINES: tuple[tuple[str, Written], ...] = (
    ("date", lambda row: f"{_MONTHS[row['month'] - 1]} {row['day']}"),
    ("time_hour", lambda row: f"{row['time_hour']:%d. %Hh}"),
    ("flight", lambda row: f"{row['carrier']}{row['flight']}"),
    ("aircraft", _text("tailnum")),
    ("from", _text("origin")),
    ("to", _text("dest")),
    ("miles", _number("distance")),
    ("scheduled", _clock("sched_dep_time")),
    ("left", _clock("dep_time")),
    ("minutes late", _number("dep_delay", "+d")),
    ("due", _clock("sched_arr_time")),
    ("arrived", _clock("arr_time")),
    ("minutes late", _number("arr_delay", "+d")),
    ("in the air", _number("air_time")),
)
