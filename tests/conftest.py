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
