"""What is declared about the tables of a database: in code, or in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from synthohive_spark.declarations.constraint import Constraint
from synthohive_spark.declarations.dependencies import Dependency
from synthohive_spark.declarations.documents import MOST_BYTES, read_json, read_yaml
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.hints import nearest, setting_problems
from synthohive_spark.declarations.names import is_plain
from synthohive_spark.declarations.pii import PiiRule
from synthohive_spark.declarations.plan import DatabasePlan
from synthohive_spark.declarations.table import TableDeclaration
from synthohive_spark.errors import SchemaError, SerializationError, shortened
from synthohive_spark.model_directory.storage import read_file

_WHERE = "metadata"


def _table_name(name: str) -> str:
    if isinstance(name, str) and is_plain(name):
        return name
    if isinstance(name, str) and all(map(is_plain, name.split("."))):
        raise SchemaError(f"table {name!r} must be named without its database")
    raise SchemaError(
        f"table name {shortened(repr(name))} is not valid: a table is declared under ASCII letters, digits and "
        f"underscores; the source says which table that is, as in {{'orders': 'shop.`my-orders`'}}"
    )


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tables: dict[Annotated[str, AfterValidator(_table_name)], TableDeclaration]


class Declarations:
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
        categorical: Sequence[str] = (),
        high_cardinality_cols: Sequence[str] = (),
        exclude: Sequence[str] = (),
        context: Sequence[str] = (),
        owner: str | Sequence[str] | None = None,
        keep: bool = False,
        orphans: str = "none",
        dependencies: Sequence[Dependency | Mapping[str, Any]] = (),
        independent: Sequence[str] = (),
        reasons: Mapping[str, str] | None = None,
        role_reasons: Mapping[str, str] | None = None,
    ) -> Self:
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
            categorical: Columns that are learned by their values, however many (by groups where there are more than
                ``embedding_threshold``): strings, and numbers that are names, such as zip codes. Values of fewer rows
                than ``Privacy.rare_category_rows`` are not kept even so. Files write ``high_cardinality_cols``.
            high_cardinality_cols: The same.
            exclude: Columns to leave out.
            context: Columns that are given when rows are drawn, not generated.
            owner: The columns of the link along which rows are made; other links are references. Chosen when None.
            keep: Whether to take the table over as it is, rows and keys, in what is drawn and in the model directory:
                for lookup tables such as countries, airlines or calendars.
            orphans: "none" if every key of a drawn row meets a row, "keep" for as many that do not as there really are.
            dependencies: What holds in every row that is drawn, whatever the data shows: `Inequality`,
                `FixedCombinations`, `OneHot`, `Formula`, `Unique`, or mappings such as ``{"kind": "one_hot", "columns":
                [...]}``. Much is found without: see ``model.dependencies``.
            independent: Columns of which no relation to others is looked for: what the data shows of them is chance.
            reasons: Why something was inferred, by column.
            role_reasons: Why the table's role was inferred, by setting: "owner" or "keep".

        Raises:
            SchemaError: If it is declared already, or an argument has another form; ``problems`` lists all of them.
        """
        _table_name(name)
        if name in self.tables:
            raise SchemaError(f"table {name!r} is declared already")
        declared: dict[str, Any] = {"pk": pk, "fk": fk, "owner": owner, "keep": keep, "orphans": orphans}
        declared |= {"constraints": constraints or {}, "pii": pii or {}, "exclude": exclude, "context": context}
        declared |= {"categorical": categorical, "high_cardinality_cols": high_cardinality_cols}
        declared |= {"dependencies": dependencies, "independent": independent, "reasons": reasons or {}}
        self.tables[name] = _read_table(name, declared | {"role_reasons": role_reasons or {}})
        return self

    def table(self, name: str) -> TableDeclaration:
        """What is declared about ``name``; an unknown name is a `SchemaError` that lists the known ones."""
        if name not in self.tables:
            raise SchemaError(f"table {name!r} is not declared{nearest(name, self.tables)}")
        return self.tables[name]

    def plan(self) -> DatabasePlan:
        """The role of each table; a `SchemaError` if declared owners form a circle, or a link leads nowhere."""
        nowhere = [
            f"table {name!r}: fk refers to table {link.parent!r}, not declared{nearest(link.parent, self.tables)}"
            for name, declared in self.tables.items()
            for link in declared.fk
            if link.parent not in self.tables
        ]
        if nowhere:
            raise SchemaError("; ".join(nowhere), nowhere)
        return DatabasePlan.of(self.tables)

    def describe(self) -> str:
        """How the database will be made, in words, before anything is learned.

        A line a table: whether it is a root, whose rows come first, the child of another, whose rows follow from the
        other's, or taken over as it is; and which other links are references, for which fitting rows are looked up.
        """
        return self.plan().describe()

    def to_dict(self) -> dict[str, Any]:
        """The declarations as plain values."""
        return {"tables": {name: declared.to_dict() for name, declared in self.tables.items()}}

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """The declarations that `to_dict` described, or that a person wrote in that form.

        Raises:
            SchemaError: If a setting is unknown or wrong; all such settings are listed.
        """
        if not isinstance(data, Mapping):
            raise SchemaError(f"metadata must be a mapping with the key 'tables', got {type(data).__name__}")
        declarations = cls()
        declarations.tables = _read_tables(data)
        return declarations

    def to_json(self) -> str:
        """The declarations as JSON."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The declarations in a JSON text; see `from_dict`."""
        try:
            data = read_json(text)
        except ValueError as error:
            raise SchemaError(f"metadata is not JSON: {error}") from error
        return cls.from_dict(data)

    def to_yaml(self) -> str:
        """The declarations as YAML."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)

    @classmethod
    def from_yaml(cls, text: str) -> Self:
        """The declarations in a YAML text; see `from_dict`."""
        try:
            data = read_yaml(text)
        except ValueError as error:
            raise SchemaError(f"metadata is not YAML: {error}") from error
        return cls.from_dict(data)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """The declarations in a YAML or JSON file; see `from_dict`."""
        try:
            text = read_file(path, MOST_BYTES).decode()
        except (SerializationError, UnicodeDecodeError) as error:
            raise SchemaError(f"metadata file {os.fspath(path)!r} cannot be read: {error}") from error
        return cls.from_json(text) if os.fspath(path).endswith(".json") else cls.from_yaml(text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Declarations) and self.tables == other.tables

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.tables) or 'no tables'})"


def _read_table(name: str, declared: Mapping[str, Any]) -> TableDeclaration:
    """One declared table; a problem names the table once."""
    try:
        return _read_tables({"tables": {name: declared}})[name]
    except SchemaError as error:
        problems = [p.removeprefix(f"{_WHERE}.tables.{name}").lstrip(".: ") for p in error.problems]
        raise SchemaError(f"table {name!r}: {'; '.join(problems)}", problems) from error


def _read_tables(data: Any) -> dict[str, TableDeclaration]:
    """The tables in ``data``; a `SchemaError` lists everything in it that is wrong."""
    try:
        return _File.model_validate(data).tables
    except ValidationError as error:
        entries = zip(error.errors(), setting_problems(error, _File, _WHERE), strict=True)
        problems = [problem for entry, text in entries for problem in _problems(entry, text)]
        raise SchemaError("; ".join(problems), problems) from error


def _problems(entry: Any, text: str) -> list[str]:
    """What one refused setting says: sentences of ours, predicates of the setting, or else pydantic's ``text``."""
    place = ".".join([_WHERE, *(str(part) for part in entry["loc"] if part != "[key]")])
    cause = entry.get("ctx", {}).get("error")
    if isinstance(cause, SchemaError):
        return [f"{place}: {problem}" for problem in cause.problems]
    if isinstance(cause, ValueError):
        return [f"{place} {predicate}" for predicate in cause.args]
    return [text]
