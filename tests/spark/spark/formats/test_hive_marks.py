import datetime
import os
import subprocess
import sys

import pytest

from synthohive_spark.declarations.names import TableName
from synthohive_spark.spark.formats import hive_marks
from synthohive_spark.spark.formats.hive_marks import SET_ASIDE_AGE, STAGING_AGE, Mark, is_marked, this_machine

TARGET = TableName.parse("shop.Orders")


def mark(kind="new", age=datetime.timedelta(0), machine=None, process=None):
    since = datetime.datetime.now(datetime.UTC) - age
    return Mark(TARGET, kind, "0123abcd", since, machine or this_machine(), process or os.getpid())


@pytest.fixture(scope="module")
def gone():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_name_says_all_of_a_mark():
    own = Mark.own(TARGET)
    again = Mark.of(TableName.parse(str(own.table).lower()), TARGET)
    assert again == Mark(TARGET, "new", own.id, own.since.replace(microsecond=0), own.machine, os.getpid())
    aside = own.set_aside()
    assert (aside.kind, aside.id) == ("old", own.id) and aside.since >= own.since
    assert str(own.table).startswith("shop.Orders__synthohive_new_")
    assert Mark.own(TARGET).table != own.table


@pytest.mark.parametrize(
    "name",
    [
        "shop.orders",
        "shop.orders__synthohive_new",
        "shop.orders__synthohive_new_0123abcd_20261301000000_0123abcd_1",
        "shop.orders__synthohive_gone_0123abcd_20260101000000_0123abcd_1",
        "shop.orders__synthohive_new_0123abcd_20260101000000_0123abcd_1x",
        "shop.orders_2__synthohive_new_0123abcd_20260101000000_0123abcd_1",
    ],
)
def test_other_tables_have_none(name):
    assert Mark.of(TableName.parse(name), TARGET) is None


def test_a_name_with_a_mark_is_none_of_the_users():
    own = Mark.own(TARGET)
    assert is_marked(own.table.table) and is_marked(own.set_aside().table.table)
    assert not is_marked("orders") and not is_marked("orders__synthohive_new")


def test_a_process_that_is_gone_leaves_its_tables_over(gone):
    assert mark(process=gone).left_over and mark("old", process=gone).left_over
    assert not mark(process=os.getpid()).left_over and not mark("old", process=os.getpid()).left_over
    assert not mark(process=os.getppid()).left_over


def test_of_another_machine_age_decides(gone):
    second = datetime.timedelta(seconds=5)
    for kind, age in (("new", STAGING_AGE), ("old", SET_ASIDE_AGE)):
        assert not mark(kind, age - second, "ffffffff", gone).left_over
        assert mark(kind, age + second, "ffffffff", gone).left_over
        assert mark(kind, age + second).left_over  # the number may be another process's by now


def test_where_a_process_cannot_be_asked_for_age_decides(gone, monkeypatch):
    monkeypatch.setattr(hive_marks.os, "name", "nt")
    assert not mark(process=gone).left_over and mark(age=STAGING_AGE * 2, process=gone).left_over
