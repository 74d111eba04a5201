"""Which metastore the session has, and whether it answers."""

from __future__ import annotations

import os
import re
import socket
from xml.etree import ElementTree

from pyspark.sql import SparkSession

from synthohive_spark.doctor.delta import delta_problem
from synthohive_spark.doctor.finding import MEND, OK, WARNING, Finding
from synthohive_spark.doctor.session import setting
from synthohive_spark.spark.catalog import first_line

_URIS = "hive.metastore.uris"
_SERVER = re.compile(r"thrift://\[?([^\],/]+?)\]?:(\d+)")
_PATIENCE = 5.0  # seconds that a server may take to accept a connection


def check_metastore(spark: SparkSession) -> Finding:
    """In-memory, embedded, a server that answers, or whatever the platform has."""
    kind = setting(spark, "spark.sql.catalogImplementation")
    if kind == "in-memory":
        return Finding(
            WARNING,
            "metastore",
            "in memory: tables are forgotten when the session ends; set spark.sql.catalogImplementation=hive, or use "
            "--local",
        )
    uris = setting(spark, f"spark.hadoop.{_URIS}") or _from_hive_site()
    servers = _SERVER.findall(uris)
    silent = [f"{host}:{port}" for host, port in servers if not _answers(host, int(port))]
    if servers and len(silent) == len(servers):
        return Finding(
            MEND,
            "metastore",
            f"nobody answers at {', '.join(silent)}; start the server, or correct {_URIS} (now {uris})",
        )
    own = kind != "hive" or "DATABRICKS_RUNTIME_VERSION" in os.environ
    which = f"Hive server {uris}" if uris else "the platform's own" if own else "embedded, for one process at a time"
    try:
        spark.catalog.databaseExists("default")
    except Exception as error:
        why = delta_problem(error) or f"it does not answer ({first_line(error)}); see its log"
        return Finding(MEND, "metastore", f"{which}: {why}")
    return Finding(OK, "metastore", which)


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=_PATIENCE).close()
    except OSError:
        return False
    return True


def _from_hive_site() -> str:
    """The servers that a hive-site.xml names where Spark looks for one; empty where none does."""
    homes = [os.environ.get("SPARK_CONF_DIR"), os.path.join(os.environ.get("SPARK_HOME", ""), "conf")]
    for folder in [*homes, os.environ.get("HADOOP_CONF_DIR")]:
        path = os.path.join(folder or "", "hive-site.xml")
        if folder and os.path.exists(path):
            for entry in ElementTree.parse(path).getroot().iter("property"):
                if (entry.findtext("name") or "").strip() == _URIS:
                    return (entry.findtext("value") or "").strip()
    return ""
