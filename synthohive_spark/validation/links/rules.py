"""What may hold between the columns of a child and those of its parent in all rows: never before it, and equal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from synthohive_spark.validation.cells import Nulls, Values
from synthohive_spark.validation.links.coding import DAY, Coding

NOT_BEFORE, EQUAL = "not before", "equal to"


@dataclass(frozen=True)
class Rule:
    """A relation between the columns at two places."""

    child: int
    parent: int
    relation: str


@dataclass(frozen=True)
class Rules:
    """All relations of two tables that are looked at; each has two counts: rows that have both values, and breaks.

    Attributes:
        child: The child's columns.
        parent: The parent's columns.
        rules: The relations.
    """

    child: tuple[Coding, ...]
    parent: tuple[Coding, ...]
    rules: tuple[Rule, ...]

    @classmethod
    def of(cls, child: Sequence[Coding], parent: Sequence[Coding], comparable: Iterable[tuple[int, int]]) -> Rules:
        """The relations of all columns that can be in one.

        Args:
            child: The child's columns.
            parent: The parent's columns.
            comparable: Pairs of places of columns of one type.
        """
        found = [Rule(i, j, EQUAL) for i, j in comparable]
        times = [[i for i, c in enumerate(codings) if c.temporal] for codings in (child, parent)]
        found += [Rule(i, j, NOT_BEFORE) for i in times[0] for j in times[1]]
        return cls(tuple(child), tuple(parent), tuple(found))

    @property
    def size(self) -> int:
        """How many counts there are."""
        return 2 * len(self.rules)

    def add(self, sums: Values, own: Values, own_nulls: Nulls, up: Values, up_nulls: Nulls) -> None:
        """Add children, each with its parent: matrices of a column for each coding."""
        for n, rule in enumerate(self.rules):
            i, j = rule.child, rule.parent
            both = ~(own_nulls[:, i] | up_nulls[:, j])
            x, y = own[both, i], up[both, j]
            if rule.relation == EQUAL:
                broken = (x != y) & ~(np.isnan(x) & np.isnan(y))
            else:
                times = self.child[i].seconds(x), self.parent[j].seconds(y)
                if self.child[i].days or self.parent[j].days:  # a date says nothing of the time of its day
                    times = np.floor(times[0] / DAY), np.floor(times[1] / DAY)
                broken = times[0] < times[1]
            sums[2 * n] += len(x)
            sums[2 * n + 1] += broken.sum()
