import os
import pathlib
import shutil
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "check-tools"


def check(python, path):
    return subprocess.run(["sh", str(SCRIPT), python], capture_output=True, text=True, env={**os.environ, **path})


def test_a_missing_python_is_one_line_that_says_what_to_install():
    done = check("python3.99", {})
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "'python3.99' is not that: install python3.11" in done.stderr


def test_a_missing_java_is_one_line_that_says_what_to_install(tmp_path):
    """A PATH that has neither Java nor apt-get, as on a machine where nothing can be installed."""
    for tool in ("sed", "id"):
        os.symlink(shutil.which(tool), tmp_path / tool)
    python = os.path.realpath(sys.executable)
    shell = {"PATH": str(tmp_path), "JAVA_HOME": ""}
    done = subprocess.run(["/bin/sh", str(SCRIPT), python], capture_output=True, text=True, env=shell)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "Java 17 or later is needed: install a JDK or JRE" in done.stderr


def test_both_are_found_here():
    assert check("python3.11", {}).returncode == 0
