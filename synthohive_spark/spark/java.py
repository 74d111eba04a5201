"""The Java that Spark would start with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

OLDEST_JAVA = 17
_GET_JAVA = (
    f"Spark needs Java {OLDEST_JAVA} or later: install it (Debian, Ubuntu: openjdk-17-jre-headless) "
    "and put java on PATH or set JAVA_HOME"
)


def java_problem() -> str | None:
    """Why Spark cannot start with the Java that is here, and the way out; None where it can."""
    home = os.environ.get("JAVA_HOME")
    said = _said()
    if said is None:
        where = f"there is no Java in JAVA_HOME, which is {home!r}" if home else "there is no java on PATH"
        return f"{where}; {_GET_JAVA}"
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is not None and int(version[1]) < OLDEST_JAVA:
        return f"{shutil.which(_java())} is Java {version[1]}; {_GET_JAVA}"
    return None


def java_version() -> str:
    """The version of the Java that is here, as it writes it; empty where there is none."""
    version = re.search(r'version "([^"]+)"', _said() or "")
    return version[1] if version else ""


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    return os.path.join(home, "bin", "java") if home else "java"


def _said() -> str | None:
    try:
        return subprocess.run([_java(), "-version"], capture_output=True, text=True, check=False).stderr
    except OSError:
        return None
