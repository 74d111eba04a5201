"""What a user declares about tables and about what a model may keep."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synthohive_spark.errors import SchemaError
from synthohive_spark.hints import nearest

PII_ACTIONS = ("drop", "mask", "hash", "fake")
PII_KINDS = ("email", "phone", "card", "iban", "ip", "name", "address", "text")
CONSTRAINT_TYPES = ("tinyint", "smallint", "int", "bigint", "float", "double", "boolean", "date", "timestamp")
_REFERENCE = re.compile(r"([^.]+)\.(?:\((.+)\)|(.+))", re.DOTALL)


@dataclass(frozen=True)
class Privacy:
    """How much of the rows a model may keep.

    Attributes:
        rare_category_rows: A category held by fewer rows is neither stored nor drawn, and neighbouring knots of a
            stored quantile table have at least as many rows between them. 0 turns this off. Default 5.
        extreme_rows: A range ends at the value of this rank from either end. 0 keeps the true ends. Default 5.

    Raises:
        SchemaError: If a setting is not a whole number of at least 0.
    """

    rare_category_rows: int = 5
    extreme_rows: int = 5

    def __post_init__(self) -> None:
        for name in ("rare_category_rows", "extreme_rows"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise SchemaError(f"{name} must be a whole number of at least 0, got {value!r}")


@dataclass(frozen=True)
class Constraint:
    """Bounds that generated values of a column must keep.

    Attributes:
        min: Smallest value allowed; None for no bound.
        max: Largest value allowed; None for no bound.
        dtype: Name of the Spark type a value must be castable to, such as ``"int"``; None for the column's own.

    Raises:
        SchemaError: If a bound is no number, the bounds cross, or ``dtype`` is not known.
    """

    min: float | None = None
    max: float | None = None
    dtype: str | None = None

    def __post_init__(self) -> None:
        for name in ("min", "max"):
            value = getattr(self, name)
            if value is not None and (
                isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value)
            ):
                raise SchemaError(f"constraint {name} must be a number, got {value!r}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise SchemaError(f"constraint has min={self.min} above max={self.max}")
        if self.dtype is not None and self.dtype not in CONSTRAINT_TYPES:
            raise SchemaError(f"constraint dtype {self.dtype!r} is not known{nearest(self.dtype, CONSTRAINT_TYPES)}")


@dataclass(frozen=True)
class PiiRule:
    """What happens to a column of personal data.

    Attributes:
        action: "drop" (the column is left out), "mask" (letters and digits become ``*``), "hash" (HMAC-SHA256 under
            a key given to fit) or "fake" (made-up values of the same kind).
        kind: What a fake is: "email", "phone", "card", "iban", "ip", "name", "address" or "text"; None to find out
            from the column's name and values.
        locale: Locale of the fakes, such as "de_DE". Default "en_US".

    Raises:
        SchemaError: If the action or the kind is not known.
    """

    action: str
    kind: str | None = None
    locale: str = "en_US"

    def __post_init__(self) -> None:
        if self.action not in PII_ACTIONS:
            raise SchemaError(f"pii action {self.action!r} is not known{nearest(self.action, PII_ACTIONS)}")
        if self.kind is not None and self.kind not in PII_KINDS:
            raise SchemaError(f"pii kind {self.kind!r} is not known{nearest(self.kind, PII_KINDS)}")
        if not isinstance(self.locale, str):
            raise SchemaError(f"pii locale must be a string such as 'en_US', got {self.locale!r}")


@dataclass(frozen=True)
class ForeignKey:
    """A link: ``columns`` of a table hold the ``parent_columns`` of ``parent``."""

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]

    @classmethod
    def parse(cls, columns: str | Sequence[str], reference: str) -> ForeignKey:
        """Read ``"customer_id", "customers.id"`` or ``("a", "b"), "parent.(a, b)"``.

        Raises:
            SchemaError: If the reference does not have this form, or the two sides differ in length.
        """
        own = (columns,) if isinstance(columns, str) else tuple(columns)
        match = _REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
        if match is None:
            raise SchemaError(f"fk {own!r} refers to {reference!r}; give 'parent.column' or 'parent.(a, b)'")
        parent, several, one = match.groups()
        parents = tuple(part.strip() for part in several.split(",")) if several else (one,)
        if len(parents) != len(own):
            raise SchemaError(f"fk {own!r} has {len(own)} columns, {reference!r} names {len(parents)}")
        return cls(own, parent, parents)


@dataclass(frozen=True)
class TableConfig:
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


def pii_rules(rules: Mapping[str, str | PiiRule | Mapping[str, Any]]) -> dict[str, PiiRule]:
    """Rules by column, each given as an action (``"fake"``), a `PiiRule`, or a mapping of its attributes."""
    made = {}
    for column, rule in rules.items():
        if isinstance(rule, Mapping):
            unknown = [key for key in rule if key not in PiiRule.__dataclass_fields__]
            if unknown or "action" not in rule:
                key = unknown[0] if unknown else "action"
                what = f"has no setting {key!r}{nearest(key, PiiRule.__dataclass_fields__)}" if unknown else "needs it"
                raise SchemaError(f"pii of column {column!r}: {key} {what}")
            rule = PiiRule(**rule)  # noqa: PLW2901
        made[column] = rule if isinstance(rule, PiiRule) else PiiRule(rule)
    return made
