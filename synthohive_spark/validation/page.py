"""The report as one HTML page: inline style and charts, no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import Any

import jinja2

from synthohive_spark.validation.charts import NOTHING, bar_chart, heat_map, histogram, percent
from synthohive_spark.validation.figures import TableReport
from synthohive_spark.validation.graph import draw
from synthohive_spark.validation.links.figures import DatabaseReport, LinkReport, mean

_TEMPLATE = "report.html.j2"
_LISTED_PATHS = 40
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


def render(tables: Sequence[TableReport], database: DatabaseReport | None = None) -> str:
    """The page about ``tables`` and, where there are any, the links between them."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=percent, figure=_figure, count=_count, amount=_amount)
    environment.globals.update(bar_chart=bar_chart, histogram=histogram, heat_map=heat_map, roles=ROLES)
    views = [_view(table) for table in tables]
    return environment.get_template(_TEMPLATE).render(tables=views, links=database and _links_view(database))


def _source(name: str) -> str:
    return resources.files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _links_view(database: DatabaseReport) -> dict[str, Any]:
    """What the page shows of the links."""
    paths = sorted(database.paths, key=lambda path: path.similarity)
    return {
        "report": database,
        "drawing": draw(database.drawn_tables, database.drawn_links),
        "figures": list(_link_figures(database)),
        "links": [_link_view(link) for link in database.links],
        "rules": [(link, rule) for link in database.links for rule in link.rules],
        "paths": paths[:_LISTED_PATHS],
        "more_paths": max(0, len(paths) - _LISTED_PATHS),
    }


def _link_view(link: LinkReport) -> dict[str, Any]:
    return {
        "report": link,
        "attributes": mean(s.similarity for s in link.attributes),
        "siblings": mean(s.similarity for s in link.siblings),
        "order": mean(s.similarity for s in link.order),
    }


def _link_figures(database: DatabaseReport) -> list[tuple[str, str, str]]:
    found = database.summary
    kept = sum(link.orphans_synthetic for link in database.links if link.keeps_orphans)
    return [
        (
            "Orphans",
            _count(int(found["orphans"] or 0)),
            f"{_count(kept)} of them asked for" if kept else "keys that meet no row",
        ),
        ("Children per row", _figure(found["cardinality"]), "1 - KS, mean over links"),
        ("Children and columns", _figure(found["degree_attributes"]), "counts of children with the parent's columns"),
        ("Siblings", _figure(found["siblings"]), "how alike children of one row are"),
        ("1 link apart", _figure(found["hop1"]), "pairs of columns; 1 is the same"),
        ("2 links apart", _figure(found["hop2"]), "pairs of columns"),
        ("3 links apart", _figure(found["hop3"]), "pairs of columns"),
        ("Order in time", _figure(found["order"]), "gaps between siblings, 1 - KS"),
    ]


def _view(table: TableReport) -> dict[str, Any]:
    """What the page shows of a table beside its columns."""
    furthest = sorted(table.pairs, key=lambda p: -p.difference)[:_LISTED_PAIRS]
    return {
        "report": table,
        "figures": list(_figures(table)),
        "dependencies": sorted(table.dependencies, key=lambda d: d.share_real - d.share_synthetic),
        "suppressed": [c for c in table.columns if c.suppressed_rows],
        "furthest": [pair for pair in furthest if pair.difference > _APART],
    }


def _figures(table: TableReport) -> list[tuple[str, str, str]]:
    """The figures on top: a name, the figure, and what to hold it against."""
    if table.kept:
        differences = table.kept_differences
        return [
            ("Rows", _count(table.rows_synthetic), f"of {_count(table.rows_real)} real ones"),
            ("Rows that differ", _count(differences), "taken over, not generated"),
        ]
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
        (
            "Copied rows",
            percent(table.copies),
            "no column is left to compare"
            if table.copies is None and table.rows_synthetic
            else f"real rows with a real twin: {percent(table.real_twins)}",
        ),
        ("Key faults", _count(keys), "no key is declared" if keys is None else "duplicates and nulls"),
        _rules(table),
    ]


def _rules(table: TableReport) -> tuple[str, str, str]:
    """What was held against every row: rules, else declared bounds, where there are any."""
    if table.dependencies:
        broken = sum(rule.broken_synthetic > 0 for rule in table.dependencies)
        return "Broken rules", _count(broken), f"of {len(table.dependencies)} that hold in every row"
    if table.checked_bounds:
        return "Rows out of bounds", _count(table.violating_rows), f"of {table.checked_bounds} declared bounds"
    return "Broken rules", NOTHING, "none was found or declared"


def _figure(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def _amount(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
