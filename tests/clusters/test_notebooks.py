import os
import pathlib
import subprocess
import sys

NOTEBOOKS = pathlib.Path(__file__).parents[2] / "notebooks"


def test_a_notebook_as_plain_python_starts_a_session_and_writes_below_the_folder_that_it_names(tmp_path):
    command = [sys.executable, str(NOTEBOOKS / "01_one_table.py")]
    environment = {name: value for name, value in os.environ.items() if name != "PYSPARK_PYTHON"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"go below {tmp_path}/notebook_files" in done.stdout
    assert done.stdout.count("+--------+") >= 3 and "|  west| 1000|" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["notebook_files"]
    made = {path.name for path in (tmp_path / "notebook_files").iterdir()}
    assert made == {"customers", "metastore", "tmp", "warehouse"}
