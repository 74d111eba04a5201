"""Rows between edges, and rows in the cells of pairs of columns, over all rows of all tables, by one job.

What travels to the executors needs numpy and pyarrow there, and not this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from synthohive_spark.spark.generation import pickled_by_value
from synthohive_spark.validation.counting import hashed
from synthohive_spark.validation.tables import Compared, Shared, over_all

_AMOUNTS = "block INT, cell INT, amount DOUBLE"

Counts = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
Nulls = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Binning:
    """How a column is cut into a few bins; null is one more.

    Attributes:
        place: The column's number.
        values: Hashes of the values that have bins of their own, for a column of categories; all others share one.
        cuts: The upper ends of all bins but the last, for a column of numbers.
    """

    place: int
    values: tuple[float, ...] | None = None
    cuts: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        """How many bins there are."""
        return (len(self.cuts) if self.values is None else len(self.values)) + 2

    def codes(self, values: Values, nulls: Nulls) -> Counts:
        """The bin of each row."""
        if self.values is None:
            found = np.searchsorted(self.cuts, values, side="left")
        else:
            found = places_of(values, np.array(self.values))
        return np.where(nulls, self.size - 1, found).astype(np.int64)


@dataclass(frozen=True)
class Wanted:
    """What is counted of a table.

    Attributes:
        places: Its columns that are read, in order.
        edges: By place, the edges of each column of numbers, smallest first.
        binnings: The columns whose pairs are wanted.
    """

    places: tuple[int, ...]
    edges: Mapping[int, Values]
    binnings: tuple[Binning, ...]

    @property
    def pairs(self) -> list[tuple[Binning, Binning]]:
        """The pairs, of an earlier and a later column."""
        return [(one, other) for i, one in enumerate(self.binnings) for other in self.binnings[i + 1 :]]

    @property
    def sizes(self) -> list[int]:
        """Cells of each count: those between edges, then those of pairs."""
        return [len(e) + 1 for e in self.edges.values()] + [one.size * other.size for one, other in self.pairs]


@dataclass(frozen=True)
class CellCounts:
    """One side's counts.

    Attributes:
        between: By place, the rows up to the first edge, then up to the second, and so on; the last count is of those
            beyond all edges, where Spark's order has NaN.
        pairs: By two places, the contingency table.
    """

    between: dict[int, Counts]
    pairs: dict[tuple[int, int], Counts]


def places_of(values: Values, known: Values) -> Counts:
    """Where each value is in ``known``; the length of ``known`` for one that is not there."""
    if not len(known):
        return np.zeros(len(values), np.int64)
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], values), len(known) - 1)
    return np.where(known[order][at] == values, order[at], len(known))


def vector(columns: Sequence[Shared]) -> str:
    """The values of some columns as one array of doubles: numbers as they are, categories by their hashes; as SQL."""
    # A hash of null is not null.
    values = [
        c.number if c.is_quantitative else f"CASE WHEN {c.value} IS NOT NULL THEN {hashed(c.text)} END" for c in columns
    ]
    return f"CAST(array({', '.join(values)}) AS ARRAY<DOUBLE>)"


def count_cells(tables: Sequence[Compared], wanted: Sequence[Wanted]) -> list[tuple[CellCounts, CellCounts]]:
    """Count what is wanted of each table on both sides, by one job."""
    numbers = {id(table): number for number, table in enumerate(tables) if wanted[number].sizes}
    work = CellWork({number: wanted[number] for number in numbers.values()})
    amounts: dict[int, tuple[Counts, Values]] = {}
    if numbers:
        rows = over_all(
            [table for table in tables if id(table) in numbers],
            lambda table, _: {
                "number": str(numbers[id(table)]),
                "vector": vector([table.columns[p] for p in wanted[numbers[id(table)]].places]),
            },
        )
        amounts = summed_blocks(rows, work)
    result = []
    for number, own in enumerate(wanted):
        sides = []
        for side in (0, 1):
            counts = []
            for i, size in enumerate(own.sizes):
                cells, found = amounts.get(work.block(number, side, i), (np.zeros(0, np.int64), np.zeros(0)))
                count = np.zeros(size, np.int64)
                count[cells] = found.astype(np.int64)
                counts.append(count)
            tables_of_pairs = zip(own.pairs, counts[len(own.edges) :], strict=True)
            pairs = {(a.place, b.place): table.reshape(a.size, b.size) for (a, b), table in tables_of_pairs}
            sides.append(CellCounts(dict(zip(own.edges, counts, strict=False)), pairs))
        result.append((sides[0], sides[1]))
    return result


def summed_blocks(rows: DataFrame, work: Any) -> dict[int, tuple[Counts, Values]]:
    """What ``work`` counts of all rows: by block, the cells that are not 0 and their amounts; one job.

    Args:
        rows: What the work reads.
        work: Makes batches of (block, cell, amount) of the batches of a partition.
    """
    found = (
        rows.mapInArrow(_shell(pickled_by_value(work)), _AMOUNTS)
        .groupBy("block", "cell")
        .agg(F.sum("amount").alias("amount"))
        .toArrow()
    )
    blocks, cells, amounts = (found.column(name).to_numpy() for name in ("block", "cell", "amount"))
    order = np.argsort(blocks, kind="stable")
    starts = np.flatnonzero(np.diff(blocks[order], prepend=-1))
    parts = np.split(order, starts[1:]) if len(order) else []
    return {int(blocks[part[0]]): (cells[part].astype(np.int64), amounts[part]) for part in parts}


def amounts_batch(blocks: Mapping[int, npt.NDArray[Any]]) -> pa.RecordBatch:
    """The cells of all blocks that are not 0."""
    flat = {block: amounts.reshape(-1) for block, amounts in blocks.items()}
    cells = {block: np.flatnonzero(amounts) for block, amounts in flat.items()}
    sizes = [len(c) for c in cells.values()]
    arrays = [
        pa.array(np.repeat(np.array(list(flat), np.int32), sizes), pa.int32()),
        pa.array(np.concatenate([*cells.values(), np.zeros(0, np.int64)]), pa.int32()),
        pa.array(np.concatenate([*(flat[b][c] for b, c in cells.items()), np.zeros(0)]).astype(np.float64)),
    ]
    return pa.RecordBatch.from_arrays(arrays, names=["block", "cell", "amount"])


def _shell(blob: bytes) -> Callable[..., Any]:
    """A function that needs nothing but the standard library, pyarrow and its bytes to be unpickled."""

    def count(batches):  # type: ignore[no-untyped-def]
        import pickle  # noqa: PLC0415

        yield from pickle.loads(blob)(batches)

    return count


def matrix(vectors: pa.Array, width: int) -> tuple[Values, Nulls]:
    """Rows of an array column, all of one length, as numbers (NaN where null) and where they are null."""
    flat = vectors.flatten()
    shape = len(vectors), width
    nulls = flat.is_null().to_numpy(zero_copy_only=False).reshape(shape)
    values = flat.to_numpy(zero_copy_only=False).astype(np.float64).reshape(shape)
    return values, nulls


class CellWork:
    """The batches of one partition to the counts of their rows."""

    def __init__(self, wanted: Mapping[int, Wanted]) -> None:
        self.wanted = dict(wanted)
        self.first, self.blocks = {}, 0
        for number, own in self.wanted.items():
            self.first[number] = self.blocks
            self.blocks += len(own.sizes)

    def block(self, number: int, side: int, i: int) -> int:
        """The block of a table's i-th count on one side; -1 where there is none."""
        return side * self.blocks + self.first[number] + i if number in self.first else -1

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """One batch of (block, cell, amount) for all batches of (number, side, vector)."""
        blocks: dict[int, Counts] = {}
        for batch in batches:
            numbers, sides = (batch.column(name).to_numpy() for name in ("number", "side"))
            for key in np.unique(numbers * 2 + sides):
                rows = batch.column("vector").filter(pa.array(numbers * 2 + sides == key))
                self._add(int(key) // 2, int(key) % 2, rows, blocks)
        yield amounts_batch(blocks)

    def _add(self, number: int, side: int, rows: pa.Array, blocks: dict[int, Counts]) -> None:
        own = self.wanted[number]
        values, nulls = matrix(rows, len(own.places))
        at = {place: i for i, place in enumerate(own.places)}
        sizes = own.sizes
        for i, (place, edges) in enumerate(own.edges.items()):
            numbers = values[~nulls[:, at[place]], at[place]]
            counts = np.bincount(np.searchsorted(edges, numbers, side="left"), minlength=sizes[i])
            self._put(self.block(number, side, i), counts, blocks)
        codes = {b.place: b.codes(values[:, at[b.place]], nulls[:, at[b.place]]) for b in own.binnings}
        for i, (one, other) in enumerate(own.pairs, len(own.edges)):
            counts = np.bincount(codes[one.place] * other.size + codes[other.place], minlength=sizes[i])
            self._put(self.block(number, side, i), counts, blocks)

    @staticmethod
    def _put(block: int, counts: Counts, blocks: dict[int, Counts]) -> None:
        blocks[block] = blocks[block] + counts if block in blocks else counts
