import os
import time
from types import SimpleNamespace

import pytest
from pyarrow import fs

from synthohive_spark.errors import SerializationError
from synthohive_spark.model_directory import saving
from synthohive_spark.model_directory.directory import read_model
from synthohive_spark.model_directory.saving import check_replaceable, write_model
from synthohive_spark.model_directory.storage import Folder
from tests.helpers.concurrent_saves import files_of, save_at_once

FILES = {"transformer.json": b"{}\n", "generator.safetensors": b"0123456789" * 50}
RACES = 25


def failing_at(monkeypatch, step, error):
    write = Folder.write

    def failing(self, name, content):
        if step in name:
            write(self, name, content[: len(content) // 2])
            raise error
        write(self, name, content)

    monkeypatch.setattr(Folder, "write", failing)


def grow_old(path):
    for at, _, files in os.walk(path):
        for name in (at, *(os.path.join(at, file) for file in files)):
            os.utime(name, (time.time() - 25 * 3600,) * 2)


def test_writers_beside_each_other_lose_no_model_and_leave_nothing_while_readers_read(tmp_path):
    path = str(tmp_path / "m")
    write_model(path, files_of(0, 0), {"writer": 0, "turn": 0})
    saved, read, problems = save_at_once(path, writers=3, rounds=RACES, readers=1)
    assert problems == [] and saved == 3 * RACES and read > 0
    assert len(os.listdir(path)) == 2


def test_of_first_saves_beside_each_other_exactly_one_wins(tmp_path):
    saved, _, problems = save_at_once(str(tmp_path / "m"), writers=3, rounds=RACES, first=True)
    assert saved == RACES and len(problems) == 2 * RACES
    assert all("is there already" in problem for problem in problems)
    for name in os.listdir(tmp_path):
        assert len(os.listdir(tmp_path / name)) == 2 and read_model(tmp_path / name).files


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["generator.safetensors", "part-00000", "metadata.json"])
def test_a_save_that_fails_leaves_nothing_and_can_be_tried_again(tmp_path, monkeypatch, step, error):
    path = tmp_path / "m"
    with monkeypatch.context() as patch:
        failing_at(patch, step, error)
        with pytest.raises(type(error)):
            write_model(path, FILES, {"n": 1}, record="r")
        assert os.listdir(path) == []
    write_model(path, FILES, {"n": 2}, record="r")
    with monkeypatch.context() as patch:
        failing_at(patch, step.replace("part-00000", "metadata.json"), error)
        with pytest.raises(type(error)):
            write_model(path, FILES, {"n": 3}, record="r", overwrite=True)
    assert read_model(path).metadata["n"] == 2
    assert sorted(os.listdir(path))[:2] == ["metadata", "metadata.json"] and len(os.listdir(path)) == 3


def test_a_full_disk_is_a_typed_error(tmp_path):
    with pytest.raises(SerializationError, match="cannot be written"):
        write_model("/dev/null/m", FILES, {})
    (tmp_path / "locked").write_text("")
    with pytest.raises(SerializationError):
        write_model(tmp_path / "locked" / "m", FILES, {})


def test_a_folder_of_a_writer_at_work_is_left_to_it_and_one_of_a_writer_long_gone_removed(tmp_path):
    path = tmp_path / "m"
    write_model(path, FILES, {"n": 1})
    at_work, gone = path / "v-0123456789ab", path / "v-ba9876543210"
    for folder in (at_work, gone):
        folder.mkdir()
        (folder / "heads.safetensors").write_bytes(b"half")
    (path / "metadata.json.01234567.tmp").write_bytes(b"{")
    grow_old(gone)
    grow_old(path / "metadata.json.01234567.tmp")
    os.utime(path / "metadata.json.01234567.tmp", (0, 0))
    write_model(path, FILES, {"n": 2}, overwrite=True)
    assert (at_work / "heads.safetensors").read_bytes() == b"half" and len(os.listdir(path)) == 3
    assert read_model(path).metadata["n"] == 2


def test_what_a_killed_writer_left_is_no_model_that_a_first_save_would_replace(tmp_path):
    (tmp_path / "m/v-0123456789ab").mkdir(parents=True)
    check_replaceable(tmp_path / "m", overwrite=False)
    write_model(tmp_path / "m", FILES, {"n": 1})
    assert read_model(tmp_path / "m").files == FILES
    (tmp_path / "estimator/metadata").mkdir(parents=True)
    with pytest.raises(SerializationError, match="is there already"):
        write_model(tmp_path / "estimator", FILES, {"n": 1})


def test_nothing_outside_is_removed_where_a_folder_is_a_link(tmp_path):
    write_model(tmp_path / "m", FILES, {"n": 1})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/named").write_text("mine")
    (tmp_path / "m/v-0123456789ab").symlink_to(tmp_path / "mine")
    os.utime(tmp_path / "m/v-0123456789ab", (0, 0), follow_symlinks=False)
    write_model(tmp_path / "m", FILES, {"n": 2}, overwrite=True)
    assert (tmp_path / "mine/named").read_text() == "mine"


class PutWhole(fs.SubTreeFileSystem):
    """Stands for an object store: no local file system, so nothing is renamed or linked."""


def test_where_files_are_only_put_whole(tmp_path, monkeypatch):
    folder = Folder("s3://bucket/m", PutWhole(str(tmp_path), fs.LocalFileSystem()), "m")
    monkeypatch.setattr(Folder, "at", classmethod(lambda cls, path: folder))
    assert not folder.is_local
    write_model("s3://bucket/m", FILES, {"n": 1})
    with pytest.raises(SerializationError, match="is there already"):
        write_model("s3://bucket/m", FILES, {"n": 2})
    write_model("s3://bucket/m", FILES, {"n": 2}, overwrite=True)
    assert read_model("s3://bucket/m").metadata["n"] == 2 and len(os.listdir(tmp_path / "m")) == 2
    # An answer that was lost may be of a pointer that is in place: its folder stays.
    write = Folder.write

    def put_and_lose_the_answer(self, name, content):
        write(self, name, content)
        if name == "metadata.json":
            raise SerializationError("the connection was lost")

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "write", put_and_lose_the_answer)
        with pytest.raises(SerializationError, match="connection was lost"):
            write_model("s3://bucket/m", FILES, {"n": 3}, overwrite=True)
    assert read_model("s3://bucket/m").metadata["n"] == 3
    write_model("s3://bucket/m", FILES, {"n": 4}, overwrite=True)
    assert read_model("s3://bucket/m").metadata["n"] == 4


def test_a_writer_that_took_too_long_gives_up(tmp_path, monkeypatch):
    now = iter([0.0, 13 * 3600.0])
    monkeypatch.setattr(saving, "time", SimpleNamespace(time=lambda: next(now)))
    with pytest.raises(SerializationError, match="took more than 12 hours"):
        write_model(tmp_path / "m", FILES, {})
    assert os.listdir(tmp_path / "m") == []


def test_a_removal_beside_another_is_no_error(tmp_path):
    write_model(tmp_path / "m", FILES, {})
    folder = Folder.at(tmp_path / "m")
    (version,) = (name for name in folder.names() if name.startswith("v-"))
    for _ in range(2):
        folder.remove(version)
    assert folder.names() == ["metadata.json"] and folder.last_change(version) is None
