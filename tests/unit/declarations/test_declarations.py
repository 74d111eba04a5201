import subprocess
import sys

import pytest

from synthohive_spark import Constraint, Metadata, SchemaError
from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.declarations.pii import PiiRule


def shop():
    return (
        Metadata()
        .add_table(
            "customers",
            pk="id",
            constraints={"age": Constraint(min=0, max=120.5), "code": {"dtype": "int"}},
            pii={"email": "fake", "phone": PiiRule("fake", "phone", "de_DE"), "ssn": {"action": "hash"}, "fax": "drop"},
            high_cardinality_cols=["city"],
            exclude=["a, b", "photo"],
            reasons={"id": "unique"},
        )
        .add_table("orders", pk=["customer_id", "no"], fk={"customer_id": "customers.id"}, orphans="keep")
        .add_table(
            "lines",
            fk={("customer", "order"): "orders.(customer_id, no)", "unit": "units.unit"},
            context=["kind"],
            owner=["customer", "order"],
            role_reasons={"owner": "never null"},
        )
        .add_table("units", pk="unit", keep=True, role_reasons={"keep": "6 rows"})
    )


def test_nothing_is_lost_in_json_and_yaml(tmp_path):
    metadata = shop().add_table("odd", fk=[ForeignKey(("a, b", "c)"), "customers", ("a.b", "é"))])
    assert Metadata.from_json(metadata.to_json()) == metadata
    assert Metadata.from_yaml(metadata.to_yaml()) == metadata
    for name, text in (("m.json", metadata.to_json()), ("m.yaml", metadata.to_yaml())):
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert Metadata.from_file(tmp_path / name) == metadata
    again = Metadata.from_json(metadata.to_json()).tables["customers"]
    assert again.constraints["age"] == Constraint(0, 120.5) and isinstance(again.constraints["age"].min, int)
    assert again.pii["phone"].locale == "de_DE" and again.dropped == ("a, b", "photo", "fax")
    assert metadata.tables["lines"].fk == (
        ForeignKey(("customer", "order"), "orders", ("customer_id", "no")),
        ForeignKey(("unit",), "units", ("unit",)),
    )


def test_roles_are_plain_values_and_those_that_say_nothing_are_left_out():
    described = shop().to_dict()["tables"]
    assert described["lines"]["owner"] == ["customer", "order"]
    assert described["lines"]["role_reasons"] == {"owner": "never null"}
    assert described["units"] == {"pk": ["unit"], "keep": True, "role_reasons": {"keep": "6 rows"}}
    assert described["orders"]["orphans"] == "keep"
    assert not {"owner", "keep", "orphans", "role_reasons"} & set(described["customers"])
    written = Metadata.from_yaml("tables: {o: {fk: {c: p.id}, owner: c, orphans: keep}, p: {pk: id, keep: true}}")
    assert written.tables["o"].owner == ("c",) and written.tables["o"].orphans == "keep" and written.tables["p"].keep
    assert Metadata().add_table("t", fk={"a": "t.b"}, owner=None).tables["t"].owner == ()


def test_the_short_forms_a_person_writes():
    text = """
    tables:
      customers: {pk: id, pii: {email: fake}, constraints: {age: {min: 0}}}
      orders:
        fk: {customer_id: customers.id}
    """
    metadata = Metadata.from_yaml(text)
    assert metadata.tables["customers"].pk == ("id",)
    assert metadata.tables["customers"].pii == {"email": PiiRule("fake")}
    assert metadata.tables["orders"].fk == (ForeignKey(("customer_id",), "customers", ("id",)),)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("tables: {t: {pkk: id}}", ["metadata.tables.t has no setting 'pkk'; did you mean 'pk'?"]),
        (
            "tables: {t: {pii: {e: {acton: fake}}}}",
            ["metadata.tables.t.pii.e has no setting 'acton'; did you mean 'action'?", "needs the setting 'action'"],
        ),
        (
            "tables: {t: {pii: {e: fakes}}}",
            ["metadata.tables.t.pii.e: pii action 'fakes' is not known; did you mean 'fake'?"],
        ),
        ("tables: {t: {pii: {e: {action: fake, kind: mail}}}}", ["kind 'mail' is not known; did you mean 'email'?"]),
        ("tables: {t: {exclude: notes}}", ["metadata.tables.t.exclude must be a list of column names, got 'notes'"]),
        ("tables: {t: {constraints: {a: {mni: 1}}}}", ["constraints.a has no setting 'mni'; did you mean 'min'?"]),
        (
            "tables: {t: {constraints: {a: {min: x}}}}",
            ["t.constraints.a: constraint min must be a number or a date, got 'x'"],
        ),
        ("tables: {t: {constraints: {a: {min: 2, max: 1}}}}", ["constraint has min=2 above max=1"]),
        ("tables: {t: {constraints: {a: {dtype: integer}}}}", ["dtype 'integer' is not known; did you mean 'int'?"]),
        ("table: {}", ["metadata has no setting 'table'; did you mean 'tables'?", "needs the setting 'tables'"]),
        ("[1]", ["metadata must be a mapping with the key 'tables', got list"]),
        ("tables: {", ["metadata is not YAML"]),
        ("tables: {t: {fk: {a: customers}}}", ["fk ('a',) refers to"]),
        ("tables: {'a;b': {}}", ["table name 'a;b' is not valid"]),
        ("tables: {a.b: {}}", ["must be named without its database"]),
        ("tables: {t: {ownr: a}}", ["metadata.tables.t has no setting 'ownr'; did you mean 'owner'?"]),
        ("tables: {t: {keep: maybe}}", ["metadata.tables.t.keep must be True or False, got 'maybe'"]),
        ("tables: {t: {owner: a, fk: {b: t.c}}}", ["metadata.tables.t: owner a must be the columns of one of its"]),
    ],
)
def test_wrong_settings_are_named_with_the_nearest_valid_one(text, messages):
    with pytest.raises(SchemaError) as caught:
        Metadata.from_yaml(text)
    for message in messages:
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"exclude": "notes"}, "exclude must be a list of column names, got 'notes'"),
        ({"constraints": {"a": 5}}, "must be a Constraint or a mapping, got 5"),
        ({"pii": {"a": {"action": "fake", "local": "de"}}}, "has no setting 'local'; did you mean 'locale'?"),
        ({"pii": {"a": {"kind": "email"}}}, "pii.a needs the setting 'action'"),
        ({"fk": {("a", "b"): "p.c"}}, "has 2 columns, 'p.c' names 1"),
        ({"fk": "p.c"}, "fk must be a mapping"),
        ({"pk": "a", "exclude": ["a"]}, "column 'a' is in pk and also left out"),
        ({"pii": {"a": "drop"}, "constraints": {"a": Constraint(min=1)}}, "column 'a' is in constraints and also left"),
        ({"pii": {"a": "fake"}, "context": ["a"]}, "column 'a' is in context, but its values are made"),
        ({"owner": 5}, "owner must be the name of a column, or a list of them, got 5"),
        ({"owner": "a"}, "owner a must be the columns of one of its links (fk); its links are: none"),
        (
            {"owner": ["a", "b"], "fk": {("b", "a"): "p.(x, y)", "c": "q.id"}},
            "owner (a, b) must be the columns of one of its links (fk); its links are: (b, a); c",
        ),
        ({"owner": "a", "fk": {"a": "p.id"}, "exclude": ["a"]}, "column 'a' is in owner and also left out"),
        ({"keep": "yes"}, "keep must be True or False, got 'yes'"),
        ({"keep": 1}, "keep must be True or False, got 1"),
        ({"orphans": "drop"}, "orphans must be 'none' or 'keep', got 'drop'"),
        ({"orphans": ["keep"]}, "orphans must be 'none' or 'keep', got ['keep']"),
        ({"keep": True, "owner": "a", "fk": {"a": "p.id"}}, "owner means nothing for a table that is taken over"),
        ({"keep": True, "orphans": "keep"}, "orphans='keep' means nothing for a table that is taken over"),
        ({"keep": True, "pii": {"e": "fake"}}, "column 'e' is personal, and a table that is taken over (keep) shows"),
        ({"role_reasons": {"own": "x"}}, "input should be 'owner' or 'keep', got 'own'"),
    ],
)
def test_wrong_arguments_name_the_table_and_what_is_wrong(arguments, message):
    metadata = Metadata()
    with pytest.raises(SchemaError, match="table 't'") as caught:
        metadata.add_table("t", **arguments)
    assert message in str(caught.value) and not metadata.tables


def test_unknown_tables_and_doubled_ones():
    with pytest.raises(SchemaError, match="table 'custmers' is not declared; did you mean 'customers'?"):
        shop().table("custmers")
    with pytest.raises(SchemaError, match="'orders' is declared already"):
        shop().add_table("orders")


def test_all_that_a_kept_table_cannot_have_is_listed():
    with pytest.raises(SchemaError) as caught:
        Metadata().add_table("t", keep=True, orphans="keep", context=["a"], constraints={"b": {"min": 1}})
    assert [problem.split(" means")[0] for problem in caught.value.problems] == [
        "constraints",
        "context",
        "orphans='keep'",
    ]
    with pytest.raises(SchemaError) as caught:
        Metadata().add_table("t", keep=True, pii={"a": "fake", "b": "drop", "c": "mask"})
    assert [problem.split(" is")[0] for problem in caught.value.problems] == ["column 'a'", "column 'c'"]
    assert Metadata().add_table("t", keep=True, pii={"b": "drop"}, exclude=["c"]).tables["t"].dropped == ("c", "b")


def test_everything_that_is_wrong_is_listed_at_once():
    data = {
        "tables": {
            "t": {"fk": {"x": "y"}, "constraints": {"a": {"mni": 2}, "b": 5, "c": {"min": 2, "max": 1}}, "exclude": 3},
            "u": {"pk": "a", "exclude": ["a", "b"], "context": ["b"], "pkk": 1},
            "v": {"pk": "a", "exclude": ["a", "b"], "context": ["b"]},
        }
    }
    with pytest.raises(SchemaError) as caught:
        Metadata.from_dict(data)
    assert caught.value.problems == (
        "metadata.tables.t.fk.0: fk ('x',) refers to 'y'; give 'parent.column' or 'parent.(a, b)'",
        "metadata.tables.t.constraints.a has no setting 'mni'; did you mean 'min'?",
        "metadata.tables.t.constraints.b must be a Constraint or a mapping, got 5",
        "metadata.tables.t.constraints.c: constraint has min=2 above max=1",
        "metadata.tables.t.exclude must be a list of column names, got 3",
        "metadata.tables.u has no setting 'pkk'; did you mean 'pk'?",
        "metadata.tables.v: column 'a' is in pk and also left out; choose one",
        "metadata.tables.v: column 'b' is in context and also left out; choose one",
    )
    with pytest.raises(SchemaError) as caught:
        Metadata().add_table("t", constraints={"a": {"min": "x"}}, pii={"e": "fakes"})
    assert caught.value.problems == (
        "constraints.a: constraint min must be a number or a date, got 'x'",
        "pii.e: pii action 'fakes' is not known; did you mean 'fake'?",
    )


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (
            {"columns": "a", "parent": "p", "parent_columns": ["b"]},
            "fk columns must be a list of column names, got 'a'",
        ),
        ({"columns": ["a"], "parent": 5, "parent_columns": ["b"]}, "fk parent must be the name of a table, got 5"),
        ({"columns": ["a"], "parent": "p", "parent_columns": ["b", "c"]}, "has 1 columns, parent_columns names 2"),
        ({"columns": ["a"], "parent": "p"}, "fk.0 needs the setting 'parent_columns'"),
    ],
)
def test_the_long_form_of_a_link_is_checked_too(link, message):
    with pytest.raises(SchemaError, match="metadata.tables.t.fk.0") as caught:
        Metadata.from_dict({"tables": {"t": {"fk": [link]}}})
    assert message in str(caught.value)


def test_declarations_need_no_spark():
    code = (
        "import sys; from synthohive_spark import Metadata; Metadata().add_table('t', pk='id', pii={'e': 'fake'}); "
        "assert not {'pyspark', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_declared_table_cannot_be_changed():
    declared = Metadata().add_table("t", pk="id").table("t")
    with pytest.raises(ValueError, match="frozen"):
        declared.pk = ("other",)


def test_categorical_columns_have_one_meaning_by_two_names():
    declared = Metadata().add_table("t", categorical=["zip"], high_cardinality_cols=["code", "zip"]).table("t")
    assert declared.high_cardinality_cols == ("zip", "code")
    assert Metadata.from_yaml("tables: {t: {categorical: [zip]}}").table("t").high_cardinality_cols == ("zip",)
    with pytest.raises(SchemaError, match="categorical must be a list of column names, got 3"):
        Metadata.from_yaml("tables: {t: {categorical: 3}}")
