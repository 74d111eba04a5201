"""What the counts of links say: the figures of every link, of tables several links apart, and of pairs of links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from synthohive_spark.validation.cells import Counts, Values
from synthohive_spark.validation.counting import Counted, Tally
from synthohive_spark.validation.figures import Bar
from synthohive_spark.validation.links.coding import CHILDREN, DEGREES, GAPS, PARTS
from synthohive_spark.validation.links.figures import (
    LinkReport,
    PathReport,
    RuleReport,
    Similarity,
    TwoLinks,
)
from synthohive_spark.validation.links.pairs import PairSums, distance
from synthohive_spark.validation.links.plan import Link, LinkPlan, key_pair
from synthohive_spark.validation.links.rules import EQUAL
from synthohive_spark.validation.links.siblings import SUMS, alike
from synthohive_spark.validation.links.work import LinkWork

_FEWEST_FOR_A_RULE = 20
Sides = tuple[Values, Values]


class Scores:
    """The figures of links.

    Args:
        plan: The links.
        counted: The counts of values, by table.
        work: What was counted.
        blocks: By block, the cells that are not 0 and their amounts.
    """

    def __init__(
        self,
        plan: LinkPlan,
        counted: Mapping[str, Counted],
        work: LinkWork,
        blocks: Mapping[int, tuple[Counts, Values]],
    ) -> None:
        self.plan, self.counted, self.work, self._blocks = plan, counted, work, blocks

    def _sums(self, kind: str, number: int, place: int = 0) -> Sides:
        name, found = (kind, number, place), []
        for side in (0, 1):
            sums = np.zeros(self.work.sizes[name])
            cells, amounts = self._blocks.get(self.work.block(name, side), (np.zeros(0, np.int64), np.zeros(0)))
            sums[cells] = amounts
            found.append(sums)
        return found[0], found[1]

    def link(self, link: Link) -> LinkReport:
        """The figures of one link."""
        keyed, orphans, nulls = np.stack(self._sums("tally", link.number)).T.tolist()
        rates = [n / (n + k) if n + k else None for n, k in zip(nulls, keyed, strict=True)]
        children = self._sums("children", link.number)
        parents = [side.sum() for side in children]
        means = [(keyed[i] - orphans[i]) / parents[i] if parents[i] else None for i in (0, 1)]
        names = [coding.name for coding in self.plan.codings[link.child]]
        return LinkReport(
            child=link.child,
            columns=link.key.columns,
            parent=link.key.parent,
            parent_columns=link.key.parent_columns,
            owner=link.owner,
            keyed_real=int(keyed[0]),
            keyed_synthetic=int(keyed[1]),
            orphans_real=int(orphans[0]),
            orphans_synthetic=int(orphans[1]),
            keeps_orphans=self.plan.tables[link.child].table.config.orphans == "keep",
            null_rate_real=rates[0],
            null_rate_synthetic=rates[1],
            children_real=means[0],
            children_synthetic=means[1],
            cardinality=1 - ks(*children) if parents[0] else None,
            children=_bars(*children) if all(parents) else (),
            attributes=tuple(self._attributes(link)),
            siblings=tuple(Similarity(names[i], s) for i, s in self._siblings(link)),
            order=tuple(Similarity(names[i], s) for i, s in self._order(link)),
            rules=tuple(self._rules(link)),
        )

    def _attributes(self, link: Link) -> Iterator[Similarity]:
        pairs, sums = self.work.pairs["attributes", link.number, 0], self._sums("attributes", link.number)
        for j, coding in enumerate(self.plan.codings[link.key.parent]):
            if coding.numeric:
                found = pairs.similarity(0, j, *sums)
            else:
                found = _with_parts(pairs, j, *(side[pairs.places[0, j]] for side in sums))
            if found is not None:
                yield Similarity(coding.name, found)

    def _siblings(self, link: Link) -> Iterator[tuple[int, float]]:
        sums = [side.reshape(-1, SUMS) for side in self._sums("alike", link.number)]
        for i, coding in enumerate(self.plan.codings[link.child]):
            found = [alike(sums[s][i], coding.numeric, self._chance(link.child, i, s)) for s in (0, 1)]
            if found[0] is not None:
                yield i, 1 - min(1.0, abs(found[0] - (found[1] or 0.0)))

    def _chance(self, table: str, i: int, side: int) -> float:
        """The chance that two rows of a table agree in a column of categories."""
        own, column = self.plan.tables[table], self.plan.columns[table][i]
        rows = own.sides[side].rows
        if column.is_quantitative or not rows:
            return 0.0
        nulls = rows - own.sides[side].columns[column.place].present
        squares = self.counted[table][Tally.of([column], named=True)].squares[side]
        return (squares + nulls**2) / rows**2

    def _order(self, link: Link) -> Iterator[tuple[int, float]]:
        gaps = [side.reshape(-1, GAPS.size) for side in self._sums("gaps", link.number)]
        for i, coding in enumerate(self.plan.codings[link.child]):
            if coding.temporal and gaps[0][i].any():
                yield i, 1 - ks(gaps[0][i], gaps[1][i])

    def _rules(self, link: Link) -> Iterator[RuleReport]:
        rules = self.work.hubs[self.plan.hub_of(link)].links[link.number].rules
        real, synthetic = (side.reshape(-1, 2) for side in self._sums("rules", link.number))
        equal = set()
        for n, rule in enumerate(rules.rules):
            if real[n, 0] < _FEWEST_FOR_A_RULE or real[n, 1] or (rule.child, rule.parent) in equal:
                continue
            if rule.relation == EQUAL:
                equal.add((rule.child, rule.parent))
            names = rules.child[rule.child].name, rules.parent[rule.parent].name
            yield RuleReport(names[0], rule.relation, names[1], int(synthetic[n, 0]), int(synthetic[n, 1]))

    def paths(self) -> Iterator[PathReport]:
        """The figures of tables one to three links apart."""
        for link in self.plan.links:
            for place, path in self.plan.visible(link):
                pairs = self.work.pairs["hops", link.number, place]
                sums = self._sums("hops", link.number, place)
                found = {ij: s for ij in pairs.places if (s := pairs.similarity(*ij, *sums)) is not None}
                if not found:
                    continue
                steps = [link, *path.links]
                worst = min(found, key=found.__getitem__)
                top = self.plan.codings[steps[-1].key.parent]
                yield PathReport(
                    tables=(link.child, *(step.key.parent for step in steps)),
                    keys=tuple(step.key.columns for step in steps),
                    pairs=len(found),
                    similarity=float(np.mean(list(found.values()))),
                    worst=(self.plan.codings[link.child][worst[0]].name, top[worst[1]].name),
                    worst_similarity=found[worst],
                )

    def degree_pairs(self) -> Iterator[TwoLinks]:
        """How the counts of children by two links to one table go together, by their ranks."""
        for number, (table, _) in enumerate(self.plan.hubs):
            links = [link for link in self.plan.links if self.plan.hub_of(link) == number]
            sums = [side.reshape(-1, DEGREES.size, DEGREES.size) for side in self._sums("degrees", number)]
            for i, (one, other) in enumerate(combinations(links, 2)):
                real, synthetic = (_rank_correlation(side[i]) for side in sums)
                names = [f"{link.child}.{', '.join(link.key.columns)}" for link in (one, other)]
                yield TwoLinks(table, names[0], names[1], real, synthetic, 1 - abs(real - synthetic) / 2)

    def pair_keys(self) -> Iterator[TwoLinks]:
        """The share of distinct pairs of two keys of one table, of rows that have both."""
        for table, own in self.plan.tables.items():
            for one, other in combinations(self.plan.links_of(table), 2):
                keys = [own.table.named(link.key.columns) for link in (one, other)]
                found = self.counted[table][key_pair(*keys)]
                real, synthetic = (found.values[i] / max(1, found.rows[i]) for i in (0, 1))
                names = [", ".join(link.key.columns) for link in (one, other)]
                if found.rows[0]:
                    yield TwoLinks(table, names[0], names[1], real, synthetic, 1 - abs(real - synthetic))


def ks(real: Values, synthetic: Values) -> float:
    """The Kolmogorov-Smirnov distance of two sets of counts; 1 where one side has none."""
    totals = real.sum(), synthetic.sum()
    if not all(totals):
        return float(bool(totals[0]) != bool(totals[1]))
    return float(np.abs(np.cumsum(real) / totals[0] - np.cumsum(synthetic) / totals[1]).max())


def _with_parts(pairs: PairSums, j: int, real: Values, synthetic: Values) -> float | None:
    """How alike a category goes with the number of children, cut at ten equal parts of the real range."""
    tables = [side.reshape(DEGREES.size, pairs.right[j][0]) for side in (real, synthetic)]
    there = np.flatnonzero(tables[0].sum(axis=1))
    if not len(there) or (tables[0].sum(axis=0) > 0).sum() < 2:
        return None
    low, high = DEGREES.numbers[there[[0, -1]]]
    cuts = np.linspace(low, high, PARTS + 1)[1:-1] if high > low else np.zeros(0)
    part = np.searchsorted(cuts, DEGREES.numbers, side="right")
    joined = [np.zeros((PARTS, table.shape[1])) for table in tables]
    for table, sums in zip(tables, joined, strict=True):
        np.add.at(sums, part, table)
    return 1 - distance(joined[0], joined[1])


def _rank_correlation(table: Values) -> float:
    """Spearman's, of a table of how many rows hold each pair of codes."""
    rows, columns = np.nonzero(table)
    weights = table[rows, columns]
    if len(rows) < 2:
        return 0.0
    ranks = []
    for codes, axis in ((rows, 1), (columns, 0)):
        counts = table.sum(axis=axis)
        ranks.append((np.cumsum(counts) - counts / 2)[codes])
    centred = [r - np.average(r, weights=weights) for r in ranks]
    spread = np.sqrt((weights * centred[0] ** 2).sum() * (weights * centred[1] ** 2).sum())
    return float((weights * centred[0] * centred[1]).sum() / spread) if spread > 0 else 0.0


def _bars(real: Values, synthetic: Values) -> tuple[Bar, ...]:
    """Shares of parents by their number of children: each by itself where they are small, else powers of 2 or 4."""
    upto = np.cumsum(real) / real.sum()
    most = int(CHILDREN.numbers[np.searchsorted(upto, 0.99)])
    step = 1 if most < 256 else 2
    powers = [2**i for i in range(0, most.bit_length() + step, step)]
    starts = list(range(most + 2)) if most <= 8 else [0, *powers]
    ends = [*starts[1:], None]
    bars = []
    for start, end in zip(starts, ends, strict=True):
        here = (CHILDREN.numbers >= start) & (CHILDREN.numbers < (np.inf if end is None else end))
        shares = [float(side[here].sum() / side.sum()) for side in (real, synthetic)]
        last = None if end is None else end - 1
        label = f"{start} and more" if last is None else f"{start}" if last == start else f"{start} to {last}"
        bars.append(Bar(label, *shares))
    shown = [i for i, bar in enumerate(bars) if bar.real or bar.synthetic]
    return tuple(bars[shown[0] if most > 8 else 0 : shown[-1] + 1])
