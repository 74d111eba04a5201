import pytest

from synthohive_spark.declarations.names import DatabaseName, TableName, has_quoted_part
from synthohive_spark.errors import SchemaError

HOSTILE = ["db\n", "a;drop table x", "a`b", "", "a.b.c.d", "a b", "tablé", "a..b", "a-b.c", 3, None, {"a"}]
BROKEN_QUOTES = ["`a", "a`", "``", "`a`b", "`a``", "`a`.`b", "`a`;drop table x", "`a`\n", "`a` .b"]


@pytest.mark.parametrize("name", [*HOSTILE, *BROKEN_QUOTES])
@pytest.mark.parametrize("kind", [TableName, DatabaseName])
def test_bad_names_are_refused(kind, name):
    with pytest.raises(SchemaError):
        kind.parse(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("`a\nb`.c", r"has a part 'a\\nb' that is empty or holds control or invisible characters"),
        (["a", "\x00"], r"has a part '\\x00' that is empty"),
        (["a", "b\u200b"], "control or invisible characters"),
        (["a", ""], "has a part '' that is empty"),
        ([], r"must be a string or a list of its parts, got \[\]"),
        (["a", 3], r"must be a string or a list of its parts, got \['a', 3\]"),
        (["a"] * 4, "has 4 parts; at most 3 are allowed, and a dot within a part needs backticks"),
        ("`" + "x" * 256 + "`", "has a part of 256 characters, 'xxx.* at most 255 are allowed"),
        ("dev-catalog.shop.t", "put backticks round a part with anything else, as in `dev-catalog`.shop.customers"),
    ],
    ids=["newline", "nul", "invisible", "empty_part", "no_part", "number", "too_many", "too_long", "hyphen"],
)
def test_what_is_wrong_with_a_quoted_name_is_said(name, message):
    with pytest.raises(SchemaError, match=message):
        TableName.parse(name)


def test_good_names_are_quoted_part_by_part():
    assert TableName.parse("cat.db.t_1").quoted == "`cat`.`db`.`t_1`"
    assert TableName.parse("db.t").sibling("u").quoted == "`db`.`u`"
    assert DatabaseName.parse("cat.db").quoted == "`cat`.`db`"


@pytest.mark.parametrize(
    ("name", "parts", "quoted"),
    [
        ("`dev-catalog`.shop.customers", ("dev-catalog", "shop", "customers"), "`dev-catalog`.`shop`.`customers`"),
        ("`a``b`.`c.d`", ("a`b", "c.d"), "`a``b`.`c.d`"),
        (["a`b", "c.d"], ("a`b", "c.d"), "`a``b`.`c.d`"),
        (("x` ; DROP TABLE y; --",), ("x` ; DROP TABLE y; --",), "`x`` ; DROP TABLE y; --`"),
        ("`é/ü`", ("é/ü",), "`é/ü`"),
    ],
)
def test_quoted_parts_and_lists_are_taken_as_they_are_and_escaped(name, parts, quoted):
    parsed = TableName.parse(name)
    assert parsed.parts == parts and parsed.quoted == quoted
    assert TableName.parse(str(parsed)) == parsed


def test_what_lies_in_a_database():
    database = DatabaseName.parse("`dev-catalog`.shop")
    assert database.table("a`b").quoted == "`dev-catalog`.`shop`.`a``b`"
    assert database.table("t").database == database and TableName.parse("t").database is None
    assert str(database.table("a-b")) == "`dev-catalog`.shop.`a-b`"


def test_a_quoted_name_is_told_from_a_path():
    assert has_quoted_part("shop.`a/b`") and has_quoted_part("`s3://x`.t")
    assert not any(map(has_quoted_part, ["shop.t", "/data/`x`", "s3://b/`x`.y", "`x`/y", "data/t"]))
