"""A metastore that goes and comes back, a disk that is full, and one that is read-only: said as what they are."""

import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap

import pytest

from tests.clusters.test_hive_concurrency import TOOLS, whole_table

WRITE = (
    TOOLS
    + """
from synthohive_spark import Metadata, Synthesizer

def write(database, frames, format="orc"):
    synthesizer = Synthesizer(Metadata().add_table("a"), spark, progress=False)
    synthesizer.save_to_hive(frames, database, format=format, overwrite=True)

def error_of(call):
    try:
        call()
    except Exception as error:
        return [type(error).__name__, str(error)]
"""
)
GONE = (
    "the Hive metastore does not answer; see that it runs where spark.hadoop.hive.metastore.uris says (an embedded one "
    "serves one process at a time), then run this again"
)


def test_a_metastore_that_goes_in_the_middle_of_a_write_and_comes_back(metastore, two_sessions, shared, tmp_path):
    session, begun, go = two_sessions[0], tmp_path / "begun", tmp_path / "go"
    frames = "{name: frame(0, 300) for name in 'abc'}"
    session.run(WRITE + f"write({shared!r}, {frames})")
    rows = f"{{'a': frame(1, 300), 'b': waiting(1, {str(begun)!r}, {str(go)!r}, 300), 'c': frame(1, 300)}}"
    session.start(WRITE + f"answer = error_of(lambda: write({shared!r}, {rows}))")
    session.wait_for(begun)
    metastore.kill()
    try:
        go.touch()
        kind, message = session.result()
        lost = f"""
            from synthohive_spark.relational.sources import open_tables
            answer = [error_of(call) for call in (
                lambda: held("{shared}.a"),
                lambda: open_tables(spark, "{shared}", None),
                lambda: write_table(frame(2, 300), "{shared}.d", format="orc"),
                lambda: write("{shared}", {{"a": frame(2, 300)}}),
            )]
        """
        after = session.run(WRITE + textwrap.dedent(lost))
    finally:
        metastore.start()
    assert kind == "WriteError"
    assert message == (
        f"table {shared}.b could not be written; in place: {shared}.a; not in place: {shared}.b, {shared}.c: "
        f"table {shared}.b could not be written as orc: {GONE}"
    )
    assert after == [
        ["SynthoHiveError", f"table {shared}.a cannot be read: {GONE}"],
        ["SynthoHiveError", f"database {shared} cannot be looked up: {GONE}"],
        ["SynthoHiveError", f"table {shared}.d cannot be looked up: {GONE}"],
        ["SynthoHiveError", f"nothing was written: database {shared} cannot be looked up or made: {GONE}"],
    ]
    found = f"answer = [held(f'{shared}.{{name}}') for name in 'abc']"
    versions = [whole_table(version, 300) for version in (1, 0, 0)]
    assert session.run(WRITE + found) == two_sessions[1].run(WRITE + found) == versions
    again = "{name: frame(2, 300) for name in 'abcd'}"
    session.run(WRITE + f"write({shared!r}, {again})")
    assert two_sessions[1].run(WRITE + found) == [whole_table(2, 300)] * 3


MOUNTS = """
import json, os, subprocess, sys
from synthohive_spark import write_table, read_table
from synthohive_spark.spark.session import embedded_session
own, disk, stuffing = sys.argv[1], sys.argv[2], sys.argv[2] + "/stuffing"
spark = embedded_session(own)
spark.sql(f"CREATE DATABASE disk LOCATION '{disk}/db'")
answers = {}

def write(name, rows, format, mode="errorifexists"):
    try:
        write_table(rows, name, format=format, mode=mode)
        said = None
    except Exception as error:
        said = [type(error).__name__, str(error)]
    answers.setdefault(format, []).append(said)

def count(format):
    answers[format].append(read_table(spark, f"disk.t_{format}").count())

small, large = spark.range(3).selectExpr("id", "uuid() AS w"), spark.range(60000).selectExpr("id", "uuid() AS w")
formats = ("delta", "orc")
for format in formats:
    write(f"disk.t_{format}", small, format)
subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
for format in formats:
    write(f"disk.n_{format}", small, format)
    write(f"disk.t_{format}", small, format, "overwrite")
    write(f"disk.t_{format}", small, format, "append")
subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
with open(stuffing, "wb") as file:
    left = os.statvfs(disk)
    file.write(b"0" * (left.f_bavail * left.f_frsize - 300_000))
for format in formats:
    write(f"disk.n_{format}", large, format)
    write(f"disk.t_{format}", large, format, "overwrite")
    count(format)
os.unlink(stuffing)
for format in formats:
    write(f"disk.n_{format}", large, format)
    write(f"disk.t_{format}", large, format, "overwrite")
    count(format)
print(json.dumps(answers))
"""


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0,
    reason="a process may mount nothing here",
)
def test_a_disk_that_is_full_or_read_only_is_said_and_the_next_write_succeeds(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = 'mount -t tmpfs -o size=16m tmpfs "$1" && shift && exec "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount, "sh", disk, sys.executable, "-c", MOUNTS, tmp_path / "own", disk],
        capture_output=True,
        text=True,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable},
        cwd=pathlib.Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    for format, answers in json.loads(done.stdout.splitlines()[-1]).items():
        full = f"the disk that holds file:{disk}/db"
        read_only = f"nothing can be written to (file:)?{disk}/db.*; mend its permissions or its mount, or choose"
        said = [None if answer is None or isinstance(answer, int) else answer[1] for answer in answers]
        assert {answer[0] for answer in answers if isinstance(answer, list)} == {"SynthoHiveError"}
        assert said[0] is None
        for i, name in ((1, "n"), (2, "t"), (3, "t")):
            assert re.match(f"table disk.{name}_{format} could not be written as {format}: {read_only}", said[i]), said
        for i, name in ((4, "n"), (5, "t")):
            assert said[i].startswith(f"table disk.{name}_{format} could not be written as {format}: {full}"), said
            assert said[i].endswith("is full (No space left on device); make room, then run this again")
        assert answers[6:] == [3, None, None, 60_000]
