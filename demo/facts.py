"""What real flights show about the world: routes, who flies them with which aircraft, and time zones."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from demo.flights import around_midnight, minutes

_TAXIING = 30


@dataclass(frozen=True)
class Facts:
    """What some real rows show.

    Attributes:
        zones: Hours by which the clocks of an airport of arrival are ahead of New York's.
        seen: Combinations of values, by the names of their columns.
    """

    zones: pd.Series
    seen: dict[tuple[str, ...], pd.MultiIndex]

    @classmethod
    def of(cls, rows: pd.DataFrame, *combinations: tuple[str, ...]) -> Facts:
        """The facts that ``rows`` show, with the given combinations of columns."""
        behind = around_midnight(gate_to_gate(rows) - rows["air_time"] - _TAXIING)
        zones = (behind.groupby(rows["dest"]).median() / 60).round()
        seen = {names: pd.MultiIndex.from_frame(rows[list(names)].drop_duplicates()) for names in combinations}
        return cls(zones, seen)

    def new(self, rows: pd.DataFrame, *names: str) -> pd.Series:
        """Which rows hold a combination of these columns that was never seen."""
        return pd.Series(~pd.MultiIndex.from_frame(rows[list(names)]).isin(self.seen[names]), rows.index)

    def on_the_ground(self, rows: pd.DataFrame) -> pd.Series:
        """Minutes between gate and gate that are not in the air, in the clocks of both airports."""
        return around_midnight(gate_to_gate(rows) - rows["air_time"] - 60 * rows["dest"].map(self.zones))


def gate_to_gate(rows: pd.DataFrame) -> pd.Series:
    """Minutes by which the clock at arrival is ahead of the clock at departure."""
    return minutes(rows["arr_time"]) - minutes(rows["dep_time"])
