import hashlib
import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap

import pytest
from structlog.testing import capture_logs

from synthohive_spark.errors import SerializationError
from synthohive_spark.model_directory import pointer as pointer_file
from synthohive_spark.model_directory import storage
from synthohive_spark.model_directory.directory import read_model
from synthohive_spark.model_directory.saving import write_model
from synthohive_spark.model_directory.storage import Folder, write_file

FILES = {"transformer.json": b"{}\n", "generator.safetensors": b"0123456789" * 50}


def component(path, name):
    (found,) = path.glob(f"v-*/{name}")
    return found


def test_what_was_written_is_read(tmp_path):
    write_model(tmp_path / "m", FILES, {"engine": "x"}, record="{}")
    directory = read_model(str(tmp_path / "m"))
    assert directory.files == FILES
    assert directory.metadata["engine"] == "x" and directory.metadata["format_version"] == 1
    assert (tmp_path / "m/metadata/part-00000").read_text() == "{}\n"


def test_overwriting_must_be_asked_for_and_leaves_one_version(tmp_path):
    path = tmp_path / "m"
    write_model(path, FILES, {"n": 1}, record="first")
    with pytest.raises(SerializationError, match="is there already; give overwrite=True"):
        write_model(path, FILES, {"n": 2})
    write_model(path, {"transformer.json": b"[]"}, {"n": 3}, overwrite=True, record="second")
    assert read_model(path).metadata["n"] == 3 and read_model(path).files == {"transformer.json": b"[]"}
    assert len(list(path.glob("v-*"))) == 1
    assert (path / "metadata/part-00000").read_text() == "first\n"


def test_a_folder_of_something_else_is_never_overwritten(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SerializationError, match=r"holds 'notes.txt', which is no part of a model"):
        write_model(tmp_path, FILES, {}, overwrite=True)
    with pytest.raises(SerializationError, match="is a file"):
        write_model(tmp_path / "notes.txt", FILES, {}, overwrite=True)
    assert os.listdir(tmp_path) == ["notes.txt"]


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_byte_a_truncation_a_pickle_and_a_missing_file_are_errors_that_name_the_file(tmp_path, name):
    path = tmp_path / "m"
    write_model(path, FILES, {})
    file = component(path, name)
    good = file.read_bytes()
    for bad in (bytes([good[0] ^ 1]) + good[1:], good[:-1], pickle.dumps({"x": 1})):
        file.write_bytes(bad)
        with pytest.raises(SerializationError, match=f"{name} in .* was truncated or altered"):
            read_model(path)
    file.unlink()
    with pytest.raises(SerializationError, match=f"{name} is missing"):
        read_model(path)


def test_metadata_that_was_altered_or_is_missing(tmp_path):
    path = tmp_path / "m"
    with pytest.raises(SerializationError, match=r"no model in .*metadata.json is missing"):
        read_model(path)
    write_model(path, FILES, {"engine": "x"})
    pointer = path / "metadata.json"
    good = pointer.read_text()
    pointer.write_text(good.replace('"x"', '"y"'))
    with pytest.raises(SerializationError, match="metadata.json .* was altered"):
        read_model(path)
    pointer.write_bytes(pickle.dumps(FILES))
    with pytest.raises(SerializationError, match="metadata.json is not JSON"):
        read_model(path)


def test_metadata_that_points_outside_is_refused(tmp_path):
    path = tmp_path / "m"
    write_model(path, FILES, {})
    pointer = json.loads((path / "metadata.json").read_text())
    for change in ({"folder": "../other"}, {"files": {"../../etc/passwd": {}}}):
        bad = {**pointer, **change}
        bad.pop("checksum")
        checksum = hashlib.sha256(json.dumps(bad, sort_keys=True).encode()).hexdigest()
        (path / "metadata.json").write_text(json.dumps({**bad, "checksum": checksum}))
        with pytest.raises(SerializationError, match="none of ours"):
            read_model(path)


def test_an_older_version_is_a_warning(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(pointer_file, "FORMAT_VERSION", 0)
        write_model(tmp_path / "m", FILES, {})
    with capture_logs() as logs:
        assert read_model(tmp_path / "m").files == FILES
    assert [(e["event"], e["what"], e["model"], e["log_level"]) for e in logs] == [
        ("version_mismatch", "format_version", 0, "warning")
    ]


def test_a_newer_format_is_an_error_that_says_which_and_what_to_do(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(pointer_file, "FORMAT_VERSION", 2)
        patch.setattr(pointer_file, "__version__", "7.1.0")
        write_model(tmp_path / "m", FILES, {})
    with pytest.raises(SerializationError) as raised:
        read_model(tmp_path / "m")
    assert str(raised.value) == (
        f"the model in {str(tmp_path / 'm')!r} has format 2 of synthohive_spark 7.1.0, and this is version "
        f"{pointer_file.__version__}, which reads formats up to 1: install the version that wrote it, or a newer one"
    )


@pytest.mark.parametrize("step", ["v-", "metadata.json"])
def test_a_process_killed_while_overwriting_leaves_the_old_model(tmp_path, step):
    path = tmp_path / "m"
    write_model(path, FILES, {"n": 1})
    script = f"""
        import os, signal
        from synthohive_spark.model_directory.saving import write_model
        from synthohive_spark.model_directory.storage import Folder
        write = Folder.write
        def half(self, name, content):
            if {step!r} in name:
                write(self, name, content[: len(content) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            write(self, name, content)
        Folder.write = half
        write_model({str(path)!r}, {{"transformer.json": b"[1, 2, 3]"}}, {{"n": 2}}, overwrite=True)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)])
    assert killed.returncode == -signal.SIGKILL
    assert read_model(path).metadata["n"] == 1 and read_model(path).files == FILES
    write_model(path, FILES, {"n": 3}, overwrite=True)
    assert read_model(path).metadata["n"] == 3


def test_a_reader_that_meets_a_writer_reads_the_new_model(tmp_path, monkeypatch):
    path = tmp_path / "m"
    write_model(path, FILES, {"n": 1})
    read, overtaken = Folder.read, []

    def overtaken_read(self, name, most):
        content = read(self, name, most)
        if name == "metadata.json" and not overtaken:
            overtaken.append(name)
            write_model(path, FILES, {"n": 2}, overwrite=True)
        return content

    monkeypatch.setattr(Folder, "read", overtaken_read)
    assert read_model(path).metadata["n"] == 2 and overtaken


@pytest.mark.parametrize(
    ("path", "local"),
    [
        ("/data/m", "/data/m"),
        ("file:/data/m", "/data/m"),
        ("file:///data/m/", "/data/m"),
        ("dbfs:/models/m", "mounted/models/m"),
        ("dbfs:/Volumes/main/shop/m", "/Volumes/main/shop/m"),
        ("/Volumes/c/s/v/m", "/Volumes/c/s/v/m"),
        ("m", os.path.abspath("m")),
    ],
)
def test_path_names_of_local_and_mounted_folders(path, local, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "_DBFS", str(tmp_path))
    assert Folder.at(path).path == local.replace("mounted", str(tmp_path))


def test_dbfs_where_it_is_not_mounted_is_refused_and_makes_no_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "_DBFS", str(tmp_path / "dbfs"))
    with pytest.raises(SerializationError, match=r"which this machine does not have; .* a path in a Volume"):
        write_file("dbfs:/reports/r.html", b"")
    assert os.listdir(tmp_path) == []


def test_object_stores_by_their_hadoop_names():
    folder = Folder.at("s3a://bucket/models/m?region=eu-west-1&endpoint_override=localhost:1")
    assert folder.system.type_name == "s3" and folder.path == "bucket/models/m"
