import pytest

from synthohive_spark.declarations.names import TableName, database_name
from synthohive_spark.errors import SchemaError


@pytest.mark.parametrize("name", ["db\n", "a;drop table x", "a`b", "", "a.b.c.d", "a b", "tablé", "a..b", 3, None])
def test_bad_names_are_refused(name):
    with pytest.raises(SchemaError):
        TableName.parse(name)


def test_good_names_are_quoted_part_by_part():
    assert TableName.parse("cat.db.t_1").quoted == "`cat`.`db`.`t_1`"
    assert TableName.parse("db.t").sibling("u").quoted == "`db`.`u`"
    assert database_name("cat.db") == "`cat`.`db`"
