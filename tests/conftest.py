import itertools
import os
import shutil
import tempfile

import pytest

# Before torch and numpy are imported, here and in the processes that tests start: threads that spin while they wait for
# a processor make a fit on a busy machine several times slower than one thread does.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")

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
