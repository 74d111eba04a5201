"""Rows of kept tables, and links, in model directories that somebody else made."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthohive_spark.errors import SerializationError
from tests.helpers.mutants import Mutants
from tests.helpers.small_models import database, draw_database

ROWS = "codes/rows.parquet"
LONG = pa.array(["x" * 1_000_000]).dictionary_encode().take(pa.array([0] * 2_000)).cast(pa.string(), safe=False)


@pytest.fixture(scope="module")
def mutants(tmp_path_factory):
    path = tmp_path_factory.mktemp("database") / "m"
    database(str(path))
    return Mutants(path)


def parquet(table, **how):
    with io.BytesIO() as file:
        pq.write_table(table, file, **how)
        return file.getvalue()


def kept(codes, counts=None):
    return pa.table({"code": codes, "@n.children.code": counts or [1] * len(codes)})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (parquet(kept(["A", "B"]), compression="zstd"), "packed by ZSTD"),
        (parquet(kept(["A"] * 100_001)), "kept rows are more than 100,000"),
        (parquet(kept(LONG)), "kept rows are more than 64 times as large as their file"),
        (parquet(kept(["A"])), "kept rows and their number do not agree"),
        (parquet(pa.table({"code": ["A", "B"]})), "kept rows and their columns do not agree"),
        (parquet(kept([1, 2])), "kept rows and their columns do not agree"),
        (b"PAR1" * 10, "are not what a fit leaves"),
    ],
)
def test_rows_that_are_not_what_they_look_like(tmp_path, mutants, content, message):
    pointer, files = mutants.copies()
    mutants.put(tmp_path / "m", pointer, {**files, ROWS: content})
    before = pa.total_allocated_bytes()
    with pytest.raises(SerializationError, match=message):
        draw_database(str(tmp_path / "m"))
    assert pa.total_allocated_bytes() - before < 256 << 20


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
