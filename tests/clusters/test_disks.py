"""Disks that are full or cannot be written, each mounted in a namespace of its own."""

import shutil
import subprocess
import sys
import textwrap

import pytest

ROOTLESS = ["unshare", "--user", "--map-root-user", "--mount"]
SCRIPT = """
    import os, sys
    from synthohive_spark import SerializationError
    from synthohive_spark.model_directory.directory import read_model
    from synthohive_spark.model_directory.saving import write_model
    from synthohive_spark.model_directory.storage import read_file, write_file

    disk, path = sys.argv[1], sys.argv[1] + "/m"
    small, large = ({"transformer.json": b"{}", "heads.safetensors": bytes(size)} for size in (1_000, 2 << 20))
    write_model(path, small, {"n": 1}, record="r")
    before = sorted(os.listdir(path))

    def refused(work):
        try:
            work()
        except SerializationError as error:
            print(error)

    refused(lambda: write_model(path, large, {"n": 2}, overwrite=True, record="r"))
    refused(lambda: write_model(disk + "/new", large, {}, record="r"))
    write_file(disk + "/report.html", b"old")
    refused(lambda: write_file(disk + "/report.html", bytes(2 << 20)))
    assert read_file(disk + "/report.html", 9) == b"old"
    assert read_model(path).files == small and sorted(os.listdir(path)) == before
    assert os.listdir(disk + "/new") == []
    write_model(path, small, {"n": 3}, overwrite=True, record="r")
    os.system(f"mount -o remount,ro {disk}")
    refused(lambda: write_model(path, small, {"n": 4}, overwrite=True, record="r"))
    refused(lambda: write_model(disk + "/other", small, {}))
    assert read_model(path).metadata["n"] == 3
"""


@pytest.fixture
def small_disk(tmp_path):
    """A command that runs a Python script with a disk of one megabyte mounted at ``tmp_path / "disk"``."""
    (tmp_path / "disk").mkdir()
    if shutil.which("unshare") is None or subprocess.run([*ROOTLESS, "true"], capture_output=True).returncode:
        pytest.skip("disks of their own need a kernel that lets users make namespaces")
    mount = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'
    return [*ROOTLESS, "sh", "-c", mount, str(tmp_path / "disk"), sys.executable, "-c"]


def test_a_full_and_a_read_only_disk_leave_the_old_model_and_are_named(small_disk, tmp_path):
    command = [*small_disk, textwrap.dedent(SCRIPT), str(tmp_path / "disk")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    disk = tmp_path / "disk"
    assert done.stdout.splitlines() == [
        f"'{disk}/m' cannot be written: No space left on device",
        f"'{disk}/new' cannot be written: No space left on device",
        f"'{disk}/report.html' cannot be written: No space left on device",
        f"'{disk}/m' cannot be written: Read-only file system",
        f"'{disk}/other' cannot be written: Read-only file system",
    ]
