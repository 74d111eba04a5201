"""Scripts in processes of their own."""

import contextlib
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap


@contextlib.contextmanager
def _one_connect_server():
    """All of them listen at one port."""
    with pathlib.Path(tempfile.gettempdir(), "synthohive-tests-connect.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(tmp_path, script, folder, **environment):
    """Run ``script`` in another process; what it puts into ``rows`` is returned."""
    target = tmp_path / "rows.json"
    code = textwrap.dedent(script) + f"\njson.dump(rows, open({str(target)!r}, 'w'))\n"
    head = f"import json, sys\nFOLDER = {str(folder)!r}\n"
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable, **environment}
    with _one_connect_server() if ".remote(" in code else contextlib.nullcontext():
        done = subprocess.run(
            [sys.executable, "-c", head + code], capture_output=True, text=True, env=env, cwd=tmp_path
        )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(target.read_text())
