"""What a comparison found, as plain values, as a page, or held against a gate."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass
from typing import Any

from synthohive_spark.errors import QualityError, SerializationError
from synthohive_spark.model_directory.storage import write_file
from synthohive_spark.validation.figures import TableReport
from synthohive_spark.validation.gate import Failure, link_failures, require_share, table_failures
from synthohive_spark.validation.links.figures import DatabaseReport
from synthohive_spark.validation.page import render


@dataclass(frozen=True)
class ValidationReport:
    """How synthetic tables compare with the real ones. It holds counts and shares, and no row.

    Attributes:
        tables: The figures of each table.
        database: Those of the links between them; None where no table has one.
    """

    tables: tuple[TableReport, ...]
    database: DatabaseReport | None = None

    def to_json(self) -> dict[str, Any]:
        """The report as plain values that JSON can hold."""
        values: dict[str, Any] = {"tables": [_plain(_table_values(table)) for table in self.tables]}
        if self.database is not None:
            values["database"] = _plain(_database_values(self.database))
        return values

    def write_json(self, path: str | os.PathLike[str]) -> None:
        """Write `to_json` as a file.

        Raises:
            SerializationError: If the file cannot be written.
        """
        _write(path, json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def write_html(self, path: str | os.PathLike[str]) -> None:
        """Write the report as one HTML page that needs nothing else.

        Raises:
            SerializationError: If the file cannot be written.
        """
        _write(path, render(self.tables, self.database))

    def require(
        self,
        *,
        max_tvd: float | None = 0.1,
        max_ks: float | None = 0.1,
        max_null_rate_error: float | None = 0.02,
        max_copies: float | None = 0.0,
        max_key_faults: float | None = 0.0,
        max_broken: float | None = 0.0,
        same_schema: bool = True,
        max_orphans: float | None = 0.0,
        max_orphan_error: float | None = 0.02,
        max_doubled_keys: float | None = None,
        min_cardinality: float | None = None,
        min_hops: float | None = None,
        min_two_paths: float | None = None,
        max_detector_auc: float | None = None,
    ) -> None:
        """Check that no figure is over its limit; None switches a limit off.

        Without arguments, columns, copies, keys, dependencies, schemas and orphans are checked, and how links go
        together is not: what can be reached there depends on the database. A synthetic table without rows fails where
        the real one has some, for nothing can be said of it. Columns of tables that are taken over as they are have no
        figures.

        Args:
            max_tvd: Of each column's total variation distance.
            max_ks: Of each column's Kolmogorov-Smirnov distance.
            max_null_rate_error: Of the difference of each column's null rates.
            max_copies: Of each table's share of copied rows. Where real rows equal each other (``real_twins``), equal
                synthetic rows are to be expected.
            max_key_faults: Of each table's share of rows whose primary key is a duplicate or has a null.
            max_broken: Of each table's share of rows that break something which holds in every learned row, such as
                ``end >= start``, as far as it is above the share of real rows that do.
            same_schema: Whether a column that is missing, too many or of another type is a failure.
            max_orphans: Of each link's share of synthetic keys that meet no row of the other table; nulls are none. It
                is not asked of tables that are declared with ``orphans="keep"``.
            max_orphan_error: Of the difference of the real and the synthetic share of such keys, of these tables.
            max_doubled_keys: Of each table's share of rows whose primary key an earlier row has, a part of key faults.
            min_cardinality: Of each link's similarity of the numbers of children, such as 0.9.
            min_hops: Of how columns one, two and three links apart go together, each a mean over all pairs.
            min_two_paths: Of how often two chains of links from a table to another meet the same row, such as 0.9.
            max_detector_auc: Of how well a classifier tells each table's synthetic rows from real ones, such as 0.7.

        Raises:
            QualityError: If a figure is over its limit; every such figure is listed.
            SchemaError: If a limit is not a number from 0 to 1.
        """
        of_columns = {"tvd": max_tvd, "ks": max_ks, "null_rate_error": max_null_rate_error}
        of_tables = {"copies": max_copies, "key_faults": max_key_faults, "doubled_keys": max_doubled_keys}
        of_tables |= {"broken": max_broken, "detector_auc": max_detector_auc}
        of_links = {"max_orphans": max_orphans, "max_orphan_error": max_orphan_error}
        of_links |= {"min_cardinality": min_cardinality, "min_hops": min_hops, "min_two_paths": min_two_paths}
        for name, limit in {**{f"max_{n}": v for n, v in {**of_columns, **of_tables}.items()}, **of_links}.items():
            require_share(name, limit)
        failures = [f for t in self.tables for f in table_failures(t, of_tables, of_columns, same_schema=same_schema)]
        failures += [] if self.database is None else link_failures(self.database, **of_links)
        if failures:
            raise QualityError("; ".join(map(str, failures)), failures)


def _table_values(table: TableReport) -> dict[str, Any]:
    worst, pair = table.worst_column, table.worst_pair
    values = asdict(table)
    for entry, measured in zip(values["pairs"], table.pairs, strict=True):
        entry["difference"] = measured.difference
    summary = {
        "detector_auc": table.detector_auc,
        "mean_tvd": table.mean_tvd,
        "mean_ks": table.mean_ks,
        "worst_column": None if worst is None else worst.name,
        "mean_pair_difference": table.mean_pair_difference,
        "worst_pair": None if pair is None else [pair.first, pair.second],
        "key_faults": table.key_faults,
        "key_faults_real": table.key_faults_real,
        "suppressed_rows": table.suppressed_rows,
        "suppressed_share": table.suppressed_share,
    }
    if table.detector is not None:
        values["detector"]["sentence"] = table.detector.sentence
    return {"name": table.name, "summary": summary, **values}


def _database_values(database: DatabaseReport) -> dict[str, Any]:
    values = asdict(database)
    for entry, link in zip(values["links"], database.links, strict=True):
        entry |= {"orphan_share_real": link.orphan_share_real, "orphan_share_synthetic": link.orphans}
        for rule, measured in zip(entry["rules"], link.rules, strict=True):
            rule["broken_share"] = measured.broken_share
    for entry, path in zip(values["paths"], database.paths, strict=True):
        entry["hops"] = path.hops
    for entry, pair in zip(values["two_paths"], database.two_paths, strict=True):
        entry["similarity"] = pair.similarity
    return {"summary": database.summary, **values}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write(path: str | os.PathLike[str], text: str) -> None:
    try:
        # A lone surrogate in a name is no reason to lose the report.
        write_file(path, text.encode("utf-8", "backslashreplace"))
    except SerializationError as error:
        raise SerializationError(f"the report cannot be written to {os.fspath(path)!r}: {error}") from error


__all__ = ["Failure", "ValidationReport"]
