"""The form in which declarations lie in JSON and YAML files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.hints import setting_problems
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.errors import SchemaError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Link(_Strict):
    columns: list[str]
    parent: str
    parent_columns: list[str]


class _Bounds(_Strict):
    min: Any = None
    max: Any = None
    dtype: str | None = None


class _Pii(_Strict):
    action: str
    kind: str | None = None
    locale: str = "en_US"


class _Table(_Strict):
    pk: list[str] = Field(default_factory=list)
    fk: list[_Link] = Field(default_factory=list)
    constraints: dict[str, _Bounds] = Field(default_factory=dict)
    pii: dict[str, _Pii] = Field(default_factory=dict)
    high_cardinality_cols: list[str] = Field(default_factory=list)
    exclude: list[str] = Field(default_factory=list)
    context: list[str] = Field(default_factory=list)
    reasons: dict[str, str] = Field(default_factory=dict)

    @field_validator("pk", mode="before")
    @classmethod
    def _one_column(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("pii", mode="before")
    @classmethod
    def _actions(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {column: {"action": rule} if isinstance(rule, str) else rule for column, rule in value.items()}

    @field_validator("fk", mode="before")
    @classmethod
    def _references(cls, value: Any) -> Any:
        """``{"customer_id": "customers.id"}`` is the short form of a link by one column."""
        if not isinstance(value, Mapping):
            return value
        links = [ForeignKey.parse(str(column), reference) for column, reference in value.items()]
        return [{"columns": f.columns, "parent": f.parent, "parent_columns": f.parent_columns} for f in links]


class _File(_Strict):
    tables: dict[str, _Table]


def parse_tables(data: Any) -> dict[str, dict[str, Any]]:
    """Arguments of `Metadata.add_table` by table; wrong settings are one `SchemaError` that lists them all."""
    if not isinstance(data, Mapping):
        raise SchemaError(f"metadata must be a mapping with the key 'tables', got {type(data).__name__}")
    try:
        file = _File.model_validate(data)
    except ValidationError as error:
        problems = setting_problems(error, _File, "metadata")
        raise SchemaError("; ".join(problems), problems) from error
    return {name: _arguments(table) for name, table in file.tables.items()}


def table_to_dict(config: TableDeclaration) -> dict[str, Any]:
    """What `parse_tables` reads; settings that say nothing are left out."""
    values = {
        "pk": list(config.pk),
        "fk": [
            {"columns": list(link.columns), "parent": link.parent, "parent_columns": list(link.parent_columns)}
            for link in config.fk
        ],
        "constraints": {
            column: {key: value for key, value in vars(bounds).items() if value is not None}
            for column, bounds in config.constraints.items()
        },
        "pii": {
            column: {key: value for key, value in vars(rule).items() if value is not None}
            for column, rule in config.pii.items()
        },
        "high_cardinality_cols": list(config.high_cardinality_cols),
        "exclude": list(config.exclude),
        "context": list(config.context),
        "reasons": dict(config.reasons),
    }
    return {key: value for key, value in values.items() if value}


def _arguments(table: _Table) -> dict[str, Any]:
    arguments = table.model_dump()
    arguments["fk"] = [ForeignKey(tuple(f.columns), f.parent, tuple(f.parent_columns)) for f in table.fk]
    return arguments
