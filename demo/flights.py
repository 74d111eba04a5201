"""The table of flights as the comparison reads it: labels and numbers, clocks as minutes, two columns more."""

from __future__ import annotations

import pandas as pd

LABELS = (
    *("month", "day", "weekday", "hour", "minute"),
    *("carrier", "tailnum", "origin", "dest", "cancelled"),
)
NUMBERS = (
    *("time_hour", "sched_dep_time", "dep_time", "dep_delay", "sched_arr_time", "arr_time", "arr_delay"),
    *("air_time", "distance", "flight"),
)
FEATURES = LABELS + NUMBERS
_DAY = 1440


def with_features(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table, with ``time_hour`` as New York's clocks showed it, ``weekday`` and ``cancelled`` added.

    Args:
        rows: Rows of the flights, ``time_hour`` with a time zone.
    """
    local = rows["time_hour"].dt.tz_convert("America/New_York").dt.tz_localize(None)
    return rows.assign(time_hour=local, weekday=local.dt.dayofweek, cancelled=rows["dep_time"].isna())


def minutes(clock: pd.Series) -> pd.Series:
    """Minutes since midnight of a time that is written as a number: 1305 is five past one, 785 minutes."""
    return clock // 100 * 60 + clock % 100


def around_midnight(difference: pd.Series) -> pd.Series:
    """A difference of two times of day in minutes, from -720 to 719: ten past midnight is 20 minutes after ten to."""
    return (difference + _DAY / 2) % _DAY - _DAY / 2


def numbers(values: pd.Series) -> pd.Series:
    """Values as floats, those that are null left out; instants as seconds."""
    values = values.dropna()
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.astype("datetime64[s]").astype("int64").astype(float)
    return values.astype(float)
