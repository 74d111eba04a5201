"""The Python that runs on the workers, asked there."""

from __future__ import annotations

import json
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from synthohive_spark.doctor.finding import Finding
from synthohive_spark.doctor.packages import LOOK, interpreter_finding

_PARTS = 8
"""Tasks that ask: enough to meet more than one executor where there are several."""


def check_workers(spark: SparkSession) -> list[Finding]:
    """What each kind of Python that answers on a worker has.

    Raises:
        Exception: What Spark raises where no worker's Python can answer.
    """
    code = LOOK

    def look(part: int) -> str:  # nested, so that it is pickled by value: workers need not have this package
        import contextlib  # noqa: PLC0415
        import io  # noqa: PLC0415
        import socket  # noqa: PLC0415

        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(code, {})
        return json.dumps([socket.gethostname(), said.getvalue()])

    asked = F.udf(look, "string", useArrow=False)
    answers = {row.answer for row in spark.range(0, _PARTS, 1, _PARTS).select(asked("id").alias("answer")).collect()}
    by_python: dict[str, list[str]] = {}
    for host, said in map(json.loads, sorted(answers)):
        by_python.setdefault(said, []).append(host)
    return [interpreter_finding(_values(said), f"on {', '.join(hosts)}") for said, hosts in by_python.items()]


def _values(said: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(said)
    return values
