"""Choosing one owner link a table, so that owner links form a forest, whatever the graph of the tables is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from synthohive_spark.declarations.foreign_key import ForeignKey
from synthohive_spark.errors import SchemaError


@dataclass(frozen=True)
class Candidate:
    """A link that could be the owner link of its table.

    Attributes:
        link: The link.
        worth: How well it suits, whatever the other tables are; all candidates of a choice have as many numbers.
        then: What decides between equal ones whose tables are equally far from their roots.
        loss: How much is lost where a circle of tables is cut at this link; comparable between tables.
    """

    link: ForeignKey
    worth: tuple[float, ...] = ()
    then: tuple[float, ...] = ()
    loss: tuple[float, ...] = ()


def choose_owners(
    candidates: Mapping[str, Sequence[Candidate]], required: Collection[str] = ()
) -> dict[str, Candidate | None]:
    """The owner link of each table, None for a root: roots first, then the tables that they own, and so on.

    Of several candidates it is the one of most worth, then the one whose table is farthest from its root, then the
    first. Where tables wait for each other in a circle, the one that loses least by it does without those it waits for.
    The order of the tables decides nothing.

    Args:
        candidates: Those of each table, to other tables of the mapping.
        required: Tables whose owner is one of their candidates, come what may.

    Raises:
        SchemaError: If links of ``required`` tables form a circle.
    """
    chosen: dict[str, Candidate | None] = {}
    depth: dict[str, int] = {}
    waiting = {name: {own.link.parent for own in candidates[name]} for name in sorted(candidates)}
    cut = []
    while waiting:
        ready = [name for name, parents in waiting.items() if parents <= depth.keys()]
        if not ready:
            ready = [_first_of_circle(waiting, depth.keys(), candidates, required)]
            cut += ready
        for name in ready:
            free = [own for own in candidates[name] if own.link.parent in depth]
            chosen[name] = max(free, key=lambda own: (own.worth, depth[own.link.parent], own.then), default=None)
            waiting.pop(name)
        depth.update((name, _depth(chosen[name], depth)) for name in ready)
    while any(_moved(name, candidates[name], chosen) for name in cut):
        pass
    return {name: chosen[name] for name in sorted(candidates, key=lambda name: len(_above(name, chosen)))}


def _depth(owner: Candidate | None, depth: Mapping[str, int]) -> int:
    return 0 if owner is None else 1 + depth[owner.link.parent]


def _above(name: str, chosen: Mapping[str, Candidate | None]) -> list[str]:
    """The owner of a table, its owner, and so on."""
    above = []
    owner = chosen[name]
    while owner is not None:
        above.append(owner.link.parent)
        owner = chosen[owner.link.parent]
    return above


def _moved(name: str, candidates: Sequence[Candidate], chosen: dict[str, Candidate | None]) -> bool:
    """Whether a table got a worthier owner, of a circle that was cut elsewhere, too."""
    now = chosen[name]
    free = [own for own in candidates if name not in (own.link.parent, *_above(own.link.parent, chosen))]
    best = max(free, key=lambda own: (own.worth, len(_above(own.link.parent, chosen)), own.then), default=None)
    if best is None or (now is not None and best.worth <= now.worth):
        return False
    chosen[name] = best
    return True


def _first_of_circle(
    waiting: Mapping[str, Collection[str]],
    decided: Collection[str],
    candidates: Mapping[str, Sequence[Candidate]],
    required: Collection[str],
) -> str:
    """The table that is decided first, of some that wait for each other and for no others."""
    open_ = {name: sorted(parent for parent in parents if parent not in decided) for name, parents in waiting.items()}
    # What can be reached from a table that reaches fewest is a circle, or several that share tables.
    circle = min((_reached(name, open_) for name in open_), key=lambda names: (len(names), sorted(names)))
    free = sorted(circle.difference(required))
    if not free:
        raise SchemaError(f"owner links form a circle: {' -> '.join(_walk(circle, open_))}; name another owner for one")

    def loss(name: str) -> tuple[tuple[float, ...], bool, int]:
        lost = max(own.loss for own in candidates[name] if own.link.parent not in decided)
        has_other = any(own.link.parent in decided for own in candidates[name])
        return lost, not has_other, -sum(name in open_[other] for other in circle)

    return min(free, key=loss)


def _reached(name: str, links: Mapping[str, Iterable[str]]) -> set[str]:
    found, open_ = set[str](), [name]
    while open_:
        new = set(links[open_.pop()]) - found
        found |= new
        open_ += new
    return found


def _walk(names: Collection[str], links: Mapping[str, Sequence[str]]) -> list[str]:
    """A way along ``links`` from the first of ``names`` until it meets itself."""
    way = [min(names)]
    while way[-1] not in way[:-1]:
        way.append(links[way[-1]][0])
    return way[way.index(way[-1]) :]
