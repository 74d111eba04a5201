"""A drawing of the tables of a database: parents at the left, an arrow from each key to the table it refers to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from synthohive_spark.validation.charts import shortened, svg
from synthohive_spark.validation.links.figures import DrawnLink, DrawnTable

_WIDE, _TALL, _GAP, _BETWEEN, _BEND = 152, 40, 16, 64, 12
_BOLD = 1.2
"""How much broader than other letters those of names are."""
_SWEEPS = 4
Node = tuple[str, int]
"""A table and its column in the drawing; tables that a link passes by stand for themselves by a number of the link."""


def draw(tables: Sequence[DrawnTable], links: Sequence[DrawnLink]) -> Markup:
    """Boxes and arrows: owner links are solid, references dashed, tables that are taken over shaded."""
    level = _levels(tables, links)
    chains = [_chain(i, link, level) for i, link in enumerate(links) if link.child != link.parent]
    columns: list[list[Node]] = [[] for _ in range(max(level.values(), default=0) + 1)]
    for node in dict.fromkeys([*((t.name, level[t.name]) for t in tables), *(n for c, _ in chains for n in c)]):
        columns[node[1]].append(node)
    _untangle(columns, [chain for chain, _ in chains])
    known = {table.name for table in tables}
    middle = _heights(columns, known)
    parts = [_marker()]
    parts += [_arrow([(_left(n), middle[n], n[0] in known) for n in chain], link) for chain, link in chains]
    parts += [_loop(_left((link.child, level[link.child])), middle[link.child, level[link.child]], link)
              for link in links if link.child == link.parent]  # fmt: skip
    parts += [_box(_left((t.name, level[t.name])), middle[t.name, level[t.name]], t) for t in tables]
    height = max(middle.values(), default=0.0) + _TALL / 2 + 12
    width = len(columns) * (_WIDE + _BETWEEN) - _BETWEEN + 30
    described = "; ".join(f"{link.child} ({link.label}) to {link.parent}" for link in links)
    return svg(width, int(height), "Tables and their links", described, parts)


def _levels(tables: Sequence[DrawnTable], links: Sequence[DrawnLink]) -> dict[str, int]:
    """The column of each table: one beyond its farthest parent; a link that would close a circle decides nothing."""
    parents: dict[str, list[str]] = {table.name: [] for table in tables}
    for link in sorted(links, key=lambda link: not link.owner):
        if link.parent in parents and link.child in parents and not _reaches(link.parent, link.child, parents):
            parents[link.child].append(link.parent)
    found: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in found:
            found[name] = max((level(parent) + 1 for parent in parents[name]), default=0)
        return found[name]

    return {table.name: level(table.name) for table in tables}


def _reaches(start: str, end: str, parents: dict[str, list[str]]) -> bool:
    return start == end or any(_reaches(parent, end, parents) for parent in parents[start])


def _chain(number: int, link: DrawnLink, level: dict[str, int]) -> tuple[list[Node], DrawnLink]:
    """The nodes that a link runs through, from the child to the parent."""
    start, end = level[link.child], level[link.parent]
    step = -1 if end < start else 1
    between: list[Node] = [(f"\0{number}", at) for at in range(start + step, end, step)]
    return [(link.child, start), *between, (link.parent, end)], link


def _untangle(columns: list[list[Node]], chains: Sequence[list[Node]]) -> None:
    """Put each node near the middle of those it is linked with, to and fro."""
    near: dict[Node, list[Node]] = {node: [] for column in columns for node in column}
    for chain in chains:
        for one, other in pairwise(chain):
            near[one].append(other)
            near[other].append(one)
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else columns[::-1]:
            place = {node: i / len(nodes) for nodes in columns for i, node in enumerate(nodes)}
            column.sort(key=lambda node: sum(place[n] for n in near[node]) / len(near[node]) if near[node] else 0.5)


def _heights(columns: list[list[Node]], known: set[str]) -> dict[Node, float]:
    """The middle of each node, with columns centred on the tallest."""
    sizes = [[_TALL if node[0] in known else _BEND for node in column] for column in columns]
    tall = [sum(own) + _GAP * (len(own) - 1) for own in sizes]
    middle = {}
    for column, own, height in zip(columns, sizes, tall, strict=True):
        at = 10 + (max(tall) - height) / 2
        for node, size in zip(column, own, strict=True):
            middle[node] = at + size / 2
            at += size + _GAP
    return middle


def _left(node: Node) -> float:
    return 2 + node[1] * (_WIDE + _BETWEEN)


def _arrow(nodes: list[tuple[float, float, bool]], link: DrawnLink) -> Markup:
    (x, y, _), *rest = nodes
    leftward = rest[-1][0] < x
    # A link within a column, or to the right, leaves and arrives at the side that is free of its other links.
    x = x if leftward else x + _WIDE
    path = f"M{x:.0f} {y:.1f}"
    for left, middle, is_table in rest:
        to = left + _WIDE if leftward or left + _WIDE == x else left
        bend = 46.0 if to == x else (to - x) / 2
        path += f" C{x + bend:.0f} {y:.1f} {to + 46 if to == x else to - bend:.0f} {middle:.1f} {to:.0f} {middle:.1f}"
        x, y = to, middle
        if not is_table:  # straight past the tables of this column
            x = left if leftward else left + _WIDE
            path += f" L{x:.0f} {y:.1f}"
    return _path(path, link)


def _loop(left: float, middle: float, link: DrawnLink) -> Markup:
    x, top = left + _WIDE, middle - _TALL / 2
    return _path(
        f"M{x:.0f} {middle + 6:.1f} C{x + 28:.0f} {middle + 6:.1f} {x + 28:.0f} {top + 8:.1f} {x:.0f} {top + 8:.1f}",
        link,
    )


def _path(path: str, link: DrawnLink) -> Markup:
    return Markup(
        '<path class="link {kind}" d="{path}" marker-end="url(#arrow)"><title>{child}: {label} refers to {parent}'
        "</title></path>"
    ).format(
        kind="owner" if link.owner else "reference", path=path, child=link.child, label=link.label, parent=link.parent
    )


def _box(left: float, middle: float, table: DrawnTable) -> Markup:
    rows = "" if table.rows is None else f"{table.rows:,} rows"
    note = f"{rows}, kept" if table.role == "kept" else rows
    return Markup(
        '<g><title>{name}: {role}</title><rect class="table {role}" x="{x:.0f}" y="{top:.1f}" width="{wide}" '
        'height="{tall}" rx="4"/><text class="name" x="{at:.0f}" y="{first:.1f}">{label}</text>'
        '<text class="figure" x="{at:.0f}" y="{second:.1f}">{note}</text></g>'
    ).format(
        name=table.name,
        role=table.role,
        x=left,
        top=middle - _TALL / 2,
        wide=_WIDE,
        tall=_TALL,
        at=left + 9,
        first=middle - 3,
        second=middle + 12,
        label=shortened(table.name, (_WIDE - 18) / _BOLD),
        note=note,
    )


def _marker() -> Markup:
    return Markup(
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="head" d="M0 0.5 L8 4 L0 7.5 z"/></marker></defs>'
    )
