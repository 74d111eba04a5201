"""What is declared about one table: in code, in a file, or inferred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.hints import nearest
from synthohive_spark.declarations.pii import PiiRule
from synthohive_spark.errors import SchemaError

_NO_ORPHANS = ("orphans", "none")
Kind = TypeVar("Kind", Constraint, ForeignKey, PiiRule)


def _from_mapping(kind: type[Kind], value: Any) -> Kind:
    """The declaration in a mapping of its attributes; every fault of the mapping is one argument of the error."""
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a {kind.__name__} or a mapping, got {value!r}")
    known = {f.name: f.default for f in fields(kind)}
    faults = [f"has no setting {key!r}{nearest(key, known)}" for key in value if key not in known]
    faults += [f"needs the setting {n!r}" for n, default in known.items() if default is MISSING and n not in value]
    if faults:
        raise ValueError(*faults)
    return kind(**value)


def _constraint(value: Any) -> Constraint:
    return _from_mapping(Constraint, value)


def _pii_rule(value: Any) -> PiiRule:
    return PiiRule(value) if isinstance(value, str) else _from_mapping(PiiRule, value)


def _foreign_key(value: Any) -> ForeignKey:
    return ForeignKey.parse(*value) if isinstance(value, tuple) else _from_mapping(ForeignKey, value)


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str | Mapping) or not hasattr(value, "__iter__"):
        raise ValueError(f"must be a list of column names, got {value!r}")
    names = tuple(value)
    if not all(isinstance(name, str) for name in names):
        raise ValueError(f"must be a list of column names, got {value!r}")
    return names


def _key(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else _names(value)


def _links(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(value.items())
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise ValueError(f"must be a mapping such as {{'customer_id': 'customers.id'}}, got {value!r}")
    return tuple(value)


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class TableDeclaration(BaseModel):
    """What is declared about one table, from arguments as from files.

    Attributes:
        pk: Columns of the primary key: surrogates, never learned. One column may be given by its name alone.
        fk: Links to other tables; ``{"customer_id": "customers.id"}`` is short for a list of them.
        constraints: Bounds by column.
        pii: Rules for columns of personal data; ``"fake"`` is short for ``PiiRule("fake")``.
        high_cardinality_cols: Columns that are learned by their values, however many there are.
        exclude: Columns to leave out.
        context: Columns that are given when rows are drawn, not generated.
        owner: Columns of the link along which rows are made from those of the other table; chosen when empty.
        keep: Whether the table is taken over as it is, rows and keys, for the model directory, too.
        orphans: "none" for keys that always meet, "keep" for as many rows without a parent as there really are.
        reasons: Why a rule was inferred, by column.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pk: Annotated[tuple[str, ...], BeforeValidator(_key)] = ()
    fk: Annotated[tuple[Annotated[ForeignKey, BeforeValidator(_foreign_key)], ...], BeforeValidator(_links)] = ()
    constraints: dict[str, Annotated[Constraint, BeforeValidator(_constraint)]] = Field(default_factory=dict)
    pii: dict[str, Annotated[PiiRule, BeforeValidator(_pii_rule)]] = Field(default_factory=dict)
    high_cardinality_cols: Names = ()
    exclude: Names = ()
    context: Names = ()
    owner: Annotated[tuple[str, ...], BeforeValidator(_key)] = ()
    keep: bool = False
    orphans: Literal["none", "keep"] = "none"
    reasons: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _no_contradictions(self) -> TableDeclaration:
        gone, surrogates = set(self.dropped), {*self.pii, *self.pk}
        problems = []
        for setting in ("pk", "constraints", "high_cardinality_cols", "context"):
            for column in sorted(gone.intersection(getattr(self, setting))):
                problems.append(f"column {column!r} is in {setting} and also left out; choose one")
        for setting, others in (
            ("high_cardinality_cols", surrogates),
            ("context", surrogates),
            ("constraints", set(self.pii)),
        ):
            for column in sorted((others - gone).intersection(getattr(self, setting))):
                problems.append(f"column {column!r} is in {setting}, but its values are made, not learned; choose one")
        problems += self._wrong_roles()
        if problems:
            raise SchemaError("; ".join(problems), problems)
        return self

    def _wrong_roles(self) -> list[str]:
        known = [link.columns for link in self.fk]
        if self.owner and self.owner not in known:
            near = nearest(self.owner[0], [columns[0] for columns in known])
            return [f"owner {', '.join(self.owner)!r} is none of its links{near}"]
        learned = [s for s in ("owner", "constraints", "high_cardinality_cols", "context") if getattr(self, s)]
        if self.keep and learned:
            return [f"{' and '.join(learned)} mean nothing for a table that is taken over as it is (keep)"]
        personal = ", ".join(repr(name) for name, rule in self.pii.items() if rule.action != "drop")
        if self.keep and personal:
            shown = f"{personal} is personal, and a table that is taken over (keep) shows its rows as they are"
            return [f"{shown}: give it the rule 'drop', or learn the table"]
        return []

    @property
    def dropped(self) -> tuple[str, ...]:
        """Columns that do not come out: excluded ones, and personal ones whose rule is to drop them."""
        return (*self.exclude, *(name for name, rule in self.pii.items() if rule.action == "drop"))

    def named(self) -> list[tuple[str, str]]:
        """Every (setting, column) that the table should have."""
        links = [(column, "fk") for link in self.fk for column in link.columns]
        settings = ("pk", "constraints", "pii", "high_cardinality_cols", "exclude", "context")
        return [(s, column) for s in settings for column in getattr(self, s)] + [(s, column) for column, s in links]

    def to_dict(self) -> dict[str, Any]:
        """The declaration as plain values; settings that say nothing are left out."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {setting: value for setting, value in values.items() if value and (setting, value) != _NO_ORPHANS}
