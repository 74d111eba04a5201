"""How many rows of which roots a draw needs, so that every table comes out as asked for, or in proportion."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from synthohive_spark.declarations.hints import whole_number
from synthohive_spark.errors import SchemaError
from synthohive_spark.relational.linked_table import LinkedTable

_MOST = 1e9


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
        parents: Collection[str] = (),
    ) -> SampleSizes:
        """The sizes that were asked for.

        Args:
            linked: The learned tables.
            rows: How many rows of which tables; all tables in their learned size when None.
            scale: Rows in units of the learned ones, where no ``rows`` are given.
            tables: The tables that are wanted; all that are drawn when None.
            parents: Tables whose rows are there already; what follows from these is drawn, and what that refers to.

        Raises:
            SchemaError: If a number or the scale is out of range, both are given, a number cannot be honoured, or a
                table is not learned from which others follow.
        """
        _check(linked, rows, scale)
        asked = dict(rows or {})
        if there := [name for name in asked if name in parents]:
            raise SchemaError(f"the rows of {there[0]!r} are given by parents: ask for no number of them")
        drawn = list(linked) if rows is None else _linked(linked, asked)
        if parents:
            drawn = _below(linked, parents)
        _check_learned(linked, drawn)
        factors = {name: count / max(linked[name].rows, 1) for name, count in asked.items()}
        roots, totals = {}, {n: c for n, c in asked.items() if linked[n].owner is not None}
        for name in drawn:
            table = linked[name]
            if table.kept is not None or name in parents:
                continue
            likely = round(table.rows * _factor(linked, name, factors, scale))
            if table.owner is None:
                roots[name] = asked.get(name, likely)
            elif linked[table.owner.parent].kept is not None and likely != table.rows:
                totals.setdefault(name, likely)  # the rows of the other table are as many as ever
        _check_totals(linked, totals, {**roots, **asked})
        wanted = drawn if tables is None else [n for n in linked if n in tables]
        _check_drawn(drawn, [*asked, *wanted], parents)
        return cls(roots, totals, tuple(n for n in wanted if n not in parents))


def _factor(linked: Mapping[str, LinkedTable], name: str, factors: Mapping[str, float], scale: float | None) -> float:
    """How many times the learned rows a root gets: as its own family was asked for, else as what is linked with it."""
    near = {n: f for n, f in factors.items() if name in _linked(linked, [n])}
    own = [f for n, f in near.items() if _root(linked, n) == _root(linked, name)] or list(near.values())
    return sum(own) / len(own) if own else scale or 1.0


def _check(linked: Mapping[str, LinkedTable], rows: Mapping[str, int] | None, scale: float | None) -> None:
    if rows is not None and scale is not None:
        raise SchemaError("give rows or a scale, not both")
    if scale is not None and (isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale < _MOST):
        raise SchemaError(f"scale must be a number above 0, got {scale!r}")
    for name, count in (rows or {}).items():
        whole_number(count, f"rows of {name!r}", least=0)
        kept = linked[name].kept
        if kept is not None and count != kept.num_rows:
            raise SchemaError(
                f"table {name!r} is taken over as it is, with its {kept.num_rows:,} rows: ask for no other number"
            )


def _check_learned(linked: Mapping[str, LinkedTable], drawn: Sequence[str]) -> None:
    for name in drawn:
        for link in linked[name].links:
            if link.parent not in linked:
                raise SchemaError(
                    f"rows of {name!r} are drawn by those of {link.parent!r}, which is not learned: learn it, too"
                )


def _check_totals(linked: Mapping[str, LinkedTable], totals: Mapping[str, int], sizes: Mapping[str, int]) -> None:
    for name, total in totals.items():
        owner = linked[name].owner
        assert owner is not None
        if total and sizes.get(owner.parent, 1) == 0:
            raise SchemaError(
                f"{total:,} rows of {name!r} cannot be drawn beside no row of {owner.parent!r}, whose children they "
                f"are: ask for more of these"
            )


def _check_drawn(drawn: Sequence[str], names: Sequence[str], parents: Collection[str]) -> None:
    lost = [name for name in names if name not in drawn]
    if lost and parents:
        raise SchemaError(
            f"table {lost[0]!r} does not follow from {', '.join(parents)}, and no child of these refers to it: "
            f"draw it without parents"
        )
    if lost:
        raise SchemaError(f"table {lost[0]!r} has no link with those that rows are asked for: ask for its rows, too")


def _below(linked: Mapping[str, LinkedTable], parents: Collection[str]) -> list[str]:
    """The tables that follow from ``parents``, and all that are needed to draw them."""
    found = set(parents)
    while more := {n for n, t in linked.items() if n not in found and t.owner is not None and t.owner.parent in found}:
        found |= more
    while more := {
        link.parent
        for n in found - set(parents)
        for link in linked[n].looked_up
        if link.parent in linked and link.parent not in found
    }:
        found |= more
    return [name for name in linked if name in found]


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
