"""Starts the runs of a comparison, one process each, and keeps their records."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import platform
import signal
import subprocess
import sys
import time
from typing import Any

from benchmarks.compare import report
from benchmarks.tables import TARGETS, files

ROOT = pathlib.Path(__file__).parents[2]
WORK = ROOT / ".work" / "bench"
RUNS = {
    "ours": ("benchmarks.compare.run_ours",),
    "autoregressive": ("benchmarks.compare.run_ours", "--engine", "autoregressive"),
    "reference": ("benchmarks.compare.run_reference",),
    "mostlyai": ("benchmarks.compare.run_mostlyai",),
}
"""What each package is run by: a module, and what it is told besides."""


class Bench:
    """Starts the runs and keeps their records.

    Args:
        reference: The virtual environment of the reference package and of the judges of quality.
        limit: Seconds after which a process is ended.
        mostlyai: The virtual environment of mostlyai-engine.
    """

    def __init__(self, reference: pathlib.Path, limit: float, mostlyai: pathlib.Path = WORK / "mostlyai") -> None:
        self._limit = limit
        others = {"reference": reference, "mostlyai": mostlyai}
        self._pythons = {package: str(place.absolute() / "bin" / "python") for package, place in others.items()}
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
        """One fit and one draw in a process of its own; a run that fails is recorded as such.

        Args:
            part: The part of the comparison that it belongs to.
            package: One of `RUNS`.
            table: The table to learn.
            threads: How many threads it may have.
            seed: Its seed.
            flags: How long to train, "--epochs" or "--seconds" with a number, then other settings; or nothing.
        """
        asked = f"{flags[1]:g} {flags[0].removeprefix('--')}" if flags else "defaults"
        record = {"part": part, "package": package, "table": table, "threads": threads, "seed": seed, "asked": asked}
        out = self._made / f"{'-'.join(map(str, [*record.values(), *flags[2:]]))}.parquet".replace(" ", "-")
        train, _ = files(WORK / "data", table)
        shared = ("--threads", threads, "--seed", seed, "--out", out)
        module, *own = RUNS[package]
        others, started = _seconds_of_others(), time.monotonic()
        record |= {"synthetic": out.name, **self._json(package, module, train, *shared, *own, *flags)}
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
        command = [self._pythons.get(environment, sys.executable), "-m", module, *map(str, arguments)]
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
