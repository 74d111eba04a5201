"""The results of a comparison as Markdown tables and a picture.

``make bench`` writes both; to write them again from ``results.json``: ``python -m benchmarks.compare.report [FOLDER]``.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
from typing import Any

from benchmarks.compare.report_mostlyai import mostlyai
from benchmarks.markdown import markdown_table, short

Records = list[dict[str, Any]]

LESS_IS_BETTER = {
    "preparation_s": "preparation, s",
    "epoch_s": "epoch, s",
    "fit_peak_mb": "memory of the fit, MB",
    "peak_mb": "memory of fit and draw, MB",
}
MORE_IS_BETTER = {"rows_per_s": "rows drawn per second"}
QUALITY = {
    "report": "report",
    "shapes": "shapes",
    "pairs": "pairs",
    "mean_tvd": "TVD",
    "mean_ks": "KS",
    "use": "use",
    "use_real": "use of real rows",
    "detector_auc": "detector AUC",
    "closer_to_train": "closer to train",
    "copies": "copies",
    "copies_holdout": "copies in holdout",
    "null_rate_error": "null rate error",
    "outside_range": "outside range",
}
COLOURS = {"ours": "tab:blue", "reference": "tab:orange"}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=pathlib.Path(".work/bench"))
    write(parser.parse_args(argv).folder)


def write(folder: pathlib.Path) -> None:
    """Write ``results.md`` and ``results.png`` beside ``results.json``."""
    results = json.loads((folder / "results.json").read_text())
    records = results["records"]
    scored = [r for r in records if r["part"] == "quality" and "report" in r.get("quality", {})]
    parts = [_head(results), _equal(results["ratios"]), _quality(scored), mostlyai(records), _failures(records)]
    if scored:
        _picture(scored, folder / "results.png")
        parts.append("![Report score and detector AUC against seconds of training](results.png)")
    text = "\n\n".join(part for part in parts if part) + "\n"
    (folder / "results.md").write_text(text)
    print(text)


def ratios(records: Records) -> Records:
    """How many times better this package is than the reference, from the runs that followed each other."""
    runs: dict[tuple[str, int], dict[int, dict[str, Any]]] = {}
    for record in records:
        if record["part"] == "equal" and "error" not in record:
            repeats = runs.setdefault((record["table"], record["threads"]), {})
            repeats.setdefault(record["seed"], {})[record["package"]] = record
    rows = []
    for (table, threads), repeats in runs.items():
        pairs = [pair for pair in repeats.values() if len(pair) == 2]
        for figure in (*LESS_IS_BETTER, *MORE_IS_BETTER) if pairs else ():
            rows.append({"table": table, "threads": threads, "figure": figure, **_ratio(figure, pairs)})
    return rows


def _ratio(figure: str, pairs: Records) -> dict[str, Any]:
    reference, ours = ([pair[package][figure] for pair in pairs] for package in ("reference", "ours"))
    times = [a / b if figure in LESS_IS_BETTER else b / a for a, b in zip(reference, ours, strict=True)]
    medians = {"reference": statistics.median(reference), "ours": statistics.median(ours)}
    return medians | {"least": min(times), "median": statistics.median(times), "most": max(times), "pairs": len(times)}


def _head(results: dict[str, Any]) -> str:
    machine = results["machine"]
    versions: dict[str, set[str]] = {}
    for record in results["records"]:
        for name, version in (record.get("versions", {}) | record.get("quality", {}).get("versions", {})).items():
            versions.setdefault(name, set()).add(version)
    named = ", ".join(f"{name} {' and '.join(sorted(found))}" for name, found in sorted(versions.items()))
    others = max((record["others"] for record in results["records"]), default=0.0)
    return (
        f"{machine['processor']}, {machine['processors']} processors; Python {machine['python']}, {named}. "
        f"Other processes took at most {others:g} processors during a run."
    )


def _equal(rows: Records) -> str:
    if not rows:
        return ""
    names = LESS_IS_BETTER | MORE_IS_BETTER
    shown = ("reference", "ours", "least", "median", "most")
    cells = [
        [r["table"], r["threads"], names[r["figure"]], *(short(r[key]) for key in shown), r["pairs"]] for r in rows
    ]
    head = ["table", "threads", "figure", "reference", "ours", "times better: least", "median", "most", "pairs of runs"]
    return "## Equal settings\n\n" + markdown_table(head, cells)


def _quality(records: Records) -> str:
    if not records:
        return ""
    run, spent = ("table", "package", "asked", "seed", "epochs"), ("preparation_s", "training_s")
    cells = [
        [*(r[key] for key in run), *(short(r[key]) for key in spent), *(r["quality"][key] for key in QUALITY)]
        for r in records
    ]
    head = [*run, "preparation, s", "training, s", *QUALITY.values()]
    return "## Quality against seconds, one thread\n\n" + markdown_table(head, cells)


def _failures(records: Records) -> str:
    lines = []
    for record in records:
        error = record.get("error") or record.get("quality", {}).get("error")
        if error:
            lines.append(f"- {record['table']}, {record['package']}, {record['asked']}, {record['threads']}: {error}")
    return "## Runs that failed\n\n" + "\n".join(lines) if lines else ""


def _picture(records: Records, path: pathlib.Path) -> None:
    """A row for each table: report score, and detector AUC, against seconds of training."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogFormatter

    tables = list(dict.fromkeys(record["table"] for record in records))
    figure = Figure(figsize=(11, 3.6 * len(tables)), layout="constrained")
    axes = figure.subplots(len(tables), 2, squeeze=False)
    shown = {"report": "report score (best: 1)", "detector_auc": "detector AUC (best: 0.5)"}
    for line, table in zip(axes, tables, strict=True):
        for axis, (key, label) in zip(line, shown.items(), strict=True):
            for package, colour in COLOURS.items():
                runs = [r for r in records if r["table"] == table and r["package"] == package]
                _curve(axis, [(r["asked"], r["training_s"], r["quality"][key]) for r in runs], package, colour)
            axis.set(title=table, xlabel="seconds of training", ylabel=label, xscale="log")
            axis.xaxis.set_major_formatter(LogFormatter())
            axis.xaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2, 0.6)))
            axis.grid(alpha=0.3)
            axis.legend()
    figure.savefig(path, dpi=120)


def _curve(axis: Any, points: list[tuple[str, float, float]], name: str, colour: str) -> None:
    """Every run as a point, and a line through the medians of those that were asked for the same."""
    groups: dict[str, list[tuple[float, float]]] = {}
    for asked, seconds, value in points:
        groups.setdefault(asked, []).append((seconds, value))
    medians = sorted(tuple(map(statistics.median, zip(*group, strict=True))) for group in groups.values())
    axis.plot([x for x, _ in medians], [y for _, y in medians], color=colour, label=name)
    axis.scatter([x for _, x, _ in points], [y for _, _, y in points], color=colour, s=18)


if __name__ == "__main__":
    main()
