"""Ctrl-C reaches Spark: what runs there is cancelled."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

from synthohive_spark.errors import was_interrupted


@contextmanager
def cancel_on_interrupt(spark: SparkSession) -> Iterator[None]:
    """When it is interrupted in here, the jobs of the session are cancelled, which is what PySpark means to do.

    PySpark's own handler asks for it over the connection that waits for the job, which fails, and the job runs on.
    """
    outer = sys.exc_info()[1]
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if was_interrupted(error, outer):
            spark.interruptAll()
        raise
