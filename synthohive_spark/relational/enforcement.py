"""Constraints of a whole batch of tables: every violation is collected before anything is done about one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import and_, or_

from pyspark.sql import DataFrame

from synthohive_spark.declarations.declarations import Declarations
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.violations import Violation, violation_error, violation_text
from synthohive_spark.engine.sampling.constraints import DRAWS
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
        raise violation_error(named, f"{broken:,} rows remain after {DRAWS} draws of each")
    _log.warning("constraint_violations", violations=violation_text(named), rows_left_out=broken)
    return _without_orphans(valid, metadata, set(found))


def _without_orphans(frames: Mapping[str, DataFrame], metadata: Declarations, shrunk: set[str]) -> dict[str, DataFrame]:
    """The tables without rows that refer to rows that were left out."""
    made, left = dict(frames), set(shrunk)
    links = [(n, link) for n in made for link in metadata.table(n).fk if link.parent in made and link.parent != n]
    for _ in range(len(made)):
        now, left = left, set()
        for name, link in links:
            if link.parent in now:
                made[name] = _meeting(made[name], made[link.parent], link)
                left.add(name)
    return made


def _meeting(child: DataFrame, parent: DataFrame, link: ForeignKey) -> DataFrame:
    """The rows whose key is null or meets a row of the other table."""
    keys = parent.select(*[col(c).alias(f"@meets{i}") for i, c in enumerate(link.parent_columns)]).distinct()
    here = [col(c) for c in link.columns]
    same = reduce(and_, [c == col(f"@meets{i}") for i, c in enumerate(here)])
    joined = child.join(keys, same, "left")
    return joined.where(reduce(or_, [c.isNull() for c in here]) | col("@meets0").isNotNull()).drop(*keys.columns)


def _named(found: Mapping[str, list[Violation]]) -> list[Violation]:
    """All violations; where several tables have some, their columns are named with the table."""
    if len(found) == 1:
        return next(iter(found.values()))
    return [
        Violation(f"{table}.{v.column}", v.value, v.bound, v.rows)
        for table, violations in found.items()
        for v in violations
    ]
