"""Tables that hold what is not in place yet: staged, counted, and cleared away where a writer left them.

A stage is a managed table beside its target, under a name that carries its owner's mark, whose rows lie in a folder of
its own. As long as it is there, nothing else refers to that folder, so dropping a stage harms no other table.
Readers only ever call `mend`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from synthohive_spark.declarations.names import TableName
from synthohive_spark.errors import SchemaError, SynthoHiveError
from synthohive_spark.logs import get_logger
from synthohive_spark.spark.catalog import (
    first_line,
    is_missing,
    literal,
    table_exists,
    table_info,
    table_location,
    tables_like,
)
from synthohive_spark.spark.formats.hive_marks import SUFFIX, Mark

PATIENCE = 30.0  # seconds to wait for a writer that may be alive
_PAUSE = 0.1
_ATTEMPTS = 5
# Beneath the stage's default folder: a rename moves the files of a table that lies in its default folder, and does so
# after the metastore's commit, so that a reader in between would find none.
_ROWS = "/rows"
_VERSION = re.compile(rf".*/[^/]*{SUFFIX}new_[^/]*{_ROWS}")
_Result = TypeVar("_Result")
_log = get_logger(__name__)


def is_version(location: str) -> bool:
    """Whether a location is one that a stage was given."""
    return _VERSION.fullmatch(location) is not None


def version_folder(location: str) -> str:
    """The whole folder that was made for the rows at ``location``, which `is_version`."""
    return location.removesuffix(_ROWS)


@contextmanager
def stage(
    rows: DataFrame, target: TableName, make: Callable[[TableName], object], *, partitioned: bool
) -> Iterator[Mark]:
    """Stage ``rows`` beside ``target``; the stage is dropped if that fails, or what is done with it.

    Args:
        rows: In the order of the table's columns; evaluated once.
        target: The table that they are for.
        make: Makes the empty stage, a managed table, under the name that it is given.
        partitioned: Whether the stage is.

    Yields:
        The mark of the stage, all rows of which are there.

    Raises:
        SynthoHiveError: If other rows are staged than were written.
    """
    spark, mark = rows.sparkSession, Mark.own(target)
    try:
        make(mark.table)
        _place(spark, mark, partitioned=partitioned)
        _fill(rows, mark)
        yield mark
    except BaseException:
        _abandon(spark, mark)
        raise


def mend(spark: SparkSession, target: TableName) -> None:
    """Give ``target``, which is absent, its name back if a writer died between two renames; else do nothing.

    Only a complete stage ever has a version set aside beside it, so what is staged goes in place. A writer that may
    be alive is waited for.

    Args:
        spark: The session.
        target: A table that is not there.

    Raises:
        SynthoHiveError: If the table is still absent after 30 seconds.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        pair = next(iter(_pairs(spark, target)), None)
        if pair is None or table_exists(spark, target):
            return
        new, old = pair
        if old.left_over:
            _log.warning("interrupted_overwrite_finished", table=str(target), writer=str(old))
            put_in_place(spark, new)
        elif time.monotonic() > deadline:
            raise SynthoHiveError(
                f"table {target} is being replaced by {old}, and is not there yet: try again; if that process is gone, "
                f"the table is mended 10 minutes after that time, or by ALTER TABLE {new.table} RENAME TO {target}"
            )
        else:
            time.sleep(_PAUSE)


def with_target(spark: SparkSession, target: TableName, do: Callable[[], _Result]) -> _Result:
    """What ``do()`` returns, which needs ``target``; while other writers have it between two renames, wait for it."""
    for _ in range(_ATTEMPTS):
        try:
            return do()
        except PySparkException as error:
            if not is_missing(error):
                raise
            mend(spark, target)
            if not table_exists(spark, target):
                raise
    return do()


def clear(spark: SparkSession, target: TableName) -> None:
    """Drop what writers that are gone have left beside ``target``; what cannot be dropped is logged, and stays."""
    waiting = set() if table_exists(spark, target) else {mark for pair in _pairs(spark, target) for mark in pair}
    for mark in _beside(spark, target):
        if mark.left_over and mark not in waiting:
            _log.warning("left_over_dropped", table=str(mark.table), writer=str(mark))
            discard(spark, mark.table)


def discard(spark: SparkSession, table: TableName, folder: str = "") -> None:
    """Drop a managed table beside a target with its whole folder, or with ``folder`` in the place of that.

    A failure is logged, and no more: another write can do it later.
    """
    try:
        location = table_location(spark, table)
        if location is None:
            return
        if not folder and is_version(location):
            folder = version_folder(location)
        if folder:
            _redirect(spark, table, folder)
        spark.sql(f"DROP TABLE IF EXISTS {table.quoted}")
    except (PySparkException, Py4JError, SynthoHiveError) as error:
        _log.warning("not_dropped", table=str(table), reason=first_line(error))


def rename(spark: SparkSession, source: TableName, target: TableName) -> bool:
    """Rename a table.

    Returns:
        Whether it was renamed; not if another process was faster, so that ``source`` is gone or ``target`` there.

    Raises:
        SchemaError: If a folder lies in the default place of ``target``.
    """
    for attempt in range(_ATTEMPTS):
        try:
            spark.sql(f"ALTER TABLE {source.quoted} RENAME TO {target.quoted}")
        except PySparkException as error:
            if error.getCondition() == "LOCATION_ALREADY_EXISTS":
                raise SchemaError(
                    f"table {target} cannot be made: {first_line(error)}; remove that folder if nothing needs it, or "
                    f"choose another name"
                ) from error
            if table_exists(spark, target) or not table_exists(spark, source):
                return False
            if attempt + 1 == _ATTEMPTS:  # until then, what was in the way may just have been taken away
                raise
        else:
            return True
    return False


def put_in_place(spark: SparkSession, staged: Mark) -> bool:
    """Rename what is staged; see `rename`."""
    stage = table_info(spark, staged.table)
    renamed = rename(spark, staged.table, staged.target)
    if renamed and stage is not None:
        keep_folder(spark, staged.target, stage.provider, stage.location)
    return renamed


def keep_folder(spark: SparkSession, table: TableName, provider: str, folder: str) -> None:
    """Let a table of Spark's own kind refer to its folder after a rename, which takes for granted that it moved.

    Its partitions refer to their folders themselves, so it can be read until then.
    """
    if provider != "hive" and is_version(folder):
        if_there(lambda: move(spark, table, folder))


def if_there(do: Callable[[], object]) -> None:
    """Do something to a table that another writer may have taken away meanwhile."""
    try:
        do()
    except PySparkException as error:
        if not is_missing(error):
            raise


def move(spark: SparkSession, table: TableName, folder: str) -> None:
    """Let a table refer to another folder."""
    spark.sql(f"ALTER TABLE {table.quoted} SET LOCATION {literal(folder)}")


def make_folder(spark: SparkSession, beside: TableName, folder: str) -> None:
    """Make a folder by SQL alone: an external table makes its folder, and leaves it when dropped."""
    maker = Mark.own(beside).table
    spark.sql(f"CREATE TABLE {maker.quoted} (nothing INT) STORED AS ORC LOCATION {literal(folder)}")
    spark.sql(f"DROP TABLE {maker.quoted}")


def _redirect(spark: SparkSession, table: TableName, folder: str) -> None:
    """Let a table that is to be dropped refer to a folder that may not be there any more."""
    try:
        move(spark, table, folder)
    except PySparkException as error:
        # Spark tells the metastore first, and looks for the folder then.
        if error.getCondition() != "PATH_NOT_FOUND":
            raise


def _place(spark: SparkSession, mark: Mark, *, partitioned: bool) -> None:
    folder = f"{table_location(spark, mark.table)}{_ROWS}"
    if not partitioned:  # Spark looks for the folder of an unpartitioned table
        make_folder(spark, mark.target, folder)
    move(spark, mark.table, folder)


def _fill(rows: DataFrame, mark: Mark) -> None:
    observation = Observation()
    rows.observe(observation, F.count(F.lit(1)).alias("rows")).write.insertInto(mark.table.quoted)
    written, staged = observation.get["rows"], rows.sparkSession.table(mark.table.quoted).count()
    if written != staged:
        raise SynthoHiveError(
            f"table {mark.target} was not written: of {written} rows {staged} are staged; something else changes files "
            f"in its database's folder"
        )


def _beside(spark: SparkSession, target: TableName) -> list[Mark]:
    marks = (Mark.of(table, target) for table in tables_like(spark, target, SUFFIX))
    return [mark for mark in marks if mark is not None]


def _pairs(spark: SparkSession, target: TableName) -> list[tuple[Mark, Mark]]:
    """What was staged and what was set aside, for each write that has both; the latest first."""
    marks = _beside(spark, target)
    staged = {mark.id: mark for mark in marks if mark.kind == "new"}
    pairs = [(staged[mark.id], mark) for mark in marks if mark.kind == "old" and mark.id in staged]
    return sorted(pairs, key=lambda pair: pair[1].since, reverse=True)


def _abandon(spark: SparkSession, mark: Mark) -> None:
    """Drop a stage that is of no use, unless its target is absent and can be mended with it."""
    try:
        needed = mark in {new for new, _ in _pairs(spark, mark.target)} and not table_exists(spark, mark.target)
    except (PySparkException, Py4JError, SynthoHiveError) as error:
        _log.warning("not_dropped", table=str(mark.table), reason=first_line(error))
        return
    if not needed:
        discard(spark, mark.table)
