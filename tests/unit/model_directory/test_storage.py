import os
import threading

import pytest

from synthohive_spark.errors import SerializationError
from synthohive_spark.model_directory.directory import read_model
from synthohive_spark.model_directory.saving import write_model
from synthohive_spark.model_directory.storage import Folder, local_folder, read_file, write_file

FILES = {"transformer.json": b"{}\n", "generator.safetensors": b"0123456789" * 50}


@pytest.fixture
def model(tmp_path):
    write_model(tmp_path / "m", FILES, {"engine": "x"})
    return tmp_path / "m"


def version_of(model):
    (found,) = model.glob("v-*")
    return found


def pipe(path):
    os.mkfifo(path)


def endless(path):
    path.symlink_to("/dev/zero")


def outside(path):
    other = path.parents[2] / "other"
    other.write_bytes(b"{}\n")
    path.symlink_to(other)


@pytest.mark.parametrize("name", ["metadata.json", "transformer.json"])
@pytest.mark.parametrize("put", [pipe, endless, outside, os.mkdir])
def test_only_regular_files_are_read(model, name, put):
    file = model / name if name == "metadata.json" else version_of(model) / name
    file.unlink()
    put(file)
    with pytest.raises(SerializationError, match=f"{name} in .* cannot be read: it is no regular file"):
        read_model(model)


def test_a_version_that_is_a_link_to_elsewhere_is_refused(model, tmp_path):
    version = version_of(model)
    version.rename(tmp_path / "elsewhere")
    version.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SerializationError, match="is no folder but a link or a file"):
        read_model(model)


def test_the_place_itself_may_be_a_link(model, tmp_path):
    (tmp_path / "link").symlink_to(model)
    assert read_model(tmp_path / "link").files == FILES


def test_no_more_is_read_than_the_pointer_says(model):
    for file in (model / "metadata.json", version_of(model) / "transformer.json"):
        good = file.read_bytes()
        os.truncate(file, 1 << 40)
        with pytest.raises(SerializationError, match="more than 33,554,432 bytes|was truncated or altered"):
            read_model(model)
        file.write_bytes(good)
    assert Folder.at(version_of(model)).read("transformer.json", 1) == b"{}"


def test_a_folder_that_another_writer_makes_meanwhile_is_listed(tmp_path):
    path, done = tmp_path / "m", threading.Event()

    def make_and_remove():
        while not done.is_set():
            path.mkdir()
            path.rmdir()

    writer = threading.Thread(target=make_and_remove)
    writer.start()
    try:
        assert all(Folder.at(path).names() == [] for _ in range(20_000))
    finally:
        done.set()
        writer.join()


def test_files_that_users_name_are_reached_by_the_same_path_names(tmp_path, monkeypatch):
    write_file(f"file://{tmp_path}/deep/er/report.json", b"12345")
    assert read_file(f"file:{tmp_path}/deep/er/report.json", 5) == b"12345"
    assert local_folder(f"file:{tmp_path}", "a checkpoint") == str(tmp_path)
    with pytest.raises(SerializationError, match="has more than 4 bytes"):
        read_file(tmp_path / "deep/er/report.json", 4)
    with pytest.raises(SerializationError, match="cannot be read"):
        read_file(tmp_path / "none", 4)
    monkeypatch.chdir(tmp_path)
    for reach in (lambda p: write_file(p, b""), lambda p: read_file(p, 1)):
        with pytest.raises(SerializationError, match="path 'ftp://host/x' cannot be reached"):
            reach("ftp://host/x")
    with pytest.raises(SerializationError, match="a checkpoint needs a local or mounted folder, got 's3://bucket/x"):
        local_folder("s3://bucket/x?region=eu-west-1", "a checkpoint")
    assert os.listdir(tmp_path) == ["deep"]


@pytest.mark.parametrize("path", ["hdfs://namenode/m", "ftp://host/m", "", "a\0b"])
def test_a_path_that_cannot_be_reached_says_so(path):
    with pytest.raises(SerializationError, match="cannot be reached|not empty and holds no null"):
        Folder.at(path)
