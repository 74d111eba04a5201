"""The session that there is; or one of its own for one machine: Delta, Hive and a metastore below one folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from pyspark.sql import SparkSession


def active_session(spark: SparkSession | None) -> SparkSession:
    """The session that was given, else the active one, else one that Spark's configuration describes."""
    return spark or SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()


def embedded_session(
    folder: str | os.PathLike[str], *, app_name: str = "synthohive", conf: Mapping[str, str] | None = None
) -> SparkSession:
    """Start, or get, a session on this machine that reads and writes Delta and Hive tables below ``folder``.

    It runs two tasks at a time, without Spark's web pages, and its metastore is an embedded Derby database, which one
    process at a time can open. The first start fetches Delta's jars.

    Args:
        folder: Where the warehouse, the metastore and temporary files go; made if it is not there.
        app_name: The application's name.
        conf: Settings that are added to, or replace, these.
    """
    from delta import configure_spark_with_delta_pip  # noqa: PLC0415  (delta-spark is an extra)

    root = os.path.abspath(folder)
    for name in ("warehouse", "metastore", "tmp"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
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
    builder = SparkSession.builder.appName(app_name)
    for key, value in settings.items():
        builder = builder.config(key, value)
    return configure_spark_with_delta_pip(builder).enableHiveSupport().getOrCreate()
