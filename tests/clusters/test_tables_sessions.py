"""What one session writes, another one and the ``spark-sql`` command read, and the other way round."""

import os
import pathlib
import subprocess
import sys

import pyspark
import pytest

from tests.clusters.test_hive_concurrency import TOOLS, whole_table
from tests.helpers.metastore import Failed

READ = """
from synthohive_spark import read_table, write_table
def rows(name):
    return sorted(list(row) for row in read_table(spark, name).collect())
"""
FAKE_ENGINE = """
from pyspark import cloudpickle
from synthohive_spark.engine.table.registry import ENGINES
from tests.helpers import fake_engine
ENGINES["fake"] = (fake_engine.__name__, "MarginalEngine")
cloudpickle.register_pickle_by_value(fake_engine)
"""


def test_a_session_reads_what_others_have_done_to_a_table_since_it_read_it(two_sessions, shared):
    writer, reader = two_sessions
    made = """
        CREATE TABLE {0}.stored (id INT, k INT) STORED AS ORC;
        CREATE TABLE {0}.used (id INT, k INT) USING orc;
        CREATE TABLE {0}.parted (id INT, k INT) USING orc PARTITIONED BY (k);
        INSERT INTO {0}.stored VALUES (1, 1); INSERT INTO {0}.used VALUES (1, 1); INSERT INTO {0}.parted VALUES (1, 1)
    """
    sql = "for text in {!r}.split(';'):\n    spark.sql(text)"
    writer.run(sql.format(made.format(shared)))
    names = [f"{shared}.stored", f"{shared}.used", f"{shared}.parted"]
    look = READ + f"answer = [rows(name) for name in {names!r}]"
    assert reader.run(look) == [[[1, 1]]] * 3
    for words, after in (("INTO", [[1, 1], [2, 1]]), ("OVERWRITE", [[2, 1]])):
        writer.run(sql.format(";".join(f"INSERT {words} {name} VALUES (2, 1)" for name in names)))
        assert reader.run(look) == [after] * 3
    for i in (3, 4):  # after the second one, the folder that the reader knows is gone
        overwrite = f"write_table(spark.sql('SELECT {i} AS id, 1 AS k'), name, format='orc', mode='overwrite')"
        writer.run(READ + f"for name in {names!r}:\n    {overwrite}")
    assert reader.run(look) == [[[4, 1]]] * 3
    writer.run(READ + f"for name in {names!r}:\n    {overwrite.replace('SELECT 4', 'SELECT 5')}")
    append = "write_table(spark.sql('SELECT 6 AS id, 1 AS k'), name, format='orc', mode='append')"
    reader.run(READ + f"for name in {names!r}:\n    {append}")
    assert writer.run(look) == [[[5, 1], [6, 1]]] * 3
    reader.run(f"spark.table('{shared}.used').count()")
    writer.run(f"spark.sql('ALTER TABLE {shared}.used ADD COLUMNS (word STRING)')")
    jobs = f"""
spark.sparkContext.setJobGroup("reading", "")
answer = [read_table(spark, "{shared}.used").columns]
answer.append(len(spark.sparkContext.statusTracker().getJobIdsForGroup("reading")))
"""
    assert reader.run(READ + jobs) == [["id", "k", "word"], 0]


def spark_sql(metastore, statements, folder):
    """What the ``spark-sql`` command prints."""
    settings = {
        "spark.master": "local[1]",
        "spark.ui.enabled": "false",
        "spark.driver.memory": "1g",
        "spark.hadoop.hive.metastore.uris": f"thrift://127.0.0.1:{metastore.port}",
        "spark.sql.warehouse.dir": f"file:{metastore.root}/warehouse",
        "spark.sql.shuffle.partitions": "1",
    }
    flags = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    command = [pathlib.Path(pyspark.__file__).parent / "bin" / "spark-sql", *flags, "-e", statements]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_the_spark_sql_command_reads_what_is_written_and_makes_what_is_read(metastore, two_sessions, shared, tmp_path):
    writer, reader = two_sessions
    formats = {"o": "'orc'", "p": "'parquet'", "q": "'orc', partition_by=['k']"}
    for name, how in formats.items():
        writer.run(TOOLS + f"write_table(frame(7, 9), '{shared}.{name}', format={how})")
    asked = "SELECT '{0}', k, count(*), sum(id), min(version) FROM {0} GROUP BY k ORDER BY k;"
    printed = spark_sql(
        metastore,
        f"""
        USE {shared};
        {" ".join(map(asked.format, formats))}
        CREATE TABLE txt (id BIGINT, word STRING) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' STORED AS TEXTFILE;
        INSERT INTO txt SELECT id, concat('w', id % 3) FROM range(60);
        CREATE EXTERNAL TABLE ext (id BIGINT, word STRING) STORED AS PARQUET LOCATION '{tmp_path}/ext';
        INSERT INTO ext SELECT * FROM txt WHERE id < 6;
        CREATE VIEW seen AS SELECT * FROM txt WHERE id < 50;
        """,
        tmp_path,
    )
    sums = [["0", "3", "9", "7"], ["1", "3", "12", "7"], ["2", "3", "15", "7"]]
    assert [line for line in printed if line[0] in formats] == [[name, *line] for name in formats for line in sums]
    words = [[i, f"w{i % 3}"] for i in range(60)]
    look = READ + f"answer = rows('{shared}.txt'), rows('{shared}.ext'), rows('{shared}.seen')"
    assert reader.run(look) == [words, words[:6], words[:50]]
    fit = f"""
from synthohive_spark import Metadata, Synthesizer
synthesizer = Synthesizer(Metadata().add_table("t"), spark, engine="fake", progress=False)
synthesizer.fit({{"t": "{shared}.seen"}}, seed=1, epochs=1)
write_table(synthesizer.sample({{"t": 20}}, seed=1)["t"], "{shared}.made", format="orc")
"""
    reader.run(READ + FAKE_ENGINE + fit)
    made = writer.run(READ + f"answer = rows('{shared}.made')")
    assert len(made) == 20 and {word for _, word in made} <= {"w0", "w1", "w2"}
    assert all(0 <= number < 50 for number, _ in made)


@pytest.mark.parametrize("mode", ["errorifexists", "overwrite"])
def test_of_two_who_write_a_delta_table_at_once_one_is_told(two_sessions, shared, tmp_path, mode):
    name, go = f"{shared}.t", tmp_path / "go"
    if mode == "overwrite":
        two_sessions[0].run(TOOLS + f"write_table(frame(0, 300), {name!r})")
    for version, session in enumerate(two_sessions, 1):
        begun = str(tmp_path / f"begun{version}")
        session.start(TOOLS + f"write_table(waiting({version}, {begun!r}, {str(go)!r}, 300), {name!r}, mode={mode!r})")
    for version, session in enumerate(two_sessions, 1):
        session.wait_for(tmp_path / f"begun{version}")
    go.touch()
    lost = []
    for version, session in enumerate(two_sessions, 1):
        try:
            session.result()
        except Failed as failed:
            lost.append((version, failed.error, failed.message))
    ((version, error, message),) = lost
    assert error == "SynthoHiveError"
    assert message == (
        f"table {name} was not written: another writer committed to it meanwhile, whose rows are in place; write it "
        f"once more if these are wanted instead"
    )
    held = TOOLS + f"answer = held({name!r})"
    assert two_sessions[0].run(held) == two_sessions[1].run(held) == whole_table(3 - version, 300)
    two_sessions[version - 1].run(TOOLS + f"write_table(frame({version}, 300), {name!r}, mode='overwrite')")
    assert two_sessions[0].run(held) == whole_table(version, 300)
