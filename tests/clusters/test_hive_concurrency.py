"""Readers and writers in processes of their own, on one metastore."""

import json
import re
import threading

import pytest

from tests.helpers.metastore import Failed

ROWS = 600_000
KINDS = [("orc", []), ("parquet", ["k"])]

# A frame that says that it is being written, and whose last partition waits for a file; and what a table holds.
TOOLS = f"""
import pathlib
import pandas
from pyspark.sql import functions as F
from synthohive_spark import read_table, write_table
from synthohive_spark.spark.formats import hive_stages, hive_swap

def frame(version, rows={ROWS}):
    return spark.range(0, rows, 1, 4).select("id", F.lit(version).alias("version"), (F.col("id") % 3).alias("k"))

def waiting(version, begun, go, rows={ROWS}):
    limit = 150
    @F.pandas_udf("bigint")
    def wait(ids: pandas.Series) -> pandas.Series:
        import pathlib, time
        if ids.iloc[0] >= rows * 3 // 4:
            pathlib.Path(begun).touch()
            deadline = time.monotonic() + limit
            while not pathlib.Path(go).exists():
                assert time.monotonic() < deadline, "nobody said go"
                time.sleep(0.02)
        return ids
    return frame(version, rows).withColumn("id", wait("id"))

def held(name):
    counted = read_table(spark, name).groupBy("version").agg(F.count("*").alias("n"), F.countDistinct("id").alias("d"))
    return sorted([r.version, r.n, r.d] for r in counted.collect())

def tables(database):
    return [r.tableName for r in spark.sql(f"SHOW TABLES IN {{database}}").collect()]
"""


def whole_table(version, rows=ROWS):
    return [[version, rows, rows]]


@pytest.mark.parametrize(("format", "partition_by"), KINDS)
def test_a_reader_beside_an_overwrite_harms_nothing(two_sessions, shared, tmp_path, format, partition_by):
    writer, reader = two_sessions
    name, begun, go = f"{shared}.t", tmp_path / "begun", tmp_path / "go"
    how = f"format={format!r}, partition_by={partition_by!r}"
    writer.run(TOOLS + f"write_table(frame(0), {name!r}, {how})")
    overwrite = f"write_table(waiting(1, {str(begun)!r}, {str(go)!r}), {name!r}, {how}, mode='overwrite')"
    writer.start(TOOLS + overwrite)
    writer.wait_for(begun)
    while_staged = reader.run(TOOLS + f"answer = [held({name!r}) for _ in range(3)], tables({shared!r})")
    assert while_staged[0] == [whole_table(0)] * 3
    assert len(while_staged[1]) == 2  # the table, and what is being staged
    go.touch()
    seen = []
    done = threading.Thread(target=lambda: seen.append(writer.result()))
    done.start()
    while done.is_alive():
        try:
            assert reader.run(TOOLS + f"answer = held({name!r})") in (whole_table(0), whole_table(1))
        except Failed as failed:  # a query on the version that was dropped meanwhile, or between the two renames
            assert partition_by and re.search("FILE|TABLE_OR_VIEW_NOT_FOUND", failed.message), failed
    done.join()
    assert seen == [None]
    assert reader.run(TOOLS + f"answer = held({name!r}), tables({shared!r})") == [whole_table(1), ["t"]]


@pytest.mark.parametrize(("format", "partition_by"), KINDS)
def test_two_writers_at_once_end_in_one_whole_table(two_sessions, shared, tmp_path, format, partition_by):
    name, go, rows = f"{shared}.t", tmp_path / "go", 60_000
    how = f"format={format!r}, partition_by={partition_by!r}"
    two_sessions[0].run(TOOLS + f"write_table(frame(0, {rows}), {name!r}, {how})")
    for version, session in enumerate(two_sessions, 1):
        begun = str(tmp_path / f"begun{version}")
        rows_of = f"waiting({version}, {begun!r}, {str(go)!r}, {rows})"
        session.start(TOOLS + f"write_table({rows_of}, {name!r}, {how}, mode='overwrite')")
    for version, session in enumerate(two_sessions, 1):
        session.wait_for(tmp_path / f"begun{version}")
    go.touch()
    for session in two_sessions:
        session.result()
    held, tables = two_sessions[0].run(TOOLS + f"answer = held({name!r}), tables({shared!r})")
    assert held in (whole_table(1, rows), whole_table(2, rows)) and tables == ["t"]
    assert two_sessions[1].run(TOOLS + f"answer = held({name!r})") == held


@pytest.mark.parametrize(("format", "partition_by"), KINDS)
def test_writers_that_keep_overwriting_each_other(two_sessions, shared, format, partition_by):
    name, how = f"{shared}.t", f"format={format!r}, partition_by={partition_by!r}"
    two_sessions[0].run(TOOLS + f"write_table(frame(0, 300), {name!r}, {how})")
    for start, session in zip((100, 200), two_sessions, strict=True):
        body = f"for i in range(6):\n    write_table(frame({start} + i, 300), {name!r}, {how}, mode='overwrite')\n"
        session.start(TOOLS + body)
    for session in two_sessions:
        session.result()
    held, tables = two_sessions[0].run(TOOLS + f"answer = held({name!r}), tables({shared!r})")
    assert held in (whole_table(105, 300), whole_table(205, 300)) and tables == ["t"]


def test_of_two_who_make_a_table_one_is_told(two_sessions, shared, tmp_path):
    name, go = f"{shared}.t", tmp_path / "go"
    for version, session in enumerate(two_sessions, 1):
        begun = str(tmp_path / f"begun{version}")
        session.start(TOOLS + f"write_table(waiting({version}, {begun!r}, {str(go)!r}, 300), {name!r}, format='orc')")
    for version, session in enumerate(two_sessions, 1):
        session.wait_for(tmp_path / f"begun{version}")
    go.touch()
    errors = []
    for session in two_sessions:
        try:
            session.result()
        except Failed as failed:
            errors.append(failed)
    assert [(e.error, "made by another writer meanwhile" in e.message) for e in errors] == [("SchemaError", True)]
    held, tables = two_sessions[0].run(TOOLS + f"answer = held({name!r}), tables({shared!r})")
    assert held in (whole_table(1, 300), whole_table(2, 300)) and tables == ["t"]


@pytest.fixture(scope="module")
def killed_writer(metastore, two_sessions, tmp_path_factory):
    """A database in which one process was killed while it staged two tables, and after the first rename of a third."""
    folder, database = tmp_path_factory.mktemp("killed"), "killed_writer"
    kept = [("staged_orc", []), ("staged_parquet", ["k"]), ("between_orc", ["k"])]
    made = "\n".join(
        f"write_table(frame(0, 300), '{database}.{name}', format={name.split('_')[1]!r}, partition_by={by!r})"
        for name, by in kept
    )
    two_sessions[0].run(TOOLS + f"spark.sql('CREATE DATABASE {database}')\n{made}")
    begun = [str(folder / name) for name in ("staged_orc", "staged_parquet")]
    waiting = ", ".join(f"waiting(1, {path!r}, {str(folder / 'never')!r}, 300)" for path in begun)
    overwrite = f"""
import os, signal, threading, time
def overwrite(rows, name, by):
    write_table(rows, "{database}." + name, format=name.split("_")[1], partition_by=by, mode="overwrite")
rename = hive_swap.rename
def die(*arguments):
    for rows, (name, by) in zip(({waiting}), {kept[:2]!r}):
        threading.Thread(target=overwrite, args=(rows, name, by), daemon=True).start()
    deadline = time.monotonic() + 150
    while not all(pathlib.Path(path).exists() for path in {begun!r}):
        assert time.monotonic() < deadline, "nothing was staged"
        time.sleep(0.02)
    rename(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
hive_swap.rename = die
overwrite(frame(1, 300), *{kept[2]!r})
"""
    killed = metastore.session("killed")
    killed.start(TOOLS + overwrite)
    killed.died()
    yield database
    two_sessions[0].run(f"spark.sql('DROP DATABASE {database} CASCADE')")


def start_of(tables, name):
    return [table for table in tables if table.startswith(name)]


@pytest.mark.parametrize(("format", "partition_by"), KINDS)
def test_what_a_killed_writer_staged_is_cleared_by_the_next_writer(two_sessions, killed_writer, format, partition_by):
    reader, table = two_sessions[0], f"staged_{format}"
    name, how = f"{killed_writer}.{table}", f"format={format!r}, partition_by={partition_by!r}"
    held, tables = reader.run(TOOLS + f"answer = held({name!r}), tables({killed_writer!r})")
    assert held == whole_table(0, 300)
    assert len(start_of(tables, table)) == 2  # a reader drops nothing
    write = f"write_table(frame(2, 300), {name!r}, {how}, mode='overwrite')"
    held, tables = reader.run(TOOLS + f"{write}\nanswer = held({name!r}), tables({killed_writer!r})")
    assert held == whole_table(2, 300) and start_of(tables, table) == [table]


def test_a_writer_killed_between_two_renames_is_finished_by_the_next_reader(two_sessions, killed_writer):
    reader, table = two_sessions[0], "between_orc"
    name, how = f"{killed_writer}.{table}", "format='orc', partition_by=['k']"
    left = start_of(reader.run(TOOLS + f"answer = tables({killed_writer!r})"), table)
    assert table not in left and len(left) == 2
    held, tables = reader.run(TOOLS + f"answer = held({name!r}), tables({killed_writer!r})")
    assert held == whole_table(1, 300)
    assert len(start_of(tables, table)) == 2  # the table, and the version that was set aside
    write = f"write_table(frame(2, 300), {name!r}, {how}, mode='overwrite')"
    held, tables = reader.run(TOOLS + f"{write}\nanswer = held({name!r}), tables({killed_writer!r})")
    assert held == whole_table(2, 300) and start_of(tables, table) == [table]


def test_a_reader_waits_for_a_writer_between_two_renames(two_sessions, shared, tmp_path):
    writer, reader = two_sessions
    name, how = f"{shared}.t", "format='parquet', partition_by=['k']"
    between, polled = str(tmp_path / "between"), str(tmp_path / "polled")
    writer.run(TOOLS + f"write_table(frame(0, 300), {name!r}, {how})")
    pause = f"""
import time
rename, renamed = hive_swap.rename, []
def pause(*arguments):
    done = rename(*arguments)
    renamed.append(done)
    if len(renamed) == 1:
        pathlib.Path({between!r}).touch()
        deadline = time.monotonic() + 150
        while not pathlib.Path({polled!r}).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
    return done
hive_swap.rename = pause
try:
    write_table(frame(1, 300), {name!r}, {how}, mode="overwrite")
finally:
    hive_swap.rename = rename
"""
    writer.start(TOOLS + pause)
    writer.wait_for(tmp_path / "between")
    poll = f"""
class Clock:
    monotonic = staticmethod(hive_stages.time.monotonic)
    @staticmethod
    def sleep(seconds):
        pathlib.Path({polled!r}).touch()
real, hive_stages.time = hive_stages.time, Clock
try:
    answer = held({name!r})
finally:
    hive_stages.time = real
"""
    assert reader.run(TOOLS + poll) == whole_table(1, 300)
    writer.result()
    assert json.dumps(reader.run(TOOLS + f"answer = tables({shared!r})")) == '["t"]'
