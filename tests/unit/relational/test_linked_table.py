import datetime
import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.engine.columns import Column, ColumnType
from synthohive_spark.engine.families.balance import Balance
from synthohive_spark.engine.families.rules import FamilyRules, Step
from synthohive_spark.relational.database_files import read_database, write_database
from synthohive_spark.relational.linked_table import LinkedTable, Reference

WORD, DAY = Column("word", ColumnType("string")), Column("day", ColumnType("date"), nullable=False)
OWNER = ForeignKey(("a", "b"), "parents", ("x", "y"))
OTHER = ForeignKey(("sku",), "products", ("sku",))
SAME = ForeignKey(("c",), "customers", ("id",))
ROWS = pa.table({"word": np.array(["a", "b"])[np.arange(40) % 2], "@n.kids.p": np.arange(40) % 7})


def child():
    return LinkedTable(
        columns=(WORD, DAY),
        pk=("a", "b", "day"),
        owner=OWNER,
        references=(
            Reference(OTHER, orphans=0.25, apart=True),
            Reference(SAME, decided=(2, ("customer",))),
            Reference(SAME, decided=(0, ())),
        ),
        rows=7,
        unowned=0.5,
        orphans=0.125,
        counted=(("grandchildren", ("p", "q")),),
        rules=FamilyRules((WORD, DAY), steps=(Step(DAY, True, None, 1, 2, 3),), places={"line": 0}),
        doubles=True,
    )


def root():
    balance = Balance.fit(ROWS, [WORD, Column("@n.kids.p", ColumnType("bigint"))], ["@n.kids.p"], 2)
    return LinkedTable((WORD,), ("word",), rows=40, counted=(("kids", ("p",)),), balance=balance)


@pytest.mark.parametrize("made", [child, root, lambda: LinkedTable(())])
def test_a_table_comes_back_from_json_as_it_was(made):
    table = made()
    assert LinkedTable.from_json(json.loads(json.dumps(table.to_json()))) == table


def test_rows_of_a_kept_table_are_no_part_of_the_json():
    table = LinkedTable((WORD,), ("word",), rows=40, kept=ROWS)
    assert "kept" not in table.to_json()
    assert LinkedTable.from_json(table.to_json()).kept is None


def test_links_keys_and_what_is_drawn_beside_the_columns():
    table = child()
    assert table.links == (OWNER, OTHER, SAME, SAME)
    assert table.key_columns == {"a", "b", "sku", "c"}
    assert table.extra == ("@n.grandchildren.p,q", "@cell.sku")
    assert root().links == () and root().extra == ("@n.kids.p",)


def test_rows_of_a_kept_table_come_back_as_they_are(tmp_path):
    types = {
        "i": ("bigint", [-(2**63), None, 2**63 - 1]),
        "x": ("double", [float("inf"), 0.1, -1e-300]),
        "f": ("float", [0.1, None, 3e38]),
        "b": ("boolean", [True, None, False]),
        "d": ("decimal(38,6)", [Decimal("12345678901234567890123456789012.123456"), None, Decimal("-0.000001")]),
        "day": ("date", [datetime.date(1, 1, 1), datetime.date(9999, 12, 31), None]),
        "at": (
            "timestamp",
            [
                datetime.datetime(1, 1, 1, tzinfo=datetime.UTC),
                None,
                datetime.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC),
            ],
        ),
        "n": ("timestamp_ntz", [datetime.datetime(1583, 1, 1, 0, 0, 0, 1), None, datetime.datetime(9999, 12, 31)]),
        "s": ("varchar(9)", ["", None, 'é"\n\x00']),
    }
    columns = tuple(Column(name, ColumnType.parse(type_)) for name, (type_, _) in types.items())
    rows = pa.table([pa.array(types[c.name][1], c.type.arrow) for c in columns], [c.name for c in columns])
    write_database(tmp_path / "m", {}, {"t": LinkedTable(columns, rows=3, kept=rows)}, {}, overwrite=False)
    _, linked, _ = read_database(tmp_path / "m")
    assert linked["t"].kept.equals(rows)
