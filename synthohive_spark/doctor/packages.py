"""What a worker's Python has, and whether that is enough."""

from __future__ import annotations

import sys
from typing import Any

from synthohive_spark.doctor.finding import MEND, OK, Finding

NEEDED = ("numpy", "pandas", "pyarrow")
"""What a worker needs beside Python."""
LOOK = """
import json, sys
from importlib import import_module
packages = {}
for name in ("numpy", "pandas", "pyarrow"):
    try:
        packages[name] = import_module(name).__version__
    except Exception as error:
        packages[name] = None
print(json.dumps({"python": list(sys.version_info[:3]), "path": sys.executable, "packages": packages}))
"""
"""Prints what `interpreter_finding` reads; runs in any Python."""


def interpreter_finding(found: dict[str, Any], where: str) -> Finding:
    """What to say of a worker's Python.

    Args:
        found: What `LOOK` printed.
        where: Where it was, for the message.
    """
    python, path, packages = ".".join(map(str, found["python"])), found["path"], found["packages"]
    ours = ".".join(map(str, sys.version_info[:2]))
    lacking = [name for name in NEEDED if packages[name] is None]
    way_out = (
        f"set PYSPARK_PYTHON, before the session starts, to a Python {ours} that has numpy, pandas and pyarrow "
        f"wherever workers run (the driver's own is {sys.executable})"
    )
    if list(found["python"][:2]) != list(sys.version_info[:2]):
        return Finding(MEND, "workers' Python", f"{python} at {path} {where}, and the driver has {ours}; {way_out}")
    if lacking:
        return Finding(MEND, "workers' Python", f"{path} {where} has no {', no '.join(lacking)}; {way_out}")
    versions = ", ".join(f"{name} {packages[name]}" for name in NEEDED)
    return Finding(OK, "workers' Python", f"{python} at {path} {where}, with {versions}")
