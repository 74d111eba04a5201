"""Tables that are learned beside each other, in threads of the driver."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

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
    cancelled = threading.Event()

    def run(name: str) -> None:
        with cancelled_by(cancelled):
            work(name)

    with ThreadPoolExecutor(parallelism, "synthohive-fit") as pool:
        futures = {pool.submit(inheritable_thread_target(spark)(run), name): name for name in names}
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        except KeyboardInterrupt as error:
            cancelled.set()
            spark.interruptAll()
            pool.shutdown(cancel_futures=True)
            return _interrupted(futures, error)
        pool.shutdown(cancel_futures=True)
    return next(((name, error) for future, name in futures.items() if (error := _error(future)) is not None), None)


def _interrupted(futures: dict[Future[None], str], interruption: KeyboardInterrupt) -> Failure:
    """The first that was interrupted, with what it says about it where it got as far as training."""
    ended = [(name, _error(future)) for future, name in futures.items() if future.cancelled() or _error(future)]
    trained = [(name, error) for name, error in ended if isinstance(error, TrainingInterruptedError)]
    return trained[0] if trained else (ended[0][0] if ended else next(iter(futures.values())), interruption)


def _error(future: Future[None]) -> BaseException | None:
    return None if future.cancelled() else future.exception()
