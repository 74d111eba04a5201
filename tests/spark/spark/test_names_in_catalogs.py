"""Names that need backticks, in catalogs that allow them: a second Delta catalog, and a database of Derby's."""

import os

import pytest
from typer.testing import CliRunner

from synthohive_spark import Metadata, SchemaError, Synthesizer, read_table, write_table
from synthohive_spark.declarations.names import TableName
from synthohive_spark.jobs import app

ODD = "c.d`e-f"


@pytest.fixture(scope="module")
def dev(spark):
    """The catalog ``dev-catalog``, which has the databases of the session's own."""
    spark.conf.set("spark.sql.catalog.dev-catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    catalogs = spark._jsparkSession.sessionState().catalogManager()
    catalogs.catalog("dev-catalog").setDelegateCatalog(catalogs.v2SessionCatalog())
    return "dev-catalog"


@pytest.fixture(scope="module")
def derby(spark, tmp_path_factory):
    """The catalog ``jdbc-cat``, whose database ``sh-op`` allows any name."""
    setting = "spark.sql.catalog.jdbc-cat"
    spark.conf.set(setting, "org.apache.spark.sql.execution.datasources.v2.jdbc.JDBCTableCatalog")
    spark.conf.set(f"{setting}.url", f"jdbc:derby:{tmp_path_factory.mktemp('derby')}/db;create=true")
    spark.conf.set(f"{setting}.driver", "org.apache.derby.iapi.jdbc.AutoloadedDriver")
    spark.sql("CREATE DATABASE `jdbc-cat`.`sh-op`")
    spark.sql("CREATE TABLE `jdbc-cat`.`sh-op`.people (id INT, word STRING)")
    spark.sql("INSERT INTO `jdbc-cat`.`sh-op`.people SELECT INT(id), STRING(id % 3) FROM range(100)")
    return "`jdbc-cat`.`sh-op`"


@pytest.fixture
def odd(spark, derby):
    """A table whose name has a dot, a backtick and a hyphen."""
    name = TableName.parse(["jdbc-cat", "sh-op", ODD])
    spark.sql(f"CREATE TABLE {name.quoted} (id INT)")
    spark.sql(f"INSERT INTO {name.quoted} VALUES (7)")
    yield name
    spark.sql(f"DROP TABLE {name.quoted}")


def ids(spark, name):
    return sorted(row.id for row in read_table(spark, name).collect())


def test_any_name_that_a_catalog_allows_is_read(spark, derby, odd):
    assert ids(spark, ["jdbc-cat", "sh-op", ODD]) == [7]
    assert ids(spark, f"{derby}.`c.d``e-f`") == [7]
    with pytest.raises(SchemaError, match=r"table `jdbc-cat`.`sh-op`.`c.d``e` does not exist"):
        read_table(spark, f"{derby}.`c.d``e`")
    with pytest.raises(SchemaError, match="`jdbc-cat`.`sh-op`.`c.d``e-f` is of a kind that its catalog does not name"):
        write_table(spark.range(3), odd.parts, mode="overwrite")


def test_sql_in_a_name_is_a_name(spark, database):
    write_table(spark.range(3), f"{database}.t")
    for part in (f"x` ; DROP TABLE {database}.t; --", f"t`; DELETE FROM {database}.t; --", "t' OR '1'='1", "*", "t|u"):
        with pytest.raises(SchemaError, match="does not exist"):
            read_table(spark, [database, part])
        with pytest.raises(SchemaError, match="cannot be made in the catalog spark_catalog"):
            write_table(spark.range(3), [database, part])
    assert ids(spark, f"{database}.t") == [0, 1, 2]


def test_what_the_sessions_own_catalog_refuses_is_refused_before_a_row_is_written(spark, database):
    for name in (f"{database}.`a-b`", ["spark_catalog", "data-base", "t"]):
        with pytest.raises(SchemaError, match="hold only ASCII letters, digits and underscores; choose such a name"):
            write_table(spark.range(3), name)
    location = spark.sql(f"DESCRIBE DATABASE {database}").where("info_name = 'Location'").first().info_value
    assert not os.path.exists(f"{location.removeprefix('file:')}/a-b")


@pytest.mark.parametrize("how", ["quoted", "parts"])
def test_a_catalog_with_a_hyphen_is_written_in_every_mode(spark, dev, database, how):
    name = f"`{dev}`.{database}.t" if how == "quoted" else [dev, database, "t"]
    write_table(spark.range(3), name)
    write_table(spark.range(5, 6), name, mode="append")
    assert ids(spark, name) == [0, 1, 2, 5]
    write_table(spark.range(8, 9), name, mode="overwrite")
    assert ids(spark, name) == ids(spark, f"{database}.t") == [8]
    with pytest.raises(SchemaError, match=f"table `{dev}`.{database}.t exists already"):
        write_table(spark.range(3), name)


def test_a_database_of_such_a_name_is_proposed_learned_drawn_written_and_compared(
    spark, dev, derby, database, fake_engine, tmp_path
):
    proposed = Metadata.from_database(spark, derby)
    assert list(proposed.tables) == ["people"]
    declared = Metadata().add_table("people", pk="id")
    learned = Synthesizer(declared, spark, engine=fake_engine, progress=False).fit(derby, seed=1, epochs=1)
    with pytest.raises(SchemaError, match="database `jdbc-cat`.`SH-OP` is where the real tables were read from"):
        learned.save_to_hive(learned.sample({"people": 20}, seed=1), ["jdbc-cat", "SH-OP"], overwrite=True)
    learned.save(tmp_path / "model")
    again = Synthesizer.load(tmp_path / "model", spark)
    with pytest.raises(SchemaError, match="is where the real tables were read from"):
        again.save_to_hive(again.sample({"people": 20}, seed=1), "`sh-op`", overwrite=True)
    target = f"`{dev}`.{database}"
    again.save_to_hive(again.sample({"people": 20}, seed=1), target)
    assert read_table(spark, f"{database}.people").count() == 20
    report = again.generate_validation_report(
        {"people": ["jdbc-cat", "sh-op", "people"]}, {"people": f"{target}.people"}
    )
    assert [(table.rows_real, table.rows_synthetic) for table in report.tables] == [(100, 20)]


def test_a_table_that_has_no_plain_name_is_given_one(spark, derby, odd, fake_engine):
    with pytest.raises(SchemaError, match=r"has a table 'c.d`e-f', .* give a mapping instead, such as .*`c.d``e-f`"):
        Metadata.from_database(spark, derby)
    with pytest.raises(SchemaError, match="a table is declared under ASCII letters, digits and underscores"):
        Metadata().add_table("`c-d`")
    with pytest.raises(SchemaError, match="must be named without its database"):
        Metadata().add_table("shop.people")


def test_the_command_line_takes_quoted_names(spark, dev, database, fake_engine, tmp_path):
    write_table(spark.range(60).selectExpr("id", "STRING(id % 3) AS k"), f"{database}.real")
    model, name = str(tmp_path / "model"), f"`{dev}`.{database}"
    fit = ["fit", "--table", f"{name}.real", "--model", model, "--engine", fake_engine, "--param", "epochs=1"]
    job = tmp_path / "job.yaml"
    job.write_text(f"sample:\n  model: {model}\n  rows: 9\n  output_table: '{name}.made'\n")
    for arguments in (fit, ["sample", "--job", str(job)]):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
    assert read_table(spark, f"{database}.made").count() == 9
    bad = CliRunner().invoke(app, ["fit", "--table", f"{name}-x.real", "--model", model])
    assert bad.exit_code == 2 and "put backticks round a part with anything else" in bad.output
