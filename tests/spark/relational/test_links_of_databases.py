import pytest

from synthohive_spark import Metadata
from tests.helpers.databases import all_databases

DATABASES = all_databases()


@pytest.fixture(scope="module")
def inferred(spark):
    """For each database, its inferred declarations."""
    frames = {
        name: {table: spark.createDataFrame(rows) for table, (rows, _, _) in database.items()}
        for name, database in DATABASES.items()
    }
    return {name: (tables, Metadata.from_tables(tables, spark)) for name, tables in frames.items()}


def links(metadata):
    return {
        (name, ", ".join(link.columns), f"{link.parent}.{_label(link.parent_columns)}")
        for name, own in metadata.tables.items()
        for link in own.fk
    }


def _label(columns):
    return columns[0] if len(columns) == 1 else f"({', '.join(columns)})"


@pytest.mark.parametrize("name", DATABASES)
def test_links_of_made_databases_are_right_and_nearly_all_are_found(inferred, name):
    real = {(t, c, parent) for t, (_, _, own) in DATABASES[name].items() for c, parent in own.items()}
    found = links(inferred[name][1])
    assert found - real == set()
    assert len(found & real) >= 0.9 * len(real), real - found


@pytest.mark.parametrize("name", DATABASES)
def test_keys_of_made_databases_are_found(inferred, name):
    keys = {table: own.pk for table, own in inferred[name][1].tables.items()}
    assert {t: keys[t] for t, (_, key, _) in DATABASES[name].items() if key} == {
        t: key for t, (_, key, _) in DATABASES[name].items() if key
    }


@pytest.mark.parametrize("name", DATABASES)
def test_proposals_are_valid_as_they_are(spark, inferred, name):
    tables, metadata = inferred[name]
    assert metadata.validate_schema(tables, spark) is None
