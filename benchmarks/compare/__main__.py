"""Compares this package with others: same tables, machine and threads, one process each, in turn.

Run by ``make bench``; ``make bench BENCH_ARGS='--help'`` shows what can be chosen. Three parts:

equal     The CTGAN and the reference package at equal settings (batch 500, widths 256, pac 10) for a few epochs:
          seconds, rows drawn per second and memory. This package scores its model ten times in a training, however
          short: the median of 21 epochs is free of that.
quality   Their quality against seconds, on one thread and with the defaults: this package at time budgets, the
          reference at numbers of epochs.
mostlyai  The autoregressive engine and mostlyai-engine, on one thread and with the defaults of each.

Nothing else should run meanwhile: two threads that have to share a processor lose far more than half of their speed.
Writes ``results.json`` (after every run), ``results.md`` and ``results.png`` to ``.work/bench``.
"""

from __future__ import annotations

import argparse
import itertools
import pathlib

from benchmarks.compare import report
from benchmarks.compare.bench import WORK, Bench
from benchmarks.tables import TARGETS

EQUAL = ("--batch-size", "500", "--pac", "10", "--width", "256")


def main(argv: list[str] | None = None) -> None:
    options = arguments(argv)
    bench = Bench(options.reference, options.limit, options.mostlyai)
    bench.prepare(options)
    for table in options.tables:
        for part in options.parts:
            PARTS[part](bench, table, options)
    report.write(WORK)


def equal_settings(bench: Bench, table: str, options: argparse.Namespace) -> None:
    for repeat, threads in itertools.product(range(options.repeats), options.threads):
        # Neither package always goes first, as a machine may slow down when it gets warm.
        for package in ("reference", "ours") if repeat % 2 == 0 else ("ours", "reference"):
            epochs = options.epochs if package == "reference" else options.own_epochs
            bench.run("equal", package, table, threads, repeat, "--epochs", epochs, *EQUAL)


def quality_against_seconds(bench: Bench, table: str, options: argparse.Namespace) -> None:
    for seed in range(options.seeds):
        for seconds in options.budgets:
            bench.score(bench.run("quality", "ours", table, 1, seed, "--seconds", seconds))
        for epochs in options.reference_epochs:
            bench.score(bench.run("quality", "reference", table, 1, seed, "--epochs", epochs))


def against_mostlyai(bench: Bench, table: str, options: argparse.Namespace) -> None:
    first = options.tables.index(table)
    for seed in range(options.mostlyai_seeds):
        packages = ("autoregressive", "mostlyai") if (first + seed) % 2 == 0 else ("mostlyai", "autoregressive")
        for record in [bench.run("mostlyai", package, table, 1, seed) for package in packages]:
            bench.score(record)


PARTS = {"equal": equal_settings, "quality": quality_against_seconds, "mostlyai": against_mostlyai}


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--tables", nargs="+", choices=TARGETS, default=["diamonds", "flights-50k"])
    parser.add_argument("--adult", type=pathlib.Path, help="the parquet file of the table adult")
    parser.add_argument("--rows", type=int, default=25_000, help="take at most so many rows of a table; 0 takes all")
    parser.add_argument("--repeats", type=int, default=3, help="of the runs with equal settings; 0 leaves them out")
    parser.add_argument("--epochs", type=int, default=2, help="of the reference, with equal settings")
    parser.add_argument("--own-epochs", type=int, default=21, help="of this package, with equal settings")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="of the runs with equal settings")
    parser.add_argument("--seeds", type=int, default=1, help="how many runs at each budget; 0 leaves them out")
    parser.add_argument(
        "--budgets", type=float, nargs="*", default=[10, 30], help="seconds of training of this package"
    )
    parser.add_argument("--reference-epochs", type=int, nargs="*", default=[5])
    parser.add_argument(
        "--mostlyai-seeds", type=int, default=1, help="how many runs of each package in the part mostlyai"
    )
    parser.add_argument("--limit", type=float, default=1800, help="end a run after so many seconds, and go on")
    parser.add_argument(
        "--reference", type=pathlib.Path, default=WORK / "reference", help="the environment of the reference package"
    )
    parser.add_argument(
        "--mostlyai", type=pathlib.Path, default=WORK / "mostlyai", help="the environment of mostlyai-engine"
    )
    options = parser.parse_args(argv)
    if "adult" in options.tables and options.adult is None:
        parser.error("the table adult is read from a file: give --adult PATH")
    if "mostlyai" in options.parts and not (options.mostlyai / "bin" / "python").exists():
        parser.error(f"there is no environment in {options.mostlyai}: make bench makes one, --mostlyai names another")
    return options


if __name__ == "__main__":
    main()
