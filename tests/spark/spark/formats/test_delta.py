import os
import signal
import subprocess
import sys
import textwrap

import pytest

from synthohive_spark import read_table, write_table
from synthohive_spark.spark.formats import hive_stages


def test_any_column_name_is_held(spark, database):
    rows = spark.sql("SELECT 1 AS `a b`, 2 AS `c,d`, 3 AS `e``f`")
    write_table(rows, f"{database}.t")
    assert read_table(spark, f"{database}.t").collect() == rows.collect()


def test_nothing_of_hive_is_looked_for(spark, database, monkeypatch):
    name = f"{database}.t"
    write_table(spark.range(3), name)

    def looked(*_):
        raise AssertionError("stages of Hive tables were looked for")

    monkeypatch.setattr(hive_stages, "tables_like", looked)
    write_table(spark.range(5), name, mode="overwrite")
    write_table(spark.range(2), name, mode="append")
    assert read_table(spark, name).count() == 7


KILLED = """
    import os, signal, sys
    from synthohive_spark import write_table
    from synthohive_spark.spark.session import embedded_session
    spark = embedded_session(sys.argv[1])
    write_table(spark.range(3), "default.t")
    pid = os.getpid()
    @__import__("pyspark").sql.functions.udf("bigint")
    def die(i):
        if i >= 104:
            os.kill(pid, signal.SIGKILL)
        return i
    write_table(spark.range(100, 200, 1, 8).select(die("id").alias("id")), "default.t", mode="overwrite")
"""


@pytest.mark.long
def test_killing_the_process_in_an_overwrite_leaves_the_old_rows(spark, database, tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)]
    killed = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TZ": "UTC"}, cwd=tmp_path)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    name = f"{database}.left"
    spark.sql(f"CREATE TABLE {name} USING delta LOCATION '{tmp_path}/warehouse/t'")
    assert sorted(row.id for row in read_table(spark, name).collect()) == [0, 1, 2]
    write_table(spark.range(20, 22), name, mode="overwrite")
    assert sorted(row.id for row in read_table(spark, name).collect()) == [20, 21]
