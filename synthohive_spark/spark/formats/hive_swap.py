"""How what is staged is put in the place of a table: by changes of the metastore that move no files."""

from __future__ import annotations

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from synthohive_spark.errors import SchemaError, SynthoHiveError
from synthohive_spark.logs import get_logger
from synthohive_spark.spark.catalog import (
    TableInfo,
    default_folder,
    first_line,
    literal,
    same_path,
    table_exists,
    table_info,
    table_location,
    table_properties,
)
from synthohive_spark.spark.formats.hive_marks import Mark
from synthohive_spark.spark.formats.hive_stages import (
    discard,
    if_there,
    is_version,
    keep_folder,
    make_folder,
    move,
    put_in_place,
    rename,
    version_folder,
)

_PREVIOUS = "synthohive.previous.location"
_ATTEMPTS = 20
_log = get_logger(__name__)


def put_new(spark: SparkSession, staged: Mark) -> None:
    """Give what is staged its name.

    Raises:
        SchemaError: If there is a table of that name by now, or a folder in its place.
    """
    if put_in_place(spark, staged):
        return
    if table_exists(spark, staged.target):
        raise SchemaError(
            f"table {staged.target} has been made by another writer meanwhile; choose mode 'append' or 'overwrite', or "
            f"another name"
        )
    raise _dropped(staged)


def swap_files(spark: SparkSession, staged: Mark, there: TableInfo) -> None:
    """Let an unpartitioned table refer to the staged files, in one change of the metastore.

    The files of the version before stay for those who are reading them; those of the version before that go. Files in
    the table's default folder go at once, since after a DROP they would be in the way of another table of this name;
    files anywhere else stay.

    Raises:
        SchemaError: If the table has been dropped or changed since it was looked at.
    """
    folder, current = _folder(spark, staged), table_info(spark, there.name)
    if current is None or current.definition != there.definition:
        became = "dropped" if current is None else "changed"
        raise SchemaError(f"table {there.name} was {became} while its rows were staged; write it once more")
    earlier = table_properties(spark, there.name).get(_PREVIOUS, "")
    # From here on the new files belong to no table, so that nobody who drops this stage can drop them.
    nothing = f"{version_folder(folder)}/nothing"
    make_folder(spark, there.name, nothing)
    move(spark, staged.table, nothing)
    if is_version(current.location):
        spark.sql(f"ALTER TABLE {there.name.quoted} SET TBLPROPERTIES ('{_PREVIOUS}' = {literal(current.location)})")
    move(spark, there.name, folder)
    doomed = version_folder(earlier) if is_version(earlier) and earlier != current.location else ""
    if current.managed and same_path(current.location, default_folder(spark, there.name)):
        doomed = current.location
    discard(spark, staged.table, doomed)
    if_there(lambda: spark.sql(f"REFRESH TABLE {there.name.quoted}"))


def swap_names(spark: SparkSession, staged: Mark, there: TableInfo) -> None:
    """Put what is staged in the place of a partitioned table, by two renames, between which the name is absent.

    Where other writers do the same, each goes on until its own table was in place once.

    Raises:
        SchemaError: If the table has become another one since it was looked at; it stays.
        SynthoHiveError: If others keep replacing the table.
    """
    folder = _folder(spark, staged)
    for _ in range(_ATTEMPTS):
        aside = staged.set_aside()
        try:
            if rename(spark, there.name, aside.table):
                _require_same(spark, aside, there)
            done = rename(spark, staged.table, there.name)
        except SchemaError:
            raise
        except BaseException:
            _finish(spark, staged)
            raise
        if done:
            keep_folder(spark, there.name, there.provider, folder)
        if table_exists(spark, aside.table):
            keep_folder(spark, aside.table, there.provider, there.location)
            discard(spark, aside.table)
        if done or not table_exists(spark, staged.table):  # or a reader took this process for dead, and finished
            if_there(lambda: spark.sql(f"REFRESH TABLE {there.name.quoted}"))
            return
    raise SynthoHiveError(f"table {there.name} was not written: other writers keep replacing it; write it once more")


def _folder(spark: SparkSession, staged: Mark) -> str:
    folder = table_location(spark, staged.table)
    if folder is None:
        raise _dropped(staged)
    return folder


def _dropped(staged: Mark) -> SynthoHiveError:
    return SynthoHiveError(f"table {staged.target} was not written: its stage {staged.table} was dropped meanwhile")


def _require_same(spark: SparkSession, aside: Mark, there: TableInfo) -> None:
    """Check what was set aside, which nobody else can change any more."""
    found = table_info(spark, aside.table)
    if found is None or found.definition == there.definition:
        return
    kept = f"it is kept as {aside.table}"
    if rename(spark, aside.table, there.name):
        keep_folder(spark, there.name, there.provider, there.location)
        kept = "it is kept"
    raise SchemaError(f"table {there.name} was changed while its rows were staged; {kept}; write it once more")


def _finish(spark: SparkSession, staged: Mark) -> None:
    """After an error, or Ctrl-C: leave no table without its name if that can be helped."""
    try:
        if not table_exists(spark, staged.target):
            put_in_place(spark, staged)
    except (PySparkException, Py4JError, SynthoHiveError) as error:
        _log.warning("interrupted_overwrite", table=str(staged.target), reason=first_line(error))
