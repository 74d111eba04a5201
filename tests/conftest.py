import itertools
import os
import shutil
import tempfile

# Small products in several threads take longer than in one, many times so beside other work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

_databases = itertools.count()


@pytest.fixture(scope="session")
def spark():
    """One session for all tests, in a zone that has daylight saving."""
    from synthohive_spark.spark.session import embedded_session

    folder = tempfile.mkdtemp(prefix="synthohive-tests-")
    os.environ["TZ"] = "America/New_York"
    session = embedded_session(
        folder,
        conf={"spark.sql.session.timeZone": "America/New_York", "spark.sql.artifact.isolation.enabled": "false"},
    )
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
