"""Rows of kept tables, and links, in model directories that somebody else made."""

import json

import pytest

from synthohive_spark.errors import SerializationError
from tests.helpers.mutants import Mutants
from tests.helpers.small_models import database, draw_database

ROWS = "codes/rows.json"


@pytest.fixture(scope="module")
def mutants(tmp_path_factory):
    path = tmp_path_factory.mktemp("database") / "m"
    database(str(path))
    return Mutants(path)


def kept(codes, counts=None):
    return {"code": codes, "@n.children.code": counts or ["1"] * len(codes)}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (kept(["A"]), "kept rows and their number do not agree"),
        (kept(["A", "B"], ["1"]), "Column 1 named @n.children.code expected length 2 but got length 1"),
        ({"code": ["A", "B"]}, "kept rows and their columns do not agree"),
        (kept(["A", "B"], ["1", "many"]), "Failed to parse string: 'many' as a scalar of type int64"),
        (kept([1, 2]), "Expected bytes, got a 'int' object"),
        (kept({"A": "B"}), "are not what a fit leaves"),
        (["A", "B"], "kept rows and their columns do not agree"),
        (kept(["A", "\ud800"]), "surrogates not allowed"),
        (7, "are not what a fit leaves"),
    ],
)
def test_rows_that_are_not_what_they_look_like(tmp_path, mutants, rows, message):
    pointer, files = mutants.copies()
    mutants.put(tmp_path / "m", pointer, {**files, ROWS: json.dumps(rows).encode()})
    with pytest.raises(SerializationError, match=message):
        draw_database(str(tmp_path / "m"))


@pytest.mark.parametrize(
    ("table", "change", "message"),
    [
        (
            "children",
            {"owner": {"columns": ["parent"], "parent": "nobody", "parent_columns": ["n"]}},
            "refers to columns",
        ),
        ("children", {"pk": ["nothing"]}, "keys are of columns that are not there"),
        ("roots", {"counted": [["codes", ["code"]]]}, "counts rows of 'codes' that do not refer to it"),
        (
            "roots",
            {"owner": {"columns": ["word"], "parent": "children", "parent_columns": ["word"]}},
            "among its own owners",
        ),
        ("roots", {"rows": -1}, "rows must be from 0"),
        ("roots", {"unowned": 2}, "unowned must be from 0 to 1"),
        ("roots", {"doubles": "no"}, "doubles must be bool"),
    ],
)
def test_tables_that_do_not_go_together(tmp_path, mutants, table, change, message):
    pointer, files = mutants.copies()
    pointer["tables"][table]["linked"].update(json.loads(json.dumps(change)))
    mutants.put(tmp_path / "m", pointer, files)
    with pytest.raises(SerializationError, match=message):
        draw_database(str(tmp_path / "m"))
