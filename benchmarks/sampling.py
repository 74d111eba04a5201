"""How fast rows are drawn on the executors, by `sample` and by the data source, and how much memory a worker needs.

Run by ``make bench``. Prints a table and writes it to ``.work/bench/sampling.json``. Compare only within one run.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import threading
import time

from synthohive_spark import SynthesizerTransformer, register_data_source
from synthohive_spark.spark.session import embedded_session

WORK = pathlib.Path(".work/bench")
DATA = pathlib.Path(__file__).parents[1] / "demo" / "data" / "flights.parquet"
ENGINES = ("ctgan", "autoregressive")
ROWS = (1_000_000, 10_000_000)


class PeakMemory(threading.Thread):
    """The largest resident memory of any Python worker below this process, in MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self.ended = 0.0, threading.Event()

    def run(self):
        while not self.ended.wait(0.1):
            self.peak = max([self.peak, *map(_resident, _workers())])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


def _workers():
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"pyspark.daemon" in command and folder.name != str(os.getpid()):
            yield folder


def _resident(folder):
    try:
        lines = (folder / "status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def main():
    """Fit two models, then draw with each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, default="ctgan")
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="how many rows to draw, one after the other")
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    spark = embedded_session(WORK / "spark")
    register_data_source(spark)
    flights = spark.read.parquet(str(DATA))
    tables = {
        "flights, 19 columns, one of 3,000 categories": flights,
        "flights without tailnum, 18 columns": flights.drop("tailnum"),
    }
    results = []
    for name, table in tables.items():
        model = SynthesizerTransformer(engine=options.engine, epochs=1, seed=1, showProgress=False).fit(table)
        path = str((WORK / "model").resolve())
        model.write().overwrite().save(path)
        source = spark.read.format("synthohive").option("model", path).option("seed", 1).option("partitions", 4)
        ways = {
            "sample": lambda rows, model=model: model.sample(rows, seed=1, numPartitions=4),
            "data source": lambda rows, source=source: source.option("rows", rows).load(),
        }
        for rows in (20_000, *options.rows):  # the first to start the workers
            for way, drawn in ways.items():
                started = time.monotonic()
                with PeakMemory() as memory:
                    drawn(rows).write.format("noop").mode("overwrite").save()
                seconds = time.monotonic() - started
                results.append(
                    {
                        "engine": options.engine,
                        "table": name,
                        "by": way,
                        "rows": rows,
                        "rows_per_second": round(rows / seconds),
                        "worker_peak_mb": round(memory.peak),
                    }
                )
                print(results[-1], flush=True)
    spark.stop()
    (WORK / "sampling.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
