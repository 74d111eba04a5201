import pytest

from synthohive_spark import SchemaError, SynthoHiveError, read_table, write_table
from synthohive_spark.declarations.names import TableName
from synthohive_spark.spark.catalog import table_info
from synthohive_spark.spark.formats.registry import format_name

FORMATS = ["delta", "orc", "parquet"]


def ids(spark, name):
    return sorted(row.id for row in read_table(spark, name).collect())


def frame(spark, start, end):
    return spark.range(start, end).selectExpr("id", "CAST(id % 3 AS STRING) AS k")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("partition_by", [[], ["k"]])
def test_create_append_and_overwrite(spark, database, format, partition_by):
    name = f"{database}.t"
    write_table(frame(spark, 0, 5), name, format=format, partition_by=partition_by)
    assert ids(spark, name) == [0, 1, 2, 3, 4]
    write_table(frame(spark, 5, 7).select("k", "id"), name, format=format, mode="append")
    assert ids(spark, name) == list(range(7))
    for start in (10, 20, 30):
        write_table(frame(spark, start, start + 3), name, format=format, mode="overwrite")
        assert ids(spark, name) == [start, start + 1, start + 2]
    write_table(frame(spark, 50, 51), name, format=format, mode="append")
    assert ids(spark, name) == [30, 31, 32, 50]
    assert format_name(table_info(spark, TableName.parse(name))) == format
    assert [row.tableName for row in spark.sql(f"SHOW TABLES IN {database}").collect()] == ["t"]


@pytest.mark.parametrize("format", FORMATS)
def test_overwriting_a_table_with_its_own_rows(spark, database, format):
    name = f"{database}.t"
    write_table(frame(spark, 0, 5), name, format=format)
    write_table(read_table(spark, name).where("id > 2"), name, format=format, mode="overwrite")
    assert ids(spark, name) == [3, 4]


@pytest.mark.parametrize("format", FORMATS)
def test_types_and_lengths_survive(spark, database, format, all_types):
    rows = all_types.drop(*{"delta": [], "parquet": ["tn"], "orc": ["tn", "back`tick"]}[format])
    write_table(rows, f"{database}.t", format=format)
    there = read_table(spark, f"{database}.t")
    assert [(f.name, f.dataType, f.metadata) for f in there.schema] == [
        (f.name, f.dataType, f.metadata) for f in rows.schema
    ]
    assert sorted(map(str, there.toArrow().to_pylist())) == sorted(map(str, rows.toArrow().to_pylist()))


def test_existing_tables_are_kept_unless_told(spark, database):
    write_table(frame(spark, 0, 2), f"{database}.t")
    with pytest.raises(SchemaError, match="exists already; choose mode 'append' or 'overwrite'"):
        write_table(frame(spark, 5, 6), f"{database}.t")
    assert ids(spark, f"{database}.t") == [0, 1]


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_views_and_other_providers_are_never_replaced(spark, database, mode):
    spark.sql(f"CREATE VIEW {database}.v AS SELECT 1L AS id, 'a' AS k")
    with pytest.raises(SchemaError, match="is a view, which is never replaced"):
        write_table(frame(spark, 0, 1), f"{database}.v", mode=mode)
    write_table(frame(spark, 0, 2), f"{database}.t", format="orc")
    with pytest.raises(SchemaError, match="is stored as orc, not delta; give format='orc'"):
        write_table(frame(spark, 5, 6), f"{database}.t", mode=mode)
    write_table(frame(spark, 0, 2), f"{database}.d", format="delta")
    with pytest.raises(SchemaError, match="is stored as delta, not orc"):
        write_table(frame(spark, 5, 6), f"{database}.d", format="orc", mode=mode)
    assert ids(spark, f"{database}.v") == [1] and ids(spark, f"{database}.t") == [0, 1]


@pytest.mark.parametrize("mode", ["append", "overwrite"])
@pytest.mark.parametrize("format", FORMATS)
def test_another_schema_is_an_error_that_shows_the_difference(spark, database, mode, format):
    write_table(frame(spark, 0, 2), f"{database}.t", format=format)
    rows = spark.sql("SELECT 'x' AS id, 1 AS more")
    with pytest.raises(SchemaError) as error:
        write_table(rows, f"{database}.t", format=format, mode=mode)
    assert "'id' is bigint in the table and string in the rows" in str(error.value)
    assert "'k' is in the table and not in the rows" in str(error.value)
    assert "'more' is in the rows and not in the table" in str(error.value)


@pytest.mark.parametrize("format", FORMATS)
def test_another_partitioning_than_the_tables_is_an_error(spark, database, format):
    write_table(frame(spark, 0, 2), f"{database}.t", format=format, partition_by=["k"])
    write_table(frame(spark, 5, 7), f"{database}.t", format=format, mode="overwrite", partition_by=["k"])
    write_table(frame(spark, 0, 2), f"{database}.plain", format=format)
    with pytest.raises(SchemaError, match=r"partitioned by \[\], not by \['k'\]; leave partition_by out"):
        write_table(frame(spark, 5, 6), f"{database}.plain", format=format, mode="overwrite", partition_by=["k"])
    assert ids(spark, f"{database}.t") == [5, 6] and ids(spark, f"{database}.plain") == [0, 1]


@pytest.mark.parametrize("name", ["db\n", "a;drop table x", "a`b", "", "a.b.c.d", "a b", "tä", "a..b", None])
def test_names_are_refused_before_spark_is_touched(name):
    with pytest.raises(SchemaError, match="table name"):
        read_table(None, name)
    with pytest.raises(SchemaError, match="table name"):
        write_table(None, name)


def test_arguments_that_are_wrong(spark, database):
    for arguments, message in (
        ({"format": "csv"}, "format must be one of 'delta', 'orc', 'parquet', got 'csv'"),
        ({"mode": "replace"}, "mode must be one of"),
        ({"partition_by": "k"}, "partition_by must be a list"),
        ({"partition_by": ["nope"]}, "partition_by names column 'nope'"),
    ):
        with pytest.raises(SchemaError, match=message):
            write_table(frame(spark, 0, 1), f"{database}.t", **arguments)
    with pytest.raises(SchemaError, match="does not exist"):
        read_table(spark, f"{database}.nope")
    with pytest.raises(SynthoHiveError, match="no_such_database"):
        write_table(frame(spark, 0, 1), "no_such_database.t")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("partition_by", [[], ["k"]])
def test_a_failing_write_leaves_what_was_there(spark, database, format, partition_by):
    name = f"{database}.t"
    broken = spark.range(5).selectExpr("id", "IF(id = 4, raise_error('no'), 'a') AS k")
    with pytest.raises(SynthoHiveError, match=f"table {name} could not be written as {format}"):
        write_table(broken, name, format=format, partition_by=partition_by)
    assert not spark.catalog.tableExists(name)
    write_table(frame(spark, 0, 3), name, format=format, partition_by=partition_by)
    with pytest.raises(SynthoHiveError, match="could not be written"):
        write_table(broken, name, format=format, mode="overwrite")
    assert ids(spark, name) == [0, 1, 2]


def test_a_view_of_a_table_that_is_gone_is_neither_read_nor_replaced(spark, database):
    spark.sql(f"CREATE TABLE {database}.gone (id BIGINT) USING parquet")
    spark.sql(f"CREATE VIEW {database}.v AS SELECT id FROM {database}.gone")
    spark.sql(f"DROP TABLE {database}.gone")
    with pytest.raises(SchemaError, match=rf"table {database}.v cannot be read: .*gone.*cannot be found"):
        read_table(spark, f"{database}.v")
    for format in FORMATS:
        with pytest.raises(SynthoHiveError, match=rf"table {database}.v cannot be looked up: .*gone"):
            write_table(spark.range(3), f"{database}.v", format=format, mode="overwrite")
    assert spark.catalog.tableExists(f"{database}.v")


@pytest.mark.parametrize("format", FORMATS)
def test_names_that_differ_only_in_case_are_refused(spark, database, format):
    for names in ("id, id AS ID, id AS w", "id AS W, id AS w"):
        with pytest.raises(SchemaError, match=r"cannot be written: its columns '(id|W)' and '(ID|w)' differ at most"):
            write_table(spark.range(3).selectExpr(*names.split(", ")), f"{database}.t", format=format)
    assert not spark.catalog.tableExists(f"{database}.t")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("partition_by", [[], ["k"]])
def test_a_frame_without_rows_makes_an_empty_table_and_empties_one(spark, database, format, partition_by):
    name, nothing = f"{database}.t", frame(spark, 0, 0)
    write_table(nothing, name, format=format, partition_by=partition_by)
    assert read_table(spark, name).schema.simpleString() == "struct<id:bigint,k:string>" and ids(spark, name) == []
    write_table(frame(spark, 0, 3), name, format=format, mode="append")
    write_table(nothing, name, format=format, mode="overwrite")
    assert ids(spark, name) == []
