"""Compares this package with the reference package: same tables, machine and threads, one process each, in turn.

Run by ``make bench``; ``make bench BENCH_ARGS='--help'`` shows what can be chosen. Two parts:

1. Equal settings (batch 500, widths 256, pac 10) for a few epochs: seconds, rows drawn per second and memory. This
   package scores its model ten times in a training, however short: the median of 21 epochs is free of that.
2. Quality against seconds, on one thread and with the defaults: this package at time budgets, the reference at numbers
   of epochs.

Nothing else should run meanwhile: two threads that have to share a processor lose far more than half of their speed.
Writes ``results.json`` (after every run), ``results.md`` and ``results.png`` to ``.work/bench``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import time
from typing import Any

from benchmarks import report
from benchmarks.tables import TARGETS, files

ROOT = pathlib.Path(__file__).parents[1]
WORK = ROOT / ".work" / "bench"
EQUAL = ("--batch-size", "500", "--pac", "10", "--width", "256")


def main(argv: list[str] | None = None) -> None:
    options = arguments(argv)
    bench = Bench(options.reference, options.limit)
    bench.prepare(options)
    for table in options.tables:
        equal_settings(bench, table, options)
        quality_against_seconds(bench, table, options)
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


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
    parser.add_argument("--limit", type=float, default=1800, help="end a run after so many seconds, and go on")
    parser.add_argument(
        "--reference", type=pathlib.Path, default=WORK / "reference", help="the environment of the reference package"
    )
    options = parser.parse_args(argv)
    if "adult" in options.tables and options.adult is None:
        parser.error("the table adult is read from a file: give --adult PATH")
    return options


class Bench:
    """Starts the runs and keeps their records.

    Args:
        reference: The virtual environment of the reference package and of the judges of quality.
        limit: Seconds after which a process is ended.
    """

    def __init__(self, reference: pathlib.Path, limit: float) -> None:
        self._limit = limit
        self._pythons = {"ours": sys.executable, "reference": str(reference.absolute() / "bin" / "python")}
        self._results: dict[str, Any] = {"machine": machine(), "records": []}
        self._made = WORK / "synthetic"
        self._made.mkdir(parents=True, exist_ok=True)

    def prepare(self, options: argparse.Namespace) -> None:
        """Write the training and holdout rows of the tables."""
        chosen = {"--adult": options.adult and options.adult.absolute(), "--rows": options.rows or None}
        flags = [part for flag, value in chosen.items() if value is not None for part in (flag, value)]
        ended = self._python("reference", "benchmarks.tables", *options.tables, "--data", WORK / "data", *flags)
        if ended.returncode:
            raise SystemExit(ended.stderr)

    def run(self, part: str, package: str, table: str, threads: int, seed: int, *flags: Any) -> dict[str, Any]:
        """One fit and one draw in a process of its own; a run that fails is recorded as such."""
        asked = f"{flags[1]:g} {flags[0].removeprefix('--')}"
        record = {"part": part, "package": package, "table": table, "threads": threads, "seed": seed, "asked": asked}
        out = self._made / f"{'-'.join(map(str, [*record.values(), *flags[2:]]))}.parquet".replace(" ", "-")
        train, _ = files(WORK / "data", table)
        shared = ("--threads", threads, "--seed", seed, "--out", out)
        others, started = _seconds_of_others(), time.monotonic()
        record |= {"synthetic": out.name, **self._json(package, f"benchmarks.run_{package}", train, *shared, *flags)}
        record["others"] = round((_seconds_of_others() - others) / (time.monotonic() - started), 2)
        self._results["records"].append(record)
        self._save(record)
        return record

    def score(self, record: dict[str, Any]) -> None:
        """Add the quality of a run's synthetic table to its record."""
        if "error" in record:
            return
        train, holdout = files(WORK / "data", record["table"])
        tables = ("--train", train, "--holdout", holdout, "--synthetic", self._made / record["synthetic"])
        record["quality"] = self._json("reference", "benchmarks.quality", *tables, "--target", TARGETS[record["table"]])
        self._save(record)

    def _save(self, record: dict[str, Any]) -> None:
        self._results["ratios"] = report.ratios(self._results["records"])
        (WORK / "results.json").write_text(json.dumps(self._results, indent=1))
        print(json.dumps(record.get("quality", record)), flush=True)

    def _json(self, environment: str, module: str, *arguments: Any) -> dict[str, Any]:
        try:
            ended = self._python(environment, module, *arguments)
        except subprocess.TimeoutExpired:
            return {"error": f"ended after {self._limit:g} seconds (--limit)"}
        if ended.returncode < 0:
            return {"error": f"ended by signal {-ended.returncode} (9 is often a lack of memory)"}
        if ended.returncode:
            return {"error": ended.stderr.strip().rpartition("\n")[2]}
        return dict(json.loads(ended.stdout.strip().rpartition("\n")[2]))

    def _python(self, environment: str, module: str, *arguments: Any) -> subprocess.CompletedProcess[str]:
        command = [self._pythons[environment], "-m", module, *map(str, arguments)]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
        )
        try:
            output, errors = process.communicate(timeout=self._limit)
        except BaseException:
            # An interrupted run must not leave worker processes behind, which would disturb the next one.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _seconds_of_others() -> float:
    """Processor seconds that were not spent by this process and its children: who else was at work?"""
    user, nice, system, _, _, *interrupts = map(int, pathlib.Path("/proc/stat").read_text().split()[1:9])
    spent = (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
    return spent - sum(os.times()[:4])


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    return {"processor": name, "processors": len(os.sched_getaffinity(0)), "python": platform.python_version()}


if __name__ == "__main__":
    main()
