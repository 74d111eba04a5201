import pytest

from synthohive_spark import FixedCombinations, Formula, Inequality, Metadata, OneHot, SchemaError

WAYS = [
    Inequality("start", "end"),
    FixedCombinations(["city", "state"]),
    OneHot(["a", "b"]),
    Formula("total", "2 * (qty - `free items`) / -4.5"),
]


def test_objects_and_mappings_say_the_same_in_a_file_and_back():
    made = Metadata().add_table("t", dependencies=WAYS, independent=["x"])
    plain = made.to_dict()
    assert plain["tables"]["t"]["dependencies"][0] == {"kind": "inequality", "low": "start", "high": "end"}
    again = Metadata.from_dict(plain)
    assert again.table("t") == made.table("t")
    assert again.table("t").dependencies == tuple(WAYS)
    assert Metadata().add_table("t", dependencies=plain["tables"]["t"]["dependencies"]).table("t").independent == ()


def test_a_formula_knows_its_columns():
    formula = Formula("total", "2 * (qty - `free items`) / -4.5")
    assert formula.names == ("qty", "free items")
    assert formula.columns == ("total", "qty", "free items")


@pytest.mark.parametrize(
    ("dependency", "text"),
    [
        ({"kind": "inequality", "low": "a"}, "inequality needs the setting 'high'"),
        ({"kind": "inequality", "low": "a", "hi": "b"}, "inequality has no setting 'hi'; did you mean 'high'?"),
        (
            {"kind": "order"},
            "must be an Inequality, FixedCombinations, OneHot, Formula or Unique, or a mapping",
        ),
        ("a <= b", "must be an Inequality"),
        ({"kind": "one_hot", "columns": "abc"}, "one_hot takes names of columns, got 'abc'"),
        ({"kind": "one_hot", "columns": ["a", "a"]}, "one_hot takes at least 2 different columns, got ['a', 'a']"),
        ({"kind": "formula", "column": "a", "expression": "a + 1"}, "must be made of other columns"),
        ({"kind": "formula", "column": "a", "expression": "1 + 1"}, "must be made of other columns"),
        ({"kind": "formula", "column": "a", "expression": "b +"}, "cannot be read"),
        ({"kind": "formula", "column": "a", "expression": "b ** 2"}, "may hold columns, numbers, + - * /"),
        ({"kind": "formula", "column": "a", "expression": "f(b)"}, "may hold columns, numbers, + - * /"),
        ({"kind": "formula", "column": "a", "expression": "b.c"}, "may hold columns, numbers, + - * /"),
    ],
)
def test_a_dependency_of_another_form_is_refused_with_a_sentence(dependency, text):
    with pytest.raises(SchemaError) as error:
        Metadata().add_table("t", dependencies=[dependency])
    assert text in str(error.value)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"exclude": ["end"]}, "column 'end' is in dependencies, but is left out; choose one"),
        ({"pk": "end"}, "column 'end' is in dependencies, but has values that are made, not learned; choose one"),
        ({"context": ["end"]}, "column 'end' is in dependencies, but is given (context); choose one"),
        ({"independent": ["end"]}, "column 'end' is in dependencies, but is in independent; choose one"),
    ],
)
def test_a_column_of_a_dependency_must_be_learned(more, text):
    with pytest.raises(SchemaError) as error:
        Metadata().add_table("t", dependencies=[Inequality("start", "end")], **more)
    assert text in str(error.value)
