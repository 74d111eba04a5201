"""Scripts in processes of their own."""

import json
import os
import subprocess
import sys
import textwrap


def run(tmp_path, script, folder, **environment):
    """Run ``script`` in another process; what it puts into ``rows`` is returned."""
    target = tmp_path / "rows.json"
    code = textwrap.dedent(script) + f"\njson.dump(rows, open({str(target)!r}, 'w'))\n"
    head = f"import json, sys\nFOLDER = {str(folder)!r}\n"
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable, **environment}
    done = subprocess.run([sys.executable, "-c", head + code], capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(target.read_text())
