"""Constraints of a whole batch of tables: every violation is collected before anything is done about one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import and_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.violations import Violation, violation_error, violation_text
from synthohive_spark.engine.sampling.valid import DRAWS
from synthohive_spark.logs import get_logger
from synthohive_spark.spark.constraint_check import find_violations, kept
from synthohive_spark.spark.schema import col

ON_VIOLATION = ("drop", "raise", "resample")
_log = get_logger(__name__)


def enforce(frames: Mapping[str, DataFrame], metadata: Declarations, on_violation: str) -> dict[str, DataFrame]:
    """The tables without rows that break a constraint, by one aggregate a table.

    Args:
        frames: The drawn tables; for "resample", drawn again already where a row broke a constraint.
        metadata: Declares the constraints.
        on_violation: "drop", "raise" or "resample"; see `synthohive_spark.Synthesizer.sample`.

    Raises:
        ConstraintViolationError: If rows break a constraint, unless they are dropped.
    """
    valid = dict(frames)
    found: dict[str, list[Violation]] = {}
    broken = 0
    for name, df in frames.items():
        constraints = metadata.table(name).constraints
        violations, rows = find_violations(df, constraints)
        if violations:
            found[name], broken = violations, broken + rows
            valid[name] = df.where(kept(constraints))
    if not found:
        return valid
    named = _named(found)
    if on_violation == "raise":
        raise violation_error(named)
    if on_violation == "resample":
        raise violation_error(named, f"{broken:,} rows remain after {DRAWS:,} draws of each")
    _log.warning("constraint_violations", violations=violation_text(named), rows_left_out=broken)
    return _without_orphans(frames, valid, metadata, set(found))


def _without_orphans(
    frames: Mapping[str, DataFrame], valid: Mapping[str, DataFrame], metadata: Declarations, shrunk: set[str]
) -> dict[str, DataFrame]:
    """The valid rows of all tables, without those that refer to rows that were left out."""
    made, left = dict(valid), set(shrunk)
    links = [
        (name, link)
        for name in made
        for link in metadata.table(name).fk
        if link.parent in made and not set(link.columns) & set(metadata.table(name).dropped)
    ]
    for _ in range(len(made)):
        now, left = left, set()
        for name, link in links:
            if link.parent in now and link.parent != name:
                made[name] = _without_children(made[name], frames[link.parent], made[link.parent], link)
                left.add(name)
    for name, link in links:
        if link.parent == name:
            made[name] = _cut_off(made[name], link)
    return made


def _cut_off(tree: DataFrame, link: ForeignKey) -> DataFrame:
    """The rows of a tree, a row whose upper one was left out being at the top."""
    keys = tree.select(*[col(c).alias(f"@meets{i}") for i, c in enumerate(link.parent_columns)]).distinct()
    same = reduce(and_, [col(c) == col(f"@meets{i}") for i, c in enumerate(link.columns)])
    joined = tree.join(keys, same, "left")
    kept = {c: F.when(col("@meets0").isNotNull(), col(c)) for c in link.columns}
    return joined.withColumns(kept).drop(*keys.columns)


def _without_children(child: DataFrame, before: DataFrame, after: DataFrame, link: ForeignKey) -> DataFrame:
    """The rows but those that refer to a row that was left out."""
    names = [f"@lost{i}" for i in range(len(link.columns))]
    there, still = (
        df.select(*[col(c).alias(n) for c, n in zip(link.parent_columns, names, strict=True)]) for df in (before, after)
    )
    same = reduce(and_, [col(c) == col(n) for c, n in zip(link.columns, names, strict=True)])
    return child.join(there.join(still, names, "left_anti"), same, "left_anti")


def _named(found: Mapping[str, list[Violation]]) -> list[Violation]:
    """All violations; where several tables have some, their columns are named with the table."""
    if len(found) == 1:
        return next(iter(found.values()))
    return [
        Violation(f"{table}.{v.column}", v.value, v.bound, v.rows)
        for table, violations in found.items()
        for v in violations
    ]
