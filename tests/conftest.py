import datetime
import functools
import itertools
import os
import shutil
import tempfile
from decimal import Decimal

import pytest
import structlog

# Before torch and numpy are imported, here and in the processes that tests start: threads that spin while they wait for
# a processor make a fit on a busy machine several times slower than one thread does.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")

_databases = itertools.count()
ENGINES = ("ctgan", "autoregressive")
ALL_TYPES = """
    i8 TINYINT, i16 SMALLINT, i32 INT, i64 BIGINT NOT NULL, f32 FLOAT, f64 DOUBLE, d10 DECIMAL(10,2), d38 DECIMAL(38,6),
    flag BOOLEAN, word STRING NOT NULL, v VARCHAR(8), c CHAR(3), day DATE, ts TIMESTAMP, tn TIMESTAMP_NTZ NOT NULL,
    nothing INT, fixed STRING, `dots.and spaces` INT, `back``tick` STRING, name STRING
"""


@pytest.fixture(autouse=True)
def unconfigured_structlog():
    """As it was: who captures its logs leaves it configured, and then nothing goes to the standard library any more."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def spark():
    """One session for all tests, in a zone that has daylight saving."""
    from synthohive_spark.spark.session import embedded_session

    folder = tempfile.mkdtemp(prefix="synthohive-tests-")
    os.environ["TZ"] = "America/New_York"
    conf = {
        "spark.sql.session.timeZone": "America/New_York",
        "spark.sql.artifact.isolation.enabled": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",  # as from Spark 4.2 on
        "spark.sql.codegen.wholeStage": "false",  # compiling a plan takes longer than running it on a few hundred rows
    }
    session = embedded_session(folder, conf=conf)
    yield session
    session.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(spark):
    """A database of its own."""
    name = f"db{next(_databases)}"
    spark.sql(f"CREATE DATABASE {name}")
    yield name
    spark.sql(f"DROP DATABASE {name} CASCADE")


@pytest.fixture(scope="module")
def fake_engine():
    """The name of an engine that fits in no time and draws columns that have nothing to do with each other."""
    from pyspark import cloudpickle

    from synthohive_spark.engine.table.registry import ENGINES
    from tests.helpers import fake_engine

    ENGINES[fake_engine.MarginalEngine.name] = (fake_engine.__name__, "MarginalEngine")
    cloudpickle.register_pickle_by_value(fake_engine)  # workers do not have the tests
    yield fake_engine.MarginalEngine.name
    cloudpickle.unregister_pickle_by_value(fake_engine)
    del ENGINES[fake_engine.MarginalEngine.name]


def _row(i):
    def some(value, every):
        return None if i % every == 0 else value

    return (
        some(i % 100 - 50, 7),
        some(i * 3, 11),
        some(i * 1000, 5),
        2**53 + i,
        some(i / 8, 6),
        float("nan") if i % 9 == 0 else i / 7,
        some(Decimal(i * 37) / 100, 8),
        some(Decimal("12345678901234567890.123456") + i, 10),
        some(i % 3 == 0, 13),
        "ABCD"[i % 4] * 2,
        some(f"v{i % 6}", 9),
        f"{'xyz'[i % 3]}",
        some(datetime.date(1, 1, 1) + datetime.timedelta(days=i * 1000), 12),
        # Across the hour that daylight saving leaves out in the tests' zone.
        some(datetime.datetime(2024, 3, 10, 5, tzinfo=datetime.UTC) + datetime.timedelta(minutes=i), 14),
        datetime.datetime(2024, 3, 10, 1, 30) + datetime.timedelta(minutes=i % 120),
        None,
        "same",
        i % 50,
        some(f"b{i % 5}", 4),
        f"Person {i:04d}",
    )


@pytest.fixture(scope="session")
def all_types(spark):
    """400 rows of every supported type, from a table, so that char and varchar are what they are."""
    spark.sql("CREATE DATABASE IF NOT EXISTS shared_tables")
    spark.sql(f"CREATE TABLE shared_tables.all_types ({ALL_TYPES}) USING parquet")
    table = spark.table("shared_tables.all_types")
    frame = spark.createDataFrame([_row(i) for i in range(400)], _plain_schema())
    frame.select(*[f"`{c.replace('`', '``')}`" for c in table.columns]).write.insertInto("shared_tables.all_types")
    # A catalog table forgets NOT NULL when it is read; the declared schema is put back.
    from pyspark.sql import functions as F

    def declared(name):
        column = F.col("`" + name.replace("`", "``") + "`")
        metadata = table.schema[name].metadata
        if name in ("i64", "word", "tn"):
            zero = {"i64": F.lit(0).cast("bigint"), "word": F.lit(""), "tn": F.lit("2000-01-01").cast("timestamp_ntz")}
            return F.coalesce(column, zero[name]).alias(name)
        return column.alias(name, metadata=metadata)

    return table.select(*[declared(name) for name in table.columns])


def _plain_schema():
    import re

    plain = re.sub(r"(VARCHAR|CHAR)\(\d+\)", "STRING", ALL_TYPES)
    return plain.replace("NOT NULL", "")


@pytest.fixture(scope="session")
def shop(spark):
    """600 rows with an id, a condition, and columns that hang together."""
    return spark.range(600).selectExpr(
        "id",
        "CASE WHEN id % 3 = 0 THEN 'north' ELSE 'south' END AS region",
        "CAST(id % 3 * 10 + id % 7 AS INT) AS amount",
        "CAST(id % 5 AS DOUBLE) / 4 AS rate",
    )


def short_estimator(engine, /, **params):
    """An estimator that learns for a moment."""
    from synthohive_spark import SynthesizerTransformer

    short = {"engine": engine, "epochs": 2, "seed": 42, "showProgress": False, "batchSize": 100}
    return SynthesizerTransformer(**{**short, **params})


@pytest.fixture(scope="session", params=ENGINES)
def engine(request):
    """What is promised holds for every engine."""
    return request.param


@pytest.fixture(scope="session")
def estimator(engine):
    return functools.partial(short_estimator, engine)


@pytest.fixture(scope="module")
def fake_estimator(fake_engine):
    """For what is not about engines."""
    return functools.partial(short_estimator, fake_engine)


@pytest.fixture(scope="session")
def models(all_types):
    """A model of every type by each engine."""
    return {engine: short_estimator(engine).fit(all_types) for engine in ENGINES}


@pytest.fixture(scope="session")
def model(models, engine):
    return models[engine]


@pytest.fixture(scope="session")
def shop_models(shop):
    """A model with a condition by each engine."""
    return {engine: short_estimator(engine, idCol="id", conditionCols=["region"]).fit(shop) for engine in ENGINES}


@pytest.fixture(scope="session")
def shop_model(shop_models, engine):
    return shop_models[engine]
