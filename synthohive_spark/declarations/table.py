"""What is declared about one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.pii import PiiRule


@dataclass(frozen=True)
class TableDeclaration:
    """What is declared about one table.

    Attributes:
        pk: Columns of the primary key: made, never learned.
        fk: Links to other tables.
        constraints: Bounds by column.
        pii: Rules for columns of personal data.
        high_cardinality_cols: Columns that are learned by their values, however many there are.
        exclude: Columns to leave out.
        context: Columns that are given when rows are drawn, not generated.
        reasons: Why a rule was proposed, by column.
    """

    pk: tuple[str, ...] = ()
    fk: tuple[ForeignKey, ...] = ()
    constraints: Mapping[str, Constraint] = field(default_factory=dict)
    pii: Mapping[str, PiiRule] = field(default_factory=dict)
    high_cardinality_cols: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def dropped(self) -> tuple[str, ...]:
        """Columns that do not come out: excluded ones, and personal ones whose rule is to drop them."""
        return (*self.exclude, *(name for name, rule in self.pii.items() if rule.action == "drop"))

    def named(self) -> list[tuple[str, str]]:
        """Every (setting, column) that the table should have."""
        links = [(column, "fk") for link in self.fk for column in link.columns]
        settings = ("pk", "constraints", "pii", "high_cardinality_cols", "exclude", "context")
        return [(s, column) for s in settings for column in getattr(self, s)] + [(s, column) for column, s in links]
