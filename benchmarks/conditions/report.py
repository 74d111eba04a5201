"""What `benchmarks.conditions` found, as Markdown."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable
from typing import Any

from benchmarks.markdown import markdown_table, short

_SHOWN = 10


def markdown(results: dict[str, Any]) -> str:
    machine, (train, holdout) = results["machine"], results["rows"]
    head = (
        f"# {results['table']}\n\n{train:,} training and {holdout:,} holdout rows, one thread of {machine['processor']}"
    )
    if "fit_s" in results:
        head += f"; learned in {short(results['fit_s'])} s"
    parts = [head + "."]
    parts += [SECTIONS[part](results[part]) for part in SECTIONS if part in results]
    return "\n\n".join(parts) + "\n"


def _given(found: dict[str, Any]) -> str:
    conditions = found["conditions"]
    if not conditions:
        return "## Conditions\n\nNo value has enough rows."
    broken = [f"{c['column']} = {c['value']}" for c in conditions if not c["honoured"]]
    cells = []
    for column in ["all", *dict.fromkeys(c["column"] for c in conditions)]:
        own = [c for c in conditions if column in ("all", c["column"])]
        cells.append([column, len(own), *_middle_and_most(own, "gaps"), *_middle_and_most(own, "by_chance")])
    worst = max(conditions, key=lambda c: max(c["gaps"]))
    head = ["given", "values", "median difference", "largest", "by chance: median", "largest"]
    return "\n\n".join(
        [
            f"## Conditions: shares of {found['target']}",
            f"{len(conditions)} conditions; {sum(c['drawn'] for c in conditions):,} rows drawn, "
            + ("all have the given value." if not broken else f"of these NOT all have: {', '.join(broken)}."),
            markdown_table(head, cells),
            f"The largest is given {worst['column']} = {worst['value']} ({worst['rows']:,} training rows).",
            "By chance: rows drawn with the training rows' very shares.",
        ]
    )


def _middle_and_most(conditions: list[dict[str, Any]], key: str) -> list[str]:
    values = list(itertools.chain.from_iterable(c[key] for c in conditions))
    return [f"{statistics.median(values):.4f}", f"{max(values):.4f}"]


def _nulls(records: list[dict[str, Any]]) -> str:
    ways = list(dict.fromkeys(r["way"] for r in records))
    means, cells = [], []
    shown = {"accuracy": "accuracy (best: 1)", "tvd": "TVD (best: 0)"}
    shown |= {"relative_mae": "absolute error / standard deviation (best: 0)", "spread": "spread (best: 1)"}
    for key, title in shown.items():
        own = {way: [r[key] for r in records if r["way"] == way and key in r] for way in ways}
        if all(own.values()):
            means.append([title, len(own[ways[0]]), *(f"{statistics.mean(values):.3f}" for values in own.values())])
    for column in dict.fromkeys(r["column"] for r in records):
        by_way = {r["way"]: r for r in records if r["column"] == column}
        for key, title in {"accuracy": "accuracy", "tvd": "TVD", "mae": "absolute error", "spread": "spread"}.items():
            if key in by_way[ways[0]]:
                cells.append([column, title, *(short(by_way[way][key]) for way in ways)])
    empty = {way: max(r["empty"] for r in records if r["way"] == way) for way in ways}
    return "\n\n".join(
        [
            "## Nulls filled, means over the columns",
            markdown_table(["", "columns", *ways], means),
            "Spread is the standard deviation of the filled values over that of the held-back ones.",
            f"Left empty, most of a column: {', '.join(f'{way} {share:.1%}' for way, share in empty.items())}.",
            "### Columns",
            markdown_table(["column", "", *ways], cells),
        ]
    )


def _links(found: dict[str, Any]) -> str:
    titles = {"functions": "functions", "nulls": "nulls within nulls", "sum": "total = " + " + ".join(found["terms"])}
    shown = {"real": "holdout rows", "before": "drawn, links taken back", "drawn": "drawn"}
    cells, worst = [], []
    for kind, title in titles.items():
        links, any_of = found[kind]["links"], found[kind]["any"]
        if links:
            cells.append([title, len(links), *(f"{any_of[name]:.3%}" for name in shown)])
        ordered = sorted(links.items(), key=lambda link: -max(link[1]["before"], link[1]["drawn"]))
        worst += [[title, link, *(f"{shares[name]:.3%}" for name in shown)] for link, shares in ordered[:_SHOWN]]
    if not cells:
        return "## Exact dependencies\n\nNone."
    return "\n\n".join(
        [
            "## Exact dependencies: rows that break any",
            markdown_table(["", "how many", *shown.values()], cells),
            f"### Those broken most, at most {_SHOWN} of each",
            markdown_table(["", "columns", *shown.values()], worst),
        ]
    )


SECTIONS: dict[str, Callable[[Any], str]] = {"given": _given, "nulls": _nulls, "links": _links}
