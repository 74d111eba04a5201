"""What holds in every real flight, or in nearly every one, and how often other rows break it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from demo.facts import Facts
from demo.flights import around_midnight, minutes

_CLOCKS = ("sched_dep_time", "dep_time", "sched_arr_time", "arr_time")
_GROUND = (0, 240)
_SPEED = (80, 720)
_ROUTE = ("origin", "dest")
COMBINATIONS = (
    *(_ROUTE, (*_ROUTE, "distance"), ("carrier", *_ROUTE)),
    *(("tailnum",), ("tailnum", "carrier"), ("flight", "carrier")),
)


@dataclass(frozen=True)
class Dependency:
    """Something that real flights keep.

    Attributes:
        text: What it says.
        broken: Which rows break it; a row in which one of the columns is null breaks nothing.
        limit: The largest share of broken rows that is good; None where it is not judged.
    """

    text: str
    broken: Callable[[pd.DataFrame, Facts], pd.Series]
    limit: float | None

    def share(self, rows: pd.DataFrame, facts: Facts) -> float:
        """The share of the rows that break it."""
        return float(self.broken(rows, facts).mean())


def _calendar(rows: pd.DataFrame, _: Facts) -> pd.Series:
    local = rows["time_hour"].dt
    return (local.month != rows["month"]) | (local.day != rows["day"]) | (local.hour != rows["hour"])


def _hour_and_minute(rows: pd.DataFrame, _: Facts) -> pd.Series:
    return rows["hour"] * 100 + rows["minute"] != rows["sched_dep_time"]


def _no_clock(rows: pd.DataFrame, _: Facts) -> pd.Series:
    return pd.concat([rows[name] % 100 > 59 for name in _CLOCKS], axis=1).any(axis=1)


def _cancelled(rows: pd.DataFrame, _: Facts) -> pd.Series:
    left = rows["dep_time"].notna()
    return (left != rows["dep_delay"].notna()) | (~left & rows["arr_time"].notna()) | (left & rows["tailnum"].isna())


def _diverted(rows: pd.DataFrame, _: Facts) -> pd.Series:
    arrived = rows["arr_delay"].notna()
    return (arrived != rows["air_time"].notna()) | (arrived & rows["arr_time"].isna())


def _distance(rows: pd.DataFrame, facts: Facts) -> pd.Series:
    return facts.new(rows, *_ROUTE, "distance") & ~facts.new(rows, *_ROUTE)


def _aircraft(rows: pd.DataFrame, facts: Facts) -> pd.Series:
    return rows["tailnum"].notna() & facts.new(rows, "tailnum", "carrier") & ~facts.new(rows, "tailnum")


def _speed(rows: pd.DataFrame, _: Facts) -> pd.Series:
    return _outside(rows["distance"] / rows["air_time"] * 60, _SPEED)


def _ground(rows: pd.DataFrame, facts: Facts) -> pd.Series:
    return _outside(facts.on_the_ground(rows), _GROUND)


def _delay(which: str) -> Callable[[pd.DataFrame, Facts], pd.Series]:
    def broken(rows: pd.DataFrame, _: Facts) -> pd.Series:
        late = minutes(rows[f"{which}_time"]) - minutes(rows[f"sched_{which}_time"])
        return around_midnight(late - rows[f"{which}_delay"]).abs() > 0

    return broken


def _outside(values: pd.Series, limits: tuple[float, float]) -> pd.Series:
    return (values < limits[0]) | (values > limits[1])


DEPENDENCIES = (
    Dependency("hour and minute are those of sched_dep_time", _hour_and_minute, 0.0),
    Dependency("not left: no delay, no arrival; left: a tail number", _cancelled, 0.0),
    Dependency("not arrived: neither arr_delay nor air_time", _diverted, 0.0),
    Dependency("time_hour is month, day and hour in New York", _calendar, 0.1),
    Dependency("the route exists", lambda rows, facts: facts.new(rows, *_ROUTE), 0.02),
    Dependency("the route has its one distance", _distance, 0.02),
    Dependency("the carrier flies the route", lambda rows, facts: facts.new(rows, "carrier", *_ROUTE), 0.05),
    Dependency("the aircraft is the carrier's", _aircraft, 0.25),
    Dependency("80 to 720 miles an hour", _speed, 0.002),
    Dependency("arr_time - dep_time - air_time - zones: 0 to 4 h", _ground, 0.2),
    Dependency("the four times are hours and minutes (no 13:75)", _no_clock, 0.0),
    Dependency("dep_delay = dep_time - sched_dep_time", _delay("dep"), 0.0),
    Dependency("arr_delay = arr_time - sched_arr_time", _delay("arr"), 0.0),
    Dependency("the flight number is the carrier's", lambda rows, facts: facts.new(rows, "flight", "carrier"), None),
)
