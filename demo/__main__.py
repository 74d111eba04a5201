"""Learn flights in one process; in another, draw a million of them and compare."""

from __future__ import annotations

import json
import logging
import pathlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from demo.report import compare, draw_picture
from synthohive_spark import SynthesizerTransformer, SynthesizerTransformerModel, read_table, write_table
from synthohive_spark.spark.session import embedded_session

WORK = pathlib.Path(".work/demo")
DATA = pathlib.Path(__file__).parent / "data" / "flights.parquet"
MODEL, PICTURE, TIMES = WORK / "model", WORK / "real_and_synthetic.png", WORK / "times.json"
ROWS = 1_000_000


def fit() -> None:
    """Write the flights as Delta and as Hive ORC, learn them, save the model."""
    with step("start Spark"):
        spark = embedded_session(WORK / "spark", app_name="demo fit")
    spark.sql("CREATE DATABASE IF NOT EXISTS nyc")
    flights = spark.read.parquet(str(DATA))
    with step("write 50,000 real flights as Delta and as Hive ORC"):
        write_table(flights, "nyc.flights", format="delta", mode="overwrite")
        write_table(flights, "nyc.flights_orc", format="orc", mode="overwrite")
    with step("fit"):
        model = SynthesizerTransformer(epochs=20, maxSeconds=60, seed=42).fit(read_table(spark, "nyc.flights"))
    with step("save the model"):
        model.write().overwrite().save(str(MODEL))
    size = sum(file.stat().st_size for file in MODEL.rglob("*") if file.is_file())
    print(f"model directory {MODEL}: {size / 1e6:.1f} MB")
    spark.stop()


def sample() -> None:
    """Load the model, draw, write as Delta and as Hive ORC, compare with the real flights."""
    with step("start Spark"):
        spark = embedded_session(WORK / "spark", app_name="demo sample")
    spark.sql("CREATE DATABASE IF NOT EXISTS nyc_synthetic")
    with step("load the model"):
        model = SynthesizerTransformerModel.load(str(MODEL))
    synthetic = model.sample(ROWS, seed=7, numPartitions=4)
    with step(f"draw {ROWS:,} flights and write them as Delta"):
        write_table(synthetic, "nyc_synthetic.flights", format="delta", mode="overwrite")
    with step(f"draw {ROWS:,} flights and write them as Hive ORC"):
        write_table(synthetic, "nyc_synthetic.flights_orc", format="orc", mode="overwrite")
    real, made = read_table(spark, "nyc.flights"), read_table(spark, "nyc_synthetic.flights")
    orc = read_table(spark, "nyc_synthetic.flights_orc")
    with step("compare"):
        rows = {"real": real.count(), "synthetic, Delta": made.count(), "synthetic, Hive ORC": orc.count()}
        pairs = real.toPandas(), made.sample(0.1, seed=1).toPandas()
        distances = compare(*pairs)
        draw_picture(*pairs, PICTURE)
    spark.stop()
    _print_table("rows", rows, "{:>12,}")
    _print_table("seconds", json.loads(TIMES.read_text()), "{:>12.1f}")
    _print_table("distance, real to synthetic (TVD of categories, KS of numbers)", distances, "{:>12.4f}")
    print(f"\npicture: {PICTURE}")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Time a step, and keep the time for the table at the end."""
    print(f"... {name}", flush=True)
    started = time.monotonic()
    yield
    times = json.loads(TIMES.read_text()) if TIMES.exists() else {}
    times[f"{sys.argv[1]}: {name}"] = time.monotonic() - started
    TIMES.write_text(json.dumps(times))


def _print_table(title: str, values: dict[str, float], form: str) -> None:
    print(f"\n{title}")
    for name, value in values.items():
        print(f"  {name:<60}{form.format(value)}")


if __name__ == "__main__":
    steps = {"fit": fit, "sample": sample}
    if len(sys.argv) != 2 or sys.argv[1] not in steps:
        sys.exit("usage: python -m demo fit|sample")
    # A bar shows the progress here; the log of every epoch is for clusters.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    WORK.mkdir(parents=True, exist_ok=True)
    if sys.argv[1] == "fit":
        TIMES.unlink(missing_ok=True)
    steps[sys.argv[1]]()
