"""What the rows of a table, and what is declared of it, say against learning it as it is: warnings, before training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.declarations.dependencies import Inequality
from synthohive_spark.declarations.privacy import Privacy
from synthohive_spark.engine.arrays import null_mask, one_array
from synthohive_spark.engine.codecs.arrow_numbers import to_numbers
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.dependencies.dependencies import Dependencies
from synthohive_spark.engine.dependencies.loose_orders import loose_orders
from synthohive_spark.engine.table.request import FitRequest
from synthohive_spark.errors import SchemaError
from synthohive_spark.logs import get_logger

_ROWS = 50
_BY_CHANCE = 14.0
"""Rows that would meet by chance, from which on it is none that no two do: e to minus this is a millionth."""
_FEW = 10
_LITTLE = 0.05
_TREND = 0.95
_log = get_logger(__name__)


def warn_of_rows(table: pa.Table, columns: Sequence[Column], privacy: Privacy) -> tuple[str, ...]:
    """Log a warning of a table of few rows, one of columns whose values are all different, and one of series.

    Args:
        table: The training rows.
        columns: The columns that are learned.
        privacy: What may be kept of them.

    Returns:
        The warnings, a sentence each.
    """
    found = []
    most = max(privacy.extreme_rows, privacy.rare_category_rows)
    if table.num_rows < _FEW * most:
        reason = (
            f"of {table.num_rows} rows little may be kept: ranges end {privacy.extreme_rows} rows from either end "
            f"(extreme_rows, extremeRows), and categories of fewer than {privacy.rare_category_rows} rows are left out "
            f"(rare_category_rows, rareCategoryRows); lower these settings if no row is about a person"
        )
        _log.warning("few_rows", reason=reason)
        found.append(reason)
    unique = [c.name for c in columns if _is_unique(one_array(table.column(c.name)), c)]
    if unique:
        reason = (
            f"all {table.num_rows:,} values are different, and drawn ones will not all be: declare the column as the "
            f"key of its table (pk, idCol) if it names the row, or exclude it"
        )
        _log.warning("unique_columns", columns=unique, reason=reason)
        found.append(f"{_named(unique)}: {reason}")
    if series := _series(table, columns, unique):
        reason = (
            "from row to row these change far less than between any two rows: they are a series. Rows are drawn one by "
            "one, so drawn neighbours will be strangers; where a series belongs to something, make that its table's "
            "parent, and rows follow each other"
        )
        _log.warning("series", columns=series, reason=reason)
        found.append(f"{_named(series)}: {reason}")
    return tuple(found)


def warn_of_orders(found: Dependencies, table: pa.Table, request: FitRequest) -> tuple[str, ...]:
    """Log a warning of declared orders that drawn rows may break, since their columns are computed from others.

    Args:
        found: What holds in rows.
        table: The training rows.
        request: What is asked for.

    Returns:
        The warnings, a sentence each.

    Raises:
        SchemaError: If no drawn row could keep one of the orders.
    """
    orders = {(own.low, own.high): own.describe() for own in request.rules.declared if isinstance(own, Inequality)}
    loose = loose_orders(found, table, request.learned, list(orders), request.conditions)
    said = [orders[pair] for pair in loose]
    for pair, share in loose.items():
        if share == 1:
            raise SchemaError(
                f"no row can keep {orders[pair]!r}, which is declared, and what else tells the two columns: leave it "
                f"out, or what is declared beside it"
            )
    if not loose:
        return ()
    reason = (
        "these orders are declared of columns that others tell, and drawn rows may break them: leave out a formula "
        "that all rows keep (it is found, and solved for another column), declare an order of what they are made of, "
        "or drop such rows"
    )
    _log.warning("loose_orders", orders=said, reason=reason)
    return (f"{', '.join(said)}: {reason}",)


def _named(columns: Sequence[str]) -> str:
    return f"column{'s' * (len(columns) > 1)} {', '.join(map(repr, columns))}"


def _series(table: pa.Table, columns: Sequence[Column], unique: Sequence[str]) -> list[str]:
    """Numbers that change little along the rows, as they come or in the order of a unique time or integer."""
    if table.num_rows < 2 * _ROWS:
        return []
    by_type = {c.name: c.type for c in columns}
    first = one_array(table.column(0))
    # Rows that were sorted say nothing by their order.
    is_sorted = first.equals(first.sort()) if not pa.types.is_boolean(first.type) else True
    orders = [] if is_sorted else [np.arange(table.num_rows)]
    for name in unique:
        if by_type[name].is_integer or by_type[name].is_temporal:
            orders.append(np.argsort(to_numbers(one_array(table.column(name)), by_type[name]), kind="stable"))
    found = []
    for column in columns:
        if column.type.is_number and column.type.fits_int64 and column.name not in unique:
            values = one_array(table.column(column.name))
            numbers = to_numbers(values, column.type).astype(np.float64)
            numbers[~np.isfinite(numbers) | null_mask(values)] = np.nan
            if any(_is_series(numbers[order]) for order in orders):
                found.append(column.name)
    return found


def _is_series(numbers: npt.NDArray[np.float64]) -> bool:
    """Whether numbers change little from one to the next (von Neumann's ratio), and do not rise or fall throughout."""
    present = numbers[np.isfinite(numbers)]
    if len(present) < 2 * _ROWS or (spread := present.var()) == 0:
        return False
    steps, place = np.diff(present), np.arange(len(present))
    trend = abs(np.corrcoef(place, np.argsort(np.argsort(present)))[0, 1])
    return bool((steps**2).mean() / (2 * spread) < _LITTLE and trend < _TREND)


def _is_unique(values: pa.Array, column: Column) -> bool:
    """Whether all values are different, and that is no accident."""
    present = values.drop_null()
    if len(present) < _ROWS or not (column.type.is_integer or column.type.is_temporal or column.type.is_string):
        return False
    if pc.count_distinct(present).as_py() < len(present):
        return False
    if column.type.is_string:
        return True
    numbers = np.sort(to_numbers(present, column.type))
    step = int(np.gcd.reduce(np.diff(numbers)))
    places = (int(numbers[-1]) - int(numbers[0])) / step + 1
    return bool(len(numbers) ** 2 / (2 * places) > _BY_CHANCE)
