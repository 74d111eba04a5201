"""The figures of links between tables; every similarity is from 0 (nothing alike) to 1 (the same)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from synthohive_spark.validation.figures import Bar


@dataclass(frozen=True)
class Similarity:
    """How alike one thing is on both sides: a column with the count of children, siblings' values, gaps in time."""

    column: str
    similarity: float


@dataclass(frozen=True)
class RuleReport:
    """What holds in all real rows between a child's column and its parent's.

    Attributes:
        column: The child's column.
        relation: "not before" or "equal to".
        parent_column: The parent's column.
        rows: Synthetic rows that have both values.
        broken: How many of these break it.
    """

    column: str
    relation: str
    parent_column: str
    rows: int
    broken: int

    @property
    def broken_share(self) -> float:
        """The share of synthetic rows that break it."""
        return self.broken / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class LinkReport:
    """How one link compares.

    Attributes:
        child: The table that holds the key.
        columns: Its columns.
        parent: The table that the key refers to.
        parent_columns: The columns there.
        owner: Whether the child's rows are made along it; else it is a reference.
        keyed_real: Real rows with a whole key.
        keyed_synthetic: Synthetic rows with one.
        orphans_real: Real rows whose key meets no row of the parent.
        orphans_synthetic: Synthetic ones.
        keeps_orphans: Whether as many orphans as there really are were asked for.
        null_rate_real: Share of real rows without a whole key.
        null_rate_synthetic: Share of synthetic rows.
        children_real: Mean number of children of a real row of the parent.
        children_synthetic: Likewise of a synthetic one.
        cardinality: 1 - the Kolmogorov-Smirnov distance of the numbers of children, parents without any included; exact
            up to 256, and then to within 1 %.
        children: Shares of parents by their number of children.
        attributes: How the number of children goes with each column of the parent.
        siblings: How alike children of one parent are, for each column of the child.
        order: 1 - the Kolmogorov-Smirnov distance of the gaps between siblings in time, for each date and instant.
        rules: What holds in all real rows, and how often synthetic ones break it.
    """

    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    owner: bool
    keyed_real: int
    keyed_synthetic: int
    orphans_real: int
    orphans_synthetic: int
    keeps_orphans: bool = False
    null_rate_real: float | None = None
    null_rate_synthetic: float | None = None
    children_real: float | None = None
    children_synthetic: float | None = None
    cardinality: float | None = None
    children: tuple[Bar, ...] = ()
    attributes: tuple[Similarity, ...] = ()
    siblings: tuple[Similarity, ...] = ()
    order: tuple[Similarity, ...] = ()
    rules: tuple[RuleReport, ...] = ()

    @property
    def name(self) -> str:
        """The key's columns, with commas between them."""
        return ", ".join(self.columns)

    @property
    def orphan_share_real(self) -> float:
        """Share of real keys that meet no row."""
        return self.orphans_real / self.keyed_real if self.keyed_real else 0.0

    @property
    def orphans(self) -> float:
        """Share of synthetic keys that meet no row."""
        return self.orphans_synthetic / self.keyed_synthetic if self.keyed_synthetic else 0.0

    @property
    def orphan_error(self) -> float:
        """How far the shares of keys that meet no row are apart."""
        return abs(self.orphans - self.orphan_share_real)


@dataclass(frozen=True)
class PathReport:
    """How columns of two tables go together that lie one, two or three links apart.

    Attributes:
        tables: The tables from the lowest upwards.
        keys: The columns of each link between them.
        pairs: How many pairs of columns were compared.
        similarity: Their mean: of two numbers 1 - |r - r'| / 2 (Pearson), of others 1 - the total variation distance of
            the joint table, numbers cut at ten equal parts of the real range.
        worst: The pair that is least alike.
        worst_similarity: How alike it is.
    """

    tables: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    pairs: int
    similarity: float
    worst: tuple[str, str]
    worst_similarity: float

    @property
    def hops(self) -> int:
        """How many links apart."""
        return len(self.keys)


@dataclass(frozen=True)
class TwoLinks:
    """Two links of one table: their counts of children (rank correlation), or how many pairs of two keys are distinct.

    Attributes:
        table: The parent of both links, or the table that holds both keys.
        first: The first link.
        second: The second.
        real: The figure of the real tables.
        synthetic: That of the synthetic ones.
        similarity: How alike they are.
    """

    table: str
    first: str
    second: str
    real: float
    synthetic: float
    similarity: float


@dataclass(frozen=True)
class TwoPaths:
    """Two chains of links from the rows of a table to another, and how often both lead to the same row.

    Attributes:
        table: The table where they begin.
        first: The key columns of each link of the first chain.
        second: Those of the second.
        end: The table where both end.
        real: The share of real rows that meet the same row, of those that have all keys.
        synthetic: That of the synthetic rows.
    """

    table: str
    first: tuple[tuple[str, ...], ...]
    second: tuple[tuple[str, ...], ...]
    end: str
    real: float
    synthetic: float

    @property
    def similarity(self) -> float:
        """How alike the shares are."""
        return 1 - abs(self.real - self.synthetic)


@dataclass(frozen=True)
class DrawnTable:
    """A table in the drawing of a database."""

    name: str
    role: str
    rows: int | None = None


@dataclass(frozen=True)
class DrawnLink:
    """A link in the drawing of a database."""

    child: str
    parent: str
    label: str
    owner: bool


@dataclass(frozen=True)
class DatabaseReport:
    """How the links of a database compare.

    Attributes:
        links: The links between tables that are not both taken over.
        paths: Tables one to three links apart.
        degree_pairs: Counts of children by two links to one table.
        pair_keys: Two keys of one table.
        drawn_tables: All tables, for a drawing.
        drawn_links: All links.
        notes: What was left out, as sentences.
        two_paths: Two chains of at most two links between the same tables.
    """

    links: tuple[LinkReport, ...] = ()
    paths: tuple[PathReport, ...] = ()
    degree_pairs: tuple[TwoLinks, ...] = ()
    pair_keys: tuple[TwoLinks, ...] = ()
    drawn_tables: tuple[DrawnTable, ...] = ()
    drawn_links: tuple[DrawnLink, ...] = ()
    notes: tuple[str, ...] = ()
    two_paths: tuple[TwoPaths, ...] = ()

    @property
    def summary(self) -> dict[str, float | int | None]:
        """One figure for each question; similarities are means over links, or over pairs of columns."""
        links = self.links
        nulls = [
            1 - abs(link.null_rate_real - link.null_rate_synthetic)
            for link in links
            if link.null_rate_real and link.null_rate_synthetic is not None
        ]
        rules = [1 - rule.broken_share for link in links for rule in link.rules]
        return {
            "orphans": sum(link.orphans_synthetic for link in links),
            "cardinality": mean(link.cardinality for link in links),
            "degree_attributes": mean(s.similarity for link in links for s in link.attributes),
            "degree_pairs": mean(pair.similarity for pair in self.degree_pairs),
            **{f"hop{n}": self.hop(n) for n in (1, 2, 3)},
            "siblings": mean(s.similarity for link in links for s in link.siblings),
            "order": mean(s.similarity for link in links for s in link.order),
            "null_keys": mean(nulls),
            "pair_keys": mean(pair.similarity for pair in self.pair_keys),
            "two_paths": mean(pair.similarity for pair in self.two_paths),
            "rules": mean(rules),
        }

    def hop(self, hops: int) -> float | None:
        """The mean over all pairs of columns of tables so many links apart."""
        paths = [path for path in self.paths if path.hops == hops]
        pairs = sum(path.pairs for path in paths)
        return math.fsum(path.similarity * path.pairs for path in paths) / pairs if pairs else None


def mean(figures: Iterable[float | None]) -> float | None:
    """The mean of those that are known."""
    known = [figure for figure in figures if figure is not None]
    return math.fsum(known) / len(known) if known else None
