"""What is declared about one table: in code, in a file, or inferred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.dependencies import Dependency, dependency_of, named_by
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.hints import nearest
from synthohive_spark.declarations.pii import PiiRule
from synthohive_spark.errors import SchemaError

ORPHANS = ("none", "keep")
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
    if value is None or isinstance(value, str):
        return () if value is None else (value,)
    try:
        return _names(value)
    except ValueError as error:
        raise ValueError(f"must be the name of a column, or a list of them, got {value!r}") from error


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be True or False, got {value!r}")
    return value


def _orphans(value: Any) -> Any:
    if value not in ORPHANS:
        raise ValueError(f"must be {' or '.join(map(repr, ORPHANS))}, got {value!r}")
    return value


def _links(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(value.items())
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise ValueError(f"must be a mapping such as {{'customer_id': 'customers.id'}}, got {value!r}")
    return tuple(value)


def _dependencies(value: Any) -> Any:
    if isinstance(value, str | Mapping) or not hasattr(value, "__iter__"):
        raise ValueError(f"must be a list of dependencies such as Inequality('start', 'end'), got {value!r}")
    return tuple(value)


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class TableDeclaration(BaseModel):
    """What is declared about one table, from arguments as from files.

    Attributes:
        pk: Columns of the primary key: surrogates, never learned. One column may be given by its name alone.
        fk: Links to other tables; ``{"customer_id": "customers.id"}`` is short for a list of them.
        constraints: Bounds by column.
        pii: Rules for columns of personal data; ``"fake"`` is short for ``PiiRule("fake")``.
        high_cardinality_cols: Columns that are learned by their values, however many there are: strings, and numbers
            that are names.
        exclude: Columns to leave out.
        context: Columns that are given when rows are drawn, not generated.
        owner: Columns of the link along which rows are made from those of the other table; chosen when empty.
        keep: Whether the table is taken over as it is, rows and keys, for the model directory, too.
        orphans: "none" for keys that always meet, "keep" for as many rows without a parent as there really are.
        dependencies: What holds in every row, whatever the data shows.
        independent: Columns of which no relation to others is looked for.
        reasons: Why a rule was inferred, by column.
        role_reasons: Why the table's role was inferred, by setting: "owner", "keep".
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
    keep: Annotated[bool, BeforeValidator(_flag)] = False
    orphans: Annotated[Literal["none", "keep"], BeforeValidator(_orphans)] = "none"
    dependencies: Annotated[
        tuple[Annotated[Dependency, BeforeValidator(dependency_of)], ...], BeforeValidator(_dependencies)
    ] = ()
    independent: Names = ()
    reasons: dict[str, str] = Field(default_factory=dict)
    role_reasons: dict[Literal["owner", "keep"], str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _one_name(cls, values: Any) -> Any:
        """``categorical`` is ``high_cardinality_cols``."""
        if not isinstance(values, Mapping) or not (more := values.get("categorical")):
            return {k: v for k, v in values.items() if k != "categorical"} if isinstance(values, Mapping) else values
        others = {key: value for key, value in values.items() if key != "categorical"}
        try:
            names = (*_names(more), *_names(values.get("high_cardinality_cols") or ()))
        except ValueError as error:
            raise ValueError(f"categorical {error}") from error
        return others | {"high_cardinality_cols": tuple(dict.fromkeys(names))}

    @model_validator(mode="after")
    def _no_contradictions(self) -> TableDeclaration:
        gone, surrogates = set(self.dropped), {*self.pii, *self.pk}
        problems = []
        for setting in ("pk", "constraints", "high_cardinality_cols", "context", "independent"):
            for column in sorted(gone.intersection(getattr(self, setting))):
                problems.append(f"column {column!r} is in {setting} and also left out; choose one")
        for column in dict.fromkeys(named_by(self.dependencies)):
            for others, text in (
                (gone, "is left out"),
                (surrogates - gone, "has values that are made, not learned"),
                (set(self.context), "is given (context)"),
                (set(self.independent), "is in independent"),
            ):
                if column in others:
                    problems.append(f"column {column!r} is in dependencies, but {text}; choose one")
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
            asked = "; ".join(label(columns) for columns in dict.fromkeys(known)) or "none"
            return [f"owner {label(self.owner)} must be the columns of one of its links (fk); its links are: {asked}"]
        gone = [column for column in self.owner if column in self.dropped]
        if gone:
            return [f"column {column!r} is in owner and also left out; choose one" for column in gone]
        learned = ("owner", "constraints", "high_cardinality_cols", "context", "dependencies", "independent")
        meant = [f"{setting} means" for setting in learned if getattr(self, setting)]
        meant += ["orphans='keep' means"] if self.orphans == "keep" else []
        if self.keep and meant:
            return [f"{meaning} nothing for a table that is taken over as it is (keep)" for meaning in meant]
        personal = [column for column, rule in self.pii.items() if rule.action != "drop"]
        if self.keep and personal:
            return [
                f"column {column!r} is personal, and a table that is taken over (keep) shows its rows as they are: "
                f"give it the rule 'drop', or learn the table"
                for column in personal
            ]
        return []

    @property
    def dropped(self) -> tuple[str, ...]:
        """Columns that do not come out: excluded ones, and personal ones whose rule is to drop them."""
        return (*self.exclude, *(name for name, rule in self.pii.items() if rule.action == "drop"))

    def named(self) -> list[tuple[str, str]]:
        """Every (setting, column) that the table should have."""
        links = [(column, "fk") for link in self.fk for column in link.columns]
        links += [(column, "dependencies") for column in named_by(self.dependencies)]
        settings = ("pk", "constraints", "pii", "high_cardinality_cols", "exclude", "context", "independent")
        return [(s, column) for s in settings for column in getattr(self, s)] + [(s, column) for column, s in links]

    def to_dict(self) -> dict[str, Any]:
        """The declaration as plain values; settings that say nothing are left out."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {setting: value for setting, value in values.items() if value and (setting, value) != _NO_ORPHANS}


def label(columns: tuple[str, ...]) -> str:
    """Columns as a message names them: one by its name, several in parentheses."""
    return columns[0] if len(columns) == 1 else f"({', '.join(columns)})"
