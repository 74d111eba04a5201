"""What is declared about the tables of a database: in code, in a file, or proposed from the catalog."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.hints import nearest
from synthohive_spark.declarations.names import TableName
from synthohive_spark.declarations.pii import PiiRule, pii_rules
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.errors import SchemaError
from synthohive_spark.relational.metadata_file import parse_tables, table_to_dict

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from synthohive_spark.relational.sources import Source


class Metadata:
    """The declared tables of a database, by name.

    Attributes:
        tables: What is declared about each table, in the order of declaration.
    """

    def __init__(self) -> None:
        self.tables: dict[str, TableDeclaration] = {}

    def add_table(
        self,
        name: str,
        *,
        pk: str | Sequence[str] | None = None,
        fk: Mapping[Any, str] | Sequence[ForeignKey] = (),
        constraints: Mapping[str, Constraint | Mapping[str, Any]] | None = None,
        pii: Mapping[str, str | PiiRule | Mapping[str, Any]] | None = None,
        high_cardinality_cols: Sequence[str] = (),
        exclude: Sequence[str] = (),
        context: Sequence[str] = (),
        reasons: Mapping[str, str] | None = None,
    ) -> Metadata:
        """Declare a table and return this object, so that calls chain.

        Args:
            name: The table: ASCII letters, digits and underscores.
            pk: Its primary key, a column or several: made, never learned. Of several columns, the one with most
                different values is made unique and the others are learned.
            fk: Links to other tables: ``{"customer_id": "customers.id"}``, ``{("a", "b"): "parent.(a, b)"}``, or a list
                of `synthohive_spark.declarations.foreign_key.ForeignKey`.
            constraints: Bounds by column, each a `Constraint` or a mapping of its attributes.
            pii: What happens to columns of personal data: ``"drop"``, ``"mask"``, ``"hash"``, ``"fake"``, or a
                `synthohive_spark.declarations.pii.PiiRule` that also says the kind and the locale.
            high_cardinality_cols: Strings that are learned by their values, however many there are (by groups of them
                where there are more than ``embedding_threshold``). A value held by fewer rows than
                ``Privacy.rare_category_rows`` is not kept even so.
            exclude: Columns to leave out.
            context: Columns that are given when rows are drawn, not generated.
            reasons: Why something was proposed, by column.

        Raises:
            SchemaError: If the table is declared already, or an argument is not of the form above.
        """
        if len(TableName.parse(name).parts) != 1:
            raise SchemaError(f"table {name!r} must be named without its database")
        if name in self.tables:
            raise SchemaError(f"table {name!r} is declared already")
        try:
            self.tables[name] = TableDeclaration(
                pk=() if pk is None else (pk,) if isinstance(pk, str) else _names("pk", pk),
                fk=_links(fk),
                constraints={column: _constraint(column, c) for column, c in (constraints or {}).items()},
                pii=pii_rules(pii or {}),
                high_cardinality_cols=_names("high_cardinality_cols", high_cardinality_cols),
                exclude=_names("exclude", exclude),
                context=_names("context", context),
                reasons=dict(reasons or {}),
            )
            _check_contradictions(self.tables[name])
        except SchemaError as error:
            self.tables.pop(name, None)
            raise error.in_context(f"table {name!r}") from error
        return self

    def table(self, name: str) -> TableDeclaration:
        """What is declared about ``name``; an unknown name is a `SchemaError` that lists the known ones."""
        if name not in self.tables:
            raise SchemaError(f"table {name!r} is not declared{nearest(name, self.tables)}")
        return self.tables[name]

    def validate_schema(self, source: Source, spark: SparkSession | None = None) -> None:
        """Check the declarations against the real tables, by one aggregate a table.

        Args:
            source: The tables, as `synthohive_spark.Synthesizer.fit` takes them.
            spark: The session; the active one when None.

        Raises:
            SchemaError: If something does not fit; ``problems`` lists **all** of it, each with its table and column:
                unknown tables and columns, types that do not fit, keys that are not unique or have nulls, links to
                nowhere, constraints that the data break.
        """
        from synthohive_spark.relational.schema_check import require_valid_schema  # noqa: PLC0415  (needs Spark)
        from synthohive_spark.relational.sources import open_tables  # noqa: PLC0415

        require_valid_schema(self, open_tables(spark, source, list(self.tables)))

    @classmethod
    def from_database(cls, spark: SparkSession, database: str) -> Metadata:
        """Propose declarations for all tables of a database; see `from_tables`.

        Args:
            spark: The session.
            database: One or two parts of ASCII letters, digits and underscores.

        Raises:
            SchemaError: If the name is not valid, or there is no such database or no table in it.
        """
        return cls.from_tables(database, spark)

    @classmethod
    def from_tables(cls, source: Source, spark: SparkSession | None = None) -> Metadata:
        """Propose keys, links, kinds and rules for personal data from names and values.

        What is proposed is a guess to be read before it is used: ``reasons`` of each table says why, and the log, too.

        Args:
            source: The tables, as `synthohive_spark.Synthesizer.fit` takes them.
            spark: The session; the active one when None.
        """
        from synthohive_spark.relational.inference import infer_metadata  # noqa: PLC0415  (needs Spark)
        from synthohive_spark.relational.sources import open_tables  # noqa: PLC0415

        metadata = cls()
        for name, arguments in infer_metadata(open_tables(spark, source, None)).items():
            metadata.add_table(name, **arguments)
        return metadata

    def to_dict(self) -> dict[str, Any]:
        """The declarations as plain values."""
        return {"tables": {name: table_to_dict(config) for name, config in self.tables.items()}}

    @classmethod
    def from_dict(cls, data: Any) -> Metadata:
        """The declarations that `to_dict` described, or that a person wrote in that form.

        Raises:
            SchemaError: If a setting is unknown or of the wrong type; all such settings are listed.
        """
        metadata = cls()
        for name, arguments in parse_tables(data).items():
            metadata.add_table(name, **arguments)
        return metadata

    def to_json(self) -> str:
        """The declarations as JSON."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Metadata:
        """The declarations in a JSON text; see `from_dict`."""
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as error:
            raise SchemaError(f"metadata is not JSON: {error}") from error

    def to_yaml(self) -> str:
        """The declarations as YAML."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)

    @classmethod
    def from_yaml(cls, text: str) -> Metadata:
        """The declarations in a YAML text; see `from_dict`."""
        try:
            return cls.from_dict(yaml.safe_load(text))
        except yaml.YAMLError as error:
            raise SchemaError(f"metadata is not YAML: {error}") from error

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Metadata:
        """The declarations in a YAML or JSON file; see `from_dict`."""
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise SchemaError(f"metadata file {os.fspath(path)!r} cannot be read: {error}") from error
        return cls.from_json(text) if os.fspath(path).endswith(".json") else cls.from_yaml(text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Metadata) and self.tables == other.tables

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Metadata({', '.join(self.tables) or 'no tables'})"


def _names(setting: str, names: Any) -> tuple[str, ...]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise SchemaError(f"{setting} must be a list of column names, got {names!r}")
    return tuple(names)


def _links(links: Any) -> tuple[ForeignKey, ...]:
    if isinstance(links, Mapping):
        return tuple(ForeignKey.parse(columns, parent) for columns, parent in links.items())
    if isinstance(links, str) or not all(isinstance(link, ForeignKey) for link in links):
        raise SchemaError(f"fk must be a mapping such as {{'customer_id': 'customers.id'}}, got {links!r}")
    return tuple(links)


def _constraint(column: str, value: Any) -> Constraint:
    if isinstance(value, Constraint):
        return value
    if not isinstance(value, Mapping):
        raise SchemaError(f"constraint of column {column!r} must be a Constraint or a mapping, got {value!r}")
    for key in value:
        if key not in Constraint.__dataclass_fields__:
            known = nearest(key, Constraint.__dataclass_fields__)
            raise SchemaError(f"constraint of column {column!r} has no setting {key!r}{known}")
    try:
        return Constraint(**value)
    except SchemaError as error:
        raise SchemaError(f"column {column!r}: {error}") from error


def _check_contradictions(config: TableDeclaration) -> None:
    gone = set(config.dropped)
    for setting in ("pk", "constraints", "high_cardinality_cols", "context"):
        both = sorted(gone & set(getattr(config, setting)))
        if both:
            raise SchemaError(f"column {both[0]!r} is in {setting} and also left out; choose one")
    made = set(config.pii) | set(config.pk)
    for setting in ("high_cardinality_cols", "context", "constraints"):
        both = sorted((set(config.pii) if setting == "constraints" else made) & set(getattr(config, setting)))
        if both:
            raise SchemaError(f"column {both[0]!r} is in {setting}, but its values are made, not learned; choose one")
