import os
import signal
import subprocess
import sys
import textwrap

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
    from synthohive_spark import read_table, write_table
    from synthohive_spark.spark.session import embedded_session
    folder, step = sys.argv[1:]
    spark = embedded_session(folder)
    if step == "read":
        print("ROWS", sorted(r.id for r in read_table(spark, "default.t").collect()))
        write_table(spark.range(20, 22), "default.t", mode="overwrite")
        print("AFTER", sorted(r.id for r in read_table(spark, "default.t").collect()))
        sys.exit()
    write_table(spark.range(3), "default.t")
    pid = os.getpid()
    @__import__("pyspark").sql.functions.udf("bigint")
    def die(i):
        if i >= 104:
            os.kill(pid, signal.SIGKILL)
        return i
    write_table(spark.range(100, 200, 1, 8).select(die("id").alias("id")), "default.t", mode="overwrite")
"""


def test_killing_the_process_in_an_overwrite_leaves_the_old_rows(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(KILLED))
    command = [sys.executable, str(script), str(tmp_path / "spark")]
    killed = subprocess.run([*command, "kill"], capture_output=True, text=True, env={**os.environ, "TZ": "UTC"})
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    read = subprocess.run([*command, "read"], capture_output=True, text=True)
    assert "ROWS [0, 1, 2]\nAFTER [20, 21]" in read.stdout, read.stderr[-2000:]
