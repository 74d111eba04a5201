"""Tables that are learned beside each other, in threads of the driver."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from pyspark.sql import SparkSession
from pyspark.util import inheritable_thread_target

from synthohive_spark.engine.cancellation import cancelled_by
from synthohive_spark.errors import TrainingInterruptedError

Failure = tuple[str, BaseException]


def first_failure(
    work: Callable[[str], None], names: Sequence[str], parallelism: int, spark: SparkSession
) -> Failure | None:
    """Do ``work`` for each name, so many at a time, and return the first that fails, once none runs any more.

    After a failure no other begins, and those that run go on to their end; an interruption ends them, too.

    Args:
        work: What is done for a name.
        names: In the order in which they begin.
        parallelism: How many at a time; one at a time stays in the caller's thread.
        spark: The session, whose local properties the threads inherit and whose jobs an interruption cancels.
    """
    if parallelism == 1:
        for name in names:
            try:
                work(name)
            except (Exception, KeyboardInterrupt) as error:
                return name, error
        return None
    ending, cancelled, interruption = threading.Event(), threading.Event(), None

    def run(name: str) -> None:
        if ending.is_set():
            return
        try:
            with cancelled_by(cancelled):
                work(name)
        except (Exception, KeyboardInterrupt):
            ending.set()
            raise

    with ThreadPoolExecutor(parallelism, "synthohive-fit") as pool:
        inheriting = inheritable_thread_target(spark)(run)
        futures = {name: pool.submit(inheriting, name) for name in names}
        try:
            wait(futures.values())
        except KeyboardInterrupt as interrupted:
            interruption = interrupted
            ending.set()
            cancelled.set()
            spark.interruptAll()
    ends = [(name, future.exception()) for name, future in futures.items()]
    failures = [(name, failed) for name, failed in ends if failed is not None]
    if interruption is None:
        return failures[0] if failures else None
    at = failures[0][0] if failures else names[0]
    return next((f for f in failures if isinstance(f[1], TrainingInterruptedError)), (at, interruption))
