import itertools

import pytest

from tests.helpers.metastore import Metastore

_numbers = itertools.count()


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
