"""How many rows of which roots a draw needs, so that every table comes out as asked for, or in proportion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from synthohive_spark.declarations.hints import whole_number
from synthohive_spark.errors import SchemaError
from synthohive_spark.relational.linked_table import LinkedTable


@dataclass(frozen=True)
class SampleSizes:
    """The size of a draw.

    Attributes:
        roots: How many rows of each root are drawn.
        totals: How many rows of tables with an owner, where a number was asked for.
        tables: The tables that come out, in the order of declaration.
    """

    roots: Mapping[str, int] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)
    tables: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        linked: Mapping[str, LinkedTable],
        rows: Mapping[str, int] | None,
        scale: float | None,
        tables: Sequence[str] | None = None,
    ) -> SampleSizes:
        """The sizes that were asked for.

        Args:
            linked: The learned tables.
            rows: How many rows of which tables; all tables in their learned size when None.
            scale: Rows in units of the learned ones, where no ``rows`` are given.
            tables: The tables that are wanted; all that are drawn when None.

        Raises:
            SchemaError: If a number or the scale is out of range, both are given, a number cannot be honoured, or a
                table is not learned from which others follow.
        """
        if rows is not None and scale is not None:
            raise SchemaError("give rows or a scale, not both")
        if scale is not None and (isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale < 1e9):
            raise SchemaError(f"scale must be a number above 0, got {scale!r}")
        asked = {n: whole_number(count, f"rows of {n!r}", least=0) for n, count in (rows or {}).items()}
        for name, count in asked.items():
            kept = linked[name].kept
            if kept is not None and count != kept.num_rows:
                raise SchemaError(
                    f"table {name!r} is taken over as it is, with its {kept.num_rows:,} rows: ask for no other number"
                )
        drawn = list(linked) if rows is None else _linked(linked, asked)
        for name in drawn:
            for link in linked[name].links:
                if link.parent not in linked:
                    raise SchemaError(
                        f"rows of {name!r} are drawn by those of {link.parent!r}, which is not learned: learn it, too"
                    )
        factors = {name: count / max(linked[name].rows, 1) for name, count in asked.items()}
        roots: dict[str, int] = {}
        for name in drawn:
            if linked[name].owner is None and linked[name].kept is None:
                near = factors if rows is None else {n: f for n, f in factors.items() if name in _linked(linked, [n])}
                below = (
                    [f for n, f in near.items() if _root(linked, n) == name] or list(near.values()) or [scale or 1.0]
                )
                roots[name] = asked.get(name, round(linked[name].rows * sum(below) / len(below)))
        totals = {n: c for n, c in asked.items() if linked[n].owner is not None}
        for name, total in totals.items():
            owner = linked[name].owner
            assert owner is not None
            if total and asked.get(owner.parent, roots.get(owner.parent, 1)) == 0:
                raise SchemaError(
                    f"{total:,} rows of {name!r} cannot be drawn beside no row of {owner.parent!r}, whose children "
                    f"they are: ask for more of these"
                )
        wanted = drawn if tables is None else [n for n in linked if n in tables]
        return cls(roots, totals, tuple(wanted))


def _root(linked: Mapping[str, LinkedTable], name: str) -> str:
    owner = linked[name].owner
    return name if owner is None or owner.parent not in linked else _root(linked, owner.parent)


def _linked(linked: Mapping[str, LinkedTable], names: Sequence[str] | Mapping[str, int]) -> list[str]:
    """The tables that are linked with one of ``names``, directly or through others that are made."""
    near: dict[str, set[str]] = {name: set() for name in linked}
    for name, table in linked.items():
        for link in table.links:
            if link.parent in linked:
                near[name].add(link.parent)
                near[link.parent].add(name)
    found, open_ = set(names), list(names)
    while open_:
        name = open_.pop()
        if linked[name].kept is not None and name not in names:
            continue  # tables that share a lookup table have nothing else to do with each other
        open_ += sorted(near[name] - found)
        found |= near[name]
    return [name for name in linked if name in found]
