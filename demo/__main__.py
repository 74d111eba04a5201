"""Learn flights in one process; in another, draw a million of them, compare them with real ones, and judge them."""

from __future__ import annotations

import argparse
import logging
import pathlib
import sys

import structlog

from demo import tables
from demo.checks import compare
from demo.pairs import differences
from demo.picture import draw_picture
from demo.report import columns_table, conclusion, ending, pairs_table, times_table, verdict
from demo.side_by_side import side_by_side
from demo.times import Times
from synthohive_spark import SynthesizerTransformer, SynthesizerTransformerModel, SynthoHiveError, read_table
from synthohive_spark.spark.session import embedded_session

WORK = pathlib.Path(".work/demo")
DATA = pathlib.Path(__file__).parent / "data" / "flights.parquet"
MODEL, PICTURE, TIMES = WORK / "model", WORK / "real_and_synthetic.png", WORK / "times.json"
ROWS, REAL_ROWS, COMPARED = 1_000_000, 50_000, 25_000


def fit(times: Times, engine: str, max_seconds: float) -> None:
    """Write the flights as Delta and as Hive ORC, learn them, save the model."""
    with times.step("start Spark"):
        spark = embedded_session(WORK / "spark", app_name="demo fit")
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {tables.REAL}")
    flights = spark.read.parquet(str(DATA))
    with times.step(f"write {REAL_ROWS:,} real flights as Delta and as Hive ORC"):
        tables.write_as(flights, tables.REAL, "flights")
        tables.write_as(flights, tables.REAL, "flights_orc")
    with times.step(f"fit ({engine}, at most {max_seconds:g} s)"):
        estimator = SynthesizerTransformer(engine=engine, maxSeconds=max_seconds, seed=42)
        model = estimator.fit(read_table(spark, f"{tables.REAL}.flights"))
    print(f"    {ending(model.trainingSummary)}")
    with times.step("save the model"):
        model.write().overwrite().save(str(MODEL))
    size = sum(file.stat().st_size for file in MODEL.rglob("*") if file.is_file())
    print(f"    {MODEL}: {size / 1e6:.1f} MB")
    spark.stop()


def sample(times: Times) -> bool:
    """Load the model, draw, write as Delta and as Hive ORC, compare with the real flights; whether they are good."""
    with times.step("start Spark"):
        spark = embedded_session(WORK / "spark", app_name="demo sample")
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {tables.DRAWN}")
    with times.step("load the model"):
        model = SynthesizerTransformerModel.load(str(MODEL))
    engine = model.getOrDefault(model.engine)
    drawn_rows = model.sample(ROWS, seed=7, numPartitions=4)
    with times.step(f"draw {ROWS:,} flights and write them as Delta"):
        tables.write_as(drawn_rows, tables.DRAWN, "flights")
    with times.step(f"draw {ROWS:,} flights and write them as Hive ORC"):
        tables.write_as(drawn_rows, tables.DRAWN, "flights_orc")
    with times.step("compare"):
        same = tables.hold_the_same_rows(spark, tables.DRAWN, ROWS)
        shuffled = tables.some_rows(read_table(spark, f"{tables.REAL}.flights"), REAL_ROWS, REAL_ROWS)
        shuffled = shuffled.sample(frac=1, random_state=0, ignore_index=True)
        real, other = shuffled.iloc[:COMPARED], shuffled.iloc[COMPARED : 2 * COMPARED]
        drawn = tables.some_rows(read_table(spark, f"{tables.DRAWN}.flights"), COMPARED, ROWS)
        comparison = compare(real, other, drawn)
        title = f"Flights from New York City in 2013: {len(real):,} real and {len(drawn):,} drawn ones ({engine})"
        draw_picture(PICTURE, real, drawn, differences(comparison.pairs[0], comparison.pairs[2]), title)
    spark.stop()
    five = (rows.sample(5, random_state=3) for rows in (real, drawn))
    for part in (side_by_side(*five), columns_table(comparison), pairs_table(comparison), verdict(comparison.checks)):
        print(f"\n{part}")
    print(f"\n{times_table(times.read())}\n\npicture: {PICTURE}")
    print(f"the Delta and the Hive table hold the same {ROWS:,} flights: {'yes' if same else 'NO'}")
    print(f"\n{conclusion(comparison.checks, engine)}")
    return same and not any(check.bad for check in comparison.checks)


def main() -> None:
    """The command line; exit code 1 where the flights are not good, or something failed."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    learn = commands.add_parser("fit", help="learn the flights")
    learn.add_argument("--engine", choices=("autoregressive", "ctgan"), default="autoregressive")
    learn.add_argument("--max-seconds", type=float, default=120)
    commands.add_parser("sample", help="draw, compare, judge")
    arguments = parser.parse_args()
    # A bar shows the progress here; the log of every epoch is for clusters.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    WORK.mkdir(parents=True, exist_ok=True)
    times = Times(TIMES, arguments.command)
    try:
        if arguments.command == "sample":
            sys.exit(0 if sample(times) else 1)
        TIMES.unlink(missing_ok=True)
        fit(times, arguments.engine, arguments.max_seconds)
    except SynthoHiveError as error:
        sys.exit(f"demo: {error}")


if __name__ == "__main__":
    main()
