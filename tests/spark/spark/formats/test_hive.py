import dataclasses
import datetime
import os
import pathlib
import subprocess
import sys

import pytest
from pyspark.sql import DataFrameWriter
from pyspark.sql import functions as F

from synthohive_spark import SchemaError, SynthoHiveError, read_table, write_table
from synthohive_spark.declarations.names import TableName
from synthohive_spark.relational.sources import open_tables
from synthohive_spark.spark.catalog import table_info, table_properties
from synthohive_spark.spark.formats import hive, hive_stages, hive_swap
from synthohive_spark.spark.formats.hive_marks import Mark

FORMATS = ["orc", "parquet"]
ODD = """`a b` BIGINT COMMENT 'it\\'s \\\\ "a", b', c CHAR(3), v VARCHAR(4), `ü.x` INT"""


def frame(spark, start, end):
    return spark.range(start, end).selectExpr("id", "CAST(id % 3 AS STRING) AS k")


def ids(spark, name):
    return sorted(row.id for row in read_table(spark, name).collect())


def tables(spark, database):
    return sorted(row.tableName for row in spark.sql(f"SHOW TABLES IN {database}").collect())


def info(spark, name):
    return table_info(spark, TableName.parse(name))


def folder(spark, database):
    row = spark.sql(f"DESCRIBE DATABASE {database}").where("info_name = 'Location'").first()
    return pathlib.Path(row.info_value.removeprefix("file:"))


@pytest.fixture(scope="module")
def gone():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("format", FORMATS)
def test_a_type_the_format_cannot_hold(spark, database, format):
    rows = spark.sql("SELECT 1 AS id, timestamp_ntz'2024-01-01' AS seen")
    with pytest.raises(SchemaError, match=r"cannot hold 'seen' \(timestamp_ntz\).*cast.*format='delta'"):
        write_table(rows, f"{database}.t", format=format)


def test_a_name_whose_values_orc_would_lose(spark, database):
    rows = spark.sql("SELECT 1 AS `a``b`")
    with pytest.raises(SchemaError, match="backtick in its name: 'a`b'; rename it, or write with format='parquet'"):
        write_table(rows, f"{database}.t", format="orc")
    write_table(rows, f"{database}.t", format="parquet")
    assert read_table(spark, f"{database}.t").collect() == rows.collect()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("partition_by", [[], ["k"]])
def test_a_dropped_table_can_be_written_again(spark, database, format, partition_by):
    name = f"{database}.t"
    for _ in range(2):
        write_table(frame(spark, 0, 5), name, format=format, partition_by=partition_by)
        for start in (10, 20, 30):
            write_table(frame(spark, start, start + 2), name, format=format, mode="overwrite")
        assert ids(spark, name) == [30, 31]
        spark.sql(f"DROP TABLE {name}")
    assert tables(spark, database) == []
    spark.sql(f"CREATE TABLE {name} (id BIGINT) STORED AS ORC")  # nothing is in the way of other tools either
    assert ids(spark, name) == []


@pytest.mark.parametrize("made", ["STORED AS ORC", "USING orc", "PARTITIONED BY (k) STORED AS ORC"])
def test_a_table_of_another_tool_can_be_overwritten_dropped_and_written_again(spark, database, made):
    name = f"{database}.t"
    columns = "(id BIGINT, k STRING)"
    if made.startswith("PARTITIONED"):
        columns, made = "(id BIGINT) PARTITIONED BY (k STRING)", "STORED AS ORC"
    spark.sql(f"CREATE TABLE {name} {columns} {made}")
    frame(spark, 0, 3).write.insertInto(name)
    write_table(frame(spark, 5, 7), name, format="orc", mode="overwrite")
    assert ids(spark, name) == [5, 6]
    assert not (folder(spark, database) / "t").exists()
    spark.sql(f"DROP TABLE {name}")
    write_table(frame(spark, 8, 9), name, format="orc")
    assert ids(spark, name) == [8]


def test_the_version_before_stays_until_the_next_overwrite(spark, database):
    name = f"{database}.t"
    write_table(frame(spark, 0, 3), name, format="orc")
    before = read_table(spark, name)
    write_table(frame(spark, 5, 7), name, format="orc", mode="overwrite")
    assert sorted(row.id for row in before.collect()) == [0, 1, 2] and ids(spark, name) == [5, 6]
    versions = set(folder(spark, database).iterdir())
    assert len(versions) == 2
    write_table(frame(spark, 8, 9), name, format="orc", mode="overwrite")
    assert len(set(folder(spark, database).iterdir())) == 2
    assert len(versions & set(folder(spark, database).iterdir())) == 1


def test_no_folder_of_a_partitioned_table_stays(spark, database):
    name = f"{database}.t"
    write_table(frame(spark, 0, 3), name, format="orc", partition_by=["k"])
    for start in (5, 8):
        write_table(frame(spark, start, start + 2), name, format="orc", mode="overwrite")
    assert len(list(folder(spark, database).iterdir())) == 1


@pytest.mark.parametrize("kind", ["serde", "using"])
@pytest.mark.parametrize("partitioned", [True, False])
def test_an_overwrite_keeps_the_whole_definition(spark, database, kind, partitioned):
    name, partition = f"{database}.t", "`p q` STRING COMMENT 'part', `d-x` DATE"
    columns = f"({ODD}, {partition})"
    if kind == "using":
        by = "PARTITIONED BY (`p q`, `d-x`)" if partitioned else ""
        storage = f"USING orc OPTIONS ('orc.bloom.filter.columns' = 'c') {by} COMMENT 'a, \\\\b=\\'c\\''"
    else:
        columns, by = (f"({ODD})", f"PARTITIONED BY ({partition})") if partitioned else (columns, "")
        storage = f"""COMMENT 'a, \\\\b=\\'c\\'' {by}
            ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.orc.OrcSerde' WITH SERDEPROPERTIES ('ser' = '1,2')
            STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.orc.OrcInputFormat'
            OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat'"""
    properties = "'owner.team' = 'a,b=c]', 'orc.compress' = 'ZLIB', 'x y' = '\\\\'"
    spark.sql(f"CREATE TABLE {name} {columns} {storage} TBLPROPERTIES ({properties})")

    def rows(start):
        made = spark.range(start, start + 4).selectExpr(
            "id AS `a b`",
            "'ab' AS c",
            "'v' AS v",
            "1 AS `ü.x`",
            "IF(id % 2 = 0, 'x/y=z', NULL) AS `p q`",
            "DATE'2024-01-02' AS `d-x`",
        )
        for column, type_ in (("c", "char(3)"), ("v", "varchar(4)")):
            made = made.withMetadata(column, {"__CHAR_VARCHAR_TYPE_STRING": type_})
        return made

    before, kept = info(spark, name), table_properties(spark, TableName.parse(name))
    for start in (0, 10, 20):
        write_table(rows(start), name, format="orc", mode="overwrite")
    write_table(rows(30), name, format="orc", mode="append")
    after, now = info(spark, name), table_properties(spark, TableName.parse(name))
    assert (after.definition, after.managed, after.schema) == (before.definition, True, before.schema)
    assert ("Comment", "a, \\b='c'", "") in after.definition
    passing = {"transient_lastDdlTime", "synthohive.previous.location"}
    assert {k: v for k, v in now.items() if k not in passing} == {k: v for k, v in kept.items() if k not in passing}
    found = sorted(read_table(spark, name).collect())
    assert [row["a b"] for row in found] == [20, 21, 22, 23, 30, 31, 32, 33]
    assert found[0].asDict() | {"a b": 0} == {
        **{"a b": 0, "c": "ab ", "v": "v", "ü.x": 1, "p q": "x/y=z", "d-x": datetime.date(2024, 1, 2)}
    }
    assert [row["p q"] for row in found[:2]] == ["x/y=z", None]
    assert tables(spark, database) == ["t"]


def test_a_definition_that_would_be_lost_in_part_is_refused(spark, database, monkeypatch):
    name = f"{database}.t"
    write_table(frame(spark, 0, 3), name, format="orc", partition_by=["k"])
    spark.sql(f"COMMENT ON TABLE {name} IS 'orders'")
    monkeypatch.setattr(hive, "literal", lambda text: "'another'" if text == "orders" else f"'{text}'")
    with pytest.raises(SchemaError, match=rf"{name} cannot be overwritten.*would lose Comment orders; drop the table"):
        write_table(frame(spark, 5, 7), name, format="orc", mode="overwrite")
    assert ids(spark, name) == [0, 1, 2] and tables(spark, database) == ["t"]


@pytest.mark.parametrize("columns", ["(id BIGINT, k STRING)", "(id BIGINT) PARTITIONED BY (k STRING)"])
def test_an_external_table_is_appended_to_and_never_overwritten(spark, database, tmp_path, columns):
    name = f"{database}.t"
    spark.sql(f"CREATE EXTERNAL TABLE {name} {columns} STORED AS PARQUET LOCATION '{tmp_path}/theirs'")
    write_table(frame(spark, 0, 3), name, format="parquet", mode="append")
    before = info(spark, name)
    with pytest.raises(SchemaError, match=rf"{name} is external.*theirs cannot be replaced in one step: append to it"):
        write_table(frame(spark, 5, 7), name, format="parquet", mode="overwrite")
    assert info(spark, name) == before and ids(spark, name) == [0, 1, 2]
    spark.sql(f"DROP TABLE {name}")
    write_table(frame(spark, 5, 7), name, format="parquet")
    assert ids(spark, name) == [5, 6] and list((tmp_path / "theirs").iterdir())


@pytest.mark.parametrize("early", [True, False])
def test_a_folder_in_the_way_is_named(spark, database, early, monkeypatch):
    name, stranger = f"{database}.t", folder(spark, database) / "t"
    stranger.mkdir(parents=True)
    (stranger / "of_somebody").touch()
    if not early:  # it came after the check
        monkeypatch.setattr(hive, "_require_free", lambda *_: None)
    with pytest.raises(SchemaError, match=rf"{name} cannot be made: .*{stranger}.*remove"):
        write_table(frame(spark, 0, 3), name, format="orc")
    assert (stranger / "of_somebody").exists() and tables(spark, database) == []
    (stranger / "of_somebody").unlink()
    stranger.rmdir()
    write_table(frame(spark, 0, 3), name, format="orc")
    assert ids(spark, name) == [0, 1, 2]


@pytest.mark.parametrize("partition_by", [[], ["k"]])
def test_what_is_staged_is_counted(spark, database, partition_by, monkeypatch):
    name = f"{database}.t"
    write_table(frame(spark, 0, 3), name, format="orc", partition_by=partition_by)
    insert = DataFrameWriter.insertInto

    def lossy(writer, table, *arguments):
        insert(writer, table, *arguments)
        next((folder(spark, database) / table.split("`")[-2]).glob("rows/**/*.orc")).unlink()

    monkeypatch.setattr(DataFrameWriter, "insertInto", lossy)
    rows = spark.range(100, 108, 1, 4).selectExpr("id", "CAST(id % 3 AS STRING) AS k")
    with pytest.raises(SynthoHiveError, match=rf"table {name} was not written: of 8 rows \d are staged"):
        write_table(rows, name, format="orc", mode="overwrite")
    assert ids(spark, name) == [0, 1, 2] and tables(spark, database) == ["t"]


def test_rows_are_evaluated_once(spark, database):
    name = f"{database}.t"
    rows = spark.range(1000).select(F.col("id"), F.rand().alias("r"))
    write_table(rows, name, format="orc")
    write_table(rows.sample(0.5), name, format="orc", mode="overwrite")
    found = read_table(spark, name)
    assert found.count() == found.select("id").distinct().count() > 0


def pair(spark, database, process, aside=datetime.timedelta(0)):
    """A partitioned table whose writer is between the two renames, made by hand."""
    name = TableName.parse(f"{database}.t")
    mark = dataclasses.replace(Mark.own(name), process=process)
    write_table(frame(spark, 0, 3), str(name), format="orc", partition_by=["k"])
    write_table(frame(spark, 5, 7), str(mark.table), format="orc", partition_by=["k"])
    old = dataclasses.replace(mark.set_aside(), since=mark.since - aside)
    spark.sql(f"ALTER TABLE {name} RENAME TO {old.table}")
    return mark, old


def test_a_swap_whose_writer_is_gone_is_finished_by_whoever_comes_next(spark, database, gone):
    mark, old = pair(spark, database, gone)
    assert ids(spark, f"{database}.t") == [5, 6]
    assert tables(spark, database) == ["t", old.table.table]  # a reader drops nothing
    write_table(frame(spark, 8, 9), f"{database}.t", format="orc", mode="append")
    assert tables(spark, database) == ["t", old.table.table]
    write_table(frame(spark, 10, 11), f"{database}.t", format="orc", mode="overwrite")
    assert ids(spark, f"{database}.t") == [10] and tables(spark, database) == ["t"]


def test_a_writer_finishes_the_swap_of_another_before_it_says_that_the_table_exists(spark, database, gone):
    pair(spark, database, gone)
    with pytest.raises(SchemaError, match="exists already"):
        write_table(frame(spark, 8, 9), f"{database}.t")  # as Delta, which never replaces it either
    assert ids(spark, f"{database}.t") == [5, 6]


def test_a_swap_whose_writer_may_be_alive_is_left_alone(spark, database, monkeypatch):
    mark, old = pair(spark, database, os.getpid())
    monkeypatch.setattr(hive_stages, "PATIENCE", 0.0)
    with pytest.raises(SynthoHiveError, match=rf"is being replaced by process {os.getpid()} of this machine, since"):
        read_table(spark, f"{database}.t")
    assert tables(spark, database) == sorted([mark.table.table, old.table.table])
    assert not spark.catalog.tableExists(f"{database}.t")


def test_a_swap_that_takes_longer_than_its_age_is_finished(spark, database):
    pair(spark, database, os.getpid(), aside=datetime.timedelta(minutes=11))
    assert ids(spark, f"{database}.t") == [5, 6]


def test_a_table_that_was_dropped_does_not_come_back(spark, database, gone):
    mark, old = pair(spark, database, gone)
    assert ids(spark, f"{database}.t") == [5, 6]
    spark.sql(f"DROP TABLE {database}.t")
    with pytest.raises(SchemaError, match="does not exist"):
        read_table(spark, f"{database}.t")
    write_table(frame(spark, 8, 9), f"{database}.t", format="orc")
    assert ids(spark, f"{database}.t") == [8] and tables(spark, database) == ["t"]


@pytest.mark.parametrize("partition_by", [[], ["k"]])
def test_only_what_is_left_over_is_cleared(spark, database, gone, partition_by):
    name = TableName.parse(f"{database}.t")
    write_table(frame(spark, 0, 3), str(name), format="orc", partition_by=partition_by)
    own = Mark.own(name)
    marks = {
        "alive": own,
        "dead": dataclasses.replace(own, id="00000001", process=gone),
        "elsewhere": dataclasses.replace(own, id="00000002", machine="ffffffff", process=gone),
        "ancient": dataclasses.replace(
            own, id="00000003", machine="ffffffff", since=own.since - datetime.timedelta(days=8)
        ),
    }
    for mark in marks.values():
        write_table(frame(spark, 90, 95), str(mark.table), format="orc", partition_by=partition_by)
    spark.sql(f"CREATE TABLE {name}__synthohive_new (id INT) STORED AS ORC")  # of somebody who likes the name
    read_table(spark, str(name)).count()
    assert len(tables(spark, database)) == 6
    assert sorted(open_tables(spark, database, None)) == ["t", "t__synthohive_new"]
    write_table(frame(spark, 5, 7), str(name), format="orc", mode="overwrite")
    kept = [marks["alive"].table.table, marks["elsewhere"].table.table, "t", "t__synthohive_new"]
    assert tables(spark, database) == sorted(kept)
    assert ids(spark, str(name)) == [5, 6]


@pytest.mark.parametrize("partition_by", [[], ["k"]])
@pytest.mark.parametrize(
    ("meanwhile", "message"),
    [("ALTER TABLE {0} ADD COLUMNS (more INT)", "was changed while"), ("DROP TABLE {0}", "was dropped while")],
)
def test_a_table_that_changes_while_rows_are_staged_is_not_replaced(
    spark, database, partition_by, meanwhile, message, monkeypatch
):
    name = f"{database}.t"
    write_table(frame(spark, 0, 3), name, format="orc", partition_by=partition_by)
    monkeypatch.setattr(hive, "clear", lambda *_: spark.sql(meanwhile.format(name)))
    if partition_by and "DROP" in meanwhile:  # as it would be if another writer were between its renames
        write_table(frame(spark, 5, 7), name, format="orc", mode="overwrite")
        assert ids(spark, name) == [5, 6]
        return
    with pytest.raises(SchemaError, match=message):
        write_table(frame(spark, 5, 7), name, format="orc", mode="overwrite")
    if "DROP" not in meanwhile:
        assert ids(spark, name) == [0, 1, 2] and "more" in read_table(spark, name).columns
    assert tables(spark, database) == ([] if "DROP" in meanwhile else ["t"])


def test_a_view_that_takes_the_name_while_rows_are_staged_is_not_replaced(spark, database, monkeypatch):
    name = f"{database}.t"

    def view(*_):
        spark.sql(f"CREATE VIEW {name} AS SELECT 1L AS id, 'a' AS k")

    monkeypatch.setattr(hive, "clear", view)
    with pytest.raises(SchemaError, match="has been made by another writer meanwhile"):
        write_table(frame(spark, 5, 7), name, format="orc")
    assert ids(spark, name) == [1] and tables(spark, database) == ["t"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError("metastore")])
def test_an_interrupt_between_the_renames_leaves_the_name(spark, database, error, monkeypatch):
    name = f"{database}.t"
    write_table(frame(spark, 0, 3), name, format="orc", partition_by=["k"])

    def interrupt(*_):
        raise error

    monkeypatch.setattr(hive_swap, "_require_same", interrupt)
    with pytest.raises(KeyboardInterrupt if error is KeyboardInterrupt else RuntimeError):
        write_table(frame(spark, 5, 7), name, format="orc", mode="overwrite")
    assert ids(spark, name) == [5, 6]
