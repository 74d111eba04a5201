"""Into how many parts each column is cut, decided from the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingRegressor

from synthohive_spark.engine.autoregressive.parts import ColumnParts, Parts
from synthohive_spark.engine.autoregressive.rare_fit import rare_categories
from synthohive_spark.engine.code_links import Block
from synthohive_spark.engine.columns import source_of
from synthohive_spark.engine.encoded_table import EncodedTable, Layout
from synthohive_spark.engine.groups_fit import profiles
from synthohive_spark.engine.noise import derive_seed

BINS = 64
FINE = 8
_FEWEST_FINE = 5_000
_FEWEST_RARE = 1_000
_JUDGED_ROWS = 4_000
_WIDE_TABLE = 40
_SIGMAS = 4.0


def cut_columns(
    table: EncodedTable,
    context: EncodedTable,
    layout: Layout,
    threshold: int,
    seed: int,
    independent: Mapping[str, int] = MappingProxyType({}),
) -> Parts:
    """How the columns are cut.

    Args:
        table: The rows.
        context: Their given columns.
        layout: The blocks of both.
        threshold: A column of more codes than this, without ranks, is found by groups.
        seed: Fixes the rows that are looked at.
        independent: By given column that repeats from row to row, how many rows say something of it.
    """
    columns: list[ColumnParts] = []
    for rows, blocks in ((context, layout.context), (table, layout.columns)):
        said = [independent.get(source_of(block.name), len(rows)) for block in blocks]
        inside = [
            own * sum(b.frequencies[b.codes - b.bins :]) if b.bins else 0.0 for own, b in zip(said, blocks, strict=True)
        ]
        cuts = [
            max(1, min(BINS, round(n**0.5 / 2)) // b.bins) if b.bins else 1 for n, b in zip(inside, blocks, strict=True)
        ]
        cells = [own * block.bins for own, block in zip(cuts, blocks, strict=True)]
        fine, rare = _fine_matters(rows, blocks, seed), _rare_matters(rows, blocks, cells, layout.at_least)
        narrow = tuple(i for i, block in enumerate(blocks) if block.codes <= threshold)
        for i, block in enumerate(blocks):
            if block.codes > threshold and not block.ranked:
                own = derive_seed(seed, "places", block.name)
                columns.append(_grouped(rows, blocks, i, tuple(n for n in narrow if n != i), own))
                continue
            finer = (i in fine and inside[i] >= _FEWEST_FINE) or (i in rare and inside[i] >= _FEWEST_RARE)
            columns.append(ColumnParts(block.codes, block.bins, cuts[i], FINE if finer else 1))
    ranked = tuple(block.ranked for block in (*layout.context, *layout.columns))
    return Parts(tuple(columns), ranked, len(layout.context), layout.echoes)


def _fine_matters(rows: EncodedTable, blocks: tuple[Block, ...], seed: int) -> set[int]:
    """The columns whose ranks the others tell to within about a bin, by gradient boosting on a sample of the rows."""
    ranked = [i for i, block in enumerate(blocks) if block.ranked and block.bins]
    if len(rows) < _FEWEST_FINE or len(ranked) < 2:
        return set()
    rng = np.random.default_rng(seed)
    most = _JUDGED_ROWS if len(ranked) <= _WIDE_TABLE else _JUDGED_ROWS // 4
    sample = rows.take(rng.choice(len(rows), min(most, len(rows)), replace=False))
    values = sample.codes.astype(np.float32)
    place = {i: rank for rank, i in enumerate(i for i, block in enumerate(blocks) if block.ranked)}
    for i in ranked:
        values[:, i] += sample.ranks[:, place[i]] * blocks[i].bins
    found = set()
    for i in ranked:
        inside = sample.codes[:, i] >= blocks[i].codes - blocks[i].bins
        if inside.sum() < 500:
            continue
        known, wanted = np.delete(values, i, axis=1)[inside], sample.ranks[inside, place[i]]
        half = len(wanted) // 2
        model = HistGradientBoostingRegressor(max_iter=40, max_leaf_nodes=31, early_stopping=False, random_state=0)
        missed = np.abs(model.fit(known[:half], wanted[:half]).predict(known[half:]) - wanted[half:])
        if np.median(missed) < 2.0 / BINS:
            found.add(i)
    return found


def _rare_matters(rows: EncodedTable, blocks: tuple[Block, ...], cells: Sequence[int], at_least: int) -> set[int]:
    """The columns of which rows of a rare category lie at one end of the first or last cell, and not all over it.

    Values in such a cell may be far from each other; in those between they are near.
    """
    ranked = [i for i, block in enumerate(blocks) if block.ranked]
    found = set()
    for column, block in enumerate(blocks):
        if block.ranked or not ranked:
            continue
        codes = rows.codes[:, column]
        for code in np.flatnonzero(rare_categories(np.bincount(codes, minlength=block.codes), at_least)):
            own = rows.take(np.flatnonzero(codes == code))
            for place, i in enumerate(ranked):
                places = own.ranks[own.codes[:, i] >= blocks[i].codes - blocks[i].bins, place] * cells[i]
                cell = int(np.median(places.astype(np.int64))) if len(places) else -1
                inside = places[places.astype(np.int64) == cell] % 1
                if cell not in (0, cells[i] - 1) or 2 * len(inside) < len(own):
                    continue
                if abs(inside.mean() - 0.5) > _SIGMAS * (1 / 12 / len(inside)) ** 0.5:
                    found.add(i)
    return found


def _grouped(
    rows: EncodedTable, blocks: tuple[Block, ...], column: int, narrow: tuple[int, ...], seed: int
) -> ColumnParts:
    """Groups of equal size of codes that go together with the same values of other columns; null is by itself."""
    block, codes = blocks[column], rows.codes[:, column].astype(np.int64)
    counts = np.bincount(codes, minlength=block.codes).astype(np.float64)
    rng = np.random.default_rng(seed)
    points = profiles(codes, counts, rows, [(i, blocks[i].codes) for i in narrow], rng)
    first = int(block.null)
    members = int(np.ceil(np.sqrt(block.codes - first)))
    places = np.zeros(block.codes, np.int32)
    start = first * members
    for group in _halved(np.arange(first, block.codes), points, members):
        ordered = group[np.argsort(-counts[group], kind="stable")]
        places[ordered] = start + np.arange(len(group))
        start += members
    return ColumnParts(block.codes, places=places, members=members)


def _halved(codes: npt.NDArray[np.int64], points: npt.NDArray[np.float64], most: int) -> list[npt.NDArray[np.int64]]:
    """Cut the codes along the direction in which their points differ most, until no piece has more than ``most``."""
    if len(codes) <= most:
        return [codes]
    own = points[codes] - points[codes].mean(axis=0)
    direction = np.linalg.eigh(own.T @ own)[1][:, -1] if own.shape[1] else np.zeros(0)
    direction = direction * np.sign(direction[np.argmax(np.abs(direction))]) if len(direction) else direction
    order = np.argsort(own @ direction, kind="stable")
    pieces = -(-len(codes) // most)
    half = min(len(codes) - 1, (pieces // 2) * most)
    parts = codes[order[:half]], codes[order[half:]]
    return [piece for part in parts for piece in _halved(part, points, most)]
