import itertools
import pathlib
import sys

import pytest

from tests.helpers import servers
from tests.helpers.metastore import Metastore

_numbers = itertools.count()


def pytest_collection_modifyitems(items):
    for item in items:
        if pathlib.Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def metastore(tmp_path_factory):
    """A metastore's server."""
    server = Metastore(tmp_path_factory.mktemp("metastore"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def two_sessions(metastore):
    """Two sessions on one metastore, each in a process of its own."""
    return metastore.session("one"), metastore.session("two")


@pytest.fixture
def shared(two_sessions):
    """A database that both sessions see."""
    name = f"shared{next(_numbers)}"
    two_sessions[0].run(f"spark.sql('CREATE DATABASE {name}')")
    yield name
    two_sessions[0].run(f"spark.sql('DROP DATABASE {name} CASCADE')")


@pytest.fixture(scope="session")
def object_store(tmp_path_factory):
    """The URL of a server that answers as S3 does."""
    port = servers.free_port()
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with servers.running(command, port, tmp_path_factory.mktemp("store") / "log") as url:
        yield url


@pytest.fixture
def bucket(object_store, monkeypatch):
    """The URI of a bucket of its own, and the environment in which it is found."""
    name = f"bucket{next(_numbers)}"
    servers.put(f"{object_store}/{name}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", object_store)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return f"s3://{name}"
