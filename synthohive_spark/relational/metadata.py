"""Declarations that meet the real tables: checked against them, or inferred from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthohive_spark.declarations.declarations import Declarations

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from synthohive_spark.declarations.names import Name
    from synthohive_spark.declarations.privacy import Privacy
    from synthohive_spark.relational.sources import Source


class Metadata(Declarations):
    """The declared tables of a database, by name; importing it loads no Spark.

    Attributes:
        tables: What is declared about each table, in the order of declaration.
    """

    def validate_schema(
        self, source: Source, spark: SparkSession | None = None, *, privacy: Privacy | None = None
    ) -> None:
        """Check the declarations against the real tables, by one aggregate a table, and one query over the small ones.

        Args:
            source: The tables, as `synthohive_spark.Synthesizer.fit` takes them.
            spark: The session; the active one when None.
            privacy: What a model may keep, which decides how small a table can be learned; the default when None.

        Raises:
            SchemaError: If something does not fit; ``problems`` lists **all** of it, each with its table and column:
                unknown tables and columns, types that do not fit, keys that are not unique or have nulls, links to
                nowhere or to columns that are not unique, tables too small to be learned or too large to be kept,
                constraints that the data break.
        """
        from synthohive_spark.relational.schema_check import require_valid_schema  # noqa: PLC0415  (needs Spark)
        from synthohive_spark.relational.sources import open_tables  # noqa: PLC0415

        require_valid_schema(self, open_tables(spark, source, list(self.tables)), privacy=privacy)

    @classmethod
    def from_database(cls, spark: SparkSession, database: Name) -> Metadata:
        """Infer declarations for all tables of a database; see `from_tables`.

        Args:
            spark: The session.
            database: One or two parts of a name, as `synthohive_spark.read_table` takes them.

        Raises:
            SchemaError: If the name is not valid, or there is no such database or no table in it.
        """
        return cls.from_tables(database, spark)

    @classmethod
    def from_tables(cls, source: Source, spark: SparkSession | None = None) -> Metadata:
        """Infer keys, links, roles, kinds and rules for personal data from names and values.

        What is inferred is a guess to be read before it is used: ``reasons`` of each table says why, by column, and
        ``role_reasons`` by setting (owner, keep); the log does, too. A table too small to be learned is taken over as
        it is (keep) if nothing in it looks personal.

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
