from synthohive_spark import write_table
from synthohive_spark.declarations.names import TableName
from synthohive_spark.spark import catalog


def test_a_table_without_its_name_for_a_moment_is_looked_up_again(spark, database, monkeypatch):
    """As a partitioned table is while another writer swaps names: gone once found, and back before the next look."""
    name, aside = f"{database}.t", f"{database}.aside"
    write_table(spark.range(3), name, format="parquet")
    table_exists, is_missing, asked, looks = catalog.table_exists, catalog.is_missing, [], []

    def then_it_goes(session, table):
        found = table_exists(session, table)
        looks.append(found)
        if not asked:
            spark.sql(f"ALTER TABLE {name} RENAME TO {aside}")
        return found

    def then_it_is_back(error):
        if not asked:
            spark.sql(f"ALTER TABLE {aside} RENAME TO {name}")
        asked.append(error)
        return is_missing(error)

    monkeypatch.setattr(catalog, "table_exists", then_it_goes)
    monkeypatch.setattr(catalog, "is_missing", then_it_is_back)
    info = catalog.table_info(spark, TableName.parse(name))
    assert looks == [True, True] and asked
    assert info.schema.names == ["id"] and info.managed


def test_a_table_that_stays_away_is_not_there(spark, database):
    assert catalog.table_info(spark, TableName.parse(f"{database}.t")) is None
