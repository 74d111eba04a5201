"""Conditions that are the same for many rows: what some columns hold, by cases with a share of the rows each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.engine.columns import Column
from synthohive_spark.engine.domain import Domain
from synthohive_spark.engine.sampling.draw import Draw
from synthohive_spark.engine.sampling.generator import RowGenerator
from synthohive_spark.engine.sampling.valid import sample_valid

_GOLDEN = 0.6180339887


@dataclass(frozen=True)
class Cases:
    """What the rows of a table are given.

    Attributes:
        columns: The given columns.
        domains: For each case, for each column what it may hold; one value is given as it is.
        weights: For each case its weight, above zero.
        rows: How many rows the table has, numbered from 0 on.
    """

    columns: tuple[Column, ...]
    domains: tuple[tuple[Domain, ...], ...]
    weights: tuple[float, ...]
    rows: int = 0

    def over(self, rows: int) -> Cases:
        """The same for a table of so many rows."""
        return replace(self, rows=rows)

    def of(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The case of each row of these numbers; each case has its share, to within one row, spread over the table."""
        places = numbers * self._step % max(self.rows, 1)
        ends = np.array([round(self.rows * own / sum(self.weights)) for own in itertools.accumulate(self.weights)])
        return np.minimum(np.searchsorted(ends, places, side="right"), len(ends) - 1)

    @cached_property
    def _step(self) -> int:
        """A number whose multiples, modulo the number of rows, spread the row numbers evenly, each once."""
        step = max(1, round(self.rows * _GOLDEN)) if self.rows < 2**31 else 1
        while math.gcd(step, max(self.rows, 1)) > 1:
            step += 1
        return step

    def sample(
        self, generator: RowGenerator, draw: Draw, numbers: npt.NDArray[np.int64], constraints: Mapping[str, Constraint]
    ) -> pa.Table:
        """A row for each id of ``draw``.

        Args:
            generator: Draws rows.
            draw: What is drawn, without conditions.
            numbers: The number of each row.
            constraints: Constraints that a row is drawn again for.
        """
        case = self.of(numbers)
        # A value of one of several columns that are learned as one does not tell that one, but narrows it down.
        joint = generator.dependencies.joint if generator.any_condition else frozenset()
        alike: dict[tuple[Domain | None, ...], list[int]] = {}
        for place, own in enumerate(self.domains):
            narrow = (None if d.is_one and c.name not in joint else d for c, d in zip(self.columns, own, strict=True))
            alike.setdefault(tuple(narrow), []).append(place)
        parts, places = [], []
        for domains, cases in alike.items():
            rows = np.flatnonzero(np.isin(case, cases))
            if len(rows) or not len(case):
                within = {c.name: d for c, d in zip(self.columns, domains, strict=True) if d is not None}
                theirs = draw.redraw(rows, 0)
                given = self._constants(case[rows], [c for c in self.columns if c.name not in within])
                parts.append(sample_valid(generator, replace(theirs, conditions=given, within=within), constraints))
                places.append(rows)
        return pa.concat_tables(parts).combine_chunks().take(pa.array(np.argsort(np.concatenate(places))))

    def _constants(self, case: npt.NDArray[np.int64], columns: list[Column]) -> pa.Table | None:
        made: dict[str, Any] = {}
        for column in columns:
            place = self.columns.index(column)
            values = [own[place].values for own in self.domains]
            every = pa.array([v[0] if v is not None else None for v in values], column.type.arrow)
            made[column.name] = every.take(pa.array(case))
        return pa.table(made) if made else None
