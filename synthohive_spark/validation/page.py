"""The report as one HTML page: inline style and charts, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

import jinja2

from synthohive_spark.validation.charts import NOTHING, bar_chart, heat_map, histogram, percent
from synthohive_spark.validation.figures import TableReport

_TEMPLATE = "templates/report.html.j2"
_LISTED_PAIRS = 5
_APART = 0.005
ROLES = {
    "identifier": "key",
    "personal": "personal",
    "text": "text",
    "categorical": "categories",
    "numeric": "numbers",
    "datetime": "dates",
    "other": "not compared",
}


def render(tables: Sequence[TableReport]) -> str:
    """The page about ``tables``."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(percent=percent, figure=_figure, count=_count)
    environment.globals.update(bar_chart=bar_chart, histogram=histogram, heat_map=heat_map, roles=ROLES)
    source = resources.files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8")
    return environment.from_string(source).render(tables=[_view(table) for table in tables])


def _view(table: TableReport) -> dict[str, Any]:
    """What the page shows of a table beside its columns."""
    furthest = sorted(table.pairs, key=lambda p: -p.difference)[:_LISTED_PAIRS]
    return {
        "report": table,
        "figures": list(_figures(table)),
        "furthest": [pair for pair in furthest if pair.difference > _APART],
    }


def _figures(table: TableReport) -> list[tuple[str, str, str]]:
    """The figures on top: a name, the figure, and what to hold it against."""
    worst, pair = table.worst_column, table.worst_pair
    keys = None if table.key_duplicates is None else table.key_duplicates + (table.key_nulls or 0)
    return [
        ("Synthetic rows", _count(table.rows_synthetic), f"of {_count(table.rows_real)} real ones"),
        ("Mean TVD", _figure(table.mean_tvd), "categories; 0 is the same"),
        ("Mean KS", _figure(table.mean_ks), "numbers and dates; 0 is the same"),
        (
            "Furthest column",
            _figure(None if worst is None else worst.distance),
            "none was measured" if worst is None else worst.name,
        ),
        (
            "Mean pair difference",
            _figure(table.mean_pair_difference),
            "no pair was measured" if pair is None else f"at most {_figure(pair.difference)}",
        ),
        ("Copied rows", percent(table.copies), f"real rows with a real twin: {percent(table.real_twins)}"),
        ("Key faults", _count(keys), "no key is declared" if keys is None else "duplicates and nulls"),
        ("Rows out of bounds", _count(table.violating_rows), "of the declared constraints"),
    ]


def _figure(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"
