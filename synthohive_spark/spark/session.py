"""The session that there is; or one of its own for one machine: Delta, Hive and a metastore below one folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.sql import SparkSession

from synthohive_spark.errors import SynthoHiveError
from synthohive_spark.model_directory.storage import local_folder
from synthohive_spark.spark.interpreter import this_interpreter
from synthohive_spark.spark.start_errors import did_not_start, start_error


def active_session(spark: SparkSession | None, *, app_name: str | None = None) -> SparkSession:
    """The session that was given, else the active one, else one that Spark's configuration describes.

    Args:
        spark: The session, if there is one.
        app_name: The application's name, if one has to be started.

    Raises:
        SynthoHiveError: If the JVM does not start.
    """
    session = spark or SparkSession.getActiveSession()
    if session is not None:
        return session
    builder = SparkSession.builder if app_name is None else SparkSession.builder.appName(app_name)
    try:
        return builder.getOrCreate()
    except Exception as error:
        if did_not_start(error):
            raise start_error(error, builder._options) from error
        raise


def embedded_session(
    folder: str | os.PathLike[str], *, app_name: str = "synthohive", conf: Mapping[str, str] | None = None
) -> SparkSession:
    """Start, or get, a session on this machine that reads and writes Delta and Hive tables below ``folder``.

    It runs two tasks at a time, without Spark's web pages, and its metastore is an embedded Derby database, which one
    process at a time can open. The first start fetches Delta's jars; sessions of a user start one after another, since
    two that fetch them at once both fail. Workers run this Python, unless `PYSPARK_PYTHON`
    names another one that fits; the environment is left as it is.

    Args:
        folder: Where the warehouse, the metastore and temporary files go; made if it is not there.
        app_name: The application's name.
        conf: Settings that are added to, or replace, these.

    Raises:
        SynthoHiveError: If the folder cannot be written, or Spark does not start: what is missing, and the way out.
    """
    root = _writable(folder)
    java = f"-Dderby.system.home={root}/metastore -Dderby.stream.error.file={root}/metastore/derby.log"
    settings = {
        "spark.master": "local[2]",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": f"{root}/warehouse",
        "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:;databaseName=metastore_db;create=true",
        "spark.driver.extraJavaOptions": java,
        "spark.driver.memory": "3g",
        "spark.local.dir": f"{root}/tmp",
        "spark.sql.shuffle.partitions": "4",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        **(conf or {}),
    }
    builder = _with_delta(SparkSession.builder.appName(app_name)).enableHiveSupport()
    for key, value in settings.items():
        builder = builder.config(key, value)
    with this_interpreter(), _one_start_at_a_time():
        try:
            return builder.getOrCreate()
        except Exception as error:
            raise start_error(error, builder._options) from error


def _writable(folder: str | os.PathLike[str]) -> str:
    root = local_folder(folder, "an embedded session")
    try:
        for name in ("warehouse", "metastore", "tmp"):
            os.makedirs(os.path.join(root, name), exist_ok=True)
            tempfile.TemporaryFile(dir=os.path.join(root, name)).close()
    except OSError as error:
        raise SynthoHiveError(f"the session's folder {root!r} cannot be written ({error}); name another one") from error
    return root


@contextmanager
def _one_start_at_a_time() -> Iterator[None]:
    import fcntl  # noqa: PLC0415  (Unix alone has it)

    path = os.path.join(tempfile.gettempdir(), f"synthohive-start-{os.getuid()}.lock")
    lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _with_delta(builder: SparkSession.Builder) -> SparkSession.Builder:
    try:
        from delta import configure_spark_with_delta_pip  # noqa: PLC0415  (delta-spark is an extra)
    except ImportError as error:
        raise SynthoHiveError(
            "an embedded session needs delta-spark: install this package with its extra 'spark'"
        ) from error
    return configure_spark_with_delta_pip(builder)
