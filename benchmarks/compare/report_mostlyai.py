"""The part "mostlyai" of a comparison as Markdown: medians of both packages, and what lies between them."""

from __future__ import annotations

import statistics
from typing import Any

from benchmarks.markdown import markdown_table, short

Records = list[dict[str, Any]]

PACKAGES = {"autoregressive": "autoregressive engine", "mostlyai": "mostlyai-engine"}
QUALITY = {
    "report": "report",
    "shapes": "column shapes",
    "pairs": "pair trends",
    "mean_tvd": "TVD",
    "mean_ks": "KS",
    "use": "train on synthetic, test on real",
    "use_real": "train on real",
    "detector_auc": "detector AUC",
    "closer_to_train": "closer to train (DCR)",
    "copies": "copies",
    "copies_holdout": "copies in real holdout",
}
COST = {"fit_s": "fit, s", "rows_per_s": "rows drawn per second", "fit_peak_mb": "memory of the fit, MB"}
RATIOS = {
    "fit_s": "fit: times faster",
    "rows_per_s": "rows drawn per second: times as many",
    "fit_peak_mb": "memory of the fit: times less",
}


def mostlyai(records: Records) -> str:
    """The section; nothing where no run of both packages ended well."""
    runs = [r for r in records if r["part"] == "mostlyai" and "error" not in r]
    tables = list(dict.fromkeys(r["table"] for r in runs))
    lines = [line for name in tables for line in _medians([r for r in runs if r["table"] == name])]
    pairs = {name: _pairs([r for r in runs if r["table"] == name]) for name in tables}
    ratios = [[name, *(_ratio(found, figure) for figure in RATIOS), len(found)] for name, found in pairs.items()]
    if not lines:
        return ""
    head = ["table", "package", "seeds", *QUALITY.values(), *COST.values()]
    return "\n\n".join(
        [
            "## The autoregressive engine and mostlyai-engine, defaults, one thread",
            "Medians over the seeds.",
            markdown_table(head, lines),
            "Of the runs that followed each other: the median, the least and the most.",
            markdown_table(["table", *RATIOS.values(), "seeds"], [line for line in ratios if line[-1]]),
        ]
    )


def _medians(runs: Records) -> list[list[Any]]:
    """A line for each package."""
    lines = []
    for package, title in PACKAGES.items():
        own = [r for r in runs if r["package"] == package]
        if own:
            scores = [r["quality"] for r in own if "report" in r.get("quality", {})]
            cells = [f"{statistics.median(s[key] for s in scores):.4g}" if scores else "" for key in QUALITY]
            costs = [short(statistics.median(r[key] for r in own)) for key in COST]
            lines.append([own[0]["table"], title, len(own), *cells, *costs])
    return lines


def _pairs(runs: Records) -> list[dict[str, dict[str, Any]]]:
    """The runs of both packages that have the same seed."""
    seeds: dict[int, dict[str, dict[str, Any]]] = {}
    for run in runs:
        seeds.setdefault(run["seed"], {})[run["package"]] = run
    return [pair for pair in seeds.values() if len(pair) == len(PACKAGES)]


def _ratio(pairs: list[dict[str, dict[str, Any]]], figure: str) -> str:
    if not pairs:
        return ""
    own, other = ([pair[package][figure] for pair in pairs] for package in PACKAGES)
    times = [a / b if figure == "rows_per_s" else b / a for a, b in zip(own, other, strict=True)]
    return f"{short(statistics.median(times))} ({short(min(times))} to {short(max(times))})"
