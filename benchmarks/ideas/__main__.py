"""What each idea is worth by itself: quality and time with it taken back, at equal numbers of epochs.

Run after ``make bench``, whose environments it uses::

    python -m benchmarks.ideas --tables adult diamonds --adult PATH --seeds 2

Writes ``gains.json`` and ``gains.md`` to ``.work/bench``: means over the seeds, and in parentheses how far these are
apart.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
from typing import Any

from benchmarks.compare.bench import WORK, Bench
from benchmarks.ideas.variants import VARIANTS
from benchmarks.tables import TARGETS

FIGURES = {
    "report": "report",
    "pairs": "pairs",
    "use": "train on synthetic, test on real",
    "detector_auc": "detector AUC",
    "mean_ks": "KS",
    "epoch_s": "s/epoch",
}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", nargs="+", choices=TARGETS, default=["diamonds", "flights-50k"])
    parser.add_argument("--adult", type=pathlib.Path, help="the parquet file of the table adult")
    parser.add_argument("--rows", type=int, default=0, help="take at most so many rows of a table; 0 takes all")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--without", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    options = parser.parse_args(argv)
    bench = Bench(WORK / "reference", limit=3600)
    bench.prepare(options)
    records = []
    for seed in range(options.seeds):
        for table in options.tables:
            for name in options.without:
                flags = ("--epochs", options.epochs, "--without", name)
                record = bench.run("gains", "ours", table, 1, seed, *flags)
                bench.score(record)
                records.append({**record, "without": name})
                (WORK / "gains.json").write_text(json.dumps(records, indent=1))
                (WORK / "gains.md").write_text(markdown(records))


def markdown(records: list[dict[str, Any]]) -> str:
    """A table for each real table: a line for each idea, a column for each figure."""
    lines = []
    for table in dict.fromkeys(record["table"] for record in records):
        lines += [
            f"### {table}",
            "",
            f"| without | {' | '.join(FIGURES.values())} |",
            "| --- |" + " --- |" * len(FIGURES),
        ]
        for name in VARIANTS:
            found = [r for r in records if (r["table"], r["without"]) == (table, name) and "quality" in r]
            if found:
                cells = [_cell([{**r, **r["quality"]}[figure] for r in found]) for figure in FIGURES]
                lines.append(f"| {name} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _cell(values: list[float]) -> str:
    return f"{statistics.mean(values):.3f} ({max(values) - min(values):.3f})"


if __name__ == "__main__":
    main()
