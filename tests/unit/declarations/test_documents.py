import json

import pytest
import yaml

from synthohive_spark import Metadata, SchemaError
from synthohive_spark.declarations.documents import DEEPEST, read_json, read_yaml
from synthohive_spark.declarations.job import read_job
from synthohive_spark.errors import SerializationError

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_values_are_those_that_the_parsers_make():
    value = {"a": [1, 2.5, None, "x" * 5_000, {"b": []}], "c": True}
    assert read_json(json.dumps(value)) == value == read_yaml(yaml.safe_dump(value))
    assert read_yaml("base: &base {a: 1}\nown: {<<: *base, b: 2}") == {"base": {"a": 1}, "own": {"a": 1, "b": 2}}
    nested = "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)
    assert read_json(nested) == read_yaml(nested)


@pytest.mark.parametrize("read", [read_json, read_yaml])
@pytest.mark.parametrize("depth", [DEEPEST + 1, 900, 100_000])
def test_a_text_nested_too_deep(read, depth):
    with pytest.raises(ValueError, match="nested more than 64 deep"):
        read("[" * depth + "]" * depth)


@pytest.mark.parametrize("text", [LAUGHS, "&a [*a]", "&a {b: *a}"])
def test_aliases_that_stand_for_far_more(text):
    with pytest.raises(ValueError, match="aliases stand for far more|nested more than"):
        read_yaml(text)


@pytest.mark.parametrize(
    "text", ["!!bool maybe", "!!timestamp x", "!!int '-'", "{[]: 1}", "2001-99-99", "a: b: c", "\0"]
)
def test_values_that_do_not_fit_their_tags(text):
    with pytest.raises(ValueError):
        read_yaml(text)


def test_metadata_that_would_explode_is_a_short_schema_error(tmp_path):
    for text in (f"tables: &t\n  a: {{pk: id}}\n{LAUGHS}\nmore: *i", "tables: " + "[" * 1_000 + "]" * 1_000):
        with pytest.raises(SchemaError) as caught:
            Metadata.from_yaml(text)
        assert len(str(caught.value)) < 500
    with pytest.raises(SchemaError, match="metadata is not JSON: it is nested more than 64 deep"):
        Metadata.from_json("[" * 100_000)
    (tmp_path / "job.yaml").write_text(LAUGHS)
    with pytest.raises(SchemaError, match=r"job file .* cannot be read: its aliases stand for far more"):
        read_job("fit", str(tmp_path / "job.yaml"), {})


def test_files_of_declarations_are_reached_as_model_directories_are(tmp_path):
    metadata = Metadata().add_table("a", pk="id")
    (tmp_path / "m.json").write_text(metadata.to_json())
    assert Metadata.from_file(f"file://{tmp_path}/m.json") == metadata
    (tmp_path / "large.yaml").write_bytes(b" " * ((16 << 20) + 1))
    for path, message in (
        (tmp_path / "large.yaml", "more than 16,777,216 bytes"),
        ("ftp://h/m.yaml", "cannot be reached"),
    ):
        with pytest.raises(SchemaError, match=message):
            Metadata.from_file(path)
        with pytest.raises(SchemaError, match=message):
            read_job("fit", str(path), {})


def test_messages_are_no_longer_than_a_reader_reads():
    name = "n" * 10_000
    with pytest.raises(SchemaError) as caught:
        Metadata.from_dict({"tables": {"a": {name: 1, "pk": {name: name}}}})
    assert len(str(caught.value)) < 2_000 and all(len(problem) < 900 for problem in caught.value.problems)
    assert str(SerializationError(name)).startswith("nnn") and len(str(SerializationError(name))) <= 400
    many = [f"problem {i}: {name}" for i in range(100)]
    assert len(str(SchemaError("; ".join(many), many))) <= 4_000
    assert len(str(SchemaError(name).in_context("table 'a'"))) < 900
