"""What is left of parents' sums while their children are drawn one after another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.engine.arrays import one_array
from synthohive_spark.engine.families.aggregates import Aggregate
from synthohive_spark.engine.families.names import ancestor_name, rest_name
from synthohive_spark.engine.families.numbers import Floats, floats_of
from synthohive_spark.engine.families.rules import FamilyRules
from synthohive_spark.engine.families.seats import FamilySeats, Places

_FLAT = 1e-9


class Rests:
    """The sums of a batch of families on its way.

    Attributes:
        sums: The sums, by the name of what is left of each.
    """

    def __init__(self, rules: FamilyRules, seats: FamilySeats, wave: Places, block: Places) -> None:
        self.sums = {rest_name(own.column.name): own for own in rules.sums}
        self.types = {c.name: c.type for c in rules.columns}
        self.seats, self.wave, self.block = seats, wave, block
        self.taken = {name: np.zeros(int(block[-1]) + 1 if len(block) else 0) for name in self.sums}

    def left(self, name: str, rows: Places, places: Places, context: pa.Table | None) -> Floats:
        """What is left of a parent's sum; where a block of siblings starts anew, as if all before had equal parts."""
        assert context is not None
        column = self.sums[name].column
        whole = floats_of(context.column(ancestor_name(1, column.name)), column.type)
        equal = np.nan_to_num(whole) * places / self.seats.sizes[rows]
        starts = (self.wave[rows] == 0) & (places == self.seats.places[rows])
        self.taken[name][self.block[rows[starts]]] = equal[starts]
        taken = np.where(places == 0, 0.0, self.taken[name][self.block[rows]])
        left: Floats = whole - taken
        return left

    def off(self, made: pa.Table, rests: Mapping[str, Floats], last: npt.NDArray[np.bool_]) -> Floats:
        """How far last siblings are from what is left of each sum, and others beyond it, in shares of it."""
        off = np.zeros(made.num_rows)
        for name, left in rests.items():
            own = self.sums[name]
            beyond = self._terms(made, own) - left
            away = np.where(last, np.abs(beyond), np.maximum(beyond, 0.0) if own.positive else 0.0)
            off = np.maximum(off, np.nan_to_num(away / np.maximum(np.abs(left), _FLAT)))
        return off

    def take(self, made: pa.Table, rows: Places) -> None:
        """Count what drawn rows add."""
        for name, own in self.sums.items():
            self.taken[name][self.block[rows]] += np.nan_to_num(self._terms(made, own))

    def of_less(self, conditions: pa.Table, share: float) -> pa.Table:
        """Conditions with a share of each sum, and of what is left of it."""
        made = {name: one_array(conditions.column(name)) for name in conditions.column_names}
        for name, own in self.sums.items():
            for column in {name, ancestor_name(1, own.column.name)} & made.keys():
                less = pc.multiply(made[column].cast(pa.float64()), share)
                made[column] = less.cast(made[column].type, safe=False)
        return pa.table(made)

    def _terms(self, made: pa.Table, own: Aggregate) -> Floats:
        """What rows add to a sum."""
        assert own.of is not None
        return floats_of(made.column(own.of), self.types[own.of])
