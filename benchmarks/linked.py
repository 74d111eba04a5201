"""A linked database learned and drawn: seconds, and how good it is, by the figures of this package's own report.

Run as ``python -m benchmarks.linked FOLDER``; the folder holds a parquet file for each table and ``schema.json``, as
for ``benchmarks.links``. The drawn tables are written to ``--output``, a folder of parquet files each.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import tempfile
import time
from typing import TYPE_CHECKING, Any

from benchmarks.markdown import markdown_table

if TYPE_CHECKING:
    from synthohive_spark import Metadata, Synthesizer


def declared(folder: pathlib.Path, keep: list[str]) -> Metadata:
    """The declarations in ``schema.json``."""
    from synthohive_spark import Metadata
    from synthohive_spark.declarations.foreign_key import ForeignKey

    metadata = Metadata()
    for table, entry in json.loads((folder / "schema.json").read_text()).items():
        links = []
        for columns, reference in entry["fk"].items():
            parent, keys = reference.split(".")
            links.append(ForeignKey(columns.split(","), parent, keys.split(",")))
        metadata.add_table(table, pk=entry["pk"], fk=links, keep=table in keep)
    return metadata


def learn_and_draw(options: argparse.Namespace, metadata: Metadata, spark: Any) -> tuple[Synthesizer, list[list[str]]]:
    """The fitted synthesizer, and a line a table: rows, seconds of learning and of drawing."""
    from synthohive_spark import Privacy, Synthesizer

    real = {name: spark.read.parquet(str(options.folder / f"{name}.parquet")) for name in metadata.tables}
    privacy = Privacy(0, 0) if options.no_privacy else Privacy()
    made = Synthesizer(metadata, spark, engine=options.engine, privacy=privacy, progress=False)
    params: dict[str, Any] = {} if options.max_seconds is None else {"max_seconds": options.max_seconds}
    started = time.monotonic()
    made.fit(real, seed=options.seed, **params)
    fitted = time.monotonic() - started
    lines, drawing = [], time.monotonic()
    for name, df in made.sample(seed=options.seed + 1).items():
        started = time.monotonic()
        path = str(options.output / name)
        df.write.mode("overwrite").parquet(path)
        rows, seconds = spark.read.parquet(path).count(), time.monotonic() - started
        learned = f"{made.models[name].trainingSummary.seconds:.0f}" if name in made.models else "kept"
        lines.append([name, f"{rows:,}", learned, f"{seconds:.1f}"])
    lines.append(["all", "", f"{fitted:.0f}", f"{time.monotonic() - drawing:.0f}"])
    return made, lines


def main(argv: list[str] | None = None) -> None:
    from synthohive_spark.spark.session import embedded_session

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(".work/bench/linked"))
    parser.add_argument("--engine", default="autoregressive")
    parser.add_argument("--keep", nargs="*", default=[], help="tables to take over as they are")
    parser.add_argument(
        "--no-privacy", action="store_true", help="no privacy thresholds, as published methods have none"
    )
    parser.add_argument("--max-seconds", type=float, help="budget of a table")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    spark, metadata = embedded_session(tempfile.mkdtemp()), declared(options.folder, options.keep)
    print(metadata.describe())
    made, lines = learn_and_draw(options, metadata, spark)
    print(markdown_table(["table", "rows", "fit, s", "draw and write, s"], lines))
    real = {name: spark.read.parquet(str(options.folder / f"{name}.parquet")) for name in metadata.tables}
    drawn = {name: spark.read.parquet(str(options.output / name)) for name in metadata.tables}
    started = time.monotonic()
    report = made.generate_validation_report(real, drawn, options.output / "report.html")
    print(f"report: {time.monotonic() - started:.0f} s")
    print(json.dumps(report.database.summary if report.database else {}, indent=1))


if __name__ == "__main__":
    main()
