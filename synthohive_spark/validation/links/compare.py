"""The links of a database, compared: by three queries over all rows, of which the first also serves other figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from synthohive_spark.declarations.plan import DatabasePlan
from synthohive_spark.validation.cells import summed_blocks
from synthohive_spark.validation.counting import Counted, Tally
from synthohive_spark.validation.links.figures import DatabaseReport, DrawnLink, DrawnTable
from synthohive_spark.validation.links.frames import link_rows
from synthohive_spark.validation.links.plan import ABOVE, COLUMNS, LinkPlan
from synthohive_spark.validation.links.scores import Scores
from synthohive_spark.validation.links.two_paths import compare_two_paths
from synthohive_spark.validation.links.work import LinkWork
from synthohive_spark.validation.profile import Profiled


def compare_links(
    tables: Mapping[str, Profiled], counted: Mapping[str, Counted], plan: DatabasePlan
) -> DatabaseReport | None:
    """Compare the links between tables, by two queries over all rows; None where no table has one.

    Args:
        tables: The tables, with their profiles, by name.
        counted: For each table, at least the counts that `synthohive_spark.validation.links.plan.tallies` names.
        plan: The roles of these tables.
    """
    if not any(own.links or own.unlinked for own in plan.tables.values()):
        return None
    drawn = DatabaseReport(
        drawn_tables=tuple(DrawnTable(n, plan.tables[n].role, own.sides[0].rows) for n, own in tables.items()),
        drawn_links=tuple(
            DrawnLink(name, link.parent, ", ".join(link.columns), link == own.owner)
            for name, own in plan.tables.items()
            for link in own.links
        ),
    )
    links = LinkPlan(tables, counted, plan)
    if not links.links:
        return replace(drawn, notes=tuple(_notes(links, plan)))
    doubled = {
        n for n, (table, columns) in enumerate(links.hubs) if _is_doubled(tables[table], columns, counted[table])
    }
    work = LinkWork(links.work())
    blocks = summed_blocks(link_rows(links, doubled), work)
    scores = Scores(links, counted, work, blocks)
    return replace(
        drawn,
        links=tuple(scores.link(link) for link in links.links),
        paths=tuple(sorted(scores.paths(), key=lambda path: path.hops)),
        degree_pairs=tuple(scores.degree_pairs()),
        pair_keys=tuple(scores.pair_keys()),
        two_paths=tuple(compare_two_paths(links, doubled)),
        notes=tuple(_notes(links, plan)),
    )


def _is_doubled(own: Profiled, columns: tuple[str, ...], counted: Counted) -> bool:
    found = counted[Tally.of(own.table.named(columns))]
    return found.rows != found.values


def _notes(links: LinkPlan, plan: DatabasePlan) -> list[str]:
    notes = []
    for name, own in links.tables.items():
        measured = len(own.columns("categorical", "numeric", "datetime"))
        if measured > COLUMNS and (links.links_of(name) or plan.links_to(name)):
            notes.append(f"{name}: {COLUMNS} of {measured} columns are compared across links, the first that vary")
    for table, _ in links.hubs:
        if links.left_out(table):
            notes.append(f"{table}: of the chains of tables above it, the {ABOVE} shortest are compared")
    compared = {(link.child, link.key) for link in links.links}
    for name, roles in plan.tables.items():
        lost = [] if roles.kept else [key for key in roles.links if (name, key) not in compared]
        notes += [f"{name}: {', '.join(key.columns)} cannot be compared, the schemas differ" for key in lost]
        notes += [
            f"{name}: {', '.join(key.columns)} refers to {key.parent}, which is not compared" for key in roles.unlinked
        ]
    return list(dict.fromkeys(notes))
