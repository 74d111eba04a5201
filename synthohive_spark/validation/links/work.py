"""Counting links on the executors: rows come parent by parent, each parent before its children.

What is here travels to the executors, which need numpy and pyarrow, and not this package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthohive_spark.validation.cells import Counts, Nulls, Values, amounts_batch, matrix
from synthohive_spark.validation.links.coding import CHILDREN, DEGREES, GAPS, Coding
from synthohive_spark.validation.links.pairs import PairSums, Read
from synthohive_spark.validation.links.rules import Rules
from synthohive_spark.validation.links.siblings import SUMS, alike_categories, alike_numbers, gap_codes

PARENT = -1
"""In place of a link's number: the row is a parent. Link ``n`` of a row whose key is null is ``-2 - n``."""
_ROWS = 1 << 15
_MOST_ROWS = 1 << 20
"""Children of one parent that are held at a time; the siblings of more are looked at in parts."""


@dataclass(frozen=True)
class Above:
    """A table above a parent, or the parent itself: where its columns are in the parent's ``up``."""

    start: int
    codings: tuple[Coding, ...]


@dataclass(frozen=True)
class LinkWanted:
    """What is counted of a link.

    Attributes:
        codings: The child's columns.
        above: The places, in the hub's ``above``, of the tables whose columns are compared with the child's.
        rules: What may hold between a child's columns and its parent's.
    """

    codings: tuple[Coding, ...]
    above: tuple[int, ...]
    rules: Rules


@dataclass(frozen=True)
class Hub:
    """A key that links refer to.

    Attributes:
        above: The parent, whose columns come first in ``up``, and the tables above it.
        links: By number, the links that refer to it.
    """

    above: tuple[Above, ...]
    links: Mapping[int, LinkWanted]

    @property
    def width(self) -> int:
        """The length of ``up``."""
        return max(a.start + len(a.codings) for a in self.above)


class LinkWork:
    """The batches of one partition to the counts of their links.

    Batches have ``hub``, ``side``, ``key``, ``link``, ``own`` (the row's columns) and ``up`` (of a parent, its columns
    and those of the tables above it), sorted by the first four.
    """

    def __init__(self, hubs: Mapping[int, Hub], rows: int = _ROWS, most: int = _MOST_ROWS) -> None:
        self.hubs = dict(hubs)
        self.rows, self.most = rows, most
        sizes: dict[tuple[str, int, int], int] = {}
        self.pairs: dict[tuple[str, int, int], PairSums] = {}
        for number, hub in self.hubs.items():
            sizes["degrees", number, 0] = len(list(combinations(hub.links, 2))) * DEGREES.size**2
            for link, own in hub.links.items():
                self.pairs["attributes", link, 0] = PairSums.with_counts(hub.above[0].codings)
                for place in own.above:
                    self.pairs["hops", link, place] = PairSums.of(own.codings, hub.above[place].codings)
                sizes |= {("tally", link, 0): 3, ("children", link, 0): CHILDREN.size}
                sizes["alike", link, 0] = SUMS * len(own.codings)
                sizes["gaps", link, 0] = GAPS.size * len(own.codings)
                sizes["rules", link, 0] = own.rules.size
        self.sizes = sizes | {name: pairs.size for name, pairs in self.pairs.items()}
        self.numbers = {name: i for i, name in enumerate(self.sizes)}

    def block(self, name: tuple[str, int, int], side: int) -> int:
        """The block of a count on one side."""
        return self.numbers[name] * 2 + side

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One batch of (block, cell, amount) for all batches."""
        self.blocks: dict[int, Values] = {}
        self.before: dict[int, int] = {}
        held: list[pa.RecordBatch] = []
        limit = self.rows
        for batch in batches:
            held.append(batch)
            if sum(b.num_rows for b in held) < limit:
                continue
            rows = pa.Table.from_batches(held)
            cut = _last_group(rows)
            if cut:
                self._add(rows.slice(0, cut), whole=True)
                held, limit = rows.slice(cut).to_batches(), self.rows
            elif rows.num_rows < self.most:
                limit = rows.num_rows * 2
            else:
                held, limit = self._add(rows, whole=False).to_batches(), self.rows
        if held:
            self._add(pa.Table.from_batches(held), whole=True)
        yield amounts_batch(self.blocks)

    def _add(self, rows: pa.Table, *, whole: bool) -> pa.Table:
        """Add rows; where not all children of the last parent are there yet, that parent is returned for the others."""
        rows = rows.combine_chunks()
        hubs, sides = (rows.column(name).to_numpy() for name in ("hub", "side"))
        starts = np.flatnonzero(np.diff(hubs * 2 + sides, prepend=-1))
        for start, end in zip(starts, [*starts[1:], len(hubs)], strict=True):
            part = _Part(self, self.hubs[hubs[start]], int(sides[start]), rows.slice(start, end - start))
            part.add(int(hubs[start]), whole=whole)
            if whole:
                self.before = {}
        return rows.filter(pc.equal(rows.column("link"), PARENT))

    def sums(self, name: tuple[str, int, int], side: int) -> Values:
        """The sums of a block, to add to."""
        return self.blocks.setdefault(self.block(name, side), np.zeros(self.sizes[name]))


class _Part:
    """Rows of one hub on one side, whole families of them."""

    def __init__(self, work: LinkWork, hub: Hub, side: int, rows: pa.Table) -> None:
        self.work, self.hub, self.side, self.rows = work, hub, side, rows
        keys, self.link = (rows.column(name).to_numpy() for name in ("key", "link"))
        self.group = np.cumsum(np.diff(keys, prepend=keys[0]) != 0)
        parents = np.flatnonzero(self.link == PARENT)
        self.up, self.up_nulls = self._matrix("up", parents, hub.width)
        self.parents = self.group[parents]
        self.parent_of = np.full(self.group[-1] + 1, -1)
        self.parent_of[self.parents[::-1]] = np.arange(len(parents))[::-1]
        self.read = [self._above(above) for above in hub.above]

    def _matrix(self, name: str, places: Counts, width: int) -> tuple[Values, Nulls]:
        return matrix(self.rows.column(name).combine_chunks().take(pa.array(places, pa.int64())), width)

    def _above(self, above: Above) -> Read:
        place = slice(above.start, above.start + len(above.codings))
        return Read.of(above.codings, self.up[:, place], self.up_nulls[:, place])

    def add(self, number: int, *, whole: bool) -> None:
        """Add the rows to the sums; parents only once all of their children are there."""
        children = {}
        for link, wanted in self.hub.links.items():
            rows = np.flatnonzero(self.link == link)
            of_each = np.bincount(self.group[rows], minlength=len(self.parent_of))
            if link in self.work.before:  # a family of which a part was counted already
                of_each[0] += self.work.before[link]
            children[link] = of_each
            self._add_children(link, wanted, rows)
        if not whole:
            self.work.before = (
                {} if not len(self.parents) else {link: int(of_each[-1]) for link, of_each in children.items()}
            )
            return
        for link, of_each in children.items():
            counts = of_each[self.parents].astype(np.float64)
            self._sums("children", link)[:] += np.bincount(CHILDREN.codes(counts), minlength=CHILDREN.size)
            name = "attributes", link, 0
            self.work.pairs[name].add(self.work.sums(name, self.side), Read.of_counts(counts), self.read[0])
        degrees = self._sums("degrees", number).reshape(-1, DEGREES.size**2)
        for i, (one, other) in enumerate(combinations(self.hub.links, 2)):
            codes = [DEGREES.codes(children[link][self.parents].astype(np.float64)) for link in (one, other)]
            degrees[i] += np.bincount(codes[0] * DEGREES.size + codes[1], minlength=DEGREES.size**2)

    def _add_children(self, link: int, wanted: LinkWanted, keyed: Counts) -> None:
        keyless = np.flatnonzero(self.link == -2 - link)
        values, nulls = self._matrix("own", np.concatenate([keyed, keyless]), len(wanted.codings))
        group = self.group[keyed]
        parent = np.concatenate([self.parent_of[group], np.full(len(keyless), -1)])
        orphans = (parent[: len(keyed)] < 0).sum()
        self._sums("tally", link)[:] += [len(keyed), orphans, len(keyless)]
        own = Read.of(wanted.codings, values, nulls)
        for place in wanted.above:
            name = "hops", link, place
            above = self.read[place].at(parent, self.hub.above[place].codings)
            self.work.pairs[name].add(self.work.sums(name, self.side), own, above)
        values, nulls = values[: len(keyed)], nulls[: len(keyed)]
        met = parent[: len(keyed)] >= 0
        wanted.rules.add(self._sums("rules", link), values[met], nulls[met], *self._of(parent[: len(keyed)][met]))
        alike = self._sums("alike", link).reshape(-1, SUMS)
        gaps = self._sums("gaps", link).reshape(-1, GAPS.size)
        for i, coding in enumerate(wanted.codings):
            if not coding.numeric:
                alike[i] += alike_categories(values[:, i], nulls[:, i], group)
                continue
            alike[i] += alike_numbers(coding.ranks(values[:, i], self.side), group)
            if coding.temporal:
                gaps[i] += gap_codes(coding, values[:, i], group)

    def _of(self, parents: Counts) -> tuple[Values, Nulls]:
        width = len(self.hub.above[0].codings)
        return self.up[parents, :width], self.up_nulls[parents, :width]

    def _sums(self, kind: str, number: int) -> Values:
        return self.work.sums((kind, number, 0), self.side)


def _last_group(rows: pa.Table) -> int:
    """Where the rows of the last parent begin."""
    names = ("hub", "side", "key")
    same = [rows.column(name).to_numpy() == rows.column(name)[-1].as_py() for name in names]
    different = np.flatnonzero(~np.logical_and.reduce(same))
    return int(different[-1]) + 1 if len(different) else 0
